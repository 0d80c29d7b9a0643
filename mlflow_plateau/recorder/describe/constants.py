"""The best that a model can do without looking at its inputs, for each loss.

To add a loss, add a ``Constant`` to ``CONSTANTS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mlflow_plateau.tracked import FloatArray

EPSILON = 1e-7
"""Keras keeps probabilities this far from 0 and 1."""

Prepare = Callable[[FloatArray, float], "FloatArray | None"]


@dataclass(frozen=True)
class Constant:
    """How a constant prediction fares under a loss.

    Attributes:
        prepare: Returns targets of shape ``(rows, columns)`` as the loss sees them, given the label
            smoothing; ``None`` where the loss does not fit them.
        best: Returns the prediction with the lowest loss on prepared targets, shape ``(columns,)``.
        loss: Returns the mean loss of a prediction on prepared targets.
    """

    prepare: Prepare
    best: Callable[[FloatArray], FloatArray]
    loss: Callable[[FloatArray, FloatArray], float]


def _as_they_are(targets: FloatArray, smoothing: float) -> FloatArray | None:
    return targets


def _logarithms(targets: FloatArray, smoothing: float) -> FloatArray | None:
    shifted: FloatArray = np.log1p(np.maximum(targets, EPSILON))
    return shifted


def _non_negative(targets: FloatArray, smoothing: float) -> FloatArray | None:
    return targets if bool((targets >= 0).all()) else None


def _probabilities(targets: FloatArray, smoothing: float) -> FloatArray | None:
    if not bool(((targets >= 0) & (targets <= 1)).all()):
        return None
    smooth: FloatArray = targets * (1 - smoothing) + 0.5 * smoothing
    return smooth


def _distributions(targets: FloatArray, smoothing: float) -> FloatArray | None:
    if targets.shape[1] < 2 or not np.allclose(targets.sum(axis=1), 1, atol=1e-3):
        return None
    smooth: FloatArray = targets * (1 - smoothing) + smoothing / targets.shape[1]
    return smooth


def _class_ids(targets: FloatArray, smoothing: float) -> FloatArray | None:
    whole = np.array_equal(targets, np.rint(targets)) and bool((targets >= 0).all())
    return targets.reshape(-1, 1) if whole and targets.max(initial=0) < 1e6 else None


def _mean(targets: FloatArray) -> FloatArray:
    mean: FloatArray = targets.mean(axis=0)
    return mean


def _median(targets: FloatArray) -> FloatArray:
    median: FloatArray = np.median(targets, axis=0)
    return median


def _frequencies(targets: FloatArray) -> FloatArray:
    counts: FloatArray = np.bincount(targets.ravel().astype(np.int64)).astype(np.float64)
    counts /= counts.sum()
    return counts


def _squared_error(targets: FloatArray, prediction: FloatArray) -> float:
    return float(np.mean((targets - prediction) ** 2))


def _absolute_error(targets: FloatArray, prediction: FloatArray) -> float:
    return float(np.mean(np.abs(targets - prediction)))


def _binary_crossentropy(targets: FloatArray, prediction: FloatArray) -> float:
    p = np.clip(prediction, EPSILON, 1 - EPSILON)
    return float(-np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p)))


def _crossentropy(targets: FloatArray, prediction: FloatArray) -> float:
    p = np.clip(prediction, EPSILON, 1 - EPSILON)
    return float(-np.mean(targets @ np.log(p)))


def _crossentropy_of_ids(targets: FloatArray, prediction: FloatArray) -> float:
    ids = targets.ravel().astype(np.int64)
    known = np.where(ids < len(prediction), prediction[np.minimum(ids, len(prediction) - 1)], 0.0)
    return float(-np.mean(np.log(np.clip(known, EPSILON, 1 - EPSILON))))


def _divergence(targets: FloatArray, prediction: FloatArray) -> float:
    own = np.clip(targets, EPSILON, 1)
    return float(np.mean(np.sum(own * np.log(own / np.clip(prediction, EPSILON, 1)), axis=1)))


def _poisson(targets: FloatArray, prediction: FloatArray) -> float:
    return float(np.mean(prediction - targets * np.log(prediction + EPSILON)))


CONSTANTS: Mapping[str, Constant] = {
    "mean_squared_error": Constant(_as_they_are, _mean, _squared_error),
    "mean_absolute_error": Constant(_as_they_are, _median, _absolute_error),
    "mean_squared_logarithmic_error": Constant(_logarithms, _mean, _squared_error),
    "binary_crossentropy": Constant(_probabilities, _mean, _binary_crossentropy),
    "categorical_crossentropy": Constant(_distributions, _mean, _crossentropy),
    "sparse_categorical_crossentropy": Constant(_class_ids, _frequencies, _crossentropy_of_ids),
    "kl_divergence": Constant(_distributions, _mean, _divergence),
    "poisson": Constant(_non_negative, _mean, _poisson),
}
"""By the snake-case name of the loss."""
