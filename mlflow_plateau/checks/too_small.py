"""The validation split is too small for its loss to be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mlflow_plateau.checks.comparison import Comparison
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.counted import counted

UNCERTAIN = 0.1
"""Relative standard error of a loss from which on differences between epochs or models drown."""

VARIATION = 1.0
"""Deviation of the losses of single rows, as a part of their mean: 1 for cross-entropy of a fair
model and for squared errors about 1.4."""

FOLDS = """from sklearn.model_selection import KFold
# x: all rows; every row validates once
folds = list(KFold(n_splits=5, shuffle=True, random_state=0).split(x))"""


def too_small(comparison: Comparison) -> Iterator[Hypothesis]:
    """Estimates the standard error of the validation loss from the number of rows.

    It is information, not an alarm: a small split treated like train is no inconsistency.
    """
    for split, profile in (("train", comparison.train), ("validation", comparison.validation)):
        if profile.rows == 0:
            yield _hypothesis(
                f"{split.capitalize()} has no rows: there is nothing to compare.",
                "no rows",
                "fail",
                0,
                math.inf,
            )
            return
    rows = comparison.validation.rows
    error = VARIATION / math.sqrt(rows)
    if error > UNCERTAIN and comparison.validation.coverage.complete:
        yield _hypothesis(
            f"Validation has {counted(rows, 'row')}: its loss has a standard error of about"
            f" {error:.0%} of itself, so differences smaller than that say nothing.",
            f"standard error of the loss ≈ {error:.0%}",
            "info",
            rows,
            error,
        )


def _hypothesis(
    message: str, transformation: str, severity: str, rows: int, error: float
) -> Hypothesis:
    return Hypothesis(
        Finding(
            check="too_small",
            kind="too_small",
            columns=(),
            transformation=transformation,
            severity=severity,
            message=message,
            fix=FOLDS if rows else "",
            constants={"rows": float(rows), "standard_error": error},
        )
    )
