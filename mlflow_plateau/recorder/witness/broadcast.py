"""Whether a loss stretches predictions and targets to a square, so that all rows meet all rows."""

from __future__ import annotations

import math

import numpy as np

from mlflow_plateau.recorder.witness.differentiable import Differentiable
from mlflow_plateau.recorder.witness.rows import Rows

ROWS = 8
"""This many rows are enough to see it."""

ALIKE = 1e-3
"""Losses that differ by less are the same, but for rounding."""


def targets_are_broadcast(model: Differentiable, training: Rows) -> bool:
    """Returns whether predictions of shape ``(n, 1)`` meet targets of shape ``(n,)`` wrongly.

    Their difference has shape ``(n, n)``. A loss of rows is the mean (or sum) of those of its
    halves; here it is not, but it is once the targets have the column that they lack. A loss that
    means to compare rows with each other is none with that column either.

    Args:
        model: The model.
        training: Training rows.
    """
    if model.aligns_targets:
        return False
    y = training.y
    if not isinstance(y, np.ndarray) or y.ndim != 1 or len(training) < ROWS:
        return False
    try:
        if _adds_up(model, training):
            return False
        return _adds_up(model, Rows(training.x, y[:, None], training.weighted))
    except Exception:
        # A model may refuse so few rows, or a loss targets of another shape, in any way.
        return False


def _adds_up(model: Differentiable, rows: Rows) -> bool:
    whole = model.losses(rows.part(0, ROWS)).data
    halves = [model.losses(rows.part(*part)).data for part in ((0, ROWS // 2), (ROWS // 2, ROWS))]
    return any(
        math.isclose(whole, expected, rel_tol=ALIKE, abs_tol=1e-7)
        for expected in (sum(halves) / 2, sum(halves))
    )
