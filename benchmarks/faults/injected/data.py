"""Faults of the data: splits that differ, inputs without information, NaN."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.cluster import KMeans

from benchmarks.faults.injected.fault import Change, Fault, numbers, regression
from benchmarks.faults.recipe import Array, Recipe


def _resplit(recipe: Recipe, score: Array) -> Recipe:
    """Returns the recipe with the rows of the highest scores as validation rows."""
    return replace(recipe, split=recipe.pool.split(np.argsort(score)))


def _first_component(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    features = recipe.pool.features(recipe.pool.x)
    features = features - features.mean(axis=0)
    direction = np.linalg.svd(features, full_matrices=False)[2][0]
    return _resplit(recipe, features @ direction)


def _other_cluster(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    distances = KMeans(3, n_init=2, random_state=0).fit_transform(
        recipe.pool.features(recipe.pool.x)
    )
    return _resplit(recipe, -distances[:, int(generator.integers(3))])


def _sorted_by_target(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    y = recipe.pool.y
    if recipe.classifies:
        last = (y >= 7) if recipe.classes > 5 else (y == y.max())
        return _resplit(recipe, last + generator.normal(0, 0.45, len(y)))
    return _resplit(recipe, y + generator.normal(0, 0.3 * y.std(), len(y)))


def _other_population(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    """Noisier rows, some of whose columns lie elsewhere."""
    x = recipe.split.x_validation.astype(float)
    spread = recipe.split.x_training.std(axis=0)
    shifted = generator.random(x.shape[1:]) < 0.4
    return recipe.with_split(
        x_validation=x + spread * (generator.normal(0, 0.6, x.shape) + 1.2 * shifted)
    )


def _class_mix(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    y = recipe.pool.y.astype(int)
    classes = y.max() + 1
    odds = 40.0 ** (generator.permutation(classes) / (classes - 1))
    return _resplit(recipe, np.log(odds[y]) + generator.gumbel(0, 1, len(y)))


def _validation_raw(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return recipe.with_split(x_validation=recipe.split.raw_validation)


def _training_raw(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return recipe.with_split(x_training=recipe.split.raw_training)


def _other_constants(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    factor, offset = generator.choice([0.4, 2.2]), generator.choice([-1.0, 0.8])
    return recipe.with_split(x_validation=recipe.split.x_validation * factor + offset)


def _columns_permuted(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    x = recipe.split.x_validation
    if recipe.vocabulary:
        ids = np.r_[0, 1 + generator.permutation(recipe.vocabulary - 1)]
        return recipe.with_split(x_validation=ids[x])
    if x.ndim == 4:
        return recipe.with_split(x_validation=x.transpose(0, 2, 1, 3))
    columns = x.shape[-1]
    order = np.roll(np.arange(columns), 1) if columns < 5 else generator.permutation(columns)
    return recipe.with_split(x_validation=x[..., order])


def _times_255(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return recipe.with_split(x_validation=255.0 * recipe.split.x_validation)


def _token_offset(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return recipe.with_split(x_validation=np.maximum(recipe.split.x_validation - 1, 0))


def _targets_recoded(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    y = recipe.split.y_validation
    if not recipe.classifies:
        return recipe.with_split(y_validation=10 * y)
    classes = int(recipe.pool.y.max()) + 1
    return recipe.with_split(y_validation=(y + 1) % classes)


def _shuffled_targets(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return recipe.with_split(
        y_training=generator.permutation(recipe.split.y_training),
        y_validation=generator.permutation(recipe.split.y_validation),
    )


def _shifted_join(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    """Each row got its neighbour's target."""
    return recipe.with_split(
        y_training=np.roll(recipe.split.y_training, 1),
        y_validation=np.roll(recipe.split.y_validation, 1),
    )


def _noise_inputs(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return recipe.with_split(
        x_training=generator.normal(size=recipe.split.x_training.shape),
        x_validation=generator.normal(size=recipe.split.x_validation.shape),
    )


def _some_inputs(value: float, share: float) -> Change:
    def change(recipe: Recipe, generator: np.random.Generator) -> Recipe:
        x = recipe.split.x_training.astype(float).copy()
        rows = generator.random(len(x)) < share
        rows[3] = True
        x[rows, ..., 0] = value
        return recipe.with_split(x_training=x)

    return change


def _some_targets(value: float) -> Change:
    def change(recipe: Recipe, generator: np.random.Generator) -> Recipe:
        y = recipe.split.y_training.astype(float).copy()
        y[generator.choice(len(y), 3)] = value
        return recipe.with_split(y_training=y)

    return change


def _nan_in_validation(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    x = recipe.split.x_validation.astype(float).copy()
    x[:3] = np.nan
    return recipe.with_split(x_validation=x)


def _half_precision_log(recipe: Recipe, generator: np.random.Generator) -> Recipe:
    return replace(recipe, half_precision_log=True)


def _is_scaled(recipe: Recipe) -> bool:
    return numbers(recipe) and not np.array_equal(
        recipe.split.raw_training, recipe.split.x_training
    )


def _has_classes(recipe: Recipe) -> bool:
    return recipe.classifies


def _underflows(recipe: Recipe) -> bool:
    return recipe.classifies and not recipe.from_logits


def _tokens(recipe: Recipe) -> bool:
    return recipe.vocabulary > 0


_OTHER_ROWS = "unrepresentative_validation"
_OTHER_TRANSFORM = "inconsistent_preprocessing"

DATA_FAULTS = (
    Fault(_OTHER_ROWS, "first_component", _first_component, in_validation=True),
    Fault(_OTHER_ROWS, "other_cluster", _other_cluster, in_validation=True),
    Fault(_OTHER_ROWS, "sorted_by_target", _sorted_by_target, in_validation=True),
    Fault(_OTHER_ROWS, "other_population", _other_population, suits=numbers, in_validation=True),
    Fault(_OTHER_ROWS, "class_mix", _class_mix, suits=_has_classes, in_validation=True),
    Fault(
        _OTHER_TRANSFORM, "validation_raw", _validation_raw, suits=_is_scaled, in_validation=True
    ),
    Fault(_OTHER_TRANSFORM, "training_raw", _training_raw, suits=_is_scaled),
    Fault(_OTHER_TRANSFORM, "other_constants", _other_constants, suits=numbers, in_validation=True),
    Fault(_OTHER_TRANSFORM, "columns_permuted", _columns_permuted, in_validation=True),
    Fault(_OTHER_TRANSFORM, "times_255", _times_255, suits=numbers, in_validation=True),
    Fault(_OTHER_TRANSFORM, "token_offset", _token_offset, suits=_tokens, in_validation=True),
    Fault(_OTHER_TRANSFORM, "targets_recoded", _targets_recoded, in_validation=True),
    Fault("no_learnable_signal", "shuffled_targets", _shuffled_targets, in_validation=True),
    Fault(
        "no_learnable_signal",
        "memorised_targets",
        _shuffled_targets,
        setting="unrestrained",
        in_validation=True,
    ),
    Fault("no_learnable_signal", "shifted_join", _shifted_join, in_validation=True),
    Fault("no_learnable_signal", "noise_inputs", _noise_inputs, suits=numbers, in_validation=True),
    Fault("non_finite_values", "nan_inputs", _some_inputs(np.nan, 0.01), suits=numbers),
    Fault("non_finite_values", "infinite_inputs", _some_inputs(-np.inf, 0.003), suits=numbers),
    Fault("non_finite_values", "nan_targets", _some_targets(np.nan), suits=regression),
    Fault("non_finite_values", "overflow", _some_targets(3e19), suits=regression),
    Fault("non_finite_values", "half_precision_log", _half_precision_log, suits=_underflows),
    Fault(
        "non_finite_values", "nan_in_validation", _nan_in_validation, suits=numbers,
        in_validation=True,
    ),
)  # fmt: skip
