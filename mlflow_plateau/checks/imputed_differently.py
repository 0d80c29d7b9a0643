"""Missing values were filled with something else, or on one side only."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import (
    CLAIM,
    FALSE_FINDINGS,
    FITS,
    TOLERANCE,
    likelihood_ratio,
)
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import applied, comment, exchanged, filled
from mlflow_plateau.checks.transformation import shown
from mlflow_plateau.profiles.patterns import Float64

LEAST_SHARE = 0.01
"""The least share of rows that makes a spike."""

DOMINATES = 4.0
"""How many times fuller than its neighbours a spike is."""

ONE_OF_TWO = 0.3
"""Part of the evidence that is enough for a spike that something else speaks for too."""

UNHEARD_OF = 10.0
"""A value that is filled in on one side only is so many times rarer on the other."""

IN_BOTH = 0.5
"""Share of the rows with values that both splits have, below which all values were moved."""

HALF = 0.5
"""Spikes that share this part of their ranks are one, which moved with all values."""

ALONE = 5.0
"""No population has a value so many deviations away from all of its others."""

OF_MEAN = 0.004
"""A value is the mean if it is this close to it, in deviations, …"""

OF_MEDIAN = 0.01
"""… and the median if the shares of rows below and above it differ by this much at most."""

NATURAL = 3.0
"""A value that is more than so many times rarer in the other split was not there by itself."""


def imputed_differently(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds values at which rows pile up in one split only, and what the other has instead."""
    for both in comparison.features:
        if both.train.layout.pooled or both.sequences:
            continue
        for pair in both.numbers:
            if _of_other_values(pair):
                continue
            found = _imputed(both, pair, len(both.numbers))
            if found is not None:
                yield found


def _imputed(both: InputPair, pair: NumberPair, columns: int) -> Hypothesis | None:
    train_missing = _missing(both, pair, train=True)
    validation_missing = _missing(both, pair, train=False)
    in_train = _spike(pair.train, pair.validation)
    in_validation = _spike(pair.validation, pair.train)
    if in_train and in_validation and in_train[2] + in_validation[2] >= in_train[3]:
        if in_train[0] == in_validation[0] or not _otherwise_alike(pair, in_train, in_validation):
            return None
        if _moved_along(pair, in_train[0], in_validation[0]):
            return None
        return _hypothesis(
            both,
            pair,
            f"missing values are {_value(in_train[0], pair)} in train,"
            f" {_value(in_validation[0], pair)} in validation",
            f"Missing values of `{pair.name}` were filled with {_value(in_train[0], pair)} in train"
            f" ({in_train[1]:.1%} of the rows) and with {_value(in_validation[0], pair)} in"
            f" validation ({in_validation[1]:.1%}).",
            {"train": in_train[0], "validation": in_validation[0]},
        )
    for spike, missing, split, other in (
        (in_train, validation_missing, "train", "validation"),
        (in_validation, train_missing, "validation", "train"),
    ):
        if not spike or _at_end(pair, spike[0], split):
            continue
        filled = _value(spike[0], pair)
        if missing > LEAST_SHARE and spike[1] < NATURAL * missing < NATURAL**2 * spike[1]:
            return _hypothesis(
                both,
                pair,
                f"missing values are {filled} in {split}, still missing in {other}",
                f"Missing values of `{pair.name}` were filled with {filled} in {split}"
                f" ({spike[1]:.1%} of the rows) and are still missing in {other}"
                f" ({missing:.1%}).",
                {split: spike[0], "missing": missing},
            )
        lacking = pair.validation if split == "train" else pair.train
        if _share_at(lacking, spike[0]) > spike[1] / UNHEARD_OF:
            continue
        having = pair.train if split == "train" else pair.validation
        if _lump_there(lacking, _ranks(having, spike[0])) >= spike[1] / NATURAL:
            continue  # values pile up there in both, and moved
        alike = _without(pair, spike, split) <= TOLERANCE + _chance(pair)
        # On one side alone it may be a chance among all columns.
        enough = spike[2] >= spike[3] + math.log(columns)
        if spike[1] >= 2 * LEAST_SHARE and enough and alike:
            return _hypothesis(
                both,
                pair,
                f"{spike[1]:.1%} of {split} is {filled}, none of {other}",
                f"`{pair.name}` is exactly {filled} in {spike[1]:.1%} of {split}, as if missing"
                f" values had been filled in; {other} has no such value.",
                {split: spike[0]},
            )
    return None


Ranks = tuple[float, float]
"""The shares of the rows below a lump, and below its end."""


def _ranks(column: Distribution, value: float) -> Ranks:
    place = _place(column, value)
    end = float(column.cumulated[place])
    return (end - float(column.mass[place])) / column.total, end / column.total


def _overlap(one: Ranks, other: Ranks) -> float:
    """Returns which part of the smaller lump lies where the other does, by their ranks."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared / min(one[1] - one[0], other[1] - other[0])


def _lump_there(column: Distribution, ranks: Ranks) -> float:
    """Returns the share of the fullest lump of which half has ranks in a range, or half of that."""
    ends = column.cumulated / column.total
    shares = column.mass / column.total
    shared = np.minimum(ends, ranks[1]) - np.maximum(ends - shares, ranks[0])
    there = shared >= HALF * np.minimum(shares, ranks[1] - ranks[0])
    return float(np.max(shares[there], initial=0.0))


def _moved_along(pair: NumberPair, mine: float, theirs: float) -> bool:
    """Whether two spikes may be one that moved with all other values, which keep their ranks.

    They may not where both are what their own split says, or where no other value is near one.
    """
    sides = (pair.train, mine), (pair.validation, theirs)
    return (
        _overlap(*(_ranks(*side) for side in sides)) >= HALF
        and not all(_is_statistic(*side) for side in sides)
        and not any(_stands_alone(*side) or _is_mark(*side) for side in sides)
    )


def _is_mark(column: Distribution, value: float) -> bool:
    """Whether a value is a whole number below zero, as −1 and −9 are, and no other is negative."""
    others = np.arange(len(column.low)) != _place(column, value)
    return value < 0 and value == round(value) and bool(np.all(column.low[others] >= 0))


def _stands_alone(column: Distribution, value: float) -> bool:
    """Whether a value is farther from all others than these are from each other, as −999 is."""
    place = _place(column, value)
    others = np.arange(len(column.low)) != place
    middle, mass = ((column.low + column.high) / 2)[others], column.mass[others]
    mean = float(np.average(middle, weights=mass))
    deviation = math.sqrt(float(np.average((middle - mean) ** 2, weights=mass)))
    gap = float(np.min(np.abs(middle - value)))
    usual = float(np.median(np.diff(middle))) if len(middle) > 1 else 0.0
    return gap > ALONE * max(deviation, usual)


def _is_statistic(column: Distribution, value: float) -> bool:
    """Whether a value is the mean of its column, or the median: as many rows below as above it."""
    below, end = _ranks(column, value)
    is_mean = abs(value - column.mean) <= OF_MEAN * column.deviation
    return is_mean or abs(below - (1 - end)) <= OF_MEDIAN


def _of_other_values(pair: NumberPair) -> bool:
    """Whether values repeat in both splits, but hardly any of them stands in both.

    All of them were moved, then, and not those that were missing alone.
    """
    train, validation = pair.train, pair.validation
    if not (train.atoms and validation.atoms) or any(
        2 * len(side.low) > side.total for side in (train, validation)
    ):
        return False
    place = np.clip(np.searchsorted(train.low, validation.low), 1, len(train.low) - 1)
    apart = np.minimum(
        np.abs(train.low[place] - validation.low), np.abs(train.low[place - 1] - validation.low)
    )
    shared = apart <= 1e-6 * np.abs(validation.low)
    return float(validation.mass[shared].sum()) < IN_BOTH * validation.total


def _missing(both: InputPair, pair: NumberPair, train: bool) -> float:
    state, number_of = (both.train, pair.number) if train else (both.validation, pair.other_number)
    missing = int(state.moments.missing[number_of])
    return missing / max(missing + int(state.moments.count[number_of]), 1)


Spike = tuple[float, float, float, float]
"""Value, share of rows beyond what the other split has there, evidence for it, and evidence that
is needed among so many lumps, both in nats."""


def _spike(one: Distribution, other: Distribution) -> Spike | None:
    """Returns a lump that is much fuller than its neighbours and than the same lump elsewhere."""
    if len(one.low) < 3 or one.constant:
        return None
    share = one.mass / one.total
    elsewhere = _shares_at(one, other)
    excess = share - elsewhere
    place = int(np.argmax(excess))
    if excess[place] < LEAST_SHARE or share[place] < NATURAL * elsewhere[place]:
        return None
    if share[place] < DOMINATES * float(np.median(_near(one, place))):
        return None
    found = likelihood_ratio(float(share[place]), one.rows, float(elsewhere[place]), other.rows)
    # It was chosen among those that are full enough; of values that hardly repeat that is one.
    candidates = min(int(np.count_nonzero(share >= LEAST_SHARE)), math.sqrt(len(share)))
    needed = math.log(max(candidates, 1) / FALSE_FINDINGS)
    if found < ONE_OF_TWO * needed:
        return None
    value = one.low[place] if one.atoms else _exact(one, place)
    return float(value), float(excess[place]), found, needed


def _near(one: Distribution, place: int) -> Float64:
    """Returns the shares of the neighbours of a lump; nothing for bins with a gap before them."""
    around = np.r_[max(place - 3, 0) : place, place + 1 : min(place + 4, len(one.low))]
    gap = np.maximum(one.low[around] - one.high[place], one.low[place] - one.high[around])
    adjoin = one.atoms | (gap <= 3 * (one.high[around] - one.low[around]))
    return np.where(adjoin, one.mass[around] / one.total, 0.0)


def _share_at(column: Distribution, value: float) -> float:
    """Returns the share of the mass that may stand at a value."""
    slack = 1e-6 * abs(value)
    there = (column.low <= value + slack) & (column.high >= value - slack)
    return float(column.mass[there].sum()) / column.total


def _exact(one: Distribution, place: int) -> float:
    """Returns a round number inside a bin if there is one, otherwise its middle."""
    low, high = float(one.low[place]), float(one.high[place])
    if 2 * one.at_greatest > one.mass[place] and low <= one.greatest <= high:
        return one.greatest
    if 2 * one.at_least > one.mass[place] and low <= one.least <= high:
        return one.least
    for value in (0.0, round(one.mean, 12), float(round((low + high) / 2)), low):
        if low <= value <= high:
            return value
    return (low + high) / 2


def _shares_at(one: Distribution, other: Distribution) -> Float64:
    """Returns the share of the other split's mass that may lie inside each lump."""
    mass = np.concatenate([[0.0], other.cumulated])
    slack = 1e-6 * np.abs(one.low) if one.atoms and other.atoms else 0.0
    first = np.searchsorted(other.high, one.low - slack, side="left")
    last = np.searchsorted(other.low, one.high + slack, side="right")
    return np.asarray((mass[np.maximum(last, first)] - mass[first]) / other.total)


def _place(column: Distribution, value: float) -> int:
    """Returns which lump a value stands in, or next to."""
    return int(np.argmin(np.abs(np.clip(value, column.low, column.high) - value)))


def _removed(column: Distribution, value: float, share: float) -> tuple[Float64, Float64]:
    """Returns upper ends and cumulated shares of a column without a spike."""
    mass = column.mass / column.total
    place = _place(column, value)
    mass = mass.copy()
    mass[place] = max(mass[place] - share, 0.0)
    return column.high, np.cumsum(mass) / max(mass.sum(), 1e-12)


def _apart(one: tuple[Float64, Float64], other: tuple[Float64, Float64]) -> float:
    grid = np.unique(np.concatenate([one[0], other[0]]))
    mine = np.concatenate([[0.0], one[1]])[np.searchsorted(one[0], grid, side="right")]
    theirs = np.concatenate([[0.0], other[1]])[np.searchsorted(other[0], grid, side="right")]
    return float(np.max(np.abs(mine - theirs)))


def _without(pair: NumberPair, spike: Spike, split: str) -> float:
    """Returns how far the splits are apart once the spike is taken out."""
    mine, theirs = (
        (pair.train, pair.validation) if split == "train" else (pair.validation, pair.train)
    )
    return _apart(_removed(mine, *spike[:2]), _removed(theirs, spike[0], 0.0))


def _otherwise_alike(pair: NumberPair, in_train: Spike, in_validation: Spike) -> bool:
    """Whether equal shares were filled in, and the rest of the column is the same."""
    if max(in_train[1], in_validation[1]) > NATURAL * min(in_train[1], in_validation[1]):
        return False
    apart = _apart(
        _removed(pair.train, *in_train[:2]), _removed(pair.validation, *in_validation[:2])
    )
    return apart <= TOLERANCE + _chance(pair)


def _chance(pair: NumberPair) -> float:
    return math.sqrt(FITS / (2 * max(pair.rows, 1.0)))


def _at_end(pair: NumberPair, value: float, split: str) -> bool:
    """Whether the spike stands at the split's end, with the other split going as far: a clip.

    It is one of its own where the other split goes beyond; where that ends there, train's scaler's.
    """
    mine, theirs = (
        (pair.train, pair.validation) if split == "train" else (pair.validation, pair.train)
    )
    slack = 1e-6 * abs(value)
    at_top = value >= mine.greatest - slack and theirs.greatest >= mine.greatest - slack
    at_bottom = value <= mine.least + slack and theirs.least <= mine.least + slack
    return at_top or at_bottom


def _value(value: float, pair: NumberPair) -> str:
    """Returns a filling value, and what it is if it is the mean or median of train."""
    said = shown(pair, value)
    if value:
        for name, known in (("mean", pair.train.mean), ("validation's mean", pair.validation.mean)):
            if known and abs(value - known) <= 4e-3 * abs(known):
                return f"{said} (the {name})"
    return said


def _fix(both: InputPair, pair: NumberPair, constants: Mapping[str, float]) -> str:
    """Returns code that fills one split as the other is filled."""
    ours, theirs = constants.get("train"), constants.get("validation")
    if both.holds_dates(pair):
        return comment("fill missing dates in both splits with one value, or drop their rows")
    if ours is not None and theirs is not None:
        return applied(both, [pair], lambda x: exchanged(both, "validation", x, theirs, ours))
    value = theirs if ours is None else ours
    if "missing" in constants and value is not None:
        split = "train" if ours is None else "validation"
        return applied(both, [pair], lambda x: filled(both, split, x, value), split)
    return comment("fill what is missing in both splits with one imputer, fitted on train")


def _hypothesis(
    both: InputPair,
    pair: NumberPair,
    transformation: str,
    message: str,
    constants: dict[str, float],
) -> Hypothesis:
    return Hypothesis(
        Finding(
            check="imputed_differently",
            kind="imputed_differently",
            columns=(pair.name,),
            transformation=transformation,
            severity="fail",
            message=message,
            fix=_fix(both, pair, constants),
            constants=constants,
        ),
        explains=frozenset([pair.place]),
        cost=CLAIM,
        certain=True,
    )
