"""How good a model is, whatever loss it was trained with, and what undoing a fault would bring."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.faults.recipe import MAE, MSE, Array, Recipe

SMALLEST_PROBABILITY = 1e-7
"""Keras keeps probabilities this far from zero."""

LARGEST_MARGIN = 9.99
"""What stands for a loss that is not finite."""


@dataclass(frozen=True)
class Judge:
    """Judges outputs on the rows of a healthy recipe, or on a faulty one's own.

    Attributes:
        healthy: The recipe without the fault: its loss is the one that counts.
        trained: The recipe that was trained: its head says how its outputs are meant.
        targets: The targets of the rows.
    """

    healthy: Recipe
    trained: Recipe
    targets: Array

    def __call__(self, outputs: Array) -> tuple[float, float]:
        """Returns the loss without penalties and the error of outputs of shape (rows, units).

        The error is the share of wrong classes, or for numbers the loss itself.
        """
        y = np.ravel(self.targets)
        if not self.healthy.classifies:
            loss = _distance(self.healthy.loss, outputs.ravel(), y)
            return loss, loss
        error = float(np.mean(self._classes(outputs) != y))
        if (self.trained.loss, self.trained.output_units) != (
            self.healthy.loss,
            self.healthy.output_units,
        ):
            return math.nan, error
        return _log_loss(self._probabilities(outputs), y), error

    def _probabilities(self, outputs: Array) -> Array:
        """Returns probabilities of shape (rows, classes)."""
        linear = self.trained.output_activation == "linear"
        with np.errstate(all="ignore"):
            if outputs.shape[1] > 1:
                if linear:
                    shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
                    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
                return outputs
            p = 1 / (1 + np.exp(-outputs[:, 0])) if linear else outputs[:, 0]
        return np.stack([1 - p, p], axis=1)

    def _classes(self, outputs: Array) -> Array:
        if outputs.shape[1] > 1:
            return np.asarray(outputs.argmax(axis=1))
        value = outputs[:, 0]
        if self.trained.loss == MSE:
            return np.rint(value)
        logits = self.trained.from_logits and self.trained.output_activation == "linear"
        return value > (0.0 if logits else 0.5)


def _distance(loss: str, predicted: Array, y: Array) -> float:
    difference = predicted - y
    return float(np.mean(np.abs(difference) if loss == MAE else difference**2))


def _log_loss(probabilities: Array, y: Array) -> float:
    chosen = probabilities[np.arange(len(y)), y.astype(int)]
    return float(-np.mean(np.log(np.clip(chosen, SMALLEST_PROBABILITY, 1.0))))


def constant_prediction(recipe: Recipe) -> tuple[float, float]:
    """Returns loss and error of the best constant on the recipe's validation targets."""
    y = np.ravel(recipe.split.y_validation)
    if not recipe.classifies:
        best = np.median(y) if recipe.loss == MAE else y.mean()
        loss = _distance(recipe.loss, np.full(len(y), best), y)
        return loss, loss
    _, counts = np.unique(y, return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum()), float(1 - share.max())


def margin(faulty: float, undone: float, constant: float) -> float:
    """Returns what undoing the fault brings, as a share of what the healthy run gained at all.

    (loss with the fault − loss without it) / (loss of a constant − loss without the fault): 0 for a
    fault that does no harm, 1 for one after which the model is no better than a constant.
    """
    if not math.isfinite(faulty):
        return LARGEST_MARGIN
    gained = max(constant - undone, 1e-9)
    return min(max((faulty - undone) / gained, -LARGEST_MARGIN), LARGEST_MARGIN)
