"""Marks that are left by scaling an input as a whole, or each of its rows by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mlflow_plateau.checks.comparison import InputPair, NumberPair
from mlflow_plateau.checks.evidence import ORDINARY_SHIFT
from mlflow_plateau.checks.fingerprints import (
    ENDS,
    LOOSEST,
    RANGES,
    SCALERS,
    is_standard,
    standardised_by_rows,
    tolerance,
)
from mlflow_plateau.profiles.input_profile import InputProfile

AGREE = 0.8
"""Part of the columns that have to agree on one map, or to bear a mark."""

OFF = 0.05
"""Rows whose length or sum is off by less on average may have been rounded afterwards."""

MOST_BYTES = 256
"""Pixels of eight bits have so many values, whatever all of them were divided by."""

LEAST_COLUMNS = 2
"""One column has no other that it could be scaled together with, unless rows hold many values."""


@dataclass(frozen=True)
class Together:
    """A way of scaling all columns together, and the mark that it leaves.

    Attributes:
        name: What it is called.
        formula: What it does.
        mark: The mark in words.
        bears: Whether an input bears the mark.
        lacks: Whether an input was surely not treated so, whatever its population is, of which a
            given share of the rows may be empty.
        code: From the code of rows and of a reduction's arguments, to that of the scaled rows;
            empty where it takes statistics of all of them.
        by_channel: Whether each channel of a row is scaled by itself.
        statistics: Otherwise code that makes ``mean`` and ``width`` of ``raw``, train's values.
        of_different: Whether it is no treatment where hardly any column differs.
    """

    name: str
    formula: str
    mark: str
    bears: Callable[[InputProfile], bool]
    lacks: Callable[[InputProfile, float], bool] = lambda state, empty: True
    code: Callable[[str, str], str] | None = None
    by_channel: bool = False
    statistics: str = ""
    of_different: bool = False


def _cells_per_row(state: InputProfile) -> float:
    """Returns how many values a row holds, over all columns."""
    return float(state.moments.count.sum()) / max(state.rows, 1)


def _mean_and_square(state: InputProfile) -> tuple[float, float]:
    """Returns mean and mean square of all values of all columns."""
    means, deviations = state.statistics()
    weights = state.moments.count / state.moments.count.sum()
    return float((weights * means).sum()), float((weights * (deviations**2 + means**2)).sum())


def spread_of(state: InputProfile) -> tuple[float, float]:
    """Returns mean and deviation of all values of all columns."""
    mean, square = _mean_and_square(state)
    return mean, math.sqrt(max(square - mean**2, 0.0))


def _is_standard(state: InputProfile) -> bool:
    return is_standard(*spread_of(state), state.rows)


def _is_centred(state: InputProfile) -> bool:
    mean, deviation = spread_of(state)
    return abs(mean) <= tolerance(state.rows) * deviation


def size_of(state: InputProfile) -> float:
    """Returns the greatest size of any value."""
    return float(max(np.abs(state.moments.least).max(), np.abs(state.moments.greatest).max()))


def _ends_at(state: InputProfile, low: float, high: float) -> bool:
    least, greatest = float(state.moments.least.min()), float(state.moments.greatest.max())
    return max(abs(least - low), abs(greatest - high)) <= ENDS


def _is_not_standard(state: InputProfile, empty: float) -> bool:
    mean, square = _mean_and_square(state)
    return abs(mean) > OFF or not 1 - empty - OFF <= square <= 1 + OFF


def _length(state: InputProfile) -> float:
    """Returns the mean of the rows' sums of squares."""
    return _mean_and_square(state)[1] * _cells_per_row(state)


def _has_unit_length(state: InputProfile) -> bool:
    return abs(_length(state) - 1) <= ENDS * 5


def _has_other_length(state: InputProfile, empty: float) -> bool:
    return not 1 - empty - OFF <= _length(state) <= 1 + OFF


def _sum(state: InputProfile) -> float:
    """Returns the mean of the rows' sums."""
    return _mean_and_square(state)[0] * _cells_per_row(state)


def _is_positive(state: InputProfile) -> bool:
    return bool(np.all(state.moments.least >= 0))


def _adds_up(state: InputProfile) -> bool:
    return _is_positive(state) and abs(_sum(state) - 1) <= ENDS * 5


def _does_not_add_up(state: InputProfile, empty: float) -> bool:
    """Whether sizes do not add up to 1; where some are negative their sum is not known."""
    least = 1 - empty - OFF if _is_positive(state) else -1 - OFF
    return not least <= _sum(state) <= 1 + OFF


def _on_lattice(state: InputProfile) -> bool:
    """Whether there are as few values as pixels of eight bits have, unless each row is scaled."""
    numbers = range(len(state.layout.numbers))
    return all(
        state.distinct.complete(number) and len(state.distinct.of_column(number)[0]) <= MOST_BYTES
        for number in numbers
    )


def _rows_span_unit(state: InputProfile) -> bool:
    """Whether as many values as rows are exactly 0, and as many 1, and there are many others."""
    moments = state.moments
    return (
        _ends_at(state, 0.0, 1.0)
        and int(moments.at_least[moments.least <= ENDS].sum()) >= state.rows
        and int(moments.at_greatest[moments.greatest >= 1 - ENDS].sum()) >= state.rows
        and not _on_lattice(state)
    )


def _rows_do_not_span_unit(state: InputProfile, empty: float) -> bool:
    """Whether pixels are still those of a file, or have another range altogether."""
    return _on_lattice(state) or size_of(state) > 2 or float(state.moments.least.min()) < -OFF


def _channels_of_rows_differ(state: InputProfile, empty: float) -> bool:
    """Whether the means of the rows' channels are not all zero."""
    means, (mean, _) = state.row_means, state.statistics()
    return means is None or max(float(np.abs(mean).max()), *state.row_deviations()) > OFF


def whole_rows(state: InputProfile) -> tuple[float, float]:
    """Returns mean and deviation of the rows' means over all columns; NaN if they are not known."""
    means, deviations = state.whole_means.mean_and_deviation()
    return float(means[0]), float(deviations[0])


def are_rows_centred(state: InputProfile) -> bool:
    """Whether the mean over all columns is zero in every row."""
    return max(map(abs, whole_rows(state))) <= LOOSEST * max(spread_of(state)[1], LOOSEST)


def _are_rows_standard(state: InputProfile) -> bool:
    # A row without any contrast stays all zero.
    return are_rows_centred(state) and 1 - OFF <= spread_of(state)[1] <= 1 + LOOSEST


def _rows_differ(state: InputProfile, empty: float) -> bool:
    return max(map(abs, whole_rows(state))) > OFF


STANDARD_TOGETHER = Together(
    "standardised over all columns together",
    "(x − mean) / deviation, of all columns",
    "mean 0 and deviation 1 over all columns together",
    _is_standard,
    _is_not_standard,
    statistics="mean, width = raw.mean(), raw.std()",
    of_different=True,
)
CENTRED_TOGETHER = Together(
    "centred over all columns together",
    "x − mean, of all columns",
    "mean 0 over all columns together",
    _is_centred,
    statistics="mean, width = raw.mean(), 1",
)
RANGE_TOGETHER = Together(
    "min-max scaled over all columns together",
    "(x − minimum) / (maximum − minimum), of all columns",
    "minimum 0 and maximum 1 over all columns together",
    lambda state: _ends_at(state, 0.0, 1.0),
    statistics="mean, width = raw.min(), raw.max() - raw.min()",
)
UNIT_RANGE_TOGETHER = Together(
    "scaled to −1 … 1 over all columns together",
    "2 · (x − minimum) / (maximum − minimum) − 1, of all columns",
    "minimum −1 and maximum 1 over all columns together",
    lambda state: _ends_at(state, -1.0, 1.0),
    statistics="mean, width = (raw.max() + raw.min()) / 2, (raw.max() - raw.min()) / 2",
)
DIVIDED_TOGETHER = Together(
    "divided by the greatest value of all columns",
    "x / greatest |x|, of all columns",
    "greatest size 1 over all columns together",
    lambda state: abs(size_of(state) - 1) <= ENDS,
    statistics="mean, width = 0, np.abs(raw).max()",
)
RANGES_TOGETHER = (RANGE_TOGETHER, UNIT_RANGE_TOGETHER, DIVIDED_TOGETHER)
"""Those that bring the ends of all values to round numbers."""


def _standardised(x: str, row: str) -> str:
    return f"({x} - {x}.mean({row})) / {x}.std({row}).clip(1e-12)"


RANGE_BY_ROW = Together(
    "min-max scaled row by row",
    "(x − row's minimum) / (row's maximum − row's minimum)",
    "minimum 0 and maximum 1 in every row",
    _rows_span_unit,
    _rows_do_not_span_unit,
    lambda x, row: f"({x} - {x}.min({row})) / ({x}.max({row}) - {x}.min({row})).clip(1e-12)",
    of_different=True,
)
"""Pictures that reach black and white everywhere look so by themselves."""

WAYS = (
    Together(
        "standardised row by row",
        "(x − row's mean) / row's deviation",
        "mean 0 in every row, and deviation 1",
        standardised_by_rows,
        _channels_of_rows_differ,
        _standardised,
        by_channel=True,
    ),
    Together(
        "standardised row by row",
        "(x − row's mean) / row's deviation",
        "mean 0 in every row, and deviation 1",
        _are_rows_standard,
        _rows_differ,
        _standardised,
    ),
    STANDARD_TOGETHER,
    RANGE_BY_ROW,
    Together(
        "brought to length 1 row by row",
        "x / √Σx²",
        "rows of length 1",
        _has_unit_length,
        _has_other_length,
        lambda x, row: f"{x} / (({x}.astype('float64') ** 2).sum({row}) ** 0.5).clip(1e-12)",
    ),
    Together(
        "divided by each row's sum",
        "x / Σx",
        "rows that add up to 1",
        _adds_up,
        _does_not_add_up,
        lambda x, row: f"{x} / {x}.sum({row}).clip(1e-12)",
    ),
)
"""What is done to rows and to whole inputs; the first that fits is meant."""

STANDARD_BY_ROW = WAYS[:2]
"""No data bear these marks by themselves."""

BY_ROW = frozenset(way.name for way in WAYS if way.code)
"""Those that take other numbers for each row."""


def scaled_alike(both: InputPair) -> Callable[[NumberPair], bool]:
    """Returns whether a column was scaled in train, and differs by no more than populations do.

    It has no unit any more, nor a shape of its own: what it differs by came before the scaler.
    """
    known = both.exact and bool(both.features)
    ways = [way for way in WAYS if known and way is not RANGE_BY_ROW and way.bears(both.train)]
    by_row = any(way.code and way.bears(both.validation) for way in ways)

    def is_scaled(pair: NumberPair) -> bool:
        if by_row:
            return True
        if not both.exact or pair.as_shift > ORDINARY_SHIFT:
            return False
        return bool(ways) or any(scaler.bears(pair.train) for scaler in SCALERS)

    return is_scaled


def are_whole(both: InputPair) -> bool:
    """Whether nothing is missing, so that rows are known whole, and there is more than a column."""
    return _is_whole(both.train) and _is_whole(both.validation)


def _is_whole(state: InputProfile) -> bool:
    moments = state.moments
    several = len(state.layout.numbers) >= LEAST_COLUMNS or state.layout.pooled
    nothing_missing = not (moments.missing.any() or moments.infinite.any())
    return several and nothing_missing and bool(moments.count.all()) and state.rows > 0


def scaled_one_by_one(both: InputPair, columns: Sequence[NumberPair]) -> bool:
    """Whether each column was scaled by itself, in which case all of them together look so too.

    Pixels reach 0 and 1 by themselves.
    """
    scalers = [one for one in SCALERS if not (both.train.layout.pooled and one in RANGES)]
    return any(
        sum(map(scaler.bears, side)) >= AGREE * len(side)
        for scaler in scalers
        for side in ([pair.train for pair in columns], [pair.validation for pair in columns])
        if len(columns) > 1
    )
