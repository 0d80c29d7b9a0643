"""The gradients of a few micro-batches, computed once for all experiments that need them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlflow_plateau.recorder.inner_product import squared_norm
from mlflow_plateau.recorder.witness.differentiable import (
    DeclinedError,
    Differentiable,
    Weights,
)
from mlflow_plateau.recorder.witness.rows import Rows
from mlflow_plateau.tracked import FloatArray

MICRO_BATCHES = 8
"""This many gradients tell how far they agree."""

NOT_FINITE = "the gradient is not finite"
"""Why nothing is tried along it."""

LARGEST_MICRO_BATCH = 32
"""Rows of each; fewer where the sample is small."""


@dataclass(frozen=True)
class Gradients:
    """Gradients of the training loss at the current weights.

    Attributes:
        rows: Rows of each micro-batch.
        squared_norms: ‖g‖² of each micro-batch's gradient g, shape ``(micro-batches,)``.
        mean: The mean gradient, an array for each variable.
        first_half: The mean over the first half of the micro-batches.
        reached: For each variable, where along its last axis any of them is not zero.
    """

    rows: int
    squared_norms: FloatArray
    mean: Weights
    first_half: Weights
    reached: tuple[FloatArray, ...]


def gradients_of(model: Differentiable, training: Rows) -> Gradients:
    """Returns the gradients of micro-batches.

    Raises:
        DeclinedError: If there are too few rows, or the training may follow other gradients.
    """
    rows = min(LARGEST_MICRO_BATCH, len(training) // MICRO_BATCHES)
    if rows < 1:
        raise DeclinedError(f"at least {MICRO_BATCHES} rows are needed")
    norms = []
    total: list[FloatArray] = []
    first: list[FloatArray] = []
    reached: list[FloatArray] = []
    for index in range(MICRO_BATCHES):
        found = model.gradient(training.part(index * rows, (index + 1) * rows))
        norms.append(sum(squared_norm(g) for g in found))
        touched = [np.abs(g).reshape(-1, g.shape[-1] if g.ndim else 1).max(axis=0) for g in found]
        if not total:
            total, reached = [np.array(g, dtype=np.float64) for g in found], touched
        else:
            for sum_, g in zip(total, found, strict=True):
                sum_ += g
            reached = [np.maximum(a, b) for a, b in zip(reached, touched, strict=True)]
        if 2 * (index + 1) == MICRO_BATCHES:
            first = [g / (index + 1) for g in total]
    return Gradients(
        rows,
        np.array(norms),
        [g / MICRO_BATCHES for g in total],
        first,
        tuple(reached),
    )
