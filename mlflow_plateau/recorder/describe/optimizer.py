"""The optimiser and its learning rate."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from mlflow_plateau.recorder.describe.data import updates_per_epoch
from mlflow_plateau.recorder.describe.number import number_in
from mlflow_plateau.recorder.describe.training import Training

STEPS_TRIED = 24
"""At this many steps of an epoch a schedule is asked for its learning rate."""


def inner_optimizer(optimizer: Any) -> Any:
    """Returns the optimiser that moves the weights, also where the loss is scaled for it."""
    return getattr(optimizer, "inner_optimizer", None) or optimizer


def current_rate(optimizer: Any) -> float:
    """Returns the learning rate that the next update will use; NaN where it cannot be read.

    A learning rate that is the user's own function is not called: it may count its calls.
    """
    kept = getattr(inner_optimizer(optimizer), "_learning_rate", None)
    if isinstance(kept, keras.optimizers.schedules.LearningRateSchedule):
        return _number(kept(_gradients_taken(optimizer)))
    if kept is None or (callable(kept) and not isinstance(kept, keras.Variable)):
        return float("nan")
    return _number(kept)


def rate_of_last_update(optimizer: Any) -> float | None:
    """Returns the learning rate that the last update used, or ``None`` where it cannot be read."""
    kept = getattr(inner_optimizer(optimizer), "_learning_rate", None)
    if isinstance(kept, keras.optimizers.schedules.LearningRateSchedule):
        return _number(kept(max(_gradients_taken(optimizer) - 1, 0)))
    rate = current_rate(optimizer)
    return None if rate != rate else rate


def optimizer(training: Training) -> str | None:
    """Returns the lower-case class name."""
    found = inner_optimizer(training.optimizer_in_use)
    return None if found is None else type(found).__name__.lower()


def learning_rate(training: Training) -> float | None:
    """Returns the learning rate at the first update; of a schedule, the largest in an epoch."""
    found = training.optimizer_in_use
    if found is None:
        return None
    kept = getattr(inner_optimizer(found), "_learning_rate", None)
    updates = updates_per_epoch(training)
    if updates and isinstance(kept, keras.optimizers.schedules.LearningRateSchedule):
        # One that warms up begins with nothing, and may be over before the first epoch is.
        first = _gradients_taken(found)
        steps = np.unique(np.linspace(first, first + updates - 1, STEPS_TRIED).astype(int))
        return max(_number(kept(int(step))) for step in steps)
    rate = current_rate(found)
    return None if rate != rate else rate


def momentum(training: Training) -> float | None:
    """Returns the momentum of SGD."""
    found = inner_optimizer(training.optimizer_in_use)
    return float(found.momentum) if isinstance(found, keras.optimizers.SGD) else None


def weight_decay(training: Training) -> float | None:
    """Returns the decoupled weight decay; 0 where there is none."""
    found = inner_optimizer(training.optimizer_in_use)
    return None if found is None else float(getattr(found, "weight_decay", None) or 0.0)


def updates_made(optimizer: Any) -> int:
    """Returns how often the weights were updated, however many gradients that took."""
    inner = inner_optimizer(optimizer)
    return _gradients_taken(inner) // (getattr(inner, "gradient_accumulation_steps", None) or 1)


def _gradients_taken(optimizer: Any) -> int:
    """Returns the count that a schedule is evaluated at, which includes accumulated gradients."""
    inner = inner_optimizer(optimizer)
    counted = getattr(inner, "_iterations", None)
    # What older versions of Keras call iterations are these.
    return int(number_in(inner.iterations if counted is None else counted))


def _number(value: Any) -> float:
    """Returns a value of a variable: of single precision as the shortest number that stands for it.

    Keras holds 0.1 as 0.10000000149011612, which is not what anybody asked for.
    """
    number = number_in(value)
    single = np.float32(number)
    return float(str(single)) if number == single else number
