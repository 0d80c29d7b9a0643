from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_plateau.report.text import WIDTH, render_text
from tests.report import diagnoses

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_plateau.diagnosis import Diagnosis


@pytest.mark.parametrize("make", diagnoses.MAKERS, ids=lambda make: make.__name__)
def test_every_text_fits_the_terminal_and_moves_no_cursor(make: Callable[[], Diagnosis]) -> None:
    lines = render_text(make()).split("\n")

    assert max(map(len, lines)) <= WIDTH
    assert all(line.isprintable() for line in lines)
    assert all(line == line.rstrip() for line in lines)


def test_the_finding_comes_first_then_why_then_what_to_try_then_where() -> None:
    text = render_text(diagnoses.overfitting())

    assert text.startswith(
        "Overfitting, confidence 0.97\n  The validation loss has not improved since epoch 52"
    )
    assert "Status: stalled. Cause: overfitting. Evidence from: history." in text
    assert (
        "  + The validation loss was best at epoch 34 (0.4412) and ended at 0.8491, +92.4%." in text
    )
    assert "  - In the first epochs the validation loss lay +8% from the training loss" in text
    assert "Also present: No learnable signal, Excessive regularisation." in text
    assert "  1. Stop at epoch 34" in text
    order = ["Evidence (", "Also present", "What to try", diagnoses.RUN_ID]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)


def test_the_text_is_ascii() -> None:
    base = diagnoses.overfitting()
    diagnosis = dataclasses.replace(base, remedies=("raise it from 1 → 10 – “about” 3× … ≥ −2",))

    text = render_text(diagnosis)

    assert text.isascii()
    assert 'Raise it from 1 -> 10 - "about" 3x ... >= -2.' in text


def test_an_inconclusive_text_says_what_is_missing_and_what_would_settle_it() -> None:
    text = render_text(diagnoses.one_epoch())

    assert text.startswith("Inconclusive\n  The run has 1 epoch; a plateau takes at least 8.")
    assert "To settle it: Train for at least 8 epochs" in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, False),
        ({"confidence": 0.85}, True),
        ({"runner_up": "vanishing_updates", "causes": {"vanishing_updates": 0.02}}, False),
        ({"runner_up": "vanishing_updates", "causes": {"vanishing_updates": 0.2}}, True),
        ({"runner_up": "no_learnable_signal", "causes": {"no_learnable_signal": 0.4}}, False),
        ({"status": "converged", "cause": "none", "runner_up": "none", "confidence": 0.6}, False),
        ({"status": "improving", "cause": "none", "runner_up": "critical_point"}, False),
        (
            {
                "status": "converged",
                "cause": "none",
                "runner_up": "critical_point",
                "confidence": 0.6,
            },
            True,
        ),
        ({"status": "inconclusive", "cause": "none", "confidence": 0.95}, True),
    ],
)
def test_what_would_settle_it_is_said_where_something_is_open(
    changes: dict[str, Any], said: bool
) -> None:
    diagnosis = dataclasses.replace(diagnoses.overfitting(), **changes)

    assert ("To settle it" in render_text(diagnosis)) == said
    assert diagnosis.is_open == said


def test_without_a_cause_the_evidence_says_what_it_is_about() -> None:
    diagnosis = dataclasses.replace(diagnoses.overfitting(), cause="none", status="inconclusive")

    assert "Considered: Overfitting (+ for, - against)" in render_text(diagnosis)


def test_evidence_beyond_the_strongest_is_counted() -> None:
    base = diagnoses.overfitting()
    diagnosis = dataclasses.replace(base, evidence=base.evidence + base.evidence)

    assert "(5 more in the report)" in render_text(diagnosis)


def test_while_improving_the_confidence_is_in_that_nothing_holds_it_back() -> None:
    named = diagnoses.improving_slowly()
    without = dataclasses.replace(
        named, cause="none", confidence=0.4, headline="Still improving: no plateau yet."
    )
    assert "Still improving, though something may hold it back" in render_text(without)
    likely = dataclasses.replace(without, confidence=0.6)
    assert "Still improving, confidence 0.60 that nothing holds it back" in render_text(likely)
    assert "that nothing holds it back" not in render_text(named)
