"""Faults of the training: rates, batches, schedules, and nothing being trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.faults.injected.fault import Change, Fault, dense
from benchmarks.faults.recipe import Recipe


@dataclass(frozen=True)
class Exponential:
    """A factor per epoch."""

    factor: float

    def __call__(self, epoch: int, losses: Sequence[float]) -> float:
        """Returns the factor of an epoch."""
        return self.factor**epoch


@dataclass(frozen=True)
class Step:
    """A thousandth from an epoch on."""

    at: int

    def __call__(self, epoch: int, losses: Sequence[float]) -> float:
        """Returns the factor of an epoch."""
        return 1.0 if epoch < self.at else 1e-3


@dataclass(frozen=True)
class LinearToZero:
    """Nothing left after some epochs."""

    epochs: int

    def __call__(self, epoch: int, losses: Sequence[float]) -> float:
        """Returns the factor of an epoch."""
        return max(1 - epoch / self.epochs, 1e-6)


@dataclass(frozen=True)
class EagerPlateau:
    """A tenth whenever an epoch did not bring a tenth of improvement."""

    def __call__(self, epoch: int, losses: Sequence[float]) -> float:
        """Returns the factor of an epoch."""
        best, factor = np.inf, 1.0
        for loss in losses:
            if loss < 0.9 * best:
                best = loss
            else:
                factor = max(0.1 * factor, 1e-6)
        return factor


def _exponential(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, schedule=Exponential(float(generator.uniform(0.6, 0.8))))


def _early_step(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, schedule=Step(max(2, int(0.06 * recipe.epochs))))


def _linear_to_zero(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, schedule=LinearToZero(max(3, int(0.1 * recipe.epochs))))


def _eager_plateau(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, schedule=EagerPlateau())


def _rate_times(factor: float) -> Change:
    def change(recipe: Recipe, generator: np.random.Generator) -> Recipe:
        return replace(recipe, learning_rate=factor * recipe.learning_rate)

    return change


def _batch_of(rows: int) -> Change:
    def change(recipe: Recipe, generator: np.random.Generator) -> Recipe:
        return replace(recipe, batch_size=rows)

    return change


def _share_of_rows(share: float) -> Change:
    def change(recipe: Recipe, generator: np.random.Generator) -> Recipe:
        return replace(recipe, batch_size=max(1, int(share * recipe.rows)))

    return change


def _frozen(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, frozen=True)


def _disconnected(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, disconnected=True)


def _cheap(recipe: Recipe) -> bool:
    """Whether single rows can be trained on in seconds."""
    return recipe.kind == "dense" and recipe.rows <= 1000


TRAINING_FAULTS = (
    Fault("vanishing_updates", "exponential", _exponential),
    Fault("vanishing_updates", "early_step", _early_step),
    Fault("vanishing_updates", "linear_to_zero", _linear_to_zero),
    Fault("vanishing_updates", "eager_plateau", _eager_plateau),
    Fault("learning_rate_too_small", "a_thirtieth", _rate_times(1 / 30)),
    Fault("learning_rate_too_small", "a_hundredth", _rate_times(1 / 100)),
    Fault("learning_rate_too_small", "a_thousandth", _rate_times(1 / 1000)),
    Fault("learning_rate_too_large", "30_times", _rate_times(30)),
    Fault("learning_rate_too_large", "100_times", _rate_times(100)),
    Fault("learning_rate_too_large", "500_times", _rate_times(500)),
    Fault("batch_size_too_small", "one_row", _batch_of(1), setting="hot", suits=_cheap),
    Fault("batch_size_too_small", "two_rows", _batch_of(2), setting="hot"),
    Fault(
        "batch_size_too_small", "single_row_of_sgd", _batch_of(1), setting="brisk_sgd", suits=_cheap
    ),
    Fault("batch_size_too_small", "two_rows_of_sgd", _batch_of(2), "brisk_sgd", suits=dense),
    Fault("batch_size_too_small", "three_rows_of_sgd", _batch_of(3), "brisk_sgd", suits=dense),
    Fault("batch_size_too_large", "all_rows", _share_of_rows(1.0)),
    Fault("batch_size_too_large", "half_the_rows", _share_of_rows(0.5)),
    Fault("batch_size_too_large", "a_third_of_the_rows", _share_of_rows(0.34)),
    Fault("not_training", "frozen", _frozen),
    Fault("not_training", "rate_of_zero", _rate_times(0.0)),
    Fault("not_training", "disconnected", _disconnected),
)
