"""What is said to try is whole, and runs where it is code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlflow_plateau import check_consistency
from mlflow_plateau.causes import cause_by_id
from mlflow_plateau.signals import View
from mlflow_plateau.weigh.remedies import remedies_for, treat_alike
from tests.generated import inconsistent_preprocessing
from tests.siblings.sweeps import Experiment, curve

RAW = np.random.default_rng(51).gamma(2, [10, 11, 12, 13, 14], (1200, 5))
RAW_TRAIN, RAW_VALIDATION = RAW[:900], RAW[900:]
FIRST = "treat both splits alike first: "


@pytest.mark.parametrize(
    "scaled",
    [
        (RAW_TRAIN - RAW_TRAIN.mean()) / RAW_TRAIN.std(),
        (RAW_TRAIN - RAW_TRAIN.mean(axis=0)) / RAW_TRAIN.std(axis=0),
        RAW_TRAIN / np.linalg.norm(RAW_TRAIN, axis=1, keepdims=True),
    ],
    ids=["all columns together", "column by column", "row by row"],
)
def test_a_fix_of_several_lines_runs_on_one(scaled: Any) -> None:
    report = check_consistency(scaled, RAW_VALIDATION)
    assert report.verdict == "fail"
    said = treat_alike(View(replace(inconsistent_preprocessing(), comparison=report.comparison)))
    assert said is not None
    assert said.startswith(FIRST)
    assert len(said.splitlines()) == 1
    scope = {
        "np": np,
        "x_train": scaled,
        "x_validation": RAW_VALIDATION,
        "raw_train": RAW_TRAIN,
        "raw_validation": RAW_VALIDATION,
    }
    exec(said.removeprefix(FIRST), scope)
    assert check_consistency(scope["x_train"], scope["x_validation"]).verdict == "pass"


def lowered(*others: float) -> str:
    """Returns what to do about a rate of 0.1, given runs with other rates; the lowest is best."""
    experiment = Experiment()
    experiment.add("ours", curve(0.6), {"lr": "0.1"})
    for rate in others:
        experiment.add(f"at {rate}", curve(0.3 + rate), {"lr": str(rate)})
    cause = cause_by_id("learning_rate_too_large")
    return remedies_for(cause, View(experiment.history("ours")))[0]


def test_a_better_rate_far_beyond_the_usual_one_is_followed_only_where_that_was_tried() -> None:
    assert lowered(1e-2) == "lower the learning rate from 0.1 to about 0.01"
    assert lowered(1e-5) == "lower the learning rate from 0.1 to about 0.001"
    assert lowered(1e-3, 1e-5) == "lower the learning rate from 0.1 to about 1e-05"


def test_a_rate_that_others_did_worse_with_is_not_named() -> None:
    """The usual rate of 0.001 was tried, and left the loss at 2; that of 0.1 brought it to 0.6."""
    experiment = Experiment()
    experiment.add("ours", curve(0.6), {"lr": "0.1", "optimizer": "adam"})
    experiment.add("usual", curve(2.0), {"lr": "0.001", "optimizer": "adam"})
    cause = cause_by_id("learning_rate_too_large")

    said = remedies_for(cause, View(experiment.history("ours")))[0]

    assert said == "lower the learning rate from 0.1 to about 0.01"
