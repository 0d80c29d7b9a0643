"""A logarithm, square root or similar was applied to one split only."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import (
    CLAIM,
    ENOUGH,
    FITS,
    ORDINARY_SHIFT,
    TOLERANCE,
    likelihood_ratio,
)
from mlflow_plateau.checks.finding import Finding, Hypothesis, Place
from mlflow_plateau.checks.fix import applied, comment
from mlflow_plateau.checks.input_fingerprints import scaled_alike
from mlflow_plateau.checks.labels import quantities
from mlflow_plateau.checks.lattice import step_of
from mlflow_plateau.checks.monotone_functions import (
    BRIGHTEST,
    FUNCTIONS,
    OF_BYTES,
    OF_COLUMNS,
    OF_PIXELS,
    Function,
)
from mlflow_plateau.checks.transformation import best_affine, misfit, number, shown, ticked
from mlflow_plateau.profiles.table import CHANNEL_COUNTS

RANK = "rank({})"
CLIP = "clip({})"

DONE = {
    f"{one} = {name.format(other)}": (one, name)
    for name in (*FUNCTIONS, RANK)
    for one, other in (("train", "validation"), ("validation", "train"))
}
"""The split that something was done to, and what, by the formula that says so."""

LEAST_ROWS = 12.0
"""Rows that a comparison has to be worth to tell transformations apart."""

ABOUT = 0.5
"""Formulas fit about as well if they leave distances that differ by so many standard errors."""

HALF = 0.5
"""A transformation has to remove at least this part of the difference."""

LEAST_VALUES = 3
"""Different roots or logarithms, in all columns together, that are no chance."""

LEAST_GAPS = 8
"""So many values that one split has and the other has not, all of which a function skips, …"""

MOST = 0.8
"""… which is this part of those that it skips, are no chance."""

SINGLE = 6e-8
"""What float32 moves a value by, relative to it …"""

ROUNDED = 8 * SINGLE
"""… and what a power of it is off by, which is calculated from rounded values in float32."""

NATURAL_GROWTH = 3.0
"""The greatest count of another sample may be so many times greater."""

COLLAPSED = 1e-3
"""A function that leaves less of the middle values' width, relative to them, leaves one value."""

MOST_CLIPPED = 0.95
"""Who clips away more has nothing left."""

CLIPPED = 0.01
"""Share of rows that have to stand at the end for a split to be called clipped."""


BYTES = np.arange(BRIGHTEST + 1, dtype=np.float64)
"""All that a pixel of eight bits can be."""

ROUNDED_BYTES = tuple(
    replace(one, function=partial(lambda one, whole, x: whole(one.function(x)), one, whole))
    for one in OF_BYTES
    for whole in (np.round, np.floor)
)
"""Functions of pixels that are whole numbers again: rounded, or cut off."""

Fit = tuple[float, float]
"""The nats against a formula, and how far the distributions are apart after it."""


def monotone_transform(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds the transformation, of a short list, that makes the splits agree without a constant."""
    groups: dict[tuple[str, str], list[NumberPair]] = defaultdict(list)
    costs: dict[tuple[str, str], float] = defaultdict(float)
    for both in quantities(comparison):
        on_lattices, places = _of_lattices(both)
        yield from on_lattices
        is_scaled = scaled_alike(both)
        fitting = {
            pair: _transformations(pair)
            for pair in both.different
            if not (pair.place in places or both.holds_dates(pair) or is_scaled(pair))
        }
        for pair, (formula, against) in _in_common(fitting).items():
            groups[both.name, formula].append(pair)
            costs[both.name, formula] += against
        if both.train.layout.pooled and len(both.train.layout.columns) in CHANNEL_COUNTS:
            # Pixels are transformed in all channels, or in none.
            for key in [key for key in groups if key[0] == both.name]:
                if len(groups[key]) < len(both.different):
                    del groups[key]
        for pair in both.features:
            yield from _clipped(both, pair)
    inputs = {both.name: both for both in comparison.inputs}
    for key, pairs in groups.items():
        yield _hypothesis(inputs[key[0]], pairs, key[1], CLAIM + len(pairs) + costs[key])


def _of_lattices(both: InputPair) -> tuple[list[Hypothesis], frozenset[Place]]:
    """Returns what was applied to counts or pixels, told by their values alone, and where.

    Of counts one split holds whole numbers, the other 0, log 2, log 3 and so on; of pixels one
    holds multiples of 1/255, the other their roots. Where most are zero the distributions hardly
    differ, and where pictures are darker they differ as much, but no population has such values.
    """
    formulas: dict[str, list[NumberPair]] = defaultdict(list)
    values: dict[str, set[float]] = defaultdict(set)
    for pair in both.features:
        if pair.rows < LEAST_ROWS:
            continue
        for plain, done, formula in (
            (pair.train, pair.validation, "validation = {} of train"),
            (pair.validation, pair.train, "train = {} of validation"),
        ):
            name, told = _of_lattice(plain, done)
            if name:
                one, other = formula.split(" = {} of ")
                formulas[f"{one} = {name.format(other)}"].append(pair)
                values[f"{one} = {name.format(other)}"] |= told
    found = [
        _hypothesis(both, pairs, formula, CLAIM, certain=True)
        for formula, pairs in formulas.items()
        if len(values[formula]) >= LEAST_VALUES
    ]
    return found, frozenset().union(*(hypothesis.explains for hypothesis in found))


def _of_lattice(plain: Distribution, done: Distribution) -> tuple[str, set[float]]:
    """Returns which function of one split's lattice all values of the other are, and some of them.

    Empty where none is, or the values stand on that lattice themselves.
    """
    if plain.whole and done.whole:
        return _of_gaps(plain, done)
    step = 1.0 if plain.whole else step_of(plain)
    if step is None or not done.atoms or done.rounding > 1e-5:
        return "", set()
    places = done.low / step
    told = np.abs(places - np.round(places)) > 1e3 * SINGLE * np.maximum(np.abs(places), 1.0)
    if not told.any():
        return "", set()
    pixels = plain.least >= 0 and plain.greatest <= 1 and not plain.whole
    for one in (*OF_COLUMNS, *OF_PIXELS) if pixels else OF_COLUMNS:
        with np.errstate(all="ignore"):
            counts = np.round(one.inverse(done.low) / step)
            again, after = (one.function((counts + more) * step) for more in (0.0, 1.0))
            fits = np.abs(again - done.low) <= ROUNDED * np.abs(done.low) + SINGLE**2
            # Large numbers are close to each other's logarithms, whatever they are.
            apart = np.abs(after - again) > 1e3 * SINGLE * np.abs(done.low)
        least, greatest = min(plain.least, 0.0), NATURAL_GROWTH * max(plain.greatest, step)
        inside = (counts * step >= least) & (counts * step <= greatest)
        if bool(np.all(fits & inside & apart)):
            return one.name, set(np.round(done.low[told], 5).tolist())
    return "", set()


def _of_gaps(plain: Distribution, done: Distribution) -> tuple[str, set[float]]:
    """Returns which power of one split's bytes the other's are, and the values that it leaves out.

    Where a power is steep it skips some of the whole numbers, which no pictures do by themselves.
    """
    if not (_are_bytes(plain) and _are_bytes(done)):
        return "", set()
    between = BYTES[(done.least < BYTES) & (done.greatest > BYTES)]
    for one in ROUNDED_BYTES:
        made = np.isin(between, one.function(BYTES))
        gaps, rest = between[~made], between[made]
        if len(gaps) < LEAST_GAPS or np.isin(gaps, done.low).any():
            continue
        if min(np.isin(gaps, plain.low).mean(), np.isin(rest, done.low).mean()) >= MOST:
            return one.name, set(gaps.tolist())
    return "", set()


def _in_common(
    fitting: Mapping[NumberPair, Mapping[str, Fit]],
) -> dict[NumberPair, tuple[str, float]]:
    """Returns for each column one of the formulas that fit it, and the nats that it leaves.

    What was done to several columns was the same: of formulas that fit a column about as well, that
    is taken which fits most of the others.
    """
    chosen: dict[NumberPair, tuple[str, float]] = {}
    left = {pair: dict(fits) for pair, fits in fitting.items() if fits}
    while left:
        worth: dict[str, tuple[int, float]] = {}
        for fits in left.values():
            for formula, (_, apart) in fits.items():
                columns, together = worth.get(formula, (0, 0.0))
                worth[formula] = columns + 1, together - apart
        best = max(worth, key=lambda formula: worth[formula])
        chosen |= {pair: (best, fits[best][0]) for pair, fits in left.items() if best in fits}
        left = {pair: fits for pair, fits in left.items() if best not in fits}
    return chosen


def _are_bytes(column: Distribution) -> bool:
    return column.whole and column.least >= 0 and 1 < column.greatest <= BRIGHTEST


def _transformations(pair: NumberPair) -> dict[str, Fit]:
    """Returns the formulas that make the splits agree about as well as the best of them."""
    if pair.rows < LEAST_ROWS or not (pair.train.deviation and pair.validation.deviation):
        return {}
    found: dict[str, Fit] = {}
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
                done, left = ("validation", "train") if of_train else ("train", "validation")
                found[f"{done} = {one.name.format(left)}"] = against, apart
    if not found:
        ranked = _ranked(pair)
        return {} if ranked is None else {ranked: (0.0, 0.0)}
    most = min(apart for _, apart in found.values()) + ABOUT / math.sqrt(pair.rows)
    return {formula: fit for formula, fit in found.items() if fit[1] <= most}


def _collapses(column: Distribution, function: Function) -> bool:
    """Whether a function takes most values, that differ, to one: those beyond its steep part."""
    with np.errstate(all="ignore"):
        mapped = function(column.quantiles()[5:-5])
    width = float(np.ptp(mapped)) if np.all(np.isfinite(mapped)) else math.inf
    return width <= COLLAPSED * float(np.max(np.abs(mapped)))


def _ranked(pair: NumberPair) -> str | None:
    """Returns "rank" if one split is evenly spread over 0 to 1 or over 1 to n, and one is not.

    Another population that was ranked among train's values is spread unevenly, but not beyond the
    range of ranks: only where the other split lies outside of it was it not ranked.
    """
    for name, one, other in (
        ("validation = rank(train)", pair.validation, pair.train),
        ("train = rank(validation)", pair.train, pair.validation),
    ):
        if one.total < 50 or _counts_up(other) or pair.as_shift <= ORDINARY_SHIFT:
            continue
        if other.least >= 0 and other.greatest <= max(1.0, one.greatest):
            continue
        if _evenly_spread(one) < 2 * TOLERANCE_OF_RANKS < _evenly_spread(other):
            return name
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
    both: InputPair, pairs: list[NumberPair], formula: str, cost: float, certain: bool = False
) -> Hypothesis:
    names = tuple(pair.name for pair in pairs)
    example = pairs[0]
    transformed, function = DONE[formula]
    return Hypothesis(
        Finding(
            check="monotone_transform",
            kind="monotone_transform",
            columns=names,
            transformation=formula,
            severity="fail",
            message=f"{ticked(names)}: {formula}; the other split was left as it is"
            f" (medians {number(float(example.train.quantiles()[49]))} in train,"
            f" {number(float(example.validation.quantiles()[49]))} in validation).",
            evidence=(
                f"before it the distributions of `{example.name}` differ by"
                f" {example.distance:.0%} of the rows, after it by no more than chance",
            ),
            fix=_fix(both, pairs, transformed, function),
            treated=transformed,
            function=function,
        ),
        explains=frozenset(pair.place for pair in pairs),
        cost=cost,
        certain=certain,
    )


def _fix(both: InputPair, pairs: list[NumberPair], transformed: str, function: str) -> str:
    """Returns code that applies to validation what train has, or undoes what train has not."""
    if function not in FUNCTIONS:
        what = function.format("x")
        return comment(f"apply {what} to both splits or to neither; {transformed} has it alone")
    known = FUNCTIONS[function]
    code = known.code if transformed == "train" else known.inverse_code
    return applied(both, pairs, code.format)


def _clipped(both: InputPair, pair: NumberPair) -> Iterator[Hypothesis]:
    """Yields a clip: rows pile up at one split's end, as many as the other has beyond it."""
    for clipped, other, split in (
        (pair.validation, pair.train, "validation"),
        (pair.train, pair.validation, "train"),
    ):
        if clipped.constant:
            continue
        ends: dict[str, float] = {}
        beyond_all = 0.0
        evidence = 0.0
        for name, end, piled, last in (
            ("low", clipped.least, clipped.at_least, other.at_least),
            ("high", clipped.greatest, clipped.at_greatest, other.at_greatest),
        ):
            beyond = _share(other, end, name == "low")
            if beyond < CLIPPED or last > beyond * other.total / 2:
                continue  # what stands at one place is no tail, but a value that was filled in
            there, usual = piled / clipped.total, _share_at(other, end)
            if 2 * last >= there * other.total:
                continue  # both pile up at their ends, which moved
            if there - usual >= beyond / 2:
                ends[name] = end
                beyond_all += beyond
                evidence += likelihood_ratio(there, clipped.rows, usual, other.rows)
        # None of the rows is beyond the ends, although so many of both splits' could be, …
        beyond_rows = beyond_all * other.rows
        evidence += beyond_rows * math.log1p(clipped.rows / max(other.rows, 1.0))
        # … wherever the ends would have come to lie.
        evidence -= len(ends) * math.log(max(beyond_rows, 1.0))
        if ends and beyond_all <= MOST_CLIPPED and evidence > ENOUGH:
            low, high = ends.get("low", -math.inf), ends.get("high", math.inf)
            of_train = split == "validation"
            against, _ = misfit(pair, partial(np.clip, a_min=low, a_max=high), of_train=of_train)
            if against <= FITS:
                yield _clip_hypothesis(both, pair, split, ends, beyond_all)


def _share(column: Distribution, end: float, below: bool) -> float:
    """Returns the share of rows that surely lie beyond a value."""
    slack = 1e-6 * abs(end)
    beyond = column.high < end - slack if below else column.low > end + slack
    return float(column.mass[beyond].sum()) / column.total


def _share_at(column: Distribution, value: float) -> float:
    """Returns the share of rows that may stand at a value, were they spread evenly in each lump."""
    slack = 1e-6 * abs(value)
    there = (column.low <= value + slack) & (column.high >= value - slack)
    known = there & (column.high - column.low <= 2 * slack)
    return float(column.mass[known].sum()) / column.total


def _clip_hypothesis(
    both: InputPair, pair: NumberPair, split: str, ends: dict[str, float], beyond: float
) -> Hypothesis:
    other = "train" if split == "validation" else "validation"
    limits = " and ".join(shown(pair, end) for end in ends.values())
    return Hypothesis(
        Finding(
            check="monotone_transform",
            kind="monotone_transform",
            columns=(pair.name,),
            transformation=f"{split} = clip({other}) at {limits}",
            severity="fail" if beyond >= 0.05 else "warn",
            message=f"`{pair.name}` was clipped at {limits} in {split} only: {beyond:.1%} of"
            f" {other} lies beyond, and as many rows of {split} stand exactly there.",
            fix=applied(
                both,
                [pair],
                lambda x: f"np.clip({x}, {ends.get('low')}, {ends.get('high')})",
                other,
            ),
            constants={f"limit_{place}": end for place, end in enumerate(ends.values())},
            treated=split,
            function=CLIP,
        ),
        explains=frozenset([pair.place]),
        certain=True,
    )
