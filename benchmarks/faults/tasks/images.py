"""Handwritten digits of 8 × 8 pixels, and drawn shapes of 10 × 10."""

from __future__ import annotations

from typing import Any

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


def shapes(generator: np.random.Generator, seed: int) -> Recipe:
    """Four outlines at random places under noise, a convolutional network."""
    drawn = np.random.default_rng(90 + seed)
    kinds = drawn.integers(4, size=1400)
    x = np.stack([_shape(int(kind), drawn) for kind in kinds])
    return recipe(
        "shapes", x[..., None], kinds, (700, 500), generator,
        scale=divide_by(255.0), classes=4, kind="convolution",
        widths=(8, 16), epochs=35, learning_rate=3e-3, dropout=0.2,
    )  # fmt: skip


def _shape(kind: int, drawn: np.random.Generator) -> np.ndarray[Any, Any]:
    """Returns the pixels of a square, a disc, a plus or a cross."""
    size, side = 10, int(drawn.integers(4, 7))
    top, left = drawn.integers(size - side + 1, size=2)
    row, column = np.mgrid[:side, :side] - (side - 1) / 2
    reach = side / 2
    masks = (
        np.maximum(abs(row), abs(column)) > reach - 1,
        abs(np.hypot(row, column) - (reach - 0.5)) < 0.6,
        np.minimum(abs(row), abs(column)) < 0.6,
        abs(abs(row) - abs(column)) < 0.6,
    )
    image = drawn.normal(60.0, 35.0, (size, size))
    image[top : top + side, left : left + side] += masks[kind] * drawn.uniform(90.0, 160.0)
    return np.clip(image, 0.0, 255.0)
