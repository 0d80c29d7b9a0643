"""What is said to try is whole, and runs where it is code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlflow_plateau import check_consistency
from mlflow_plateau.signals import View
from mlflow_plateau.weigh.remedies import treat_alike
from tests.generated import inconsistent_preprocessing

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
