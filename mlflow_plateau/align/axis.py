"""Metrics that were logged at different steps, put on one axis."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mlflow_plateau.align.points import Series
from mlflow_plateau.tracked import FloatArray

BoolArray = np.ndarray[tuple[int], np.dtype[np.bool_]]

MOSTLY = 0.5
"""Two curves share their steps where at least this share of the shorter one's steps coincide."""

SPARSE_VALIDATION = 10
"""Training epochs per validation up to which both stay on the epochs of the training: Keras'
``validation_freq``. Beyond that, training points are averaged between validations."""

MOST_EPOCHS = 10_000
"""Longer curves whose steps go up by one count updates, unless the run says otherwise."""


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


def common_steps(
    training: Series | None, validation: Series | None, known_as_epochs: bool
) -> FloatArray:
    """Returns the steps that a history of both curves has, strictly increasing.

    Where the curves share their steps these are the steps of both, with gaps where only one was
    logged. Where they do not, or where training was logged far more often, they are the steps of
    the validation, unless all training came after it.

    Args:
        training: The training curve.
        validation: The validation curve.
        known_as_epochs: Whether the steps are known to count epochs.
    """
    if training is None or validation is None:
        only = training or validation
        return np.empty(0) if only is None else np.unique(only.steps)
    validation_shared = np.isin(validation.steps, training.steps).mean()
    training_shared = np.isin(training.steps, validation.steps).mean()
    if training.steps.min() > validation.steps[-1]:
        return np.union1d(training.steps, validation.steps)
    if max(validation_shared, training_shared) < MOSTLY:
        return validation.steps
    points_per_validation = len(training) / len(validation)
    every_step = len(training) < 2 or np.median(np.diff(training.steps)) == 1
    if (
        known_as_epochs
        or training_shared >= MOSTLY
        or (every_step and points_per_validation <= SPARSE_VALIDATION)
    ):
        return np.union1d(training.steps, validation.steps)
    return validation.steps


def on_steps(series: Series | None, steps: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Returns a curve at the given steps.

    Points on these steps stay as they are. If most points lie between them, each step gets the
    mean of the points since the step before. Nothing is interpolated.

    Args:
        series: The curve, its steps may repeat; or ``None``.
        steps: The axis, shape ``(n,)``, strictly increasing.

    Returns:
        The values, NaN where there are none, and where there are some; both of shape ``(n,)``.
    """
    if series is None or len(series) == 0 or len(steps) == 0:
        return np.full(len(steps), np.nan), np.zeros(len(steps), dtype=bool)
    position = np.searchsorted(steps, series.steps, side="left")
    inside = position < len(steps)
    hits = inside & (steps[np.minimum(position, len(steps) - 1)] == series.steps)
    once = len(np.unique(position[hits])) == hits.sum()
    taken = hits if once and hits.mean() >= MOSTLY else inside
    counts = np.bincount(position[taken], minlength=len(steps))
    sums = np.bincount(position[taken], weights=series.values[taken], minlength=len(steps))
    logged = counts > 0
    values = np.full(len(steps), np.nan)
    np.divide(sums, counts, out=values, where=logged)
    return values, logged


def last_on_steps(series: Series, steps: FloatArray) -> FloatArray:
    """Returns the last value logged since the step before each step, NaN where there is none."""
    values = np.full(len(steps), np.nan)
    position = np.searchsorted(steps, series.steps, side="left")
    inside = position < len(steps)
    values[position[inside]] = series.values[inside]
    return values


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
    stride = float(np.median(strides)) if len(strides) else 1.0
    even = bool(np.all(strides == stride))
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
