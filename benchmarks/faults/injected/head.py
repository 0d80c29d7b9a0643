"""Faults of the head: loss, output activation and targets that do not belong together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.faults.injected.fault import Fault, regression
from benchmarks.faults.recipe import BINARY, MSE, Recipe


def _softmax_over_one_unit(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, output_activation="softmax", from_logits=False)


def _logits_not_declared(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, output_activation="linear", from_logits=False)


def _numbers_for_classes(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, loss=MSE, output_activation="linear", output_units=1)


def _binary_for_many(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(
        recipe, loss=BINARY, output_activation="sigmoid", output_units=1, from_logits=False
    )


def _sigmoid(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, output_activation="sigmoid")


def _relu(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, output_activation="relu")


def _tanh(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, output_activation="tanh")


def _crossentropy(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, loss=BINARY, output_activation="sigmoid")


def _two_classes(recipe: Recipe) -> bool:
    return recipe.binary


def _classes(recipe: Recipe) -> bool:
    return recipe.classifies


def _many_classes(recipe: Recipe) -> bool:
    return recipe.classes > 0


def _below_zero(recipe: Recipe) -> bool:
    return regression(recipe) and bool(recipe.pool.y.min() < 0)


def _beyond_one(recipe: Recipe) -> bool:
    return regression(recipe) and bool(np.abs(recipe.pool.y).max() > 2)


HEAD_FAULTS = (
    Fault("loss_mismatch", "softmax_over_one_unit", _softmax_over_one_unit, suits=_two_classes),
    Fault("loss_mismatch", "logits_not_declared", _logits_not_declared, suits=_classes),
    Fault("loss_mismatch", "numbers_for_classes", _numbers_for_classes, suits=_many_classes),
    Fault("loss_mismatch", "binary_for_many_classes", _binary_for_many, suits=_many_classes),
    Fault("loss_mismatch", "sigmoid_for_numbers", _sigmoid, suits=regression),
    Fault("loss_mismatch", "relu_for_negative_numbers", _relu, suits=_below_zero),
    Fault("loss_mismatch", "tanh_for_large_numbers", _tanh, suits=_beyond_one),
    Fault("loss_mismatch", "crossentropy_for_numbers", _crossentropy, suits=regression),
)
