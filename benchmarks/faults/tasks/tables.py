"""Tables that come with scikit-learn."""

from __future__ import annotations

import numpy as np
from sklearn import datasets

from benchmarks.faults.recipe import Recipe
from benchmarks.faults.tasks.make import recipe


def breast_cancer(generator: np.random.Generator, seed: int) -> Recipe:
    """Two classes, 30 columns."""
    x, y = datasets.load_breast_cancer(return_X_y=True)
    return recipe(
        "breast_cancer", x, y, (380, 189), generator, binary=True,
        widths=(16,), epochs=40, learning_rate=2e-3, dropout=0.2, l2=1e-3,
    )  # fmt: skip


def wine(generator: np.random.Generator, seed: int) -> Recipe:
    """Three classes, 13 columns, few rows."""
    x, y = datasets.load_wine(return_X_y=True)
    return recipe(
        "wine", x, y, (110, 68), generator, classes=3,
        widths=(16,), epochs=70, batch_size=16, learning_rate=3e-3, dropout=0.1, l2=3e-3,
    )  # fmt: skip


def diabetes(generator: np.random.Generator, seed: int) -> Recipe:
    """A regression that is mostly noise."""
    x, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    return recipe(
        "diabetes", x, (y - 152.0) / 77.0, (300, 142), generator,
        widths=(16,), epochs=60, learning_rate=1e-3, dropout=0.1, l2=1e-2,
    )  # fmt: skip
