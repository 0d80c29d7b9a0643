"""What a fault is: one thing changed about a recipe, in a setting where it does harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.faults.recipe import Recipe

Change = Callable[[Recipe, np.random.Generator], Recipe]


def _anywhere(recipe: Recipe) -> bool:
    return True


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        cause: Id of the cause that it is an instance of.
        variant: Its name.
        change: Makes the faulty recipe out of the healthy one.
        setting: Name of the healthy recipe that it is injected into; see ``SETTINGS``.
        suits: Whether a recipe can have it.
        in_validation: Whether the reported validation loss is what goes wrong, not the model: then
            undoing it is judged on the reported rows instead of the clean ones.
    """

    cause: str
    variant: str
    change: Change
    setting: str = "usual"
    suits: Callable[[Recipe], bool] = _anywhere
    in_validation: bool = False


def numbers(recipe: Recipe) -> bool:
    """Whether the inputs are numbers, not tokens."""
    return not recipe.vocabulary


def dense(recipe: Recipe) -> bool:
    """Whether the model is a stack of dense layers."""
    return recipe.kind == "dense"


def regression(recipe: Recipe) -> bool:
    """Whether the targets are numbers."""
    return not recipe.classifies


def _usual(recipe: Recipe) -> Recipe:
    return recipe


def _hot(recipe: Recipe) -> Recipe:
    """A brisk learning rate, still fine for batches of 32, and fewer epochs."""
    factor = 2.0 if recipe.optimizer == "sgd" else 4.0
    return replace(
        recipe,
        batch_size=32,
        learning_rate=factor * recipe.learning_rate,
        epochs=max(12, min(recipe.epochs // 2, 25)),
    )


def _wide(recipe: Recipe) -> Recipe:
    """A roomy model without regularisation."""
    widths = tuple(4 * width for width in recipe.widths)
    return replace(recipe.unregularised(), widths=widths)


def _brief(recipe: Recipe) -> Recipe:
    """A roomy model without regularisation on few rows, stopped in time."""
    few = replace(_wide(recipe), split=recipe.split.first(max(60, recipe.rows // 4)))
    return replace(few, batch_size=16, epochs=max(8, recipe.epochs // 3))


def _unrestrained(recipe: Recipe) -> Recipe:
    """Enough weights and epochs to learn any targets by heart."""
    return replace(_wide(recipe), epochs=3 * recipe.epochs)


def _brisk_sgd(recipe: Recipe) -> Recipe:
    """Plain SGD at a rate that batches of 32 bear; nothing evens out the noise of smaller ones."""
    rate = 0.15 if recipe.classifies else 0.05
    return replace(
        recipe, optimizer="sgd", momentum=0.0, weight_decay=0.0, learning_rate=rate, batch_size=32
    )


SETTINGS: dict[str, Callable[[Recipe], Recipe]] = {
    "usual": _usual,
    "hot": _hot,
    "wide": _wide,
    "brief": _brief,
    "unrestrained": _unrestrained,
    "brisk_sgd": _brisk_sgd,
}
"""Healthy recipes that faults are injected into; without the fault each is its counterfactual."""
