"""What the steps of a history count, and epochs in their place where the run allows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlflow_plateau.align.points import Series
from mlflow_plateau.tracked import FloatArray

MOST_EPOCHS = 10_000
"""Longer curves whose steps go up by one count updates, unless the run says otherwise."""


@dataclass(frozen=True)
class Epochs:
    """The axis of a history.

    Attributes:
        positions: Shape ``(n,)``, strictly increasing.
        unit: ``epoch`` or ``step``.
        notes: How steps became epochs, where they were not taken as they are.
    """

    positions: FloatArray
    unit: str
    notes: tuple[str, ...] = ()


def as_epochs(
    steps: FloatArray,
    *,
    counter: Series | None = None,
    updates_per_epoch: int | None = None,
    planned_epochs: int | None = None,
    alternating: bool = False,
    known_as_epochs: bool = False,
    counts_rounds: bool = False,
) -> Epochs:
    """Says what the steps count, and turns them into epochs where the run allows it.

    Args:
        steps: The steps, shape ``(n,)``, strictly increasing.
        counter: A metric that holds the epoch at each step.
        updates_per_epoch: Updates per epoch, if known.
        planned_epochs: The number of epochs that was asked for, if known.
        alternating: Whether training and validation take turns in one running count.
        known_as_epochs: Whether the steps are known to count epochs.
        counts_rounds: Whether the steps are known to count boosting rounds.
    """
    if known_as_epochs or len(steps) == 0:
        return Epochs(steps, "epoch")
    if counter is not None:
        found = np.searchsorted(counter.steps, steps)
        covered = np.isin(steps, counter.steps).all()
        epochs = counter.values[np.minimum(found, len(counter) - 1)]
        if covered and np.isfinite(epochs).all() and np.all(np.diff(epochs) > 0):
            note = "Steps were turned into epochs by the metric that counts them."
            return Epochs(epochs, "epoch", () if np.array_equal(epochs, steps) else (note,))
    strides = np.diff(steps)
    even = bool(np.all(strides == strides[:1]))
    stride = float(strides[0] if even else np.median(strides)) if len(strides) else 1.0
    if counts_rounds:
        return Epochs(steps, "step")
    if updates_per_epoch and updates_per_epoch > 1 and stride == updates_per_epoch and even:
        return Epochs(
            (steps - steps[0]) / stride,
            "epoch",
            (f"Steps were turned into epochs of {updates_per_epoch} updates.",),
        )
    if alternating and even and stride > 1:
        return Epochs(
            (steps - steps[0]) / stride,
            "epoch",
            (
                "Training and validation were logged at alternating steps; each pair was read as an"
                " epoch.",
            ),
        )
    if planned_epochs and abs(steps[-1] - planned_epochs) <= 1:
        return Epochs(steps, "epoch")
    longest = planned_epochs or MOST_EPOCHS
    return Epochs(steps, "epoch" if stride == 1 and steps[-1] <= longest else "step")
