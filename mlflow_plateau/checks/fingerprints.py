"""Marks that scalers leave: mean 0 and deviation 1, minimum 0 and maximum 1, and so on, exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.special import kolmogorov
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

SMALL = 0.5
"""Below this Kolmogorov's distribution function is its first term, to a ten-thousandth."""

CUT = float(norm.ppf(1 - 1e-7))
"""Where scikit-learn cuts off what would be infinite."""

QUARTILES = (0.25, 0.5, 0.75)

REPEATED = 0.5
"""Fewer lumps, as a part of the rows, and values repeat."""

MOST_SURPRISE = 40.0
"""No single column is more surprising, in nats: what is computed is not known more exactly."""

NEAR_AN_END = 0.2
"""Values this close to an end, as a part of the range, tell whether they pile up there, …"""

LEAST_NEAR = 100.0
"""… if they are as many …"""

PILED = 0.2
"""… and such a part of them is ten times closer."""

LEAST_ROWS = 5
"""Fewer rows have no statistics."""

STANDARD_ERRORS = 5.0
"""A column scaled with the other split's statistics is at most this many standard errors off …"""

NEARLY = 0.15
"""… and this much, …"""

NEARLY_RANGE = 0.3
"""… or, where it was scaled to a range, it ends this close to the range's ends."""

Quantiles = tuple[float, float, float]
"""The shares below three quantiles, the middle one being the median."""


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
        quantiles: The shares below the three quantiles that it brings to 0 and 1 apart, if it does.
        share_below: The share of rows below values, of a scaler that gives all columns one shape.
        only_exact: Whether columns that were not scaled so may be nearly like it: it is rare, or
            leaves the place or the scale as it was.
        surprise: How surprising it is that a column bears the mark that was not scaled so, in nats,
            where many columns might.
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
    quantiles: Quantiles | None = None
    share_below: Callable[[Float64], Float64] | None = None
    only_exact: bool = False
    surprise: Callable[[Distribution], float] | None = None

    @property
    def shaped(self) -> bool:
        """Whether it gives all columns one shape, and not only one scale."""
        return self.share_below is not None


def tolerance(rows: float) -> float:
    """Returns how exactly a column of so many rows has to be standardised."""
    return min(LOOSEST, max(TIGHTEST, OF_STANDARD_ERROR / math.sqrt(max(rows, 1.0))))


def is_standard(
    mean: float, deviation: float, rows: float, independent: float | None = None
) -> bool:
    """Whether a mean and deviation are a scaler's, with either divisor (n or n − 1).

    Args:
        mean: The mean.
        deviation: The deviation, divided by n.
        rows: How many values there are.
        independent: What they are worth, where they are much alike as pixels are.
    """
    if rows < LEAST_ROWS:
        return False
    slack = tolerance(rows if independent is None else independent)
    unbiased = deviation * math.sqrt(rows / (rows - 1))
    return abs(mean) <= slack and min(abs(deviation - 1), abs(unbiased - 1)) <= slack


def _bears_standard(column: Distribution) -> bool:
    return is_standard(column.mean, column.deviation, column.total, column.rows)


def _slack(column: Distribution) -> float:
    return NEARLY + STANDARD_ERRORS / math.sqrt(max(column.rows, 1.0))


def _octaves(width: float) -> float:
    """Returns how far a width is from 1, in powers of two."""
    return abs(math.log2(width)) if width > 0 else 10.0


def _nearly_standard(column: Distribution) -> bool:
    slack = _slack(column)
    return abs(column.mean) <= slack and abs(column.deviation - 1) <= slack < 1


def hardly_repeats(column: Distribution) -> bool:
    """Whether most rows have a value of their own, as far as a profile can tell."""
    return not column.atoms or len(column.low) >= REPEATED * column.total


def piles_up(column: Distribution, end: float) -> bool:
    """Whether values become more frequent towards an end, as a sine's do: it is theirs by itself.

    Of evenly spread values a tenth of those near the end are ten times nearer; of a sine's a third.
    """
    span = column.greatest - column.least
    near, nearer = (
        float(column.mass[(column.high >= end - width) & (column.low <= end + width)].sum())
        for width in (NEAR_AN_END * span, NEAR_AN_END / 10 * span)
    )
    return near >= LEAST_NEAR and nearer >= PILED * near


def _nearly_robust(shares: Quantiles, column: Distribution) -> bool:
    slack = _slack(column)
    low, middle, high = map(float, column.quantiles(np.array(shares)))
    return abs(middle) <= slack and abs(high - low - 1) <= slack < 1


def _robust_departure(shares: Quantiles, column: Distribution) -> float:
    low, middle, high = map(float, column.quantiles(np.array(shares)))
    return max(abs(middle), _octaves(high - low))


def _bears_robust(shares: Quantiles, column: Distribution) -> bool:
    """Whether the quantiles are a scaler's, and no others than those of these very rows.

    Where values repeat, another sample may well have the same quantiles.
    """
    return hardly_repeats(column) and has_quantiles(column, shares)


def has_quantiles(column: Distribution, shares: Quantiles) -> bool:
    """Whether the median is 0 and two quantiles are 1 apart, as exactly as a profile can tell.

    The k-th value is known to its lump; of an even number the median lies midway between two.
    """
    if column.total < LEAST_ROWS:
        return False
    middle = _interpolated(column, shares[1])
    spread = column.greatest - column.least
    if middle[0] > ENDS + LOOSEST * spread or middle[1] < -ENDS - LOOSEST * spread:
        return False  # Far most columns: nothing else needs to be looked at.
    low, high = _interpolated(column, shares[0]), _interpolated(column, shares[2])
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


def _bears_centred(column: Distribution) -> bool:
    """Whether the mean is zero to the last digit, against the deviation."""
    rows = column.total
    return rows >= LEAST_ROWS and abs(column.mean) <= tolerance(rows) * column.deviation


def _bears_unit_deviation(column: Distribution) -> bool:
    return is_standard(0.0, column.deviation, column.total)


def _surprisingly_centred(column: Distribution) -> float:
    """A sample's mean is normal around its population's, which may be zero: √(2n/π) · |m| / s.

    Values that repeat, as those of whole turns of a sine do, may cancel each other out, and so do
    those that are mirrored.
    """
    mirrored = abs(column.least + column.greatest) <= ENDS * column.greatest
    if mirrored or not hardly_repeats(column):
        return 0.0
    return surprise_of(math.sqrt(2 * column.total / math.pi) * abs(column.mean) / column.deviation)


def _surprisingly_of_unit_deviation(column: Distribution) -> float:
    """So is a sample's deviation around 1, by about 1 / √(2n): 2 √(n/π) · |s − 1|."""
    unbiased = column.deviation * math.sqrt(column.total / (column.total - 1))
    off = min(abs(column.deviation - 1), abs(unbiased - 1))
    return surprise_of(2 * math.sqrt(column.total / math.pi) * off)


def surprise_of(probability: float) -> float:
    """Returns how surprising something of a probability is, in nats."""
    return -math.log(min(1.0, max(probability, math.exp(-MOST_SURPRISE))))


def surprisingly_even(
    of: Sequence[Distribution], share_below: Callable[[Float64], Float64]
) -> float:
    """Returns how surprising it is that values are spread as evenly as ranks are, in nats.

    √n · D follows Kolmogorov's distribution for a sample of what is spread evenly, and is near 0
    for ranks of these very rows; D is measured at the ends of lumps, where it is exact.

    Args:
        of: One column of one split or of several, taken together.
        share_below: The share of rows below values that are spread evenly.
    """
    ends = np.unique(np.concatenate([column.high for column in of]))
    rows = sum(column.total for column in of)
    below = np.zeros(len(ends))
    for column in of:
        cumulated = np.concatenate([[0.0], column.cumulated])
        below += cumulated[np.searchsorted(column.high, ends, side="right")]
    apart = math.sqrt(rows) * float(np.abs(below / rows - share_below(ends)).max())
    return surprise_of(_kolmogorov_cdf(apart))


def _kolmogorov_cdf(value: float) -> float:
    """Returns the distribution function; where it is near 0 its complement has no digits left."""
    if value >= SMALL:
        return 1.0 - float(kolmogorov(value))
    value = max(value, 1e-9)
    return math.sqrt(2 * math.pi) / value * math.exp(-((math.pi / value) ** 2) / 8)


def _robust(low: int, high: int) -> Scaler:
    """Returns the scaler by the median and two quantiles, in percent."""
    shares = low / 100, 0.5, high / 100
    return Scaler(
        "robustly scaled",
        f"(x − median) / ({high} % quantile − {low} % quantile)",
        f"RobustScaler(quantile_range=({low}, {high}))",
        f"median 0 and the {low} % and {high} % quantiles 1 apart",
        partial(_bears_robust, shares),
        partial(_robust_departure, shares),
        partial(_nearly_robust, shares),
        least_own=3,
        quantiles=shares,
        only_exact=True,
    )


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
    "scaled by the greatest size",
    "x / greatest |x|",
    "MaxAbsScaler()",
    "greatest size 1",
    lambda column: abs(_farthest(column) - 1) <= ENDS,
    lambda column: _octaves(_farthest(column)),
    lambda column: abs(_farthest(column) - 1) <= NEARLY_RANGE,
)
ROBUST = replace(
    _robust(25, 75),
    formula="(x − median) / (3rd quartile − 1st quartile)",
    code="RobustScaler()",
    mark="median 0 and quartiles 1 apart",
    only_exact=False,
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
    share_below=_as_they_are,
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
    share_below=norm.cdf,
)
POWER = replace(
    STANDARD,
    name="made symmetrical and standardised",
    formula="(power of x − mean) / deviation",
    code="PowerTransformer()",
)
"""It leaves the mark of a standardised column, and another shape."""

CENTRED = Scaler(
    "centred",
    "x − mean",
    "StandardScaler(with_std=False)",
    "mean 0",
    _bears_centred,
    lambda column: abs(column.mean) / max(column.deviation, 1e-12),
    lambda column: False,
    only_exact=True,
    surprise=_surprisingly_centred,
)
UNIT_DEVIATION = Scaler(
    "scaled by the deviation",
    "x / deviation",
    "StandardScaler(with_mean=False)",
    "deviation 1",
    _bears_unit_deviation,
    lambda column: _octaves(column.deviation),
    lambda column: False,
    only_exact=True,
    surprise=_surprisingly_of_unit_deviation,
)

OTHER_QUANTILES = tuple(_robust(low, 100 - low) for low in (1, 2, 5, 10, 20))
"""What people take besides quartiles."""

SCALERS = (
    *(STANDARD, MIN_MAX, UNIT_RANGE, MAX_ABS, ROBUST, QUANTILE, NORMAL, CENTRED, UNIT_DEVIATION),
    *OTHER_QUANTILES,
)
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


def centred_by_rows(state: InputProfile) -> bool:
    """Whether every row of every channel has mean 0, as images and windows of time often have."""
    means, (_, deviation) = state.row_means, state.statistics()
    if means is None or not len(deviation) or not means.count.all():
        return False
    mean = state.statistics()[0]
    off = np.maximum(np.abs(mean), state.row_deviations())
    return bool(np.all(off <= LOOSEST * np.maximum(deviation, LOOSEST)))


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
