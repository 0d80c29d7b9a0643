"""Healthy trainings of several kinds: nothing about them is to be found fault with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.faults.injected import SETTINGS
from benchmarks.faults.recipe import Recipe


@dataclass(frozen=True)
class Cosine:
    """From the full rate to zero along a cosine."""

    epochs: int

    def __call__(self, epoch: int, losses: Sequence[float]) -> float:
        """Returns the factor of an epoch."""
        return 0.5 * (1 + math.cos(math.pi * epoch / self.epochs))


@dataclass(frozen=True)
class WarmUp:
    """Linearly to the full rate."""

    epochs: int

    def __call__(self, epoch: int, losses: Sequence[float]) -> float:
        """Returns the factor of an epoch."""
        return min(1.0, (epoch + 1) / self.epochs)


@dataclass(frozen=True)
class PatientPlateau:
    """A third of the rate after eight epochs without improvement."""

    patience: int = 8

    def __call__(self, epoch: int, losses: Sequence[float]) -> float:
        """Returns the factor of an epoch."""
        factor, since = 1.0, 0
        best = math.inf
        for loss in losses:
            since = 0 if loss < best else since + 1
            best = min(best, loss)
            if since >= self.patience:
                factor, since = max(0.3 * factor, 0.02), 0
        return factor


def _still_improving(recipe: Recipe) -> Recipe:
    return replace(
        recipe, epochs=max(10, int(0.3 * recipe.epochs)), learning_rate=0.4 * recipe.learning_rate
    )


def _short(recipe: Recipe) -> Recipe:
    return replace(recipe, epochs=6)


def _early_stopping(recipe: Recipe) -> Recipe:
    return replace(recipe, epochs=int(1.5 * recipe.epochs), patience=6)


def _cosine(recipe: Recipe) -> Recipe:
    rate = 1.5 * recipe.learning_rate
    return replace(recipe, learning_rate=rate, schedule=Cosine(recipe.epochs))


def _warm_up(recipe: Recipe) -> Recipe:
    return replace(recipe, schedule=WarmUp(max(3, recipe.epochs // 6)))


def _small_validation(recipe: Recipe) -> Recipe:
    split = recipe.split
    return recipe.with_split(
        x_validation=split.x_validation[:40],
        y_validation=split.y_validation[:40],
        raw_validation=split.raw_validation[:40],
    )


def _strong_regularisation(recipe: Recipe) -> Recipe:
    return replace(recipe, dropout=0.5, l2=0.0, widths=tuple(2 * w for w in recipe.widths))


def _longer(recipe: Recipe) -> Recipe:
    return replace(recipe, epochs=int(1.8 * recipe.epochs))


def _reduce_on_plateau(recipe: Recipe) -> Recipe:
    return replace(recipe, schedule=PatientPlateau())


def _larger_batch(recipe: Recipe) -> Recipe:
    return replace(
        recipe, batch_size=2 * recipe.batch_size, learning_rate=1.5 * recipe.learning_rate
    )


CONTROLS: Mapping[str, Callable[[Recipe], Recipe]] = {
    **SETTINGS,
    "still_improving": _still_improving,
    "short": _short,
    "early_stopping": _early_stopping,
    "cosine": _cosine,
    "warm_up": _warm_up,
    "small_validation": _small_validation,
    "strong_regularisation": _strong_regularisation,
    "longer": _longer,
    "reduce_on_plateau": _reduce_on_plateau,
    "larger_batch": _larger_batch,
}
"""By name. The settings that faults are injected into are controls as well."""

MEANT_TO_IMPROVE = frozenset(("still_improving", "short", "brief"))
"""Controls that more epochs would improve: no cause, whatever the margin."""
