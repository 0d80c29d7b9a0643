from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from mlflow_plateau.diagnosis import Diagnosis
from mlflow_plateau.report.html import render_report, render_summary
from tests.report import diagnoses

if TYPE_CHECKING:
    from collections.abc import Callable

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """What a browser would find in a page: its elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize("make", diagnoses.MAKERS, ids=lambda make: make.__name__)
def test_every_report_is_well_formed_and_the_same_from_json(make: Callable[[], Diagnosis]) -> None:
    diagnosis = make()
    back = Diagnosis.from_dict(json.loads(json.dumps(diagnosis.to_dict(), allow_nan=False)))

    report = render_report(diagnosis)
    page = Page(report)

    assert page.open == []
    assert report.startswith("<!DOCTYPE html>")
    assert render_report(back) == report
    report.encode("utf-8")


def test_the_report_holds_finding_evidence_remedies_and_what_was_read() -> None:
    diagnosis = diagnoses.overfitting()

    words = Page(render_report(diagnosis)).words

    assert "Overfitting The validation loss has not improved since epoch 52" in words
    assert "Confidence 0.97" in words
    assert "447 epochs, 89 % of the run" in words
    for item in diagnosis.evidence:
        assert item.sentence[1:] in words
        assert item.unit in words
    assert words.index("Speaks for it") < words.index("Speaks against it")
    assert "+2.48" in words
    assert "−0.31" in words
    for remedy in diagnosis.remedies:
        assert remedy[1:] in words
    assert "Also present No learnable signal" in words
    assert "Nothing that could be improved 1 %" in words
    assert diagnosis.next_level in words
    assert "What could not be measured No learning rate was logged. What was read" in words
    assert diagnosis.notes[0] in words
    assert "Training curve: loss; validation curve: val_loss." in words
    assert diagnosis.run_id in words
    assert "mlflow-plateau 0.1.0" in words


def test_the_report_says_what_more_evidence_would_add_also_where_nothing_is_open() -> None:
    settled, doubtful = diagnoses.overfitting(), replace(diagnoses.overfitting(), confidence=0.7)

    assert "What more evidence would add" in Page(render_report(settled)).words
    assert "What would settle it" in Page(render_report(doubtful)).words


def test_an_inconclusive_report_says_what_is_missing_and_claims_no_confidence() -> None:
    words = Page(render_report(diagnoses.one_epoch())).words

    assert "a plateau takes at least 8" in words
    assert "Train for at least 8 epochs" in words
    assert "Confidence" not in words


def test_evidence_on_a_cause_that_was_only_considered_is_shown() -> None:
    document = diagnoses.overfitting().to_dict()
    document |= {"cause": "none", "status": "inconclusive", "causes": {}, "contributing": []}

    words = Page(render_report(Diagnosis.from_dict(document))).words

    assert "38.6 times the noise" in words


def test_untrusted_text_stays_text() -> None:
    diagnosis = diagnoses.hostile()

    for html in (render_report(diagnosis), render_summary(diagnosis)):
        page = Page(html)
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"script", "iframe", "object", "link", "a", "form"}
        assert len(page.attributes("img")) == html.count("<img")
        for _, attributes in page.elements:
            assert not any(name.startswith("on") for name in attributes)
        assert "{{7*7}}" in page.words
        assert "<script>alert(1)</script>" in page.words
        assert not any(letter in html for letter in "\x1b\x07\u202e\ud800")


def test_the_report_shows_what_was_done_differently_and_the_code_that_mends_it() -> None:
    report = render_report(replace(diagnoses.hostile(), consistency="fail"))

    assert "Training against validation data: fail" in Page(report).words
    assert "Unit factor (fail)" in Page(report).words
    assert "\nx_validation /= 1000\n" in report


def test_the_report_needs_no_other_file_no_script_and_no_network() -> None:
    report = render_report(diagnoses.overfitting())
    page = Page(report)

    (image,) = page.attributes("img")
    assert (image["src"] or "").startswith("data:image/png;base64,")
    assert "url(" not in report
    assert "@import" not in report
    assert "http:" not in report
    assert "https:" not in report
    (policy,) = [a for a in page.attributes("meta") if "http-equiv" in a]
    assert (policy["content"] or "").startswith("default-src 'none'")


def test_the_plot_is_never_wider_than_the_page() -> None:
    style = re.search(r"\.plot \{ display: block;[^}]*\}", render_report(diagnoses.overfitting()))
    assert style is not None
    assert "width: 100%" in style[0]
    assert "min-width" not in style[0]


def test_one_wasted_epoch_is_said_in_the_singular() -> None:
    diagnosis = replace(diagnoses.overfitting(), wasted_epochs=1.0)
    assert "1 epoch, 89 % of the run" in Page(render_report(diagnosis)).words


def test_the_report_can_be_read_aloud() -> None:
    page = Page(render_report(diagnoses.overfitting()))

    assert page.attributes("html") == [{"lang": "en"}]
    assert "Overfitting" in (page.attributes("img")[0]["alt"] or "")
    assert len(page.attributes("h1")) == 1
    assert all(header.get("scope") == "col" for header in page.attributes("th"))
    assert len([tag for tag, _ in page.elements if tag == "caption"]) == 3
    labelled = [a["aria-labelledby"] for a in page.attributes("section")]
    assert labelled == [a["id"] for a in page.attributes("h2")]


def test_the_summary_holds_the_finding_the_strongest_evidence_and_the_remedies() -> None:
    diagnosis = diagnoses.overfitting()

    page = Page(render_summary(diagnosis))

    assert page.open == []
    assert page.words.startswith("Overfitting confidence 0.97")
    assert "38.6 times the noise" in page.words
    assert "trainable weights per training row" not in page.words
    assert diagnosis.remedies[0][1:] in page.words
    assert not page.attributes("style")


def test_a_summary_without_a_cause_says_what_the_evidence_is_about() -> None:
    document = diagnoses.overfitting().to_dict()
    document |= {"cause": "none", "status": "converged", "runner_up": "overfitting"}

    words = Page(render_summary(Diagnosis.from_dict(document))).words

    assert "For Overfitting: The validation loss was best" in words


def test_compared_runs_are_linked_where_the_server_is_known() -> None:
    diagnosis = diagnoses.compared()
    page = Page(render_report(diagnosis, server="http://mlflow.example:5000"))
    links = [attributes["href"] for attributes in page.attributes("a")]
    assert links[0] == f"http://mlflow.example:5000/#/experiments/7/runs/{'1' * 32}"
    assert len(links) == 4
    for words in ("gentle-owl-17", "learning_rate 0.001 instead of 0.1", "a repetition", "+45%"):
        assert words in page.words
    assert "other training data (digest 1b7e instead of 9f3c)" in page.words

    without = Page(render_report(diagnosis))
    assert not without.attributes("a")
    assert "1" * 32 in without.words


def test_no_link_is_made_of_an_id_that_is_none() -> None:
    page = Page(render_report(diagnoses.hostile(), server="http://mlflow.example:5000"))
    assert not page.attributes("a")
    assert not [name for _, found in page.elements for name in found if name.startswith("on")]
