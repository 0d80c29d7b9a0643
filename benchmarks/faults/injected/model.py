"""Faults of the model: too large, too small, too regularised, badly initialised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.faults.injected.fault import Fault, dense, numbers
from benchmarks.faults.recipe import Recipe


def _few_rows(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    rows = max(30, recipe.rows // 14)
    # About as many updates as on all rows, or they would only be too few to learn.
    epochs = min(recipe.epochs * recipe.rows // (2 * rows), 250)
    return replace(recipe, split=recipe.split.first(rows), epochs=epochs)


def _too_long(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, epochs=min(7 * recipe.epochs, 160))


def _noisy_labels(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    y = recipe.split.y_training.copy()
    if recipe.classifies:
        wrong = generator.random(len(y)) < 0.35
        y[wrong] = generator.permutation(y)[wrong]
    else:
        y = y + generator.normal(0, y.std(), len(y))
    return recipe.with_split(y_training=y)


def _far_too_wide(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    widths = tuple(min(6 * width, 400) for width in recipe.widths)
    return replace(recipe, widths=widths, epochs=min(4 * recipe.epochs, 120))


def _one_unit(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, widths=(1,))


def _two_units(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, widths=(2,))


def _linear(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, widths=())


def _bottleneck(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, widths=(recipe.widths[0], 1, *recipe.widths[1:]))


def _strong_penalty(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, l2=float(generator.choice([0.1, 0.2, 0.4])))


def _overwhelming_penalty(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, l2=1.0)


def _dropout(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, dropout=float(generator.choice([0.85, 0.9, 0.95])))


def _weight_decay(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    decay = 0.02 / min(recipe.learning_rate, 5e-3)
    return replace(recipe, optimizer="adamw", momentum=0.0, weight_decay=decay)


def _zeros(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, initial_kernel=("constant", 0.0))


def _constants(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, initial_kernel=("constant", float(generator.choice([0.05, 0.1]))))


def _dead_units(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, activation="relu", initial_bias=-10.0)


def _deep_sigmoids(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, widths=(24,) * int(generator.integers(7, 11)), activation="sigmoid")


def _saturated(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, activation="tanh", initial_kernel=("normal", 8.0))


def _with_relu(recipe: Recipe) -> bool:
    return recipe.kind in ("dense", "convolution")


def _structured(recipe: Recipe) -> bool:
    """Whether a line through the inputs is far from enough."""
    return recipe.task in ("digits", "sine_of_sum", "spirals", "clusters", "ripples", "friedman")


def _hidden(recipe: Recipe) -> bool:
    return dense(recipe) and numbers(recipe) and len(recipe.widths) >= 2


MODEL_FAULTS = (
    Fault("overfitting", "few_rows", _few_rows),
    Fault("overfitting", "too_long", _too_long, setting="brief"),
    Fault("overfitting", "noisy_labels", _noisy_labels, setting="wide"),
    Fault("overfitting", "far_too_wide", _far_too_wide, setting="brief"),
    Fault("insufficient_capacity", "one_unit", _one_unit),
    Fault("insufficient_capacity", "two_units", _two_units),
    Fault("insufficient_capacity", "linear", _linear, suits=_structured),
    Fault("insufficient_capacity", "bottleneck", _bottleneck, suits=_hidden),
    Fault("excessive_regularization", "strong_penalty", _strong_penalty),
    Fault("excessive_regularization", "overwhelming_penalty", _overwhelming_penalty),
    Fault("excessive_regularization", "dropout", _dropout),
    Fault("excessive_regularization", "weight_decay", _weight_decay),
    Fault("critical_point", "zeros", _zeros, suits=_with_relu),
    Fault("critical_point", "constants", _constants),
    Fault("critical_point", "dead_units", _dead_units, suits=_with_relu),
    Fault("critical_point", "deep_sigmoids", _deep_sigmoids, suits=dense),
    Fault("critical_point", "saturated", _saturated, suits=dense),
)
