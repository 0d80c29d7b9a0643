"""The signals of experiments and reference models against values worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlflow_plateau.checks import Finding
from mlflow_plateau.checks.distribution_shift import OTHER_DEPENDENCE, OTHER_POPULATION
from mlflow_plateau.history import History, SplitComparison
from mlflow_plateau.signals import View, signal_by_name
from tests.generated import history

LINE = np.linspace(1.0, 0.5, 101)


def measured(name: str, of: History) -> Any:
    return signal_by_name(name).measure(View(of))


def tried(setup: dict[str, Any] | None = None, **found: dict[int, float]) -> History:
    """Returns a history whose experiments were made at some epochs."""
    recorded = {}
    for name, values in found.items():
        recorded[name] = np.full(101, np.nan)
        recorded[name][list(values)] = list(values.values())
    return history(LINE, LINE, recorded=recorded, **(setup or {}))


def learned(share: float, error: float = 0.01, **setup: Any) -> History:
    return history(LINE, LINE, learnable_share=share, learnable_share_error=error, **setup)


def split(share: float, other: float, separability: float = 0.0, gap: float = 1.0) -> History:
    return history(
        LINE,
        gap * LINE,
        learnable_share=share,
        learnable_share_error=0.0,
        learnable_share_validation=other,
        learnable_share_validation_error=0.05,
        split_separability=separability,
        validation_rows=500,
    )


ERROR_OF_AUC = math.sqrt(1001 / (12 * 500**2))


@pytest.mark.parametrize(
    ("name", "made", "expected"),
    [
        ("unreached_share", tried(unreached_share={0: 0.1, 100: 0.9}), 0.9),
        ("idle_units", tried(idle_units={0: 0.5, 100: 1.0}), 1.0),
        ("unit_similarity", tried(unit_similarity={100: 0.7}), 0.7),
        ("starved_share", tried(starved_share={100: 0.25}), 0.25),
        ("sharpness_at_first", tried(sharpness={1: 0.0}), -9.0),
        ("sharpness_at_first", tried(sharpness={1: 10.0, 100: 0.1}), 1.0),
        ("saturated_share", tried(saturated_share={0: 0.9, 100: 0.2}), 0.2),
        # Copies from the first measurement on; dead units only later.
        (
            "degenerate_start",
            tried(unit_similarity={0: 0.9, 100: 0.1}, idle_units={0: 0.2, 100: 1.0}),
            0.9,
        ),
        ("degenerate_start", tried(starved_share={1: 0.3, 100: 0.9}), 0.3),
        ("gradient_agreement", tried(gradient_agreement={50: 0.9, 100: 0.2}), 0.2),
        ("penalty_share_at_first", tried(penalty_share={0: 0.4, 100: 0.1}), 0.4),
        (
            "noise_against_batch",
            tried({"batch_size": 10}, gradient_noise_scale={0: 1.0, 50: 1e3, 80: 9999.0, 100: 1e9}),
            2.0,
        ),
        ("noise_against_batch", tried({"batch_size": 10}, gradient_noise_scale={100: 1e3}), 2.0),
        (
            "best_step",
            tried(best_multiple={100: 2.5}, best_multiple_gain={100: 0.1}, clean_fit={100: 0.5}),
            2.5,
        ),
        ("step_gain", tried(best_multiple_gain={100: 0.1}, clean_fit={100: 0.5}), 0.2),
        ("step_harm", tried(current_gain={100: -0.1}, clean_fit={100: 0.5}), 0.2),
        ("clean_gap", tried(clean_fit={0: 1.0, 100: 0.5}, clean_held_out={0: 1.0, 100: 2.0}), 0.75),
        (
            "clean_gap_at_first",
            tried(clean_fit={0: 0.5, 100: 0.5}, clean_held_out={0: 1.0, 100: 2.0}),
            0.5,
        ),
        (
            "clean_fit_against_constant",
            tried({"constant_loss": 2.0}, clean_fit={0: 2.0, 100: 0.5}),
            0.25,
        ),
        (
            "repair_share",
            tried(final_fit={100: 0.0}, final_held_out={100: 5.0}, repaired_held_out={100: 0.5}),
            0.9,
        ),
        (
            "repair_share",
            tried(final_fit={100: 1.0}, final_held_out={100: 2.0}, repaired_held_out={100: 9.0}),
            -1.0,
        ),
        # A validation loss that is not finite is not logged; that after the repair was.
        ("repair_share", tried(final_fit={100: 0.1}, repaired_held_out={100: 0.2}), 1.0),
        (
            "lost_outside_support",
            tried(
                final_fit={100: 0.5},
                final_held_out={100: 2.5},
                held_out_inside={100: 1.0},
                held_out_outside={100: 4.0},
                inside_rows={100: 100.0},
                outside_rows={100: 100.0},
            ),
            0.75,
        ),
        (
            "reweighting_share",
            tried(final_fit={100: 0.5}, final_held_out={100: 2.5}, reweighted_held_out={100: 2.0}),
            0.25,
        ),
        ("learnable_at_least", learned(0.5, 0.1), 0.3),
        ("learnable_at_most", learned(0.01, 0.02), 0.05),
        ("lost_on_validation", split(0.5, 0.15), (0.5 - 0.15 - 2 * 0.05) / 0.5),
        ("lost_though_alike", split(0.5, 0.15), (0.5 - 0.15 - 2 * 0.05) / 0.5),
        ("lost_though_alike", split(0.5, 0.15, separability=0.25), 0.25),
        ("lost_though_alike", split(0.5, 0.15, separability=0.9), 0.0),
        ("split_separability", split(0.5, 0.5, 0.8), 0.8 - 4 * ERROR_OF_AUC),
        ("separable_with_gap", split(0.5, 0.5, 0.8), 0.0),
        # (2 − 1) / 2 is beyond a wide gap of 0.3.
        ("separable_with_gap", split(0.5, 0.5, 0.8, gap=2.0), 0.8 - 4 * ERROR_OF_AUC),
        (
            "behind_reference",
            history(LINE, LINE, reference_loss=0.4, validation_constant_loss=0.9),
            (0.5 - 0.4) / (0.9 - 0.4),
        ),
    ],
)
def test_a_signal_measures_what_its_formula_says(name: str, made: History, expected: float) -> None:
    assert measured(name, made).value == pytest.approx(expected, rel=0.02, abs=0.01)


def test_a_model_that_learned_more_refutes_the_reference() -> None:
    refuted = learned(0.0, 0.01, validation_constant_loss=1.0)

    assert not measured("learnable_at_most", refuted).known
    assert measured("learnable_at_most", learned(0.0, validation_constant_loss=0.5)).known


def test_no_step_is_best_where_none_gains() -> None:
    flat = tried(best_multiple={0: 1.0}, best_multiple_gain={0: 0.1, 100: 0.0}, clean_fit={100: 1})

    assert not measured("best_step", flat).known
    assert measured("step_gain", flat).value == 0


def test_nothing_is_lost_where_nothing_was_learnable() -> None:
    assert not measured("lost_on_validation", split(0.01, -3.0)).known


def test_what_is_lost_among_other_targets_may_be_another_population() -> None:
    alike = split(0.5, 0.15)
    shifted = replace(
        alike, setup=replace(alike.setup, constant_loss=0.5, validation_constant_loss=1.0)
    )

    assert measured("lost_though_alike", alike).value > 0.4
    assert measured("lost_though_alike", shifted).value == 0


def test_what_is_lost_counts_as_alike_until_a_column_differs_by_itself() -> None:
    def found(transformation: str) -> Finding:
        return Finding(
            check="distribution_shift",
            kind="distribution_shift",
            columns=("a", "b"),
            transformation=transformation,
            severity="warn",
            message="…",
        )

    def compared(*findings: Finding) -> History:
        comparison = SplitComparison("warn" if findings else "pass", findings, 1000, 500)
        return replace(split(0.5, 0.15, separability=0.9), comparison=comparison)

    lost = (0.5 - 0.15 - 2 * 0.05) / 0.5
    name = "lost_though_columns_alike"
    assert measured(name, compared()).value == pytest.approx(lost)
    assert measured(name, compared(found(OTHER_DEPENDENCE))).value == pytest.approx(lost)
    assert measured(name, compared(found(OTHER_POPULATION))).value == 0
    assert not measured(name, split(0.5, 0.15)).known


def test_a_reference_no_better_than_a_constant_is_none() -> None:
    poor = history(LINE, LINE, reference_loss=0.99, validation_constant_loss=1.0)

    assert not measured("behind_reference", poor).known


def test_why_there_were_no_experiments_is_said() -> None:
    declined = history(LINE, LINE, experiments_declined="the model is distributed")

    assert "the model is distributed" in measured("idle_units", declined).reason


def test_without_a_gap_there_is_nothing_to_repair() -> None:
    level = tried(final_fit={100: 1.0}, final_held_out={100: 1.02}, repaired_held_out={100: 0.5})

    assert not measured("repair_share", level).known


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (
            0.31,
            "with it undone, the validation loss falls from 5.21 to 0.31",
        ),
        (5.2, "with it undone, the validation loss hardly moves, from 5.21 to 5.2"),
        (7.0, "with it undone, the validation loss rises from 5.21 to 7"),
    ],
)
def test_what_a_repair_brought_is_said(after: float, sentence: str) -> None:
    made = tried(
        {"repair": "it undone"},
        final_fit={100: 0.1},
        final_held_out={100: 5.21},
        repaired_held_out={100: after},
    )

    said = signal_by_name("repair_share").say(measured("repair_share", made))
    assert said == f"{sentence} on a sample of its rows"


def test_a_loss_that_is_not_finite_before_the_repair_is_said_to_be() -> None:
    made = tried({"repair": "it undone"}, final_fit={100: 0.1}, repaired_held_out={100: 0.2})
    said = signal_by_name("repair_share").say(measured("repair_share", made))

    assert said == (
        "with it undone, the validation loss is 0.2 on a sample of its rows, before it is not"
        " finite"
    )


def test_rows_are_finite_or_the_finding_says_which_are_not() -> None:
    def compared(*findings: Finding) -> History:
        return replace(history(LINE, LINE), comparison=SplitComparison("warn", findings, 60, 40))

    message = "Train holds 3 NaN values in `age`; a loss over them is not finite."
    spoiled = Finding("non_finite", "non_finite", ("age",), "5% are not finite", "fail", message)
    signal = signal_by_name("rows_not_finite")
    clean, found = signal.measure(View(compared())), signal.measure(View(compared(spoiled)))

    assert (clean.value, found.value) == (0, 1)
    assert signal.say(clean) == "none of the 100 rows holds NaN or infinity"
    assert "3 NaN values in `age`" in signal.say(found)
    assert not measured("rows_not_finite", history(LINE, LINE)).known


def test_a_share_that_is_a_huge_multiple_is_not_said_to_the_last_digit() -> None:
    signal = signal_by_name("rise_from_best")
    blown = measured(
        "rise_from_best", history(LINE, np.concatenate([LINE[:50], np.full(51, 1e12)]))
    )
    assert signal.say(blown).endswith("more than 1,000%")
