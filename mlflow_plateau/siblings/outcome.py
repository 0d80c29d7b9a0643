"""What a run had reached after as many epochs as another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlflow_plateau.align import align
from mlflow_plateau.curve import Curve
from mlflow_plateau.tracked import Points, TrackedRun

SHORT = 0.5
"""A run that covers less of ours is compared only where it did better than all of ours."""


@dataclass(frozen=True)
class Course:
    """A metric over the epochs, lower being better.

    Attributes:
        curve: Its finite points.
        unit: What the axis counts: ``epoch`` or ``step``.
        sign: 1 for losses, −1 for scores, which were turned round.
        end: The last epoch that was logged, finite or not.
        broke: Whether it was thrown off: it ended without a finite value, or so its training did.
    """

    curve: Curve
    unit: str
    sign: float
    end: float
    broke: bool

    @property
    def first(self) -> float:
        """The first value."""
        return self.curve.first

    def until(self, epoch: float) -> Course:
        """Returns the course up to an epoch."""
        if epoch >= self.end:
            return self
        kept = self.curve.epochs <= epoch
        cut = Curve(self.curve.epochs[kept], self.curve.values[kept])
        return replace(self, curve=cut, end=epoch, broke=False)

    @property
    def reached(self) -> float:
        """The best smoothed value, or the worst one where the run did not keep it."""
        if not len(self.curve):
            return np.inf
        return float(self.curve.values.max()) if self.broke else self.curve.best


def course_of(run: TrackedRun, metric: str, points: Points) -> Course | None:
    """Returns the course of one metric of a run, ``None`` where no point is finite.

    The metric stands alone, so that two runs are put on their axes in the same way.

    Args:
        run: The run, whose parameters tell what the steps are.
        metric: The metric's name.
        points: Its points as logged.
    """
    history = align(replace(run, metrics={metric: points}), metric)
    logged = history.validation_logged.any()
    values = history.validation_loss if logged else history.training_loss
    was_logged = history.validation_logged if logged else history.training_logged
    sign = -1.0 if history.higher_is_better else 1.0
    curve = Curve.of(history.epochs, sign * values)
    if not len(curve):
        return None
    return Course(
        curve=curve,
        unit=history.axis,
        sign=sign,
        end=float(history.epochs[was_logged][-1]),
        broke=not np.isfinite(values[was_logged][-1]),
    )


@dataclass(frozen=True)
class Pair:
    """What two runs had reached after equally many epochs, lower being better."""

    ours: float
    theirs: float
    epochs: float


def pair(ours: Course, theirs: Course) -> Pair | None:
    """Compares two courses, ``None`` where they cannot be.

    The longer one is cut. Where ours is the longer, theirs is better only if it beats all of ours,
    and worse only if it is behind ours at that epoch: a schedule that was planned for longer is
    slower at first.
    """
    if ours.unit != theirs.unit:
        return None
    whole = theirs.broke or theirs.end >= ours.end
    epochs = min(ours.end, theirs.end)
    if whole:
        return Pair(ours.reached, theirs.until(ours.end).reached, epochs)
    reached, so_far = theirs.reached, ours.until(theirs.end)
    if reached < ours.reached:
        return Pair(ours.reached, reached, epochs)
    first = float(ours.curve.epochs[0])
    if not len(so_far.curve) or (theirs.end - first) < SHORT * (ours.end - first):
        return None
    return Pair(min(so_far.reached, reached), reached, epochs)
