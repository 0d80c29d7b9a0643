"""How well the second half of a curve is foretold from its first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.faults.dataset import Run, at_level
from benchmarks.faults.parts import PARTS
from mlflow_plateau.history import History
from mlflow_plateau.signals import View
from mlflow_plateau.signals.forecast import forecast
from mlflow_plateau.weigh.course import Kind, read_course

FEWEST_EPOCHS = 24
"""Shorter runs have no halves."""


def foretold(runs: Sequence[Run]) -> Iterator[str]:
    """Yields a line per part: errors as shares of what the first half gained, and coverage."""
    yield "part   healthy   runs   median error   if nothing changed   inside the interval"
    for part in PARTS:
        for healthy in (True, False):
            own = [r for r in runs if r.part == part and r.counts and (not r.faults) == healthy]
            found = [f for f in (_foretold(at_level(run, "curves")) for run in own) if f]
            error, unchanged, inside = np.array(found, dtype=float).T
            yield (
                f"{part:6} {healthy!s:7} {len(found):6} {np.median(error):14.3f}"
                f" {np.median(unchanged):20.3f} {inside.mean():21.0%}"
            )


def _foretold(history: History) -> tuple[float, float, bool] | None:
    """Returns the errors of the forecast and of no change, and whether the interval held."""
    half = View(_first(history, len(history) // 2))
    if len(history) < FEWEST_EPOCHS or read_course(half).kind is not Kind.FALLING:
        return None
    seen, whole = half.validation, View(history).validation
    found = forecast(seen, float(history.epochs[-1])) if seen is not None else None
    if seen is None or whole is None or found is None or seen.start <= seen.end:
        return None
    gained = seen.start - seen.end
    return (
        abs(found.level - whole.end) / gained,
        abs(seen.end - whole.end) / gained,
        found.low <= whole.end <= found.high,
    )


def _first(history: History, count: int) -> History:
    return replace(
        history,
        epochs=history.epochs[:count],
        training_loss=history.training_loss[:count],
        validation_loss=history.validation_loss[:count],
        training_logged=history.training_logged[:count],
        validation_logged=history.validation_logged[:count],
        learning_rate=history.learning_rate[:count],
        metrics={},
        recorded={},
    )
