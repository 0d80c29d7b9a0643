"""One split was scaled row by row, or as a whole, and the other is not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import CLAIM, FITS, ORDINARY_RATIO, ORDINARY_SHIFT
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fingerprints import (
    ENDS,
    NEARLY,
    continuous,
)
from mlflow_plateau.checks.fix import by_rows, scaled_as_one
from mlflow_plateau.checks.input_fingerprints import (
    AGREE,
    DIVIDED_TOGETHER,
    LEAST_COLUMNS,
    STANDARD_BY_ROW,
    STANDARD_TOGETHER,
    WAYS,
    Together,
    are_whole,
    scaled_one_by_one,
    size_of,
    spread_of,
)
from mlflow_plateau.checks.transformation import (
    KNOWN_FACTORS,
    best_multiple,
    number,
    ticked,
    with_constants,
)
from mlflow_plateau.profiles.input_profile import InputProfile

BEYOND = 10.0
"""No population of whatever shape is so many times wider, or so many deviations away."""

CLOSE = 0.25
"""A factor that people know is tried if it is this close to the one found, in the logarithm."""

MOST_TRIED = 8
"""This many columns are asked for a factor that all may share."""

MOST = 0.5
"""Part of the columns in which the splits have to differ."""


def scaled_together(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds the mark of a scaling of rows, or of all values together, in one split only.

    Whoever scales rows by themselves does it to those of both splits: such a mark in one of them
    is a treatment, whatever the populations are. What was standardised with train's mean and
    deviation bears the mark in train only, as is right; there validation has to be far from it.
    """
    for both in comparison.features:
        columns = continuous(both)
        if not (both.exact and are_whole(both) and columns) or both.sequences:
            continue
        different = [pair for pair in columns if pair in both.different]
        alike = len(different) < MOST * len(columns)
        ways = STANDARD_BY_ROW if scaled_one_by_one(both, columns) else WAYS
        for way in ways:
            if alike and way.of_different:
                continue  # Of sparse columns hardly any differs, but their rows tell.
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
            if not alike:
                yield from _by_one_map(both, columns, different)


def _by_one_map(
    both: InputPair, columns: Sequence[NumberPair], different: Sequence[NumberPair]
) -> Iterator[Hypothesis]:
    """Yields a scaling that all columns share and that was fitted on the other split or on one."""
    if len(columns) < LEAST_COLUMNS or scaled_one_by_one(both, columns):
        return
    for in_train in (True, False):
        scaled, raw = (both.train, both.validation) if in_train else (both.validation, both.train)
        (mean, deviation), (raw_mean, raw_deviation) = spread_of(scaled), spread_of(raw)
        size, raw_size = size_of(scaled), size_of(raw)
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


def _is_far(state: InputProfile, ratio: float) -> bool:
    """Whether all values together are wider or narrower than 1, or farther from 0, by a factor."""
    mean, deviation = spread_of(state)
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
    (mean, deviation), (raw_mean, raw_deviation) = spread_of(scaled), spread_of(raw)
    return Hypothesis(
        Finding(
            check="scaled_together",
            kind="scaling_missing",
            columns=names,
            transformation=f"{one} = {way.formula}, {other} = x",
            severity="fail",
            message=f"{one.capitalize()} is {way.name}, {other} is not: over all columns the mean"
            f" is {_mean(raw_mean)} and the deviation {number(raw_deviation)} there, against"
            f" {_mean(mean)} and {number(deviation)}.",
            evidence=(f"{one} {evidence} ({ticked(names)})",),
            fix=by_rows(both, other, way.code, by_channel=way.by_channel)
            if way.code
            else scaled_as_one(both, way.statistics),
            treated=one,
            function=way.name,
        ),
        explains=frozenset(pair.place for pair in columns),
        cost=CLAIM,
        certain=certain,
    )


def _mean(value: float) -> str:
    return number(value if abs(value) > 1e-6 else 0.0)
