"""Targets as columns of numbers, and predictions of these as losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlflow_plateau.tracked import FloatArray

MOST_CLASSES = 100
"""More classes are too many for a sample."""

MOST_COLUMNS = 32
"""Wider targets (images) are looked at in so many of their columns."""

OF_CLASSES = frozenset(
    (
        *("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"),
        *("binary_focal_crossentropy", "categorical_focal_crossentropy"),
        *("hinge", "squared_hinge", "categorical_hinge", "kl_divergence"),
    )
)
"""Losses whose targets are classes."""

LEAST_PROBABILITY = 0.01
"""A quick model's probabilities are kept this far from 0 and 1."""


@dataclass(frozen=True)
class Targets:
    """How targets become columns.

    Attributes:
        classes: The class ids, ascending; empty where the targets are numbers already.
    """

    classes: tuple[float, ...]

    @classmethod
    def of(cls, raw: npt.NDArray[Any], loss: str | None) -> Targets:
        """Returns the way to columns for some training targets.

        Raises:
            ValueError: If they are no numbers, or too many classes.
        """
        if raw.dtype.kind not in "biuf":
            raise ValueError("the targets are no numbers")
        flat = raw.reshape(len(raw), -1)
        if flat.shape[1] > 1 or loss not in OF_CLASSES:
            return cls(())
        values = flat[np.isfinite(flat.astype(np.float64)).all(axis=1), 0]
        if not np.array_equal(values, np.rint(values)):
            return cls(())
        classes = np.unique(values).astype(np.float64)
        if len(classes) > MOST_CLASSES:
            raise ValueError("there are too many classes")
        return cls(tuple(float(value) for value in classes))

    def columns(self, raw: npt.NDArray[Any]) -> FloatArray:
        """Returns targets of shape ``(rows, …)`` as ``(rows, columns)``."""
        flat: FloatArray = raw.reshape(len(raw), -1).astype(np.float64)
        if not self.classes:
            return flat[:, :: max(1, flat.shape[1] // MOST_COLUMNS)][:, :MOST_COLUMNS]
        columns: FloatArray = (flat == np.array(self.classes)).astype(np.float64)
        columns[~np.isfinite(flat[:, 0])] = np.nan
        return columns


def loss_of(
    loss: str | None, targets: Targets, y: FloatArray, predicted: FloatArray
) -> float | None:
    """Returns the mean loss of predicted columns, or ``None`` where it is not known how.

    Args:
        loss: Snake-case name of the loss.
        targets: How the columns came about.
        y: Targets as columns, shape ``(rows, columns)``, rows ≥ 1.
        predicted: Predictions of the same shape.
    """
    if not len(y):
        return None
    if loss == "mean_squared_error" and not targets.classes:
        return float(np.mean((y - predicted) ** 2))
    if loss == "mean_absolute_error" and not targets.classes:
        return float(np.mean(np.abs(y - predicted)))
    if targets.classes and (loss or "").endswith("categorical_crossentropy"):
        return _log_loss(y, predicted)
    if targets.classes in ((0.0, 1.0),) and loss == "binary_crossentropy":
        return _log_loss(y, predicted)
    if loss == "categorical_crossentropy" and np.isin(y, (0.0, 1.0)).all():
        return _log_loss(y, predicted)
    return None


def _log_loss(y: FloatArray, predicted: FloatArray) -> float:
    bounded = np.clip(predicted, LEAST_PROBABILITY, 1.0)
    bounded /= bounded.sum(axis=1, keepdims=True)
    chosen = (y * bounded).sum(axis=1)
    # A class that the training rows do not have was given no probability.
    return float(-np.mean(np.log(np.clip(chosen, 1e-7, 1.0))))
