"""Features or channels are in another order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair, against_same
from mlflow_plateau.checks.distribution import distance
from mlflow_plateau.checks.evidence import CLAIM, EFFECT, FITS, log_factorial
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import in_order_of_names, reordered
from mlflow_plateau.checks.labels import quantities
from mlflow_plateau.checks.transformation import ticked
from mlflow_plateau.profiles.patterns import Float64, Int64

MOST_COLUMNS = 512
"""With more columns no order is sought."""

LEFT = 4.0
USUALLY_LEFT = 1.2
"""What the moved columns may leave unexplained, in nats: so much, and so much for each."""

PER_MOVE = 4.0
"""What each moved column adds to the cost of the claim, in nats."""

MOST_APART = 1e12
"""Columns that are more deviations apart than this are just as little the same."""

CORRELATION = 0.15
"""The least change of a correlation that is worth a word."""

STANDARD_ERRORS = 6.0
"""A change of a correlation by so many standard errors is no chance, among thousands of pairs."""

MOST_COMPARED = 64
"""With more columns, exchanges two at a time take too long."""


def columns_permuted(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds another order of the columns: by their names, distributions and correlations."""
    for both in quantities(comparison):
        if both.by_name and not both.is_target:
            yield from _by_name(both)
        columns = both.features
        if 2 <= len(columns) <= MOST_COLUMNS:
            yield from _by_content(both, columns)


def _by_name(both: InputPair) -> Iterator[Hypothesis]:
    """Yields the same names in another order: ``fit`` sees positions, not names."""
    order = [other for _, other in both.matched]
    complete = len(order) == len(both.train.layout.columns) == len(both.validation.layout.columns)
    if not complete or order == sorted(order):
        return
    moved = tuple(both.column_name(mine) for mine, theirs in both.matched if mine != theirs)
    yield Hypothesis(
        Finding(
            check="columns_permuted",
            kind="columns_permuted",
            columns=moved,
            transformation="validation's columns are in the order "
            + ", ".join(column.name for column in both.validation.layout.columns[:12]),
            severity="fail",
            message=f"Validation has the same columns in another order ({ticked(moved)} moved);"
            " as arrays they are mistaken for each other.",
            fix=in_order_of_names(both),
            constants={
                both.column_name(mine): float(theirs)
                for mine, theirs in both.matched
                if mine != theirs
            },
        ),
        certain=True,
    )


def _by_content(both: InputPair, columns: Sequence[NumberPair]) -> Iterator[Hypothesis]:
    moving = [pair for pair in columns if pair.against_same > 1.0]
    order = np.arange(len(columns))
    if len(moving) >= 2:
        places = np.array([columns.index(pair) for pair in moving])
        _, assigned = linear_sum_assignment(_costs(moving))
        order[places] = places[assigned]
    order = _settle_by_correlation(both, columns, order)
    moved = np.flatnonzero(order != np.arange(len(columns)))
    if not len(moved):
        return
    left, before, after_all = 0.0, 0.0, 0.0
    for place in moved.tolist():
        one, other = columns[place], columns[int(order[place])]
        apart = distance(one.train, other.validation)
        after = against_same(one.train, other.validation, apart)
        if after > FITS:
            return
        left += after
        before += one.against_same
        after_all = max(after_all, apart)
    if left > LEFT + USUALLY_LEFT * len(moved):
        return
    by_relation = _gain_by_correlation(both, columns, order)
    # However many rows show it: columns that are nearly the same may stand in any order.
    if not by_relation and sum(columns[place].distance for place in moved.tolist()) < 2 * EFFECT:
        return
    cost = CLAIM + _cost_of_moves(both, columns, order, moved)
    if before - left + by_relation <= cost:
        return
    yield _hypothesis(both, columns, order, moved, cost + left, after_all)


def _cost_of_moves(
    both: InputPair, columns: Sequence[NumberPair], order: Int64, moved: Int64
) -> float:
    """Returns what it costs that just these columns moved to just these places, in nats.

    Among the columns of one category there are fewer orders than among all.
    """
    anywhere = min(PER_MOVE, math.log(len(columns))) * len(moved)
    groups = _categories(both, columns)
    if np.any(groups[moved] != groups[order[moved]]):
        return anywhere
    sizes = np.bincount(groups)[np.unique(groups[moved])].tolist()
    return min(anywhere, sum(log_factorial(size) for size in sizes))


def _categories(both: InputPair, columns: Sequence[NumberPair]) -> Int64:
    """Returns a number for each column, the same for neighbours of which only one is ever 1."""
    groups = np.arange(len(columns))
    comoments = both.train.comoments
    if comoments is None:
        return groups
    numbers = [pair.number for pair in columns]
    apart = comoments.products[np.ix_(numbers, numbers)] == 0
    first = 0
    for place in range(1, len(columns)):
        both_two_valued = columns[place].train.two_valued and columns[first].train.two_valued
        if both_two_valued and apart[place, first:place].all():
            groups[place] = first
        else:
            first = place
    return groups


def _costs(columns: Sequence[NumberPair]) -> Float64:
    """Returns (train column, validation column): mean distance of quantiles, in deviations."""
    train = np.array([pair.train.quantiles() for pair in columns])
    validation = np.array([pair.validation.quantiles() for pair in columns])
    spread = np.array([pair.train.deviation for pair in columns])[:, None] + np.array(
        [pair.validation.deviation for pair in columns]
    )
    costs = np.empty((len(columns), len(columns)))
    for place, quantiles in enumerate(train):
        costs[place] = np.abs(validation - quantiles).mean(axis=1)
    # Constants have no spread; that they are far apart is enough.
    return np.asarray(np.minimum(costs / np.maximum(spread, 1e-12), MOST_APART))


def _correlations(
    both: InputPair, columns: Sequence[NumberPair]
) -> tuple[Float64, Float64, float] | None:
    """Returns the correlations of the columns in both splits, by how many rows they rest on.

    The third is the standard error of a difference.
    """
    one, other = both.train.comoments, both.validation.comoments
    if one is None or other is None:
        return None
    mine = [pair.number for pair in columns]
    theirs = [pair.other_number for pair in columns]
    rows = min((pair.rows for pair in columns), default=0.0)
    if rows < 8:
        return None
    # Where nearly all rows share one value, a correlation rests on the few others alone.
    told, told_there = (
        np.sqrt([side.elsewhere for side in sides])
        for sides in ([pair.train for pair in columns], [pair.validation for pair in columns])
    )
    return (
        one.correlation()[np.ix_(mine, mine)] * np.outer(told, told),
        other.correlation()[np.ix_(theirs, theirs)] * np.outer(told_there, told_there),
        1 / math.sqrt(rows),
    )


def _settle_by_correlation(
    both: InputPair,
    columns: Sequence[NumberPair],
    order: Int64,
) -> Int64:
    """Returns an order under which the correlations agree too.

    Columns that look alike are exchanged, two at a time, as long as that helps.
    """
    matrices = _correlations(both, columns)
    if matrices is None or len(columns) > MOST_COMPARED:
        return order
    train, validation, error = matrices
    worst = np.abs(train - validation[np.ix_(order, order)])
    if worst.max() < max(CORRELATION, STANDARD_ERRORS * error):
        return order
    limit = FITS
    alike = np.array(
        [
            [
                against_same(one.train, other.validation, distance(one.train, other.validation))
                <= limit
                for other in columns
            ]
            for one in columns
        ]
    )
    order = order.copy()
    misfit = float((worst**2).sum())
    for _ in range(len(columns)):
        best: tuple[float, int, int] | None = None
        for one in range(len(columns)):
            for other in range(one + 1, len(columns)):
                if not (alike[one, order[other]] and alike[other, order[one]]):
                    continue
                tried = order.copy()
                tried[[one, other]] = tried[[other, one]]
                left = float(((train - validation[np.ix_(tried, tried)]) ** 2).sum())
                if left < misfit - 1e-9 and (best is None or left < best[0]):
                    best = left, one, other
        if best is None:
            break
        misfit = best[0]
        order[[best[1], best[2]]] = order[[best[2], best[1]]]
    return order


def _gain_by_correlation(
    both: InputPair,
    columns: Sequence[NumberPair],
    order: Int64,
) -> float:
    """Returns how much better the correlations agree in another order, in nats."""
    matrices = _correlations(both, columns)
    if matrices is None:
        return 0.0
    train, validation, error = matrices
    before = np.abs(train - validation).max()
    after = np.abs(train - validation[np.ix_(order, order)]).max()
    noticed = max(CORRELATION, STANDARD_ERRORS * error)
    if before < noticed or after > min(before / 2, noticed):
        return 0.0
    return float((before**2 - after**2) / (2 * error**2))


def _whole_order(both: InputPair, columns: Sequence[NumberPair], order: Int64) -> list[int]:
    """Returns for each of train's columns, whatever it holds, its number in validation."""
    numbers = dict(both.matched)
    whole = [numbers.get(column, column) for column in range(len(both.train.layout.columns))]
    for place, there in enumerate(order.tolist()):
        whole[columns[place].place[1]] = numbers[columns[there].place[1]]
    return whole


def _hypothesis(
    both: InputPair,
    columns: Sequence[NumberPair],
    order: Int64,
    moved: Int64,
    cost: float,
    apart: float,
) -> Hypothesis:
    # Train's column i stands at the place order[i] of validation.
    names = [pair.name for pair in columns]
    numbers = dict(both.matched)
    back = {
        columns[place].place[1]: numbers[columns[int(order[place])].place[1]]
        for place in moved.tolist()
    }
    there = {int(order[place]): names[place] for place in moved.tolist()}
    shown = [f"{names[place]} ← {there[place]}" for place in sorted(there)]
    is_bgr = both.train.layout.pooled and len(columns) == 3 and order.tolist() == [2, 1, 0]
    return Hypothesis(
        Finding(
            check="columns_permuted",
            kind="labels_recoded" if both.is_target else "columns_permuted",
            columns=tuple(names[place] for place in moved.tolist()),
            transformation="validation's channels are in the reverse order (BGR for RGB)"
            if is_bgr
            else "validation holds: " + "; ".join(shown[:12]),
            severity="fail",
            message="Validation's channels are in BGR order, train's in RGB, or the reverse."
            if is_bgr
            else f"Columns are in another order in validation: {'; '.join(shown[:6])}"
            + (f" and {len(shown) - 6} more." if len(shown) > 6 else "."),
            evidence=(
                f"put back in order, the moved columns differ by at most {apart:.1%} of the rows",
            ),
            fix=reordered(both, _whole_order(both, columns, order)),
            # Targets are put back by their numbers, columns by their names.
            constants={
                str(mine) if both.is_target else both.column_name(mine): float(theirs)
                for mine, theirs in back.items()
            },
        ),
        explains=frozenset(columns[place].place for place in moved.tolist()),
        cost=cost,
    )
