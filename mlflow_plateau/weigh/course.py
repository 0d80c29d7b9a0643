"""The course of the run: whether its curves are flat, falling, diverged, or cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from mlflow_plateau.causes import CAUSES, NONE
from mlflow_plateau.counted import counted
from mlflow_plateau.signals.plateau import MINIMUM_POINTS
from mlflow_plateau.signals.scatter import blow_up
from mlflow_plateau.signals.view import View
from mlflow_plateau.untrusted import quoted_list

BLOW_UP = 0.3
"""Decades above its first value at which a training loss counts as diverged: twofold."""


class Kind(Enum):
    """What the curves do at their end."""

    UNREADABLE = "unreadable"
    DIVERGED = "diverged"
    FLAT = "flat"
    FALLING = "falling"


@dataclass(frozen=True)
class Course:
    """What the curves do, and why they are read so."""

    kind: Kind
    reason: str


def read_course(view: View) -> Course:
    """Reads the course of a run off its curves."""
    history = view.history
    axis = history.axis
    for which, logged, values in (
        ("training", history.training_logged, history.training_loss),
        ("validation", history.validation_logged, history.validation_loss),
    ):
        if logged.any() and not np.isfinite(values[logged][-1]):
            bad = logged & ~np.isfinite(values)
            first = history.epochs[int(np.argmax(bad))]
            return Course(
                Kind.DIVERGED,
                f"the {which} loss is NaN or infinite, for the first time at {axis} {first:.10g}",
            )
    grown = blow_up.measure(view)
    if grown.known and grown.value > BLOW_UP and not history.higher_is_better:
        return Course(
            Kind.DIVERGED,
            f"the training loss ended at {grown.facts['end']:.4g}, above the"
            f" {grown.facts['start']:.4g} that it started from",
        )
    if view.validation is None:
        return Course(
            Kind.UNREADABLE,
            "no validation loss was logged; validate while training, or name the metric to look at"
            f" with monitor={_further(view)}",
        )
    points = int(np.isfinite(history.validation_loss).sum())
    if points < MINIMUM_POINTS:
        return Course(
            Kind.UNREADABLE,
            f"the validation loss has {counted(points, 'finite point')}; it takes at least"
            f" {MINIMUM_POINTS} to see a plateau",
        )
    if view.plateau is None:
        best_epoch = view.best[1] if view.best else np.nan
        return Course(
            Kind.FALLING,
            f"the validation loss still improves: it was best at {axis} {best_epoch:.10g} of"
            f" {history.epochs[-1]:.10g}",
        )
    return Course(
        Kind.FLAT,
        f"the validation loss has not improved by more than {view.plateau.tolerance:.2g} since"
        f" {axis} {view.plateau.onset_epoch:.10g}",
    )


def _further(view: View) -> str:
    """Returns which other losses and scores the run holds, in brackets; nothing for none."""
    names = sorted(view.history.metrics)
    return f" (it holds {quoted_list(names)})" if names else ""


def possible_answers(course: Course) -> tuple[str, ...]:
    """Returns the answers that a run of this course can have."""
    if course.kind is Kind.DIVERGED:
        return tuple(cause.id for cause in CAUSES if cause.when_diverged)
    if course.kind is Kind.FALLING:
        return (NONE, *(cause.id for cause in CAUSES if cause.while_improving))
    return (NONE, *(cause.id for cause in CAUSES))
