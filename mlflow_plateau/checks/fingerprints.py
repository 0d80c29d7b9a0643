"""Marks that a scaler leaves: mean 0 and deviation 1, or minimum 0 and maximum 1, exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlflow_plateau.checks.comparison import InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution

LOOSEST = 1e-4
"""A mean of a standardised column is closer to 0 than this, and its deviation to 1."""

TIGHTEST = 5e-6
"""What a scaler in float32 is off by."""

OF_STANDARD_ERROR = 0.005
"""Between the two: this part of the standard error, so that chance cannot do it."""

ENDS = 2e-6
"""What rounding may move a minimum of 0 or a maximum of 1 by."""

QUARTILES = np.array([0.25, 0.5, 0.75])

LEAST_ROWS = 5
"""Fewer rows have no statistics."""


@dataclass(frozen=True)
class Scaler:
    """A way of scaling and the mark that it leaves.

    Attributes:
        name: What it is called.
        formula: What it does.
        code: The scaler of scikit-learn that does it.
        mark: The mark in words.
    """

    name: str
    formula: str
    code: str
    mark: str


STANDARD = Scaler(
    "standardised", "(x − mean) / deviation", "StandardScaler", "mean 0 and deviation 1"
)
MIN_MAX = Scaler(
    "min-max scaled", "(x − minimum) / (maximum − minimum)", "MinMaxScaler", "minimum 0, maximum 1"
)
ROBUST = Scaler(
    "robustly scaled",
    "(x − median) / (3rd quartile − 1st quartile)",
    "RobustScaler",
    "median 0 and quartiles 1 apart",
)
"""It leaves no mark to the last digit, as quartiles are only known to a bin."""

SCALERS = (STANDARD, MIN_MAX)


def tolerance(rows: float) -> float:
    """Returns how exactly a column of so many rows has to be standardised."""
    return min(LOOSEST, max(TIGHTEST, OF_STANDARD_ERROR / math.sqrt(max(rows, 1.0))))


def is_standard(mean: float, deviation: float, rows: float) -> bool:
    """Whether a mean and deviation are a scaler's, with either divisor (n or n − 1)."""
    if rows < LEAST_ROWS:
        return False
    slack = tolerance(rows)
    unbiased = deviation * math.sqrt(rows / (rows - 1))
    return abs(mean) <= slack and min(abs(deviation - 1), abs(unbiased - 1)) <= slack


def has_mark(scaler: Scaler, column: Distribution) -> bool:
    """Whether a column bears the mark of a scaler that was fitted on it."""
    if column.total < LEAST_ROWS:
        return False
    if scaler is STANDARD:
        return is_standard(column.mean, column.deviation, column.total)
    return scaler is MIN_MAX and abs(column.least) <= ENDS and abs(column.greatest - 1) <= ENDS


def departure(scaler: Scaler, column: Distribution) -> float:
    """Returns how far a column is from being scaled so, in its own units; 1 is far."""
    if scaler is STANDARD:
        spread = abs(math.log2(column.deviation)) if column.deviation > 0 else 10.0
        return max(abs(column.mean), spread)
    if scaler is ROBUST:
        low, middle, high = map(float, column.quantiles(QUARTILES))
        spread = abs(math.log2(high - low)) if high > low else 10.0
        return max(abs(middle), spread)
    width = column.greatest - column.least
    spread = abs(math.log2(width)) if width > 0 else 10.0
    return max(abs(column.least), abs(column.greatest - 1), spread)


def continuous(both: InputPair) -> list[NumberPair]:
    """Returns the columns that a scaler would be used on: neither constant nor two-valued."""
    return [
        pair
        for pair in both.features
        if not (pair.train.constant or pair.validation.constant)
        and len(pair.train.low) > 2
        and len(pair.validation.low) > 2
    ]


def marked(scaler: Scaler, columns: Sequence[Distribution]) -> list[bool]:
    """Returns which columns bear the mark."""
    return [has_mark(scaler, column) for column in columns]
