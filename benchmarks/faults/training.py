"""What a training leaves behind, in whatever framework, and when it is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.faults.recipe import Array

SNAPSHOTS = 5
"""This many of the last epochs' predictions are judged, so that noise does not decide."""

SNAPSHOT_SHARE = 0.1
"""They come from this last share of the run."""

Judge = Callable[[Array], tuple[float, float]]
"""From a model's outputs on the rows of the truth to their loss and error; see ``truth``."""


@dataclass(frozen=True)
class Trained:
    """What a training left behind.

    Attributes:
        params: What the recorder writes as parameters.
        metrics: What it writes as metrics, a value for each epoch; ``None`` where it writes none.
        loss: The judged loss, median over the last epochs.
        error: The judged error, likewise.
    """

    params: Mapping[str, str]
    metrics: Mapping[str, list[float | None]]
    loss: float
    error: float


def is_stuck(losses: list[float], patience: int) -> bool:
    """Returns whether the last ``patience`` losses brought nothing."""
    return len(losses) > patience and min(losses[-patience:]) >= min(losses[:-patience])


def snapshots(epochs: int) -> set[int]:
    """Returns how many epochs before the end the model is judged."""
    last = max(1, round(SNAPSHOT_SHARE * epochs))
    return {round(left) for left in np.linspace(0, last, min(SNAPSHOTS, last + 1))}
