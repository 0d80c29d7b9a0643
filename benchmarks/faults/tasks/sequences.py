"""Sequences of numbers for recurrent networks, and of words for attention."""

from __future__ import annotations

import numpy as np

from benchmarks.faults.recipe import MAE, Recipe
from benchmarks.faults.tasks.make import as_it_is, recipe

WORDS = 120


def addition(generator: np.random.Generator, seed: int) -> Recipe:
    """Add the two marked numbers of a sequence (Hochreiter & Schmidhuber 1997), short."""
    x = generator.normal(size=(900, 6, 2))
    x[..., 1] = 0
    for row in x:
        row[generator.choice(6, 2, replace=False), 1] = 1
    y = (x[..., 0] * x[..., 1]).sum(axis=1) + generator.normal(0, 0.1, len(x))
    return recipe(
        "addition", x, y, (600, 300), generator, scale=as_it_is, kind="recurrent", loss=MAE,
        widths=(16,), activation="tanh", epochs=40, learning_rate=6e-3,
    )  # fmt: skip


def drifts(generator: np.random.Generator, seed: int) -> Recipe:
    """Random walks that drift up, down, or turn: three classes."""
    y = generator.integers(0, 3, 900)
    slope = np.array([0.35, -0.35, 0.35])[y][:, None] * np.ones((1, 8))
    slope[y == 2, 4:] *= -1
    x = np.cumsum(slope + generator.normal(0, 0.5, (900, 8)), axis=1)[..., None]
    return recipe(
        "drifts", x * 4 + 10, y, (550, 350), generator, classes=3, kind="recurrent",
        widths=(12,), activation="tanh", epochs=35, learning_rate=6e-3, dropout=0.1,
    )  # fmt: skip


def topics(generator: np.random.Generator, seed: int) -> Recipe:
    """Which of three topics a bag of words is about."""
    topic = generator.dirichlet(np.full(WORDS, 0.08), 3)
    background = generator.dirichlet(np.full(WORDS, 0.5))
    y = generator.integers(0, 3, 1300)
    x = np.stack([generator.choice(WORDS, 16, p=0.3 * topic[k] + 0.7 * background) for k in y]) + 1
    return recipe(
        "topics", x, y, (850, 450), generator, scale=as_it_is, classes=3, kind="attention",
        vocabulary=WORDS + 1, widths=(8,), epochs=18, learning_rate=1.5e-3, dropout=0.3, l2=1e-3,
    )  # fmt: skip


def word_majority(generator: np.random.Generator, seed: int) -> Recipe:
    """Whether a text has more words of one half of the vocabulary than of the other: logits."""
    lean = generator.normal(0, 0.25, 1300)
    halves = generator.random((1300, 14)) < (0.5 + lean)[:, None]
    x = generator.integers(1, WORDS // 2, (1300, 14)) + halves * (WORDS // 2)
    y = (halves.sum(axis=1) + generator.normal(0, 0.7, 1300) > 7).astype(int)
    return recipe(
        "word_majority", x, y, (850, 450), generator, scale=as_it_is, binary=True, kind="attention",
        from_logits=True, vocabulary=WORDS + 1, widths=(4,), epochs=15, learning_rate=3e-3,
        dropout=0.3, l2=6e-3,
    )  # fmt: skip
