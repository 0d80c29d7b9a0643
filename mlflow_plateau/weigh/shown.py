"""The curves that a diagnosis carries along, so that its report can be drawn again."""

from __future__ import annotations

import itertools

import numpy as np

from mlflow_plateau.diagnosis import Curves
from mlflow_plateau.history import History
from mlflow_plateau.tracked import BoolArray, FloatArray, IntArray

MOST_POINTS = 10_000
"""A diagnosis holds at most about as many points of each curve, spikes among them."""


def shown_curves(history: History) -> Curves:
    """Returns the curves that the diagnosis keeps, NaN and infinity included."""
    shown = _shown(history)

    def logged(values: FloatArray, mask: BoolArray) -> tuple[float | None, ...]:
        pairs = zip(values[shown].tolist(), mask[shown].tolist(), strict=True)
        return tuple(value if was else None for value, was in pairs)

    known = np.isfinite(history.learning_rate)
    return Curves(
        epochs=tuple(history.epochs[shown].tolist()),
        training_loss=logged(history.training_loss, history.training_logged),
        validation_loss=logged(history.validation_loss, history.validation_logged),
        learning_rate=logged(history.learning_rate, known) if known.any() else (),
        axis=history.axis,
        training_name=history.names.training_loss,
        validation_name=history.names.validation_loss,
        higher_is_better=history.higher_is_better,
    )


def _shown(history: History) -> IntArray:
    """Returns the points to keep: all, or of each stretch the extremes of both curves."""
    count = len(history)
    if count <= MOST_POINTS:
        return np.arange(count)
    edges = np.linspace(0, count, MOST_POINTS // 4 + 1).astype(np.int64)
    kept = {0, count - 1}
    for values in (history.training_loss, history.validation_loss):
        for begin, end in itertools.pairwise(edges):
            stretch = values[begin:end]
            if np.isfinite(stretch).any():
                finite = np.where(np.isfinite(stretch), stretch, np.nan)
                kept.update((begin + int(np.nanargmin(finite)), begin + int(np.nanargmax(finite))))
    return np.array(sorted(kept), dtype=np.int64)
