"""Handwritten digits of 8 × 8 pixels."""

from __future__ import annotations

import numpy as np
from sklearn import datasets

from benchmarks.faults.recipe import Recipe
from benchmarks.faults.tasks.make import divide_by, recipe


def digits(generator: np.random.Generator, seed: int) -> Recipe:
    """Ten classes, the pixels as columns."""
    x, y = datasets.load_digits(return_X_y=True)
    return recipe(
        "digits", x, y, (900, 500), generator, scale=divide_by(16.0), classes=10,
        widths=(64,), epochs=40, learning_rate=2e-3, dropout=0.2,
    )  # fmt: skip


def digit_images(generator: np.random.Generator, seed: int) -> Recipe:
    """Ten classes, the pixels as an image, a convolutional network."""
    x, y = datasets.load_digits(return_X_y=True)
    return recipe(
        "digit_images", x.reshape(-1, 8, 8, 1), y, (600, 400), generator,
        scale=divide_by(16.0), classes=10, kind="convolution",
        widths=(8, 16), epochs=35, learning_rate=3e-3, dropout=0.25,
    )  # fmt: skip
