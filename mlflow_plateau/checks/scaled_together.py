"""One split was scaled row by row, or as a whole, and the other is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import CLAIM, FITS, ORDINARY_RATIO, ORDINARY_SHIFT
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fingerprints import (
    ENDS,
    NEARLY,
    RANGES,
    SCALERS,
    continuous,
    is_standard,
    standardised_by_rows,
)
from mlflow_plateau.checks.fix import by_rows, scaled_as_one
from mlflow_plateau.checks.transformation import (
    KNOWN_FACTORS,
    best_multiple,
    number,
    ticked,
    with_constants,
)
from mlflow_plateau.profiles.input_profile import InputProfile

AGREE = 0.8
"""Part of the columns that have to agree on one map, or to bear a mark."""

BEYOND = 10.0
"""No population of whatever shape is so many times wider, or so many deviations away."""

OFF = 0.05
"""Rows whose length or sum is off by less on average may have been rounded afterwards."""

CLOSE = 0.25
"""A factor that people know is tried if it is this close to the one found, in the logarithm."""

MOST_TRIED = 8
"""This many columns are asked for a factor that all may share."""

MOST = 0.5
"""Part of the columns in which the splits have to differ."""

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
            empty where it takes train's statistics.
    """

    name: str
    formula: str
    mark: str
    bears: Callable[[InputProfile], bool]
    lacks: Callable[[InputProfile, float], bool]
    code: Callable[[str, str], str] | None = None


def _cells_per_row(state: InputProfile) -> float:
    """Returns how many values a row holds, over all columns."""
    return float(state.moments.count.sum()) / max(state.rows, 1)


def _moments(state: InputProfile) -> tuple[float, float]:
    """Returns mean and mean square of all values of all columns."""
    means, deviations = state.statistics()
    weights = state.moments.count / state.moments.count.sum()
    return float((weights * means).sum()), float((weights * (deviations**2 + means**2)).sum())


def _is_standard(state: InputProfile) -> bool:
    mean, deviation = _spread(state)
    return is_standard(mean, deviation, state.rows)


def _is_not_standard(state: InputProfile, empty: float) -> bool:
    mean, square = _moments(state)
    return abs(mean) > OFF or not 1 - empty - OFF <= square <= 1 + OFF


def _length(state: InputProfile) -> float:
    """Returns the mean of the rows' sums of squares."""
    return _moments(state)[1] * _cells_per_row(state)


def _has_unit_length(state: InputProfile) -> bool:
    return abs(_length(state) - 1) <= ENDS * 5


def _has_other_length(state: InputProfile, empty: float) -> bool:
    return not 1 - empty - OFF <= _length(state) <= 1 + OFF


def _sum(state: InputProfile) -> float:
    """Returns the mean of the rows' sums."""
    return _moments(state)[0] * _cells_per_row(state)


def _is_positive(state: InputProfile) -> bool:
    return bool(np.all(state.moments.least >= 0))


def _adds_up(state: InputProfile) -> bool:
    return _is_positive(state) and abs(_sum(state) - 1) <= ENDS * 5


def _does_not_add_up(state: InputProfile, empty: float) -> bool:
    """Whether sizes do not add up to 1; where some are negative their sum is not known."""
    least = 1 - empty - OFF if _is_positive(state) else -1 - OFF
    return not least <= _sum(state) <= 1 + OFF


def _rows_differ(state: InputProfile, empty: float) -> bool:
    """Whether the rows' means are not all zero."""
    means, (mean, _) = state.row_means, state.statistics()
    return means is None or max(float(np.abs(mean).max()), *state.row_deviations()) > OFF


STANDARD_TOGETHER = Together(
    "standardised over all columns, together or row by row",
    "(x − mean) / deviation, of all columns",
    "mean 0 and deviation 1 over all columns together",
    _is_standard,
    _is_not_standard,
)
DIVIDED_TOGETHER = Together(
    "divided by the greatest value of all columns",
    "x / greatest |x|, of all columns",
    "greatest size 1 over all columns together",
    lambda state: False,
    lambda state, empty: True,
)
WAYS = (
    Together(
        "standardised row by row",
        "(x − row's mean) / row's deviation",
        "mean 0 in every row, and deviation 1",
        standardised_by_rows,
        _rows_differ,
        lambda x, row: f"({x} - {x}.mean({row})) / {x}.std({row}).clip(1e-12)",
    ),
    STANDARD_TOGETHER,
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

BY_ROW = frozenset(way.name for way in WAYS if way.code)
"""Those that take other numbers for each row."""


def scaled_alike(both: InputPair) -> Callable[[NumberPair], bool]:
    """Returns whether a column was scaled in train, and differs by no more than populations do.

    It has no unit any more, nor a shape of its own: what it differs by came before the scaler.
    """
    ways = [way for way in WAYS if both.exact and way.bears(both.train)]
    by_row = any(way.code and way.bears(both.validation) for way in ways)

    def is_scaled(pair: NumberPair) -> bool:
        if by_row:
            return True
        if not both.exact or pair.as_shift > ORDINARY_SHIFT:
            return False
        return bool(ways) or any(scaler.bears(pair.train) for scaler in SCALERS)

    return is_scaled


def scaled_together(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds the mark of a scaling of rows, or of all values together, in one split only.

    Whoever scales rows by themselves does it to those of both splits: such a mark in one of them
    is a treatment, whatever the populations are. What was standardised with train's mean and
    deviation bears the mark in train only, as is right; there validation has to be far from it.
    """
    for both in comparison.features:
        columns = continuous(both)
        if not both.exact or both.sequences or not (_whole(both.train) and _whole(both.validation)):
            continue
        different = [pair for pair in columns if pair in both.different]
        if not columns or len(different) < MOST * len(columns):
            continue
        for way in WAYS[:1] if _one_by_one(both, columns) else WAYS:
            in_train, in_validation = way.bears(both.train), way.bears(both.validation)
            if in_train == in_validation:
                continue
            raw = both.validation if in_train else both.train
            sides = [pair.validation if in_train else pair.train for pair in both.features]
            # Validation that was scaled with train's numbers does not bear the mark: that is right.
            of_train = way is STANDARD_TOGETHER and in_train
            if way.lacks(raw, _most_empty(sides)) and not (of_train and not _is_far(raw, BEYOND)):
                evidence = f"has {way.mark}, to the last digit"
                yield _hypothesis(both, columns, way, in_train, evidence, certain=not of_train)
                break
        else:
            yield from _by_one_map(both, columns, different)


def _by_one_map(
    both: InputPair, columns: Sequence[NumberPair], different: Sequence[NumberPair]
) -> Iterator[Hypothesis]:
    """Yields a scaling that all columns share and that was fitted on the other split or on one."""
    if len(columns) < LEAST_COLUMNS or _one_by_one(both, columns):
        return
    for in_train in (True, False):
        scaled, raw = (both.train, both.validation) if in_train else (both.validation, both.train)
        (mean, deviation), (raw_mean, raw_deviation) = _spread(scaled), _spread(raw)
        size, raw_size = _size(scaled), _size(raw)
        if not (deviation and raw_deviation):
            continue
        # Each as the map from the scaled to the raw side.
        stretch = raw_deviation / deviation
        ways = [(STANDARD_TOGETHER, stretch, raw_mean - stretch * mean)]
        if abs(mean) > NEARLY or abs(deviation - 1) > NEARLY or not _is_far(raw, ORDINARY_RATIO):
            ways = []
        if _is_unit(different, stretch if in_train else 1 / stretch):
            ways = []
        known = any(abs(raw_size / size / factor - 1) < 1e-3 for factor in KNOWN_FACTORS)
        if abs(size - 1) <= ENDS and raw_size > 2 and not known:
            multiples = [best_multiple(pair) for pair in different[:MOST_TRIED]]
            factors = [fit.factor if in_train else 1 / fit.factor for fit in multiples if fit]
            ways += [(DIVIDED_TOGETHER, one, 0.0) for one in (raw_size, stretch, *factors)]
        for way, factor, offset in ways:
            if not in_train:
                factor, offset = 1 / factor, -offset / factor
            fits = [with_constants(pair, factor, offset) for pair in different]
            beyond = sum(pair.as_shift > ORDINARY_SHIFT for pair in different)
            if _most([fit.misfit <= FITS for fit in fits]) and 2 * beyond >= len(different):
                yield _hypothesis(both, columns, way, in_train, f"has {way.mark}, or nearly so")
                return


def _spread(state: InputProfile) -> tuple[float, float]:
    """Returns mean and deviation of all values of all columns."""
    mean, square = _moments(state)
    return mean, math.sqrt(max(square - mean**2, 0.0))


def _is_far(state: InputProfile, ratio: float) -> bool:
    """Whether all values together are wider or narrower than 1, or farther from 0, by a factor."""
    mean, deviation = _spread(state)
    return abs(mean) >= ratio * max(deviation, 1.0) or not 1 / ratio <= deviation <= ratio


def _most(which: Sequence[bool]) -> bool:
    return sum(which) >= AGREE * len(which)


def _is_unit(columns: Sequence[NumberPair], factor: float) -> bool:
    """Whether validation is train times a factor that people know."""
    return any(
        _most([with_constants(pair, known, 0.0).misfit <= FITS for pair in columns])
        for known in KNOWN_FACTORS
        if known > 0 and abs(math.log(known / factor)) <= CLOSE
    )


def _most_empty(columns: Sequence[Distribution]) -> float:
    """Returns the greatest share of rows that may hold nothing but zeros."""
    return min(
        float(column.mass[(column.low <= 0) & (column.high >= 0)].sum()) / column.total
        for column in columns
    )


def _size(state: InputProfile) -> float:
    """Returns the greatest size of any value."""
    return float(max(np.abs(state.moments.least).max(), np.abs(state.moments.greatest).max()))


def _whole(state: InputProfile) -> bool:
    """Whether nothing is missing, so that rows are known whole, and there is more than a column."""
    moments = state.moments
    several = len(state.layout.numbers) >= LEAST_COLUMNS or state.layout.pooled
    nothing_missing = not (moments.missing.any() or moments.infinite.any())
    return several and nothing_missing and bool(moments.count.all()) and state.rows > 0


def _one_by_one(both: InputPair, columns: Sequence[NumberPair]) -> bool:
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


def _hypothesis(
    both: InputPair,
    columns: Sequence[NumberPair],
    way: Together,
    in_train: bool,
    evidence: str,
    *,
    certain: bool = True,
) -> Hypothesis:
    one, other = ("train", "validation") if in_train else ("validation", "train")
    scaled, raw = (both.train, both.validation) if in_train else (both.validation, both.train)
    names = tuple(pair.name for pair in columns)
    (mean, deviation), (raw_mean, raw_deviation) = _spread(scaled), _spread(raw)
    return Hypothesis(
        Finding(
            check="scaled_together",
            kind="scaling_missing",
            columns=names,
            transformation=f"{one} = {way.formula}, {other} = x",
            severity="fail",
            message=f"{one.capitalize()} is {way.name}, {other} is not: over all columns the mean"
            f" is {number(raw_mean)} and the deviation {number(raw_deviation)} there, against"
            f" {number(mean if abs(mean) > 1e-6 else 0.0)} and {number(deviation)}.",
            evidence=(f"{one} {evidence} ({ticked(names)})",),
            fix=by_rows(both, other, way.code, by_channel=way is WAYS[0])
            if way.code
            else _by_train(both, way),
            treated=one,
            function=way.name,
        ),
        explains=frozenset(pair.place for pair in columns),
        cost=CLAIM,
        certain=certain,
    )


def _by_train(both: InputPair, way: Together) -> str:
    """Returns code that scales both splits by the same numbers, those of train."""
    return scaled_as_one(
        both,
        "mean, width = 0, np.abs(raw).max()"
        if way is DIVIDED_TOGETHER
        else "mean, width = raw.mean(), raw.std()",
    )
