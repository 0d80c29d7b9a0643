"""Marks that scalers leave: mean 0 and deviation 1, minimum 0 and maximum 1, and so on, exactly."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from mlflow_plateau.checks.comparison import InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.profiles.input_profile import InputProfile
from mlflow_plateau.profiles.patterns import Float64

LOOSEST = 1e-4
"""A mean of a standardised column is closer to 0 than this, and its deviation to 1."""

TIGHTEST = 5e-6
"""What a scaler in float32 is off by."""

OF_STANDARD_ERROR = 0.005
"""Between the two: this part of the standard error, so that chance cannot do it."""

ENDS = 2e-6
"""What rounding may move a minimum of 0 or a maximum of 1 by."""

EVEN = 0.01
"""Ranks are spread as evenly as this; the middle ones of equal values are within these."""

CUT = float(norm.ppf(1 - 1e-7))
"""Where scikit-learn cuts off what would be infinite."""

QUARTILES = np.array([0.25, 0.5, 0.75])

LEAST_ROWS = 5
"""Fewer rows have no statistics."""

STANDARD_ERRORS = 5.0
"""A column scaled with the other split's statistics is at most this many standard errors off …"""

NEARLY = 0.15
"""… and this much, …"""

NEARLY_RANGE = 0.3
"""… or, where it was scaled to a range, it ends this close to the range's ends."""


@dataclass(frozen=True)
class Scaler:
    """A way of scaling columns one by one, and the mark that it leaves.

    Attributes:
        name: What it is called.
        formula: What it does.
        code: The scaler of scikit-learn that does it.
        mark: The mark in words.
        bears: Whether a column bears the mark of a scaler that was fitted on it.
        departure: How far a column is from being scaled so, in its own units; 1 is far.
        nearly: Whether a column may have been scaled so with the other split's statistics.
        least_own: Columns that have to bear the mark for it not to be chance.
        least_nearly: Columns that have to agree where none bears it.
        shaped: Whether it gives all columns one shape, and not only one scale.
    """

    name: str
    formula: str
    code: str
    mark: str
    bears: Callable[[Distribution], bool]
    departure: Callable[[Distribution], float]
    nearly: Callable[[Distribution], bool]
    least_own: int = 1
    least_nearly: int = 3
    shaped: bool = False


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


def _bears_standard(column: Distribution) -> bool:
    return is_standard(column.mean, column.deviation, column.total)


def _slack(column: Distribution) -> float:
    return NEARLY + STANDARD_ERRORS / math.sqrt(max(column.rows, 1.0))


def _octaves(width: float) -> float:
    """Returns how far a width is from 1, in powers of two."""
    return abs(math.log2(width)) if width > 0 else 10.0


def _nearly_standard(column: Distribution) -> bool:
    slack = _slack(column)
    return abs(column.mean) <= slack and abs(column.deviation - 1) <= slack < 1


def _quartiles(column: Distribution) -> tuple[float, float, float]:
    low, middle, high = map(float, column.quantiles(QUARTILES))
    return low, middle, high


def _nearly_robust(column: Distribution) -> bool:
    slack = _slack(column)
    low, middle, high = _quartiles(column)
    return abs(middle) <= slack and abs(high - low - 1) <= slack < 1


def _bears_robust(column: Distribution) -> bool:
    """Whether the quartiles are a scaler's, and no others than those of these very rows.

    Where values repeat, another sample may well have the same quartiles.
    """
    repeats = column.atoms and len(column.low) < column.total / 2
    return not repeats and has_robust_quartiles(column)


def has_robust_quartiles(column: Distribution) -> bool:
    """Whether the median is 0 and the quartiles are 1 apart, as exactly as a profile can tell.

    The k-th value is known to its lump; of an even number the median lies midway between two.
    """
    if column.total < LEAST_ROWS:
        return False
    (low, middle, high) = (_interpolated(column, share) for share in QUARTILES.tolist())
    slack = ENDS + 1e-5 * abs(high[1] - low[0])
    return (
        middle[0] <= slack
        and middle[1] >= -slack
        and high[0] - low[1] <= 1 + slack
        and high[1] - low[0] >= 1 - slack
    )


def _interpolated(column: Distribution, share: float) -> tuple[float, float]:
    """Returns between what a quantile lies that is interpolated between two values."""
    place = share * (column.total - 1)
    ranks = np.array([math.floor(place), math.ceil(place)])
    at = np.minimum(np.searchsorted(column.cumulated, ranks, side="right"), len(column.low) - 1)
    weight = place - math.floor(place)
    low, high = (
        float((1 - weight) * ends[at[0]] + weight * ends[at[1]])
        for ends in (column.low, column.high)
    )
    return low, high


def _ends(column: Distribution, low: float, high: float) -> float:
    """Returns how far a column's ends are from two values, at most."""
    return max(abs(column.least - low), abs(column.greatest - high))


def _even(column: Distribution) -> float:
    """Returns by how much ranks may be uneven: a sample of them is by about 1 / √rows."""
    return EVEN + 1.2 / math.sqrt(max(column.rows, 1.0))


def _uneven(column: Distribution, share_of: Callable[[Float64], Float64]) -> float:
    """Returns how far values are from the share of values below them, at most.

    Equal values have one rank, somewhere among those of all of them.
    """
    below = np.concatenate([[0.0], column.cumulated]) / column.total
    least, greatest = share_of(column.low), share_of(column.high)
    return float(max(np.max(below[:-1] - greatest), np.max(least - below[1:])))


def _as_they_are(values: Float64) -> Float64:
    return values


def _farthest(column: Distribution) -> float:
    return max(abs(column.least), abs(column.greatest))


STANDARD = Scaler(
    "standardised",
    "(x − mean) / deviation",
    "StandardScaler()",
    "mean 0 and deviation 1",
    _bears_standard,
    lambda column: max(abs(column.mean), _octaves(column.deviation)),
    _nearly_standard,
    least_nearly=2,
)
MIN_MAX = Scaler(
    "min-max scaled",
    "(x − minimum) / (maximum − minimum)",
    "MinMaxScaler()",
    "minimum 0, maximum 1",
    lambda column: _ends(column, 0, 1) <= ENDS,
    lambda column: max(_ends(column, 0, 1), _octaves(column.greatest - column.least)),
    lambda column: _ends(column, 0, 1) <= NEARLY_RANGE,
)
UNIT_RANGE = Scaler(
    "scaled to −1 … 1",
    "2 · (x − minimum) / (maximum − minimum) − 1",
    "MinMaxScaler((-1, 1))",
    "minimum −1, maximum 1",
    lambda column: _ends(column, -1, 1) <= ENDS,
    lambda column: max(_ends(column, -1, 1), _octaves((column.greatest - column.least) / 2)),
    lambda column: _ends(column, -1, 1) <= 2 * NEARLY_RANGE,
)
MAX_ABS = Scaler(
    "divided by its greatest size",
    "x / greatest |x|",
    "MaxAbsScaler()",
    "greatest size 1",
    lambda column: abs(_farthest(column) - 1) <= ENDS,
    lambda column: _octaves(_farthest(column)),
    lambda column: abs(_farthest(column) - 1) <= NEARLY_RANGE,
)
ROBUST = Scaler(
    "robustly scaled",
    "(x − median) / (3rd quartile − 1st quartile)",
    "RobustScaler()",
    "median 0 and quartiles 1 apart",
    _bears_robust,
    lambda column: max(
        abs(_quartiles(column)[1]), _octaves(_quartiles(column)[2] - _quartiles(column)[0])
    ),
    _nearly_robust,
    least_own=3,
)
QUANTILE = Scaler(
    "ranked between 0 and 1",
    "share of train's values below x",
    "QuantileTransformer()",
    "values spread evenly from 0 to 1",
    lambda column: MIN_MAX.bears(column) and _uneven(column, _as_they_are) <= _even(column),
    lambda column: max(MIN_MAX.departure(column), _uneven(column, _as_they_are)),
    lambda column: MIN_MAX.nearly(column) and _uneven(column, _as_they_are) <= _even(column),
    least_own=2,
    least_nearly=2,
    shaped=True,
)
NORMAL = Scaler(
    "ranked and made normal",
    "normal quantile of the share of train's values below x",
    "QuantileTransformer(output_distribution='normal')",
    "the quantiles of a normal distribution, cut off at ±5.2",
    lambda column: _ends(column, -CUT, CUT) <= 1e-4 and _uneven(column, norm.cdf) <= _even(column),
    STANDARD.departure,
    lambda column: _farthest(column) <= CUT + 1e-4 and _uneven(column, norm.cdf) <= _even(column),
    least_own=2,
    least_nearly=2,
    shaped=True,
)
POWER = replace(
    STANDARD,
    name="made symmetrical and standardised",
    formula="(power of x − mean) / deviation",
    code="PowerTransformer()",
)
"""It leaves the mark of a standardised column, and another shape."""

SCALERS = (STANDARD, MIN_MAX, UNIT_RANGE, MAX_ABS, ROBUST, QUANTILE, NORMAL)
"""Where several fit equally well the first is meant."""

RANGES = (MIN_MAX, UNIT_RANGE, MAX_ABS)
"""Those that make columns end at round numbers, which some columns do by themselves."""


def standardised_by_rows(state: InputProfile) -> bool:
    """Whether every row of every channel has mean 0 and deviation 1, as images often have."""
    means, (mean, deviation) = state.row_means, state.statistics()
    if means is None or not len(mean) or not means.count.all():
        return False
    off = max(float(np.abs(mean).max()), float(state.row_deviations().max()))
    # A row without any contrast stays all zero.
    return off <= LOOSEST and bool(np.all((deviation > NEARLY) & (deviation <= 1 + LOOSEST)))


def continuous(both: InputPair) -> list[NumberPair]:
    """Returns the columns that a scaler may have been used on.

    These are neither constant nor two-valued, no dates, and not of whole numbers on both sides.
    """
    return [
        pair
        for pair in both.features
        if not (pair.train.constant or pair.validation.constant)
        and len(pair.train.low) > 2
        and len(pair.validation.low) > 2
        and not (pair.train.whole and pair.validation.whole)
        and not both.holds_dates(pair)
    ]
