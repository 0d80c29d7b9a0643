"""Runs as a store returns them, made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlflow_plateau.tracked import Points, TrackedRun


def points(values: Sequence[float], steps: Any = None, times: Any = None) -> Points:
    """Returns points at the given steps, 0, 1, 2, … if left out, a second apart in their order."""
    count = len(values)
    return Points(
        steps=np.arange(count) if steps is None else np.asarray(steps, dtype=np.int64),
        values=np.asarray(values, dtype=np.float64),
        timestamps=np.arange(count) * 1000 if times is None else np.asarray(times, dtype=np.int64),
    )


def run_of(
    metrics: Mapping[str, Points | Sequence[float]],
    params: Mapping[str, str] | None = None,
    status: str = "FINISHED",
) -> TrackedRun:
    """Returns a run that holds these metrics; plain sequences are logged at 0, 1, 2, …."""
    return TrackedRun(
        run_id="run1",
        status=status,
        params=params or {},
        metrics={n: p if isinstance(p, Points) else points(p) for n, p in metrics.items()},
    )


FALLING = (1.0, 0.6, 0.4, 0.3, 0.25)
"""A training loss."""

FLAT = (1.1, 0.8, 0.7, 0.71, 0.72)
"""A validation loss."""
