"""Generated tables, noise-free and noisy."""

from __future__ import annotations

import numpy as np
from sklearn import datasets

from benchmarks.faults.recipe import Recipe
from benchmarks.faults.tasks.make import as_it_is, recipe


def sine_of_sum(generator: np.random.Generator, seed: int) -> Recipe:
    """The sine of the sum of ten numbers, with a little noise: hard for a small network."""
    x = generator.random((1400, 10))
    y = np.sin(x.sum(axis=1)) + generator.normal(0, 0.1, 1400)
    return recipe(
        "sine_of_sum", x, y, (1000, 400), generator, scale=as_it_is,
        widths=(48, 24), epochs=60, learning_rate=3e-3,
    )  # fmt: skip


def spirals(generator: np.random.Generator, seed: int) -> Recipe:
    """Two noisy spirals, two classes."""
    radius = np.sqrt(generator.random(1400)) * 2.6 * np.pi
    y = generator.integers(0, 2, 1400)
    angle = radius + np.pi * y
    x = np.c_[radius * np.cos(angle), radius * np.sin(angle)]
    x += generator.normal(0, 0.45, x.shape)
    return recipe(
        "spirals", x, y, (900, 500), generator, binary=True,
        widths=(32, 32), epochs=80, learning_rate=5e-3, l2=2e-4,
    )  # fmt: skip


def clusters(generator: np.random.Generator, seed: int) -> Recipe:
    """Two unbalanced classes with wrong labels among them; columns of different units; logits."""
    x, y = datasets.make_classification(
        1500, 20, n_informative=8, n_redundant=4, n_clusters_per_class=2, class_sep=1.3,
        flip_y=0.12, weights=[0.7], random_state=seed,
    )  # fmt: skip
    x = x * generator.uniform(0.5, 20, 20) + generator.normal(0, 5, 20)
    return recipe(
        "clusters", x, y, (900, 500), generator, binary=True, from_logits=True,
        widths=(24,), epochs=30, learning_rate=2e-3, dropout=0.2, l2=1e-3,
    )  # fmt: skip


def ripples(generator: np.random.Generator, seed: int) -> Recipe:
    """A noise-free surface over the plane, which a network approaches ever more closely."""
    x = generator.uniform(-1, 1, (1100, 2))
    y = np.sin(4 * x[:, 0]) + x[:, 0] * x[:, 1]
    return recipe(
        "ripples", 5 + 3 * x, y, (700, 400), generator,
        widths=(32, 16), epochs=60, learning_rate=4e-3, activation="tanh",
    )  # fmt: skip


def friedman(generator: np.random.Generator, seed: int) -> Recipe:
    """Friedman's first regression (1991), noise of unit variance."""
    x, y = datasets.make_friedman1(1600, 10, noise=1.0, random_state=seed)
    return recipe(
        "friedman", x, y, (1000, 500), generator,
        widths=(32, 16), epochs=80, learning_rate=6e-3,
    )  # fmt: skip
