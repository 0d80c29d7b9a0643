"""The rows of a recipe as the model takes them."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.faults.recipe import CATEGORICAL, Array, Recipe


class Arrays:
    """The recipe's arrays as the model takes them."""

    def __init__(self, recipe: Recipe) -> None:
        split = recipe.split
        kind = np.int32 if recipe.vocabulary else np.float32
        with np.errstate(all="ignore"):  # Overflow and NaN may be what was injected.
            self.x = np.asarray(split.x_training).astype(kind)
            self.x_validation = np.asarray(split.x_validation).astype(kind)
            self.y = _targets(recipe, split.y_training)
            self.y_validation = _targets(recipe, split.y_validation)
        self.rows = len(self.x)
        self.batch = min(recipe.batch_size, self.rows)
        self.updates = math.ceil(self.rows / self.batch)
        self.epochs = recipe.epochs


def _targets(recipe: Recipe, y: Array) -> Array:
    kind = np.int32 if recipe.loss == CATEGORICAL else np.float32
    return np.asarray(y).astype(kind)[:, None]
