"""From raw rows to a recipe: what the tasks have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.faults.recipe import BINARY, CATEGORICAL, MSE, Array, Pool, Recipe

Transform = Callable[[Array], Array]


def standardise(training: Array) -> Transform:
    """Returns the transformation to zero mean and unit deviation of the training rows."""
    mean, deviation = training.mean(axis=0), training.std(axis=0) + 1e-9
    return lambda x: (x - mean) / deviation


def as_it_is(training: Array) -> Transform:
    """Returns the transformation that leaves the rows alone."""
    return lambda x: x


def divide_by(number: float) -> Callable[[Array], Transform]:
    """Returns a fit that ignores the rows and divides by a number."""
    return lambda training: lambda x: x / number


def flat(x: Array) -> Array:
    """Returns standardised inputs as a matrix."""
    matrix = np.asarray(x, dtype=float).reshape(len(x), -1)
    return np.asarray((matrix - matrix.mean(axis=0)) / (matrix.std(axis=0) + 1e-9))


def word_counts(vocabulary: int) -> Callable[[Array], Array]:
    """Returns a function from token ids to counts of words."""
    return lambda x: np.stack([np.bincount(row, minlength=vocabulary) for row in x]).astype(float)


def recipe(
    task: str,
    x: Array,
    y: Array,
    rows: tuple[int, int],
    generator: np.random.Generator,
    *,
    scale: Callable[[Array], Transform] = standardise,
    binary: bool = False,
    classes: int = 0,
    **settings: Any,
) -> Recipe:
    """Returns a recipe with the head that belongs to the targets.

    Args:
        task: The task's name.
        x: Raw inputs.
        y: Targets.
        rows: Training and validation rows.
        generator: Shuffles the rows.
        scale: Fits the transformation of the inputs.
        binary: Whether the targets are two classes.
        classes: Number of classes if more than two.
        **settings: Further fields of the recipe.
    """
    order = generator.permutation(len(x))
    vocabulary = settings.get("vocabulary", 0)
    features = word_counts(vocabulary) if vocabulary else flat
    pool = Pool(x[order], y[order], *rows, scale, features)
    if binary:
        logits = settings.get("from_logits", False)
        head = {"loss": BINARY, "output_activation": "linear" if logits else "sigmoid"}
    elif classes:
        head = {"loss": CATEGORICAL, "output_activation": "softmax"}
    else:
        head = {"loss": MSE, "output_activation": "linear"}
    values: dict[str, Any] = {"kind": "dense", "output_units": max(classes, 1), **head, **settings}
    return Recipe(
        task=task, pool=pool, split=pool.split(), binary=binary, classes=classes, **values
    )
