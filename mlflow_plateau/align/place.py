"""Training and validation logged at steps that do not compare: matched by the time of logging."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mlflow_plateau.align.points import Series
from mlflow_plateau.tracked import FloatArray

MOSTLY = 0.5
"""The share of points, and of validations, that have to find a partner for a match to be one."""


@dataclass(frozen=True)
class Placement:
    """Training and validation curve with steps that can be compared.

    Attributes:
        training: The training curve, or ``None``.
        validation: The validation curve, or ``None``.
        notes: What was done, one sentence each.
    """

    training: Series | None
    validation: Series | None
    notes: tuple[str, ...] = ()


def place(training: Series | None, validation: Series | None) -> Placement:
    """Makes the steps of both curves comparable, by the times of logging where they are not.

    They are not where one curve was logged without steps, or where one counts updates and the other
    epochs. Then a training point belongs to the first validation logged after it.

    Args:
        training: The training curve.
        validation: The validation curve.

    Returns:
        Both with comparable steps. Where neither steps nor times tell, the curve that was logged
        without steps is left out.
    """
    if training is None or validation is None:
        return Placement(training, validation)
    if training.placed and validation.placed and np.array_equal(training.steps, validation.steps):
        return Placement(training, validation)
    if training.placed and validation.placed:
        return _matched_by_time_if_steps_disagree(training, validation)
    if len(training) == len(validation):
        if training.placed:
            return Placement(training, replace(validation, steps=training.steps))
        return Placement(replace(training, steps=validation.steps), validation)
    if training.placed:
        before = np.searchsorted(_times(training), validation.timestamps, side="right") - 1
        steps = training.steps[np.maximum(before, 0)]
        if np.all(np.diff(steps) > 0) and before[0] >= 0:
            return Placement(training, replace(validation, steps=steps))
        return Placement(training, None, (_left_out("validation"),))
    after = np.searchsorted(_times(validation), training.timestamps, side="left")
    if np.any(np.diff(after) > 0):
        return Placement(_assigned(training, validation, after), validation)
    return Placement(None, validation, (_left_out("training"),))


def _left_out(curve: str) -> str:
    return (
        "Neither steps nor times tell which training points belong to which validation; the"
        f" {curve} curve was left out."
    )


def _matched_by_time_if_steps_disagree(training: Series, validation: Series) -> Placement:
    """Matches by time where that fits and the steps do not: one counts updates, one epochs."""
    by_step = np.searchsorted(validation.steps, training.steps, side="left")
    by_time = np.searchsorted(_times(validation), training.timestamps, side="left")
    count = len(validation)
    if count < 3 or len(training) < 3 or _fits(by_step, count) or not _fits(by_time, count):
        return Placement(training, validation)
    note = (
        "The steps of training and validation count different things; their points were matched"
        " by the time of logging."
    )
    return Placement(_assigned(training, validation, by_time), validation, (note,))


def _fits(position: npt.NDArray[np.intp], count: int) -> bool:
    """Returns whether most points have a validation after them, and most validations have points.

    Args:
        position: Index of the validation that each training point belongs to; ``count`` for none.
        count: Number of validations.
    """
    inside = position[position < count]
    return len(inside) >= MOSTLY * len(position) and len(np.unique(inside)) >= MOSTLY * count


def _assigned(training: Series, validation: Series, position: npt.NDArray[np.intp]) -> Series:
    """Returns the training points at the steps of the validations that they belong to."""
    inside = position < len(validation)
    steps = validation.steps[np.minimum(position, len(validation) - 1)]
    return replace(training, steps=steps).taking(inside)


def _times(series: Series) -> FloatArray:
    return np.maximum.accumulate(series.timestamps.astype(np.float64))
