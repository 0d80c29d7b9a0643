"""How much the losses of single batches scatter within an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from mlflow_plateau.recorder.describe.number import number_in
from mlflow_plateau.recorder.describe.training import has_own_train_step
from mlflow_plateau.recorder.measure.loss_growth import growth_before_non_finite
from mlflow_plateau.recorder.measure.variables import variables
from mlflow_plateau.tracked import FloatArray

MOST_KEPT = 128
"""This many running means are kept of an epoch, evenly spread, however many batches it has."""

ROUNDING = 2.0**-24
"""Relative error of a running mean in single precision."""


class BatchLosses:
    """Measures ``batch_loss_spread``, the standard deviation of the losses of single batches.

    Where they end in NaN, ``batch_loss_growth`` as well: see ``loss_growth.py``.

    Keras returns the mean loss since the epoch began. The sum of all losses up to batch k is
    k·mean_k, so the mean loss of the batches from one kept mean to the next is a difference of two
    such sums. The spread is taken from successive differences of these block means (von Neumann,
    1941), which leaves the epoch's trend out, and times the root of the blocks' length.

    The last batch of an epoch may be smaller and is left out. Single precision limits what can be
    told apart late in a long epoch; that part of the variance is subtracted.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._means_run: bool | None = None
        self._stride = 1
        self._executions = 0
        self._kept: list[tuple[int, Any]] = []

    def begin_epoch(self) -> None:
        """Forgets the last epoch."""
        self._stride = 1
        self._executions = 0
        self._kept = []

    def before_first_execution(self) -> None:
        """Nothing is to be done before."""

    def after_execution(self, index: int, logs: Any) -> bool:
        """Keeps a reference to the running mean of the loss."""
        self._executions = index + 1
        if "loss" not in logs:
            return False  # A train step of the user's, which calls its losses otherwise.
        if self._executions % self._stride:
            return True
        if self._means_run is None:
            self._means_run = _are_running_means(self._model)
        self._kept.append((self._executions, variables().kept(logs["loss"])))
        if len(self._kept) >= 2 * MOST_KEPT:
            self._kept = self._kept[1::2]
            self._stride *= 2
        return True

    def end_training_part(self) -> Mapping[str, float]:
        """Returns what was measured; nothing for an epoch of fewer than three batches."""
        if self._kept and self._kept[-1][0] == self._executions:
            self._kept.pop()
        if len(self._kept) < 2:
            return {}
        losses = variables().together([loss for _, loss in self._kept])
        if losses.ndim != 1:
            return {}
        if self._means_run:
            counts = np.array([count for count, _ in self._kept], dtype=np.float64)
            counts *= self._model.steps_per_execution
            spread = spread_from_running_means(losses, counts)
            losses = block_means(losses, counts)
        else:
            spread = float(np.sqrt(np.mean(np.diff(losses) ** 2) / 2))
        growth = growth_before_non_finite(losses)
        grown = {} if growth is None else {"batch_loss_growth": growth}
        return {"batch_loss_spread": spread, **grown}


def block_means(means: FloatArray, counts: FloatArray) -> FloatArray:
    """Returns the means of successive values, given running means of all of them.

    Args:
        means: Means of the first ``counts`` values, shape ``(n,)``.
        counts: Numbers of values, evenly spaced from the first on, shape ``(n,)``.
    """
    return np.asarray(np.diff(means * counts, prepend=0.0) / counts[0])


def spread_from_running_means(means: FloatArray, counts: FloatArray) -> float:
    """Returns the standard deviation of single values, given some of their running means.

    Args:
        means: Means of the first ``counts`` values, shape ``(n,)``, n ≥ 2.
        counts: Numbers of values, evenly spaced from the first on, shape ``(n,)``.
    """
    sums = means * counts
    length = counts[0]
    blocks = block_means(means, counts)
    variance = float(np.mean(np.diff(blocks) ** 2)) / 2 * length
    rounding = 3 * float(np.mean((ROUNDING * sums[1:]) ** 2)) / length
    return float(np.sqrt(max(variance - rounding, 0.0))) if np.isfinite(variance) else variance


def _are_running_means(model: Any) -> bool:
    """Returns whether the losses that the train function returns are means since the epoch began.

    They are in Keras' own train step, and wherever a metric called ``loss`` keeps count; a train
    step of the user's may return the loss of its batch as it is.
    """
    if not has_own_train_step(model):
        return True
    trackers = [metric for metric in model.metrics if metric.name == "loss"]
    return any(
        isinstance(metric, keras.metrics.Mean) and number_in(metric.count) > 0
        for metric in trackers
    )
