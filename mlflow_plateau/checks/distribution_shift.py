"""The population differs and no transformation explains it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from mlflow_plateau.checks.codes import code_pair, shares
from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import (
    EFFECT,
    ORDINARY_SHIFT,
    variation_of_chance,
)
from mlflow_plateau.checks.finding import WHOLE_INPUT, Finding, Hypothesis
from mlflow_plateau.checks.fix import comment
from mlflow_plateau.checks.ids import id_frequencies
from mlflow_plateau.checks.transformation import number, shown
from mlflow_plateau.counted import counted
from mlflow_plateau.profiles.comoments import LINEAR

CORRELATION = 0.3
"""The least change of a correlation that is worth a word."""

IDS_PER_ROW = 4
"""The ids of a row are worth at most this many independent ones: they are about one thing."""

STANDARD_ERRORS = 7.0
"""A change by so many standard errors is no chance."""

OTHER_POPULATION = "another population"
"""The transformation of a finding where columns differ by themselves …"""

OTHER_DEPENDENCE = "columns are correlated differently"
"""… and where each is the same by itself."""

FIX = comment(
    "split at random from one population, or reweight the training rows to match validation"
)


def distribution_shift(comparison: Comparison) -> Iterator[Hypothesis]:
    """Yields each column that differs, as the rival of every transformation that may explain it."""
    for both in comparison.features:
        for pair in both.different:
            yield _number(pair)
        if not both.sequences and not both.train.layout.pooled:
            for column, other in both.matched:
                if column in both.train.layout.categories:
                    yield from _category(both, column, other)
        if both.sequences:
            yield from _ids(both)
        elif not both.different:
            yield from _relations(both)


def _number(pair: NumberPair) -> Hypothesis:
    words = ("later", "earlier") if pair.dates else ("higher", "lower")
    direction = words[0] if pair.validation.mean > pair.train.mean else words[1]
    difference, deviation = abs(pair.validation.mean - pair.train.mean), pair.train.deviation
    moved = difference / deviation if deviation else math.inf
    by = f"{moved:.2g} deviations" if deviation else number(difference)
    if pair.dates:
        by = counted(float(f"{difference:.3g}"), "day") if difference >= 1 else "less than a day"
    how = (
        f"{direction} in validation by {by} (mean {shown(pair, pair.train.mean)} →"
        f" {shown(pair, pair.validation.mean)})"
        if moved >= 0.05
        else f"spread differently (deviation {number(pair.train.deviation)} →"
        f" {number(pair.validation.deviation)}{' days' if pair.dates else ''})"
    )
    return _hypothesis(
        (pair.name,),
        f"`{pair.name}` is {how}; {pair.distance:.0%} of the rows would have to move.",
        pair.distance,
        frozenset([pair.place]),
        pair.as_shift,
    )


def _category(both: InputPair, column: int, other: int) -> Iterator[Hypothesis]:
    pair = code_pair(both, column, other)
    if pair is None:
        return
    if not pair.differ():
        return
    variation = pair.variation()
    names = pair.names
    train, validation = shares(pair.train, names), shares(pair.validation, names)
    most = int(np.argmax(np.abs(train - validation)))
    yield _hypothesis(
        (both.column_name(column),),
        f"`{both.column_name(column)}` has other shares in validation, above all"
        f" {names[most]}: {train[most]:.0%} → {validation[most]:.0%}.",
        variation,
        frozenset([(both.name, column)]),
        ORDINARY_SHIFT,
    )


def _ids(both: InputPair) -> Iterator[Hypothesis]:
    train, validation = id_frequencies(both)
    pooled = train + validation
    seen = int(np.count_nonzero(pooled))
    rows = both.train.sampled * both.validation.sampled
    rows = IDS_PER_ROW * rows // max(both.train.sampled + both.validation.sampled, 1)
    # Ids that are too rare to be compared would differ by chance alone: only frequent ones count.
    frequent = pooled * rows >= 2
    variation = float(np.abs(train - validation)[frequent].sum()) / 2
    if seen and variation >= max(2 * EFFECT, variation_of_chance(int(frequent.sum()), rows)):
        yield _hypothesis(
            (both.name,),
            f"Other ids are frequent in validation's `{both.name}`: {variation:.0%} of the values"
            " would have to change.",
            variation,
            frozenset([(both.name, WHOLE_INPUT)]),
            ORDINARY_SHIFT,
        )


def _relations(both: InputPair) -> Iterator[Hypothesis]:
    """Yields columns that are correlated differently, though each by itself is the same."""
    one, other = both.train.comoments, both.validation.comoments
    columns = [pair for pair in both.features if both.all_finite(pair)]
    rows = min((pair.rows for pair in columns), default=0.0)
    if one is None or other is None or rows < 30 or len(columns) < 2:
        return
    mine = [pair.number for pair in columns]
    theirs = [pair.other_number for pair in columns]
    change = np.abs(
        one.correlation()[np.ix_(mine, mine)] - other.correlation()[np.ix_(theirs, theirs)]
    )
    np.fill_diagonal(change, 0.0)
    # Where nearly all rows share one value, the correlation rests on the few others alone.
    informative = np.array([min(p.train.elsewhere, p.validation.elsewhere) for p in columns])
    worth = rows * np.minimum.outer(informative, informative)
    # So it does on a few rows far out: the error of a product grows with its fourth moments.
    tails = np.array([max(map(_tail, (p.train, p.validation))) for p in columns])
    worth /= np.sqrt(np.outer(tails, tails))
    change[change * np.sqrt(worth) < STANDARD_ERRORS] = 0.0
    if change.max() < CORRELATION:
        return
    at = np.unravel_index(int(change.argmax()), change.shape)
    pair = columns[int(at[0])].name, columns[int(at[1])].name
    yield _hypothesis(
        pair,
        f"`{pair[0]}` and `{pair[1]}` are correlated differently in validation: their rank"
        f" correlation differs by {change.max():.2f}, though each by itself is the same.",
        float(change.max()),
        frozenset(columns[int(place)].place for place in at),
        ORDINARY_SHIFT,
        transformation=OTHER_DEPENDENCE,
    )


def _tail(column: Distribution) -> float:
    """Returns how much heavier a column's tails are than normal ones, at least 1.

    It is a third of the kurtosis of the values as ``profiles/comoments.py`` codes them.
    """
    middle = (column.low + column.high) / 2
    coded = np.sign(middle) * np.log1p(np.abs(middle) / float(LINEAR))
    share = column.mass / column.total
    apart = coded - share @ coded
    variance = share @ apart**2
    return max(float(share @ apart**4) / float(variance**2) / 3, 1.0) if variance > 0 else 1.0


def _hypothesis(
    columns: tuple[str, ...],
    message: str,
    distance: float,
    explains: frozenset[tuple[str, int]],
    cost: float,
    transformation: str = OTHER_POPULATION,
) -> Hypothesis:
    return Hypothesis(
        Finding(
            check="distribution_shift",
            kind="distribution_shift",
            columns=columns,
            transformation=transformation,
            severity="warn",
            message=message,
            fix=FIX,
            constants={"distance": distance},
        ),
        explains=explains,
        cost=cost,
    )


def joined(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Returns the hypotheses with all shifted columns in one finding, the farthest first."""
    shifted = [h for h in hypotheses if h.finding.kind == "distribution_shift"]
    if len(shifted) < 2:
        return list(hypotheses)
    shifted.sort(key=lambda h: -h.finding.constants["distance"])
    finding = shifted[0].finding
    names = tuple(name for h in shifted for name in h.finding.columns)
    whole = Finding(
        check=finding.check,
        kind=finding.kind,
        columns=tuple(dict.fromkeys(names)),
        transformation=OTHER_POPULATION,
        severity=finding.severity,
        message=f"Validation comes from another population: {len(set(names))} columns differ, and"
        f" no transformation explains it. {finding.message}",
        evidence=tuple(h.finding.message for h in shifted[1:6]),
        fix=finding.fix,
        constants=finding.constants,
    )
    kept = [h for h in hypotheses if h.finding.kind != "distribution_shift"]
    return [
        *kept,
        Hypothesis(
            whole, frozenset().union(*(h.explains for h in shifted)), sum(h.cost for h in shifted)
        ),
    ]
