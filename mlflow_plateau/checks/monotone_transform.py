"""A logarithm, square root or similar was applied to one split only."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import CLAIM, FITS, ORDINARY_SHIFT, TOLERANCE
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import applied, comment
from mlflow_plateau.checks.input_fingerprints import scaled_alike
from mlflow_plateau.checks.labels import quantities
from mlflow_plateau.checks.monotone_functions import (
    FUNCTIONS,
    OF_COLUMNS,
    Function,
    Treatment,
)
from mlflow_plateau.checks.monotone_values import LEAST_ROWS, told_by_values
from mlflow_plateau.checks.transformation import best_affine, misfit, number, ticked
from mlflow_plateau.profiles.table import CHANNEL_COUNTS

RANK = "rank({})"

ABOUT = 0.5
"""Formulas fit about as well if they leave distances that differ by so many standard errors."""

HALF = 0.5
"""A transformation has to remove at least this part of the difference."""

COLLAPSED = 1e-3
"""A function that leaves less of the middle values' width, relative to them, leaves one value."""


Fit = tuple[float, float]
"""The nats against a formula, and how far the distributions are apart after it."""


def monotone_transform(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds the transformation, of a short list, that makes the splits agree without a constant."""
    for both in quantities(comparison):
        told = told_by_values(both)
        for treatment, pairs in told.items():
            yield _hypothesis(both, pairs, treatment, CLAIM, certain=True)
        places = {pair.place for pairs in told.values() for pair in pairs}
        is_scaled = scaled_alike(both)
        fitting = {
            pair: _transformations(pair)
            for pair in both.different
            if not (pair.place in places or both.holds_dates(pair) or is_scaled(pair))
        }
        groups: dict[Treatment, list[NumberPair]] = defaultdict(list)
        costs: dict[Treatment, float] = defaultdict(float)
        for pair, (treatment, against) in _in_common(fitting).items():
            groups[treatment].append(pair)
            costs[treatment] += against
        are_pixels = both.train.layout.pooled and len(both.train.layout.columns) in CHANNEL_COUNTS
        for treatment, pairs in groups.items():
            # Pixels are transformed in all channels, or in none.
            if not are_pixels or len(pairs) == len(both.different):
                yield _hypothesis(both, pairs, treatment, CLAIM + len(pairs) + costs[treatment])


def _in_common(
    fitting: Mapping[NumberPair, Mapping[Treatment, Fit]],
) -> dict[NumberPair, tuple[Treatment, float]]:
    """Returns for each column one of the treatments that fit it, and the nats that it leaves.

    What was done to several columns was the same: of treatments that fit a column about as well,
    that is taken which fits most of the others.
    """
    chosen: dict[NumberPair, tuple[Treatment, float]] = {}
    left = {pair: dict(fits) for pair, fits in fitting.items() if fits}
    while left:
        worth: dict[Treatment, tuple[int, float]] = {}
        for fits in left.values():
            for treatment, (_, apart) in fits.items():
                columns, together = worth.get(treatment, (0, 0.0))
                worth[treatment] = columns + 1, together - apart
        best = max(worth, key=lambda treatment: worth[treatment])
        chosen |= {pair: (best, fits[best][0]) for pair, fits in left.items() if best in fits}
        left = {pair: fits for pair, fits in left.items() if best not in fits}
    return chosen


def _transformations(pair: NumberPair) -> dict[Treatment, Fit]:
    """Returns the treatments that make the splits agree about as well as the best of them."""
    if pair.rows < LEAST_ROWS or not (pair.train.deviation and pair.validation.deviation):
        return {}
    found: dict[Treatment, Fit] = {}
    limit = HALF * pair.distance
    if pair.as_shift <= ORDINARY_SHIFT:
        # Populations shift and stretch: a transformation has to do better than these.
        natural = best_affine(pair)
        usual = TOLERANCE + 1 / math.sqrt(pair.rows)
        limit = min(limit, usual, HALF * natural.distance if natural else 1.0)
    for one in OF_COLUMNS:
        for of_train in (True, False):
            if _collapses(pair.train if of_train else pair.validation, one.function):
                continue  # one constant fits another
            against, apart = misfit(pair, one.function, of_train=of_train)
            if against <= FITS and apart <= limit:
                treated = "validation" if of_train else "train"
                found[Treatment(treated, one.name)] = against, apart
    if not found:
        ranked = _ranked(pair)
        return {} if ranked is None else {ranked: (0.0, 0.0)}
    most = min(apart for _, apart in found.values()) + ABOUT / math.sqrt(pair.rows)
    return {treatment: fit for treatment, fit in found.items() if fit[1] <= most}


def _collapses(column: Distribution, function: Function) -> bool:
    """Whether a function takes most values, that differ, to one: those beyond its steep part."""
    with np.errstate(all="ignore"):
        mapped = function(column.quantiles()[5:-5])
    width = float(np.ptp(mapped)) if np.all(np.isfinite(mapped)) else math.inf
    return width <= COLLAPSED * float(np.max(np.abs(mapped)))


def _ranked(pair: NumberPair) -> Treatment | None:
    """Returns ranks if one split is evenly spread over 0 to 1 or over 1 to n, and one is not.

    Another population that was ranked among train's values is spread unevenly, but not beyond the
    range of ranks: only where the other split lies outside of it was it not ranked.
    """
    for split, one, other in (
        ("validation", pair.validation, pair.train),
        ("train", pair.train, pair.validation),
    ):
        if one.total < 50 or _counts_up(other) or pair.as_shift <= ORDINARY_SHIFT:
            continue
        if other.least >= 0 and other.greatest <= max(1.0, one.greatest):
            continue
        if _evenly_spread(one) < 2 * TOLERANCE_OF_RANKS < _evenly_spread(other):
            return Treatment(split, RANK)
    return None


TOLERANCE_OF_RANKS = 0.02
"""Ranks are spread more evenly than this; samples of uniform values are not, below 5,000 rows."""


def _evenly_spread(column: Distribution) -> float:
    """Returns the distance from evenly spread values between 0 and 1, or 1 and n."""
    grid = np.linspace(0.01, 0.99, 99)
    quantiles = column.quantiles(grid)
    top = 1.0 if column.greatest <= 1.0 + 1e-6 else column.total
    if not 0.95 * top <= column.greatest <= top * (1 + 1e-6) or column.least < -1e-6:
        return 1.0
    if column.total > 2 * len(column.low) and column.atoms:
        return 1.0
    return float(np.max(np.abs(quantiles / top - grid)))


def _counts_up(column: Distribution) -> bool:
    """Whether values are spread evenly over their own range, as row numbers and times are."""
    grid = np.linspace(0.01, 0.99, 99)
    span = column.greatest - column.least
    if not span > 0:
        return True
    inside = (column.quantiles(grid) - column.least) / span
    return float(np.max(np.abs(inside - grid))) < 2 * TOLERANCE_OF_RANKS


def _hypothesis(
    both: InputPair,
    pairs: list[NumberPair],
    treatment: Treatment,
    cost: float,
    *,
    certain: bool = False,
) -> Hypothesis:
    names = tuple(pair.name for pair in pairs)
    example = pairs[0]
    return Hypothesis(
        Finding(
            check="monotone_transform",
            kind="monotone_transform",
            columns=names,
            transformation=treatment.formula,
            severity="fail",
            message=f"{ticked(names)}: {treatment.formula}; the other split was left as it is"
            f" (medians {number(float(example.train.quantiles()[49]))} in train,"
            f" {number(float(example.validation.quantiles()[49]))} in validation).",
            evidence=(
                f"before it the distributions of `{example.name}` differ by"
                f" {example.distance:.0%} of the rows, after it by no more than chance",
            ),
            fix=_fix(both, pairs, treatment),
            treated=treatment.split,
            function=treatment.function,
        ),
        explains=frozenset(pair.place for pair in pairs),
        cost=cost,
        certain=certain,
    )


def _fix(both: InputPair, pairs: list[NumberPair], treatment: Treatment) -> str:
    """Returns code that applies to validation what train has, or undoes what train has not."""
    if treatment.function not in FUNCTIONS:
        what = treatment.function.format("x")
        return comment(f"apply {what} to both splits or to neither; {treatment.split} has it alone")
    known = FUNCTIONS[treatment.function]
    code = known.code if treatment.split == "train" else known.inverse_code
    return applied(both, pairs, code.format)
