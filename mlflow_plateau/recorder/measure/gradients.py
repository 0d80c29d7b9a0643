"""The gradient that an optimiser was given, read off what it made of it.

No gradient is computed again: an optimiser's own moments before and after an update tell which
gradient came in between. It is the gradient as the optimiser used it, after clipping and after
gradient accumulation.

To add an optimiser, add a line to ``FORMULAS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mlflow_plateau.recorder.inner_product import squared_norm
from mlflow_plateau.tracked import FloatArray

ROUNDING = 2.0**-24
"""Relative error of a weight in single precision."""

LARGEST_ERROR = 0.1
"""A gradient norm that rounding may have changed by a larger share is not given."""


@dataclass(frozen=True)
class Update:
    """What happened between two readings, at the sampled coordinates.

    Attributes:
        optimizer: The optimiser; the inner one where the loss is scaled.
        updates: How many updates there were.
        rate: The learning rate.
        weights: The weights before and after.
        slots: The optimiser's variables before and after; empty where the formula has none.
    """

    optimizer: Any
    updates: int
    rate: float
    weights: tuple[FloatArray, FloatArray]
    slots: tuple[FloatArray, FloatArray]


class Formula(Protocol):
    """How a gradient is read off an optimiser."""

    @property
    def slot(self) -> str:
        """Name of the optimiser's list of variables that is to be read; empty for none."""

    def applies(self, optimizer: Any, single_updates: bool) -> bool:
        """Returns whether the formula holds for an optimiser as it is configured."""

    def first_value(self, optimizer: Any) -> float:
        """Returns what the optimiser's variables hold before the first update."""

    def squares(self, update: Update) -> FloatArray | None:
        """Returns the squared gradient, averaged over the updates; ``None`` if lost in rounding."""


@dataclass(frozen=True)
class FirstMoment:
    """``m ← β m + (1 − β) g``."""

    slot: str
    decay: str

    def applies(self, optimizer: Any, single_updates: bool) -> bool:
        """Returns whether the formula holds for the optimiser as it is configured."""
        return single_updates and getattr(optimizer, self.decay) < 1

    def first_value(self, optimizer: Any) -> float:
        """Returns what the optimiser's variables hold before the first update."""
        return 0.0

    def squares(self, update: Update) -> FloatArray:
        """Returns the squared gradient."""
        decay = float(getattr(update.optimizer, self.decay))
        before, after = update.slots
        gradient: FloatArray = (after - decay * before) / (1 - decay)
        return gradient**2


@dataclass(frozen=True)
class SecondMoment:
    """``v ← β v + (1 − β) g²``, over any number of updates."""

    slot: str
    decay: str

    def applies(self, optimizer: Any, single_updates: bool) -> bool:
        """Returns whether the formula holds for the optimiser as it is configured."""
        return bool(getattr(optimizer, self.decay) < 1)

    def first_value(self, optimizer: Any) -> float:
        """Returns what the optimiser's variables hold before the first update."""
        return 0.0

    def squares(self, update: Update) -> FloatArray:
        """Returns the squared gradient."""
        decay = float(getattr(update.optimizer, self.decay)) ** update.updates
        before, after = update.slots
        return np.maximum((after - decay * before) / (1 - decay), 0.0)


@dataclass(frozen=True)
class SumOfSquares:
    """``s ← s + g²``."""

    slot: str

    def applies(self, optimizer: Any, single_updates: bool) -> bool:
        """Returns whether the formula holds for the optimiser as it is configured."""
        return True

    def first_value(self, optimizer: Any) -> float:
        """Returns what the optimiser's variables hold before the first update."""
        return float(optimizer.initial_accumulator_value)

    def squares(self, update: Update) -> FloatArray:
        """Returns the squared gradient."""
        before, after = update.slots
        return np.maximum((after - before) / update.updates, 0.0)


@dataclass(frozen=True)
class Momentum:
    """``v ← μ v − lr g``."""

    slot: str = "momentums"

    def applies(self, optimizer: Any, single_updates: bool) -> bool:
        """Returns whether the formula holds for the optimiser as it is configured."""
        return single_updates and bool(optimizer.momentum)

    def first_value(self, optimizer: Any) -> float:
        """Returns what the optimiser's variables hold before the first update."""
        return 0.0

    def squares(self, update: Update) -> FloatArray | None:
        """Returns the squared gradient."""
        before, after = update.slots
        if update.rate <= 0:
            return None
        return np.square((float(update.optimizer.momentum) * before - after) / update.rate)


@dataclass(frozen=True)
class PlainStep:
    """``w ← w − lr g``: nothing but the weights themselves remembers the gradient."""

    slot: str = ""

    def applies(self, optimizer: Any, single_updates: bool) -> bool:
        """Returns whether the formula holds for the optimiser as it is configured."""
        return single_updates and not (
            optimizer.momentum or optimizer.weight_decay or optimizer.use_ema
        )

    def first_value(self, optimizer: Any) -> float:
        """Returns what the optimiser's variables hold before the first update."""
        return 0.0

    def squares(self, update: Update) -> FloatArray | None:
        """Returns the squared gradient."""
        before, after = update.weights
        moved = before - after
        lost = ROUNDING * np.sqrt(squared_norm(before))
        if update.rate <= 0 or lost > LARGEST_ERROR * np.sqrt(squared_norm(moved)):
            return None
        return np.square(moved / update.rate)


FORMULAS: Mapping[str, tuple[Formula, ...]] = {
    "SGD": (Momentum(), PlainStep()),
    "Adam": (FirstMoment("_momentums", "beta_1"), SecondMoment("_velocities", "beta_2")),
    "Nadam": (FirstMoment("_momentums", "beta_1"), SecondMoment("_velocities", "beta_2")),
    "Lamb": (FirstMoment("_momentums", "beta_1"), SecondMoment("_velocities", "beta_2")),
    "Adamax": (FirstMoment("_m", "beta_1"),),
    "Lion": (FirstMoment("_momentums", "beta_2"),),
    "RMSprop": (SecondMoment("_velocities", "rho"),),
    "Adadelta": (SecondMoment("_accumulated_grads", "rho"),),
    "ScheduleFreeAdamW": (SecondMoment("_velocities", "beta_2"),),
    "Adagrad": (SumOfSquares("_accumulators"),),
    "Ftrl": (SumOfSquares("_accumulators"),),
}
"""By the class that defines the update; the first formula that applies is used."""


def formula_for(optimizer: Any, single_updates: bool) -> Formula | None:
    """Returns how to read the gradient off an optimiser, or ``None`` where it cannot be.

    Args:
        optimizer: The optimiser; the inner one where the loss is scaled.
        single_updates: Whether each reading will span one update.
    """
    for kind in type(optimizer).__mro__:
        if "update_step" in vars(kind):
            known = FORMULAS.get(kind.__name__, ()) if kind.__module__.startswith("keras.") else ()
            return next((f for f in known if f.applies(optimizer, single_updates)), None)
    return None


def slots_of(optimizer: Any, formula: Formula, variables: tuple[Any, ...]) -> list[Any] | None:
    """Returns the optimiser's variables that belong to the weights; ``None`` before it has any."""
    slots = getattr(optimizer, formula.slot, None)
    if not slots or not optimizer.built:
        return None
    return [slots[optimizer._get_variable_index(variable)] for variable in variables]
