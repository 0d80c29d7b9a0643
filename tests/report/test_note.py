from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from mlflow_plateau.report.note import LONGEST_NOTE, render_note
from tests.report import diagnoses

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_plateau.diagnosis import Diagnosis


@pytest.mark.parametrize("make", diagnoses.MAKERS, ids=lambda make: make.__name__)
def test_every_note_is_short_and_says_where_to_read_on(make: Callable[[], Diagnosis]) -> None:
    note = render_note(make())

    assert len(note) <= LONGEST_NOTE
    assert note.startswith("**")
    assert note.endswith("`plateau/report.html`.")


def test_the_note_holds_the_finding_three_pieces_of_evidence_and_the_remedies() -> None:
    note = render_note(diagnoses.overfitting())

    assert note.startswith("**Overfitting, confidence 0.97**\n\nThe validation loss has not")
    assert note.count("\n- ") == 3
    assert "\n1. Stop at epoch 34" in note
    assert "monitor='val\\_loss'" in note
    assert "Also present: No learnable signal" in note


def test_an_inconclusive_note_says_what_would_settle_it() -> None:
    assert "To settle it: Train for at least 8 epochs" in render_note(diagnoses.one_epoch())


def test_a_note_that_would_be_too_long_keeps_the_finding() -> None:
    base = diagnoses.overfitting()
    long = tuple(dataclasses.replace(item, sentence="*" * 5000) for item in base.evidence)
    diagnosis = dataclasses.replace(
        base, evidence=long, remedies=("_" * 5000,) * 5, contributing=("<" * 5000,) * 9
    )

    note = render_note(diagnosis)

    assert len(note) <= LONGEST_NOTE
    assert note.startswith("**Overfitting, confidence 0.97**")


def test_untrusted_text_starts_no_markup_no_tag_and_no_link() -> None:
    base = diagnoses.hostile()
    text = "# *a* _b_ `c` [d](javascript:alert(3)) | ~x~ <b> https://evil.example www.evil.example"
    diagnosis = dataclasses.replace(base, headline=f"x: {text}", remedies=(text + "\n# e",))

    note = render_note(diagnosis)

    assert "<" not in note
    assert "https://" not in note
    assert "www." not in note
    assert "\n#" not in note
    for mark in ("\\*a\\*", "\\_b\\_", "\\`c\\`", "\\[d\\](", "\\|", "\\~x\\~", "&lt;b&gt;"):
        assert mark in note
