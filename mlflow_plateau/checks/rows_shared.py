"""The same rows appear in both splits: leakage."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.stats import poisson

from mlflow_plateau.checks.comparison import Comparison
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import FALSE_FINDINGS
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import comment, name_of, without_shared
from mlflow_plateau.checks.lattice import step_of
from mlflow_plateau.checks.transformation import number

LEAST_SHARE = 0.002
"""Shared rows below this share of validation change no loss."""

SERIOUS_SHARE = 0.05
"""From this share on the validation loss is no longer that of unseen rows."""

SERIOUS_ROWS = 3
"""Fewer shared rows are rather duplicates that were measured twice than a leak."""

UNSEEN_REPEATS = 6
"""Rows of train that may well have had company, though none was seen to: three pairs, the upper
limit of 95 % where there are none."""

HARDLY = 1.05
"""Values that occur so often on average or less do not come twice by chance."""

COPIED_SHARE = 0.02
"""Fewer rows than this that appear in both splits are what some data hold twice anyway."""

COMMONEST = 0.05
"""A value that is a larger part of its column is a usual one, such as zero."""

POSSIBLE = 20.0
"""This many possible values for each row that are hardly ever the same by chance."""

STANDARD_ERRORS = 5.0
"""The share has to exceed what repetition in train explains by so many standard errors."""

USUAL_TIMES = 8
"""A row that stands in one split so often, …"""

USUAL_SHARE = 0.005
"""… and makes up this part of it, says nothing of copies, …"""

MOST_USUAL = 3
"""… if there are no more of them: all rows of few different values are usual."""

MOST_REPEAT = 0.5
"""Where this part of the rows repeats by itself, sharing is told by the others, …"""

OF_THE_REST = 0.25
"""… of which at least this part has to be shared."""


def rows_shared(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds rows of validation that train holds too, beyond what repetition explains.

    Where rows repeat by themselves, a new row has been seen with probability 1 − (rows that occur
    once) / rows (Good, "The Population Frequencies of Species", Biometrika 1953); only what exceeds
    this was leaked. Rows that are the same to the last digit do not repeat by themselves: they were
    copied. Where no column tells rows apart by itself, a few more may coincide.
    """
    if comparison.train.coverage.in_part or comparison.validation.coverage.in_part:
        return  # the share of shared rows is not known from a part
    train, validation = comparison.train.row_hashes, comparison.validation.row_hashes
    if not train.rows or not validation.rows:
        return
    limit = np.uint64(min(train.limit, validation.limit))
    mine, often = train.distinct()
    known = mine <= limit
    mine, often = mine[known], often[known]
    theirs = validation.hashes[validation.hashes <= limit]
    usual = np.union1d(_usual(mine, often), _usual(*np.unique(theirs, return_counts=True)))
    rows = len(theirs)
    kept = ~np.isin(mine, usual)
    mine, often, theirs = mine[kept], often[kept], theirs[~np.isin(theirs, usual)]
    if not len(mine) or not len(theirs):
        return
    shared = int(np.count_nonzero(_contained(theirs, mine)))
    share = shared / rows
    repeated = 1 - float(np.count_nonzero(often == 1)) / float(often.sum())
    copied = share >= COPIED_SHARE and _are_copies(comparison, float(often.mean()))
    expected = min((0.0 if copied else repeated) + _cut_off(comparison), 1.0)
    error = math.sqrt(max(expected * (1 - expected), 1e-12) / len(theirs))
    excess = share - expected
    if shared < 1 or excess < LEAST_SHARE or excess <= STANDARD_ERRORS * error:
        return
    if not _hardly_repeat(comparison):
        likely = len(theirs) * (expected + UNSEEN_REPEATS / float(often.sum()))
        if float(poisson.sf(shared - 1, likely)) > FALSE_FINDINGS:
            return  # rows of so few different values may coincide
    if not copied and expected > MOST_REPEAT and excess < OF_THE_REST * (1 - expected):
        return  # most rows repeat by themselves, and few of the others are shared
    estimated = share * validation.rows
    if copied:
        aside = (
            f"; {repeated:.1%} of train's rows stand there more than once, to the last digit: rows"
            " were copied before they were split"
        )
    else:
        aside = f"; by repetition alone it would be {expected:.1%}" if expected >= 0.0005 else ""
    yield Hypothesis(
        Finding(
            check="rows_shared",
            kind="rows_shared",
            columns=(),
            transformation=f"{share:.2%} of validation's rows stand in train",
            severity=_severity(excess, shared),
            message=f"{share:.1%} of validation's rows ({number(round(estimated))} of"
            f" {number(validation.rows)}) also stand in train{aside}.",
            fix=_without_shared(comparison),
            constants={"share": share, "expected": expected, "rows": estimated},
        ),
        certain=True,
    )


def _severity(excess: float, shared: int) -> str:
    if shared < SERIOUS_ROWS:
        return "info"
    return "fail" if excess >= SERIOUS_SHARE else "warn"


def _usual(
    distinct: np.ndarray[tuple[int], np.dtype[np.uint64]],
    often: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Returns the few rows that come again and again by themselves: all zero, all white, empty."""
    found = distinct[often >= max(USUAL_TIMES, USUAL_SHARE * float(often.sum()))]
    return found if len(found) <= MOST_USUAL else distinct[:0]


def _without_shared(comparison: Comparison) -> str:
    """Returns code that takes the shared rows out of validation."""
    inputs = list(comparison.features)
    if len(inputs) != 1:
        return comment("drop duplicates before the rows are split")
    targets = [name_of(both, "validation") for both in comparison.targets]
    return without_shared(inputs[0], targets)


def _cut_off(comparison: Comparison) -> float:
    """Returns the greatest share of validation's rows that a scaler may have brought to train's.

    One that clips brings what is beyond train's range to its ends, where a row of train stands.
    """
    shares = []
    for both in comparison.features:
        if both.train.layout.pooled or len(both.numbers) < len(both.train.layout.columns):
            return 0.0
        shares += [_beyond_ends(pair.train, pair.validation) for pair in both.numbers]
    return min(shares, default=0.0)


def _beyond_ends(train: Distribution, validation: Distribution) -> float:
    """Returns how much more of validation than of train stands at the ends that they share."""
    ends = (
        (train.least, validation.least, train.at_least, validation.at_least),
        (train.greatest, validation.greatest, train.at_greatest, validation.at_greatest),
    )
    return sum(
        max(again / validation.total - count / train.total, 0.0)
        for end, other, count, again in ends
        if end == other
    )


def _are_copies(comparison: Comparison, often: float) -> bool:
    """Whether rows that are the same are copies of one, and not alike by chance.

    They are where a column that is not rounded has the same value only where all others have, too.

    Args:
        comparison: The splits.
        often: How often a row of train occurs, on average.
    """
    if often <= 1 or sum(len(both.matched) for both in comparison.features) < 2:
        return False
    return any(
        len(counts) > 1
        and float(counts.mean()) <= HARDLY * often
        and counts.max() <= max(COMMONEST * float(counts.sum()), 4)
        and not _is_rounded(pair.train)
        for both in comparison.features
        if not both.sequences and not both.train.layout.pooled
        for pair in both.numbers
        for counts in (both.train.distinct.of_column(pair.number)[1],)
    )


def _is_rounded(column: Distribution) -> bool:
    """Whether a column has so few possible values that some come again by chance."""
    step = step_of(column, column.least)
    return step is not None and column.greatest - column.least < POSSIBLE * column.total * step


def _hardly_repeat(comparison: Comparison) -> bool:
    """Whether the values of some column are nearly all different, as measurements are."""
    states = [both.train for both in comparison.features]
    often = [
        state.distinct.of_column(column)[1]
        for state in states
        for column in range(len(state.layout.columns))
    ]
    return any(len(counts) > 1 and float(counts.mean()) <= HARDLY for counts in often)


def _contained(
    sought: np.ndarray[tuple[int], np.dtype[np.uint64]],
    ascending: np.ndarray[tuple[int], np.dtype[np.uint64]],
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    place = np.minimum(np.searchsorted(ascending, sought), len(ascending) - 1)
    return np.asarray(ascending[place] == sought)
