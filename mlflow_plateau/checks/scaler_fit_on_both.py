"""The scaler was fitted on train and validation together: leakage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import ENOUGH
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fingerprints import (
    CENTRED,
    ENDS,
    MAX_ABS,
    MIN_MAX,
    NORMAL,
    OTHER_QUANTILES,
    QUANTILE,
    ROBUST,
    STANDARD,
    UNIT_DEVIATION,
    UNIT_RANGE,
    Scaler,
    centred_by_rows,
    continuous,
    hardly_repeats,
    piles_up,
    surprisingly_even,
)
from mlflow_plateau.checks.fix import scaled_by
from mlflow_plateau.checks.labels import quantities
from mlflow_plateau.checks.lattice import step_of
from mlflow_plateau.checks.transformation import ticked

AT_AN_END = 0.001
"""Where more than this part of the rows stands at an end, values end there by themselves."""

LEAST_COLUMNS = 3
"""This many columns that span exactly 0 to 1 together are no chance."""

LEAST_ENDS = 1
"""This many of their ends have to stand in validation alone: with a scaler of train's none does."""

LEAST_RANGES = 2
"""Rounded columns that were scaled one by one have at least so many numbers of steps."""

DISTINCT = 0.95
"""Distinct values, as a part of the rows, for ranks to be spread evenly."""

LEAST_SHAPED = 2
"""This many columns that are ranks of both splits together are no chance."""

RANGES_OF = {MIN_MAX: (0.0, 1.0), UNIT_RANGE: (-1.0, 1.0)}
"""What scalers of ranges make columns span."""


def scaler_fit_on_both(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds the mark of a scaler in both splits together, although neither has it alone."""
    for both in quantities(comparison):
        columns = continuous(both)
        if not both.exact or not columns:
            continue
        if centred_by_rows(both.train) and centred_by_rows(both.validation):
            continue
        for scaler, found in _pooled(columns):
            if found:
                yield _hypothesis(both, found, scaler)
                break


def _pooled(columns: Sequence[NumberPair]) -> Iterator[tuple[Scaler, Sequence[NumberPair]]]:
    """Yields scalers, and the columns that bear their marks in both splits together."""
    yield STANDARD, _of_common_moments(columns, STANDARD)
    for scaler in (QUANTILE, NORMAL):
        yield scaler, _of_common_ranks(columns, scaler)
    for scaler in (CENTRED, UNIT_DEVIATION):
        yield scaler, _of_common_moments(columns, scaler)
    for scaler, bounds in RANGES_OF.items():
        yield scaler, columns if _pooled_range(columns, *bounds) else ()
    yield MAX_ABS, columns if _pooled_size(columns) else ()
    for scaler in (ROBUST, *OTHER_QUANTILES):
        yield scaler, _of_common_quantiles(columns, scaler)


def _bears_only_together(pair: NumberPair, scaler: Scaler) -> bool:
    alone = scaler.bears(pair.train) or scaler.bears(pair.validation)
    return not alone and scaler.bears(pair.together)


def _of_common_moments(columns: Sequence[NumberPair], scaler: Scaler) -> Sequence[NumberPair]:
    found = [pair for pair in columns if _bears_only_together(pair, scaler)]
    if any(scaler.bears(pair.train) for pair in columns):
        return ()
    if scaler.surprise is None:
        return found
    surprise = math.fsum(scaler.surprise(pair.together) for pair in found)
    return found if surprise >= ENOUGH else ()


def _of_common_quantiles(columns: Sequence[NumberPair], scaler: Scaler) -> Sequence[NumberPair]:
    found = [pair for pair in columns if _bears_only_together(pair, scaler)]
    return found if len(found) >= LEAST_COLUMNS and 2 * len(found) >= len(columns) else ()


def _of_common_ranks(columns: Sequence[NumberPair], scaler: Scaler) -> Sequence[NumberPair]:
    """Returns all columns if those of which it can be told hold ranks of both splits together.

    Ranks among train's rows are even there, and only nearly so in both.
    """
    share_below = scaler.share_below
    telling = [pair for pair in columns if _has_own_ranks(pair.train) and _hardly_ends(pair)]
    if share_below is None or len(telling) < LEAST_SHAPED:
        return ()
    ahead = (
        surprisingly_even([pair.train, pair.validation], share_below)
        - surprisingly_even([pair.train], share_below)
        for pair in telling
    )
    return columns if all(nats >= ENOUGH for nats in ahead) else ()


def _has_own_ranks(column: Distribution) -> bool:
    """Whether nearly every row has a value of its own: equal ones are spread unevenly."""
    return not column.atoms or len(column.low) >= DISTINCT * column.total


def _pooled_size(columns: Sequence[NumberPair]) -> bool:
    """Whether the greatest size in all columns together is exactly 1, once in validation alone.

    Only columns with hardly a row of that size count: what is limited is of it by itself. So are
    shares of train's values, in none of whose columns train reaches 1.
    """
    through_validation, telling = 0, 0
    for pair in columns:
        together = pair.together
        at_end = together.at_least if -together.least > together.greatest else together.at_greatest
        ends = together.least, together.greatest
        by_itself = at_end > 1 + AT_AN_END * together.total or piles_up(
            together, max(ends, key=abs)
        )
        if by_itself or not hardly_repeats(together):
            continue
        if not MAX_ABS.bears(together):
            return False
        telling += 1
        through_validation += not MAX_ABS.bears(pair.train)
    return telling >= LEAST_COLUMNS and LEAST_ENDS <= through_validation < telling


def _pooled_range(columns: Sequence[NumberPair], low: float, high: float) -> bool:
    """Whether all columns together span exactly a range, several of them through validation alone.

    Only columns with hardly a row at either end count, and rounded ones whose steps show that each
    was divided by a range of its own: shares, or the pixels of an image, reach 0 and 1 by
    themselves, and in many rows.
    """
    if sum(_spans(pair, low, high) for pair in columns) < LEAST_COLUMNS:
        return False  # Far most tables: nothing else needs to be looked at.
    rounded = _of_own_ranges(columns, low, high)
    unlimited = [pair for pair in columns if pair in rounded or _hardly_ends(pair)]
    if all(QUANTILE.nearly(pair.train) for pair in columns):
        return (
            False  # shares of train's values below each value end at 1 with validation's greatest
        )
    if low == 0 and all(pair.train.greatest > high - ENDS for pair in unlimited):
        return False  # divided by train's greatest, and what is least is zero in any case
    through_validation = 0
    for pair in unlimited:
        if not _spans(pair, low, high):
            return False
        train = pair.train
        through_validation += (train.least > low + ENDS) + (train.greatest < high - ENDS)
    return len(unlimited) >= LEAST_COLUMNS and through_validation >= LEAST_ENDS


def _spans(pair: NumberPair, low: float, high: float) -> bool:
    """Whether both splits together end exactly at the two values."""
    train, validation = pair.train, pair.validation
    return (
        abs(min(train.least, validation.least) - low) <= ENDS
        and abs(max(train.greatest, validation.greatest) - high) <= ENDS
    )


def _hardly_ends(pair: NumberPair) -> bool:
    """Whether few rows of both splits stand at either end: a single one where values repeat."""
    train, validation = pair.train, pair.validation
    least, greatest = min(train.least, validation.least), max(train.greatest, validation.greatest)
    at_least = sum(split.at_least for split in (train, validation) if split.least == least)
    at_greatest = sum(
        split.at_greatest for split in (train, validation) if split.greatest == greatest
    )
    if hardly_repeats(train):
        return max(at_least, at_greatest) <= 1 + AT_AN_END * (train.total + validation.total)
    return at_least == at_greatest == 1 and step_of(train, least) is None


def _of_own_ranges(columns: Sequence[NumberPair], low: float, high: float) -> list[NumberPair]:
    """Returns the columns of rounded values that seem to have been divided by their ranges.

    A range is a whole number of the steps that the values were rounded to, and another one in every
    column; what comes as a share of something has the same round number of steps everywhere.
    """
    steps = {
        pair.place: round((high - low) / step)
        for pair in columns
        if (step := step_of(pair.train, low)) is not None
    }
    steps = {place: count for place, count in steps.items() if not _is_round(count)}
    if len(set(steps.values())) < LEAST_RANGES:
        return []
    return [pair for pair in columns if pair.place in steps]


def _is_round(steps: int) -> bool:
    """Whether people divide by this number, or computers do."""
    return steps % 10 == 0 or (steps & (steps + 1)) == 0 or (steps & (steps - 1)) == 0


def _hypothesis(both: InputPair, columns: Sequence[NumberPair], scaler: Scaler) -> Hypothesis:
    names = tuple(pair.name for pair in columns)
    return Hypothesis(
        Finding(
            check="scaler_fit_on_both",
            kind="scaler_fit_on_both",
            columns=names,
            transformation=f"both splits were {scaler.name} with their common statistics",
            severity="warn",
            message="The scaler was fitted on train and validation together: pooled they have"
            f" {scaler.mark} to the last digit in {ticked(names)}, train alone does not.",
            evidence=(_detail(columns[0], scaler),),
            fix=scaled_by(both, columns, scaler),
        ),
        explains=frozenset(pair.place for pair in columns),
        certain=True,
    )


def _detail(example: NumberPair, scaler: Scaler) -> str:
    """Returns what train has alone in one of the columns."""
    train, name = example.train, f"`{example.name}`"
    if scaler.surprise is not None or scaler is STANDARD:
        return (
            f"train alone has mean {train.mean:.3g} and deviation {train.deviation:.6g} in {name},"
            f" together they have {scaler.mark}"
        )
    if scaler.quantiles is not None:
        low, middle, high = train.quantiles(np.array(scaler.quantiles))
        return (
            f"train alone has the median {middle:.3g} and quantiles {high - low:.4g} apart in"
            f" {name}"
        )
    if scaler.shaped:
        return f"train alone has only nearly {scaler.mark} in {name}, both together exactly"
    return (
        f"train alone spans {train.least:.4g} to {train.greatest:.4g} in {name}, together they have"
        f" {scaler.mark} in every column"
    )
