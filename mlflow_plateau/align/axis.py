"""Metrics that were logged at different steps, put on one axis."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.align.points import Series
from mlflow_plateau.tracked import FloatArray

BoolArray = np.ndarray[tuple[int], np.dtype[np.bool_]]

MOSTLY = 0.5
"""Two curves share their steps where at least this share of the shorter one's steps coincide."""

SPARSE_VALIDATION = 10
"""Training epochs per validation up to which both stay on the epochs of the training: Keras'
``validation_freq``. Beyond that, training points are averaged between validations."""


def common_steps(
    training: Series | None, validation: Series | None, known_as_epochs: bool
) -> FloatArray:
    """Returns the steps that a history of both curves has, strictly increasing.

    Where the curves share their steps these are the steps of both, with gaps where only one was
    logged. Where they do not, or where training was logged far more often, they are the steps of
    the validation, unless all training came after it.

    Args:
        training: The training curve.
        validation: The validation curve.
        known_as_epochs: Whether the steps are known to count epochs.
    """
    if training is None or validation is None:
        only = training or validation
        return np.empty(0) if only is None else np.unique(only.steps)
    if np.array_equal(training.steps, validation.steps):
        return validation.steps
    validation_shared = np.isin(validation.steps, training.steps).mean()
    training_shared = np.isin(training.steps, validation.steps).mean()
    if training.steps.min() > validation.steps[-1]:
        return np.union1d(training.steps, validation.steps)
    if max(validation_shared, training_shared) < MOSTLY:
        return validation.steps
    points_per_validation = len(training) / len(validation)
    every_step = len(training) < 2 or np.median(np.diff(training.steps)) == 1
    if (
        known_as_epochs
        or training_shared >= MOSTLY
        or (every_step and points_per_validation <= SPARSE_VALIDATION)
    ):
        return np.union1d(training.steps, validation.steps)
    return validation.steps


def on_steps(series: Series | None, steps: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Returns a curve at the given steps.

    Points on these steps stay as they are. If most points lie between them, each step gets the
    mean of the points since the step before. Nothing is interpolated.

    Args:
        series: The curve, its steps may repeat; or ``None``.
        steps: The axis, shape ``(n,)``, strictly increasing.

    Returns:
        The values, NaN where there are none, and where there are some; both of shape ``(n,)``.
    """
    if series is None or len(series) == 0 or len(steps) == 0:
        return np.full(len(steps), np.nan), np.zeros(len(steps), dtype=bool)
    if np.array_equal(series.steps, steps):
        return series.values + 0.0, np.ones(len(steps), dtype=bool)
    position = np.searchsorted(steps, series.steps, side="left")
    inside = position < len(steps)
    hits = inside & (steps[np.minimum(position, len(steps) - 1)] == series.steps)
    once = len(np.unique(position[hits])) == hits.sum()
    taken = hits if once and hits.mean() >= MOSTLY else inside
    counts = np.bincount(position[taken], minlength=len(steps))
    sums = np.bincount(position[taken], weights=series.values[taken], minlength=len(steps))
    logged = counts > 0
    values = np.full(len(steps), np.nan)
    np.divide(sums, counts, out=values, where=logged)
    return values, logged


def last_on_steps(series: Series, steps: FloatArray) -> FloatArray:
    """Returns the last value logged since the step before each step, NaN where there is none."""
    values = np.full(len(steps), np.nan)
    position = np.searchsorted(steps, series.steps, side="left")
    inside = position < len(steps)
    values[position[inside]] = series.values[inside]
    return values
