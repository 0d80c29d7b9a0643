"""The scaler was fitted on train and validation together: leakage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import pooled_distribution
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fingerprints import (
    ENDS,
    MIN_MAX,
    QUANTILE,
    QUARTILES,
    ROBUST,
    STANDARD,
    UNIT_RANGE,
    Scaler,
    continuous,
    is_standard,
    standardised_by_rows,
)
from mlflow_plateau.checks.fix import scaled_by
from mlflow_plateau.checks.labels import quantities
from mlflow_plateau.checks.lattice import step_of
from mlflow_plateau.checks.transformation import ticked

REPEATED = 0.5
"""Distinct values, as a part of the rows, below which values repeat."""

AT_AN_END = 0.001
"""Where more than this part of the rows stands at an end, values end there by themselves."""

LEAST_COLUMNS = 3
"""This many columns that span exactly 0 to 1 together are no chance."""

LEAST_ENDS = 1
"""This many of their ends have to stand in validation alone: with a scaler of train's none does."""

LEAST_RANGES = 2
"""Rounded columns that were scaled one by one have at least so many numbers of steps."""

RANGES_OF = {MIN_MAX: (0.0, 1.0), UNIT_RANGE: (-1.0, 1.0)}
"""What scalers of ranges make columns span."""


def scaler_fit_on_both(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds the mark of a scaler in both splits together, although neither has it alone."""
    for both in quantities(comparison):
        columns = continuous(both)
        if not both.exact or not columns:
            continue
        if standardised_by_rows(both.train) and standardised_by_rows(both.validation):
            continue
        pooled = [pair for pair in columns if _pooled_standard(pair)]
        if pooled:
            if not any(STANDARD.bears(pair.train) for pair in columns):
                yield _hypothesis(both, pooled, STANDARD)
            continue
        for scaler, bounds in RANGES_OF.items():
            if _pooled_range(columns, *bounds):
                yield _hypothesis(both, columns, scaler)
        quartiles = [pair for pair in columns if _pooled_quartiles(pair)]
        if len(quartiles) >= LEAST_COLUMNS and 2 * len(quartiles) >= len(columns):
            yield _hypothesis(both, quartiles, ROBUST)


def _pooled_standard(pair: NumberPair) -> bool:
    train, validation = pair.train, pair.validation
    total = train.total + validation.total
    weight = validation.total / total
    mean = (1 - weight) * train.mean + weight * validation.mean
    squares = (1 - weight) * (train.deviation**2 + train.mean**2) + weight * (
        validation.deviation**2 + validation.mean**2
    )
    deviation = math.sqrt(max(squares - mean**2, 0.0))
    return is_standard(mean, deviation, total) and not STANDARD.bears(validation)


def _pooled_quartiles(pair: NumberPair) -> bool:
    """Whether both splits together have a median of 0 and quartiles 1 apart, and none alone."""
    together = pooled_distribution(pair.train, pair.validation)
    alone = ROBUST.bears(pair.train) or ROBUST.bears(pair.validation)
    return not alone and ROBUST.bears(together)


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
    if not train.atoms or len(train.low) > REPEATED * train.total:
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
    example = columns[0]
    quartiles = example.train.quantiles(QUARTILES)
    detail = (
        f"train alone has mean {example.train.mean:.3g} and deviation"
        f" {example.train.deviation:.6g} in `{example.name}`, together they have 0 and 1"
        if scaler is STANDARD
        else f"train alone has the median {quartiles[1]:.3g} and quartiles"
        f" {quartiles[2] - quartiles[0]:.4g} apart in `{example.name}`"
        if scaler is ROBUST
        else f"train alone spans {example.train.least:.4g} to {example.train.greatest:.4g} in"
        f" `{example.name}`, together they have {scaler.mark} in every column"
    )
    return Hypothesis(
        Finding(
            check="scaler_fit_on_both",
            kind="scaler_fit_on_both",
            columns=names,
            transformation=f"both splits were {scaler.name} with their common statistics",
            severity="warn",
            message="The scaler was fitted on train and validation together: pooled they have"
            f" {scaler.mark} to the last digit in {ticked(names)}, train alone does not.",
            evidence=(detail,),
            fix=scaled_by(both, columns, scaler),
        ),
        explains=frozenset(pair.place for pair in columns),
        certain=True,
    )
