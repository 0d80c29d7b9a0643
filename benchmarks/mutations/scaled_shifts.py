"""Other populations, scaled as is right: by what train says, in both splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.mutations.changes import more_of, on_validation
from benchmarks.mutations.split import Array, Case, Mutation, Random, Split


def _of_people(change: Callable[[Random, Array], Array]) -> Mutation:
    """Returns a change of validation after which counts are counts, and none is below zero."""

    def changed(random: Random, x: Array) -> Array:
        new = change(random, x)
        counts = np.all(x == np.round(x), axis=0)
        rounded = np.maximum(np.floor(new + random.random(x.shape)), 0.0)
        return np.where(counts, np.where(new == x, x, rounded), new)

    return on_validation(changed)


def moved(random: Random, x: Array) -> Array:
    """Moves every column by up to about a deviation."""
    return x + random.uniform(-1.0, 1.0, x.shape[1]) * x.std(axis=0)


def half_higher(random: Random, x: Array) -> Array:
    """Moves every other column up by less than a deviation."""
    return x + 0.8 * x.std(axis=0) * (np.arange(x.shape[1]) % 2)


def stretched(random: Random, x: Array) -> Array:
    """Multiplies every column by up to two."""
    return x * np.exp(random.uniform(-0.7, 0.7, x.shape[1]))


def narrowed(random: Random, x: Array) -> Array:
    """Brings all columns to less than half of their spread, or to twice of it."""
    middle = x.mean(axis=0)
    return middle + (x - middle) * (0.4 if random.random() < 0.5 else 2.2)


def long_tailed(random: Random, x: Array) -> Array:
    """Has rows far from the middle lie farther, and the others nearer."""
    middle, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
    z = (x - middle) / spread
    return middle + spread * np.sign(z) * np.abs(z) ** 1.5


POPULATIONS = ("gaussian", "uniform", "iris", "clicks", "cancer")
"""Measurements and counts, few columns and many."""

SHIFTS: Mapping[str, Mutation] = {
    "moved": _of_people(moved),
    "half higher": _of_people(half_higher),
    "stretched": _of_people(stretched),
    "narrowed or widened": _of_people(narrowed),
    "longer tails": _of_people(long_tailed),
    "selected": more_of(0, 2.0),
}
"""What populations differ by."""


def _fitted(make: Callable[[], Any]) -> Mutation:
    """Returns a scaler of scikit-learn as what is done to a split: fitted on train, used on both.

    Args:
        make: Makes the scaler.
    """

    def mutate(_: Random, split: Split) -> Split:
        scaler = make().fit(split.x)
        return replace(split, x=scaler.transform(split.x), v=scaler.transform(split.v))

    return mutate


def _of_sklearn(name: str, **options: Any) -> Mutation:
    def make() -> Any:
        from sklearn import preprocessing

        return getattr(preprocessing, name)(**options)

    return _fitted(make)


def pooled_standard(_: Random, split: Split) -> Split:
    """Standardises all columns with one mean and one deviation, those of train."""
    mean, deviation = split.x.mean(), split.x.std()
    return replace(split, x=(split.x - mean) / deviation, v=(split.v - mean) / deviation)


SCALERS: Mapping[str, Mutation] = {
    "raw": lambda _, split: split,
    "standardised": _of_sklearn("StandardScaler"),
    "min-max": _of_sklearn("MinMaxScaler"),
    "min-max, clipped": _of_sklearn("MinMaxScaler", clip=True),
    "greatest size 1": _of_sklearn("MaxAbsScaler"),
    "quartiles 1 apart": _of_sklearn("RobustScaler"),
    "ranks": _of_sklearn("QuantileTransformer", n_quantiles=200),
    "normal ranks": _of_sklearn(
        "QuantileTransformer", n_quantiles=200, output_distribution="normal"
    ),
    "powers": _of_sklearn("PowerTransformer"),
    "length 1": _of_sklearn("Normalizer"),
    "sum 1": _of_sklearn("Normalizer", norm="l1"),
    "pooled": pooled_standard,
}
"""What is done to both splits with the statistics of train, or row by row."""


def _then(shift: Mutation, scaler: Mutation) -> Mutation:
    """Returns both one after the other, in float64, as scikit-learn has it."""

    def mutate(random: Random, split: Split) -> Split:
        raw = replace(split, x=np.asarray(split.x, float), v=np.asarray(split.v, float))
        return scaler(random, shift(random, raw))

    return mutate


SCALED_SHIFTS: list[Case] = [
    (
        "distribution_shift or label_shift",
        f"{shift}, then {scaler}",
        population,
        _then(SHIFTS[shift], SCALERS[scaler]),
    )
    for population in POPULATIONS
    for shift in SHIFTS
    for scaler in SCALERS
]
