from __future__ import annotations

import pytest

from mlflow_plateau.store.note import BEGIN, END, LONGEST_NOTE, merge_note


def test_an_empty_description_holds_the_section_alone() -> None:
    assert merge_note("", "found it") == f"{BEGIN}\nfound it\n{END}"


def test_the_section_comes_after_what_the_user_wrote() -> None:
    assert merge_note("# Mine", "found it") == f"# Mine\n\n{BEGIN}\nfound it\n{END}"


def test_the_section_is_replaced_in_its_place() -> None:
    first = merge_note("before", "old finding")
    assert merge_note(f"{first}\n\nafter", "new") == f"before\n\n{BEGIN}\nnew\n{END}\n\nafter"


@pytest.mark.parametrize("text", ["", "mine", "mine\n\n- a\n- b\n", "two\n\n\n\nparagraphs"])
def test_merging_again_changes_nothing(text: str) -> None:
    once = merge_note(text, "finding")
    assert merge_note(once, "finding") == once
    assert text.strip() in once


def test_several_sections_become_one() -> None:
    twice = f"a\n\n{BEGIN}\nx\n{END}\n\nb\n\n{BEGIN}\ny\n{END}\n\nc"
    assert merge_note(twice, "z") == f"a\n\n{BEGIN}\nz\n{END}\n\nb\n\nc"


@pytest.mark.parametrize(
    "broken",
    [
        f"mine {BEGIN} still mine",
        f"mine {END} still mine",
        f"{END} mine {BEGIN} still mine",
        f"mine {BEGIN} and {BEGIN} still mine",
    ],
)
def test_a_broken_marker_costs_the_user_nothing(broken: str) -> None:
    once = merge_note(broken, "finding")
    assert once.startswith(broken)
    again = merge_note(once, "other")
    assert again.startswith(broken)
    assert "finding" not in again
    assert again.count("other") == 1


def test_markers_in_the_section_itself_are_dropped() -> None:
    note = merge_note("mine", f"a {END} b {BEGIN} c")
    assert note.count(BEGIN) == note.count(END) == 1


@pytest.mark.parametrize("length", [0, 100, 7000, 7900, 7935, 7960, 8000])
def test_the_section_is_cut_and_never_the_users_text(length: int) -> None:
    mine = "u" * length
    note = merge_note(mine, "s" * 3000)
    assert note.startswith(mine)
    assert len(note) <= LONGEST_NOTE
    assert note.count(BEGIN) == note.count(END)
    if len(note) > length:
        assert "sss" in note or "…" in note
