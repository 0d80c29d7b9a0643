"""Each split was scaled with its own statistics, or the scaler was fitted on validation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import ENOUGH
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fingerprints import (
    CENTRED,
    ENDS,
    SCALERS,
    STANDARD,
    Quantiles,
    Scaler,
    centred_by_rows,
    continuous,
    hardly_repeats,
    has_quantiles,
    piles_up,
    surprisingly_even,
)
from mlflow_plateau.checks.fix import scaled_by
from mlflow_plateau.checks.labels import quantities
from mlflow_plateau.checks.lattice import step_of
from mlflow_plateau.checks.transformation import ticked

NEAR = 1.0
"""A column that departs less from being scaled was scaled, with statistics from elsewhere."""

ROUNDED = 1e-3
"""How far off a column may be that was standardised in float32, where most others are not."""

NOT_CLIPPED = 7.0
"""Where no value comes twice, validation can end exactly where train does only if a scaler cuts off
what is beyond: one in a thousand is told to. In nats."""

OTHER_LATTICE = 7.0
"""Rounded values stand as far apart as one over their range, to the last digit: with other steps in
each split they were scaled by other ranges. In nats."""

MOVED = 0.01
"""What rounding may move a lattice by, in steps."""

SAME_STEP = 1e-4
"""What rounding may change a step by, relative to it."""

HARMLESS_ROWS = 10_000
"""With so many rows the statistics of two samples are the same to a percent."""


def scaler_refit(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds the mark of a scaler in validation, where it must not be: it was fitted on train."""
    for both in quantities(comparison):
        columns = continuous(both)
        if not both.exact or not columns:
            continue
        if centred_by_rows(both.train) and centred_by_rows(both.validation):
            continue  # each row has its own statistics, as it should
        found = [(scaler, *_refit(columns, scaler)) for scaler in SCALERS]
        # Ranks end at 0 and 1 as well; that they are spread evenly says more.
        scaler, refit, of_train = max(
            found, key=lambda one: (len(one[1]), _own_ranks(one[1], one[0]) >= ENOUGH)
        )
        if refit:
            yield _hypothesis(both, refit, scaler, of_train)


def _refit(columns: Sequence[NumberPair], scaler: Scaler) -> tuple[list[NumberPair], bool]:
    """Returns the columns of validation that were scaled by themselves, and if train was as well.

    If it was not, it was scaled with validation's statistics.
    """
    if scaler.quantiles is not None:
        return _of_own_quantiles(columns, scaler.quantiles), True
    validation = [pair for pair in columns if scaler.bears(pair.validation)]
    twice = [pair for pair in validation if scaler.bears(pair.train)]
    of_train = [pair for pair in columns if scaler.bears(pair.train)]
    if scaler is STANDARD:
        elsewhere = [pair for pair in validation if scaler.departure(pair.train) < NEAR]
        if not twice and len(elsewhere) >= 2 and len(elsewhere) == len(validation):
            return elsewhere, False
        # Sums in float32 leave some columns a little off, and those of all pixels each.
        rounded = [pair for pair in validation if scaler.departure(pair.train) <= ROUNDED]
        pooled = any(pair.train.total > pair.train.rows for pair in validation)
        known = pooled or 2 * len(twice) >= len(validation)
        both = len(rounded) == len(validation) and known
        return (validation, True) if both else ([], True)
    # A scaler that was used on one column was used on all that are like it.
    if len(twice) < max(scaler.least_own, len(of_train)):
        return [], True
    return (twice, True) if _against_chance(twice, scaler) >= ENOUGH else ([], True)


def _against_chance(twice: Sequence[NumberPair], scaler: Scaler) -> float:
    """Returns how surprising it is that validation bears the mark by itself, in nats."""
    if scaler.surprise is not None:
        moved = OTHER_LATTICE * sum(_on_moved_lattice(pair) for pair in twice)
        return moved + math.fsum(scaler.surprise(pair.validation) for pair in twice)
    surprise = sum(_surprise(pair) for pair in twice)
    # Where several of train's rows stand at an end its values end there, scaled or not.
    telling = [pair for pair in twice if _ends_once(pair.train)]
    if telling and all(_ends_once(pair.validation) for pair in telling):
        surprise += NOT_CLIPPED
    surprise += OTHER_LATTICE * sum(_on_other_lattice(pair) for pair in twice)
    return surprise + _own_ranks(twice, scaler)


def _own_ranks(columns: Sequence[NumberPair], scaler: Scaler) -> float:
    """Returns how surprisingly even validation's values are, as their own ranks are, in nats."""
    if scaler.share_below is None:
        return 0.0
    own = [pair.validation for pair in columns if hardly_repeats(pair.validation)]
    return min((surprisingly_even([column], scaler.share_below) for column in own), default=0.0)


def _of_own_quantiles(columns: Sequence[NumberPair], shares: Quantiles) -> list[NumberPair]:
    """Returns the columns whose quantiles are those of a robust scaler in either split.

    Where values repeat, another sample may well have the same quantiles, but then also the same
    steps.
    """
    scaled = [
        pair
        for pair in columns
        if has_quantiles(pair.train, shares) and has_quantiles(pair.validation, shares)
    ]
    against_chance = sum(
        OTHER_LATTICE if _on_other_lattice(pair) else _same_quantiles(pair, shares)
        for pair in scaled
    )
    return scaled if against_chance >= ENOUGH else []


def _same_quantiles(pair: NumberPair, shares: Quantiles) -> float:
    """Returns how surprising it is that validation has train's median and quantiles, in nats.

    The share of rows below a sample's quantile is normal around it, with variance q (1 − q) / rows:
    the more rows share the value at it, the more often another sample has the same one.
    """
    low, middle, high = map(pair.train.share_at, shares)
    rows = pair.validation.total
    surprise = 0.0
    for share, variance in ((middle, 0.25), (max(low, high), shares[0] * (1 - shares[0]))):
        surprise -= math.log(min(1.0, share * math.sqrt(rows / (2 * math.pi * variance))))
    return surprise


def _ends_once(column: Distribution) -> bool:
    """Whether one row alone stands at each end, and values hardly repeat."""
    alone = column.at_least == column.at_greatest == 1 and hardly_repeats(column)
    return alone and not any(piles_up(column, end) for end in (column.least, column.greatest))


def _on_other_lattice(pair: NumberPair) -> bool:
    """Whether values that were rounded before they were scaled have other steps in each split."""
    mine = step_of(pair.train, pair.train.least)
    theirs = step_of(pair.validation, pair.validation.least)
    if mine is None or theirs is None:
        return False
    # Among fewer rows neighbours may be missing, and pixels may span 1 or 2: a step is a multiple.
    multiple = max(theirs / mine, mine / theirs)
    return abs(multiple - round(multiple)) > SAME_STEP * multiple


def _on_moved_lattice(pair: NumberPair) -> bool:
    """Whether values on a lattice have something else taken off in each split."""
    train, validation = pair.train, pair.validation
    step, other = step_of(train, train.least), step_of(validation, validation.least)
    if step is None or other is None or _on_other_lattice(pair):
        return False
    moved = (validation.least - train.least) / step
    return abs(moved - round(moved)) > MOVED


def _surprise(pair: NumberPair) -> float:
    """Returns how surprising it is that validation reaches the same ends as train, in nats."""
    train, validation = pair.train, pair.validation
    rows = validation.total
    surprise = 0.0
    for end, other, count, again in (
        (train.least, validation.least, train.at_least, validation.at_least),
        (train.greatest, validation.greatest, train.at_greatest, validation.at_greatest),
    ):
        if abs(end - other) > ENDS or piles_up(train, end):
            continue
        if again > 1 and hardly_repeats(validation):
            continue  # a scaler of train's cut off what was beyond
        share = min(count / train.total, 1 - 1e-12)
        reached = -math.expm1(rows * math.log1p(-share))
        surprise -= math.log(max(reached, 1e-300))
    return surprise


def _hypothesis(
    both: InputPair, columns: Sequence[NumberPair], scaler: Scaler, of_train: bool
) -> Hypothesis:
    names = tuple(pair.name for pair in columns)
    rows = min(pair.validation.total for pair in columns)
    error = 1 / math.sqrt(rows)
    where = "both splits have" if of_train else "validation has, and train has not,"
    said = (
        "Each split was scaled with its own statistics"
        if of_train
        else "The scaler was fitted on validation instead of train"
    )
    return Hypothesis(
        Finding(
            check="scaler_refit",
            kind="scaler_refit",
            columns=names,
            transformation="validation was "
            f"{scaler.name} with its own statistics instead of train's",
            severity="warn" if rows >= HARMLESS_ROWS else "fail",
            message=f"{said}: {where} {scaler.mark} to the last digit in {ticked(names)}.",
            evidence=(
                f"with train's statistics, validation's means would be off zero by about"
                f" {error:.2g} (one standard error of {rows:,.0f} rows)"
                if scaler in (STANDARD, CENTRED)
                else f"validation has {scaler.mark} in every column by itself",
            ),
            fix=scaled_by(both, columns, scaler),
            constants={"columns": float(len(names)), "standard_error": error},
            treated="validation",
            function=scaler.name,
        ),
        explains=frozenset(pair.place for pair in columns),
        certain=True,
    )
