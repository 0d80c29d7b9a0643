"""Targets as tables of numbers, and what can be said of them alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlflow_plateau.recorder.describe.constants import CONSTANTS
from mlflow_plateau.tracked import FloatArray

MOST_ROWS = 100_000
"""Of more rows, every n-th is looked at."""

MOST_VALUES = 10_000_000
"""Targets of more values (images) are looked at in fewer rows."""


def is_array(data: Any) -> bool:
    """Returns whether data lies in memory, row after row."""
    shape = getattr(data, "shape", None)
    return shape is not None and len(shape) > 0 and shape[0] is not None


def as_table(targets: Any) -> FloatArray | None:
    """Returns targets as a table, a row for each row; ``None`` where they are not one array."""
    if not is_array(targets) or not targets.shape[0]:
        return None
    rows = int(targets.shape[0])
    width = max(1, int(np.prod(targets.shape[1:])))
    stride = max(1, rows // MOST_ROWS, rows * width // MOST_VALUES)
    part = targets.iloc[::stride] if hasattr(targets, "iloc") else targets[::stride]
    array = np.asarray(part)
    if array.dtype.kind not in "biuf":
        return None
    table: FloatArray = array.reshape(len(array), -1).astype(np.float64)
    return table


def classes_in(table: FloatArray) -> int | None:
    """Returns how many distinct targets there are, where these are whole numbers.

    Rows of one 1 among zeros count as the class at which the 1 stands. Missing targets are passed
    over.
    """
    table = table[~np.isnan(table).any(axis=1)]
    if not len(table) or not np.array_equal(table, np.rint(table)):
        return None
    if _is_one_hot(table):
        return len(np.unique(table.argmax(axis=1)))
    return len(np.unique(table)) if table.size == len(table) else None


def kind_of(table: FloatArray) -> str | None:
    """Returns what targets are, in the words of ``Setup.target_kind``; ``None`` for none at all."""
    known = table[np.isfinite(table).all(axis=1)]
    if not known.size:
        return None
    binary, several = bool(np.isin(known, (0, 1)).all()), known.shape[1] > 1
    if several and _is_one_hot(known):
        return "one_hot"
    if binary:
        return "multi_hot" if several else "binary"
    if several and (known >= 0).all() and np.allclose(known.sum(axis=1), 1, atol=1e-3):
        return "distributions"
    if several and ((known != 0).sum(axis=1) <= 1).all():
        return "single_entries"
    if np.isin(known, (-1, 1)).all():
        return "signs"
    if np.array_equal(known, np.rint(known)):
        return "counts" if known.min() >= 0 else "whole"
    return "shares" if known.min() >= 0 and known.max() <= 1 else "numbers"


def constant_losses(
    loss: str, smoothing: float, training: FloatArray, validation: FloatArray | None
) -> tuple[float | None, float | None] | None:
    """Returns the loss of the best constant prediction for the training targets, on both splits.

    Args:
        loss: Snake-case name of the loss.
        smoothing: Its label smoothing.
        training: Training targets.
        validation: Validation targets, if there are any.

    Returns:
        The losses; ``None`` where the loss is not known or does not fit the targets.
    """
    constant = CONSTANTS.get(loss)
    targets = None if constant is None else constant.prepare(training, smoothing)
    if constant is None or targets is None or not np.isfinite(targets).all():
        return None
    prediction = constant.best(targets)
    held_out = None if validation is None else constant.prepare(validation, smoothing)
    return (
        _finite(constant.loss(targets, prediction)),
        None if held_out is None else _finite(constant.loss(held_out, prediction)),
    )


def _is_one_hot(table: FloatArray) -> bool:
    return table.shape[1] > 1 and bool(
        np.isin(table, (0, 1)).all() and (table.sum(axis=1) == 1).all()
    )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
