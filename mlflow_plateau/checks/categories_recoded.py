"""The same categories stand under other codes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from mlflow_plateau.checks.codes import MOST_CODES, CodePair, code_pair
from mlflow_plateau.checks.comparison import Comparison, InputPair
from mlflow_plateau.checks.evidence import (
    CLAIM,
    EFFECT,
    TOLERANCE,
    log_factorial,
    nats,
    one_source,
    variation_of_chance,
)
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import translated
from mlflow_plateau.profiles.patterns import Float64

LEAST_ROWS = 15.0
"""Rows that a comparison has to be worth before frequencies are matched."""

NATURAL_ODDS = 10.0
"""The odds of one category differ between populations by up to this factor."""

MOST_EXCHANGED = 12
"""More distinct whole numbers are amounts: where these move, their shares sorted by size stay."""

LEAST_CLOSED = 4
"""Fewer categories have shares that agree by chance."""

MOST_MISSING = 2
"""Up to so many categories may be missing in validation for the codes to tell which."""

AHEAD = 3.0
"""What is missing has to explain the shares better than anything else would, in nats."""

REMOVES = 0.34
"""The match has to leave no more than this part of the difference."""


def categories_recoded(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds columns of categories whose frequencies agree once the codes are exchanged."""
    for both in comparison.features:
        if both.sequences or both.train.layout.pooled:
            continue
        for column, other in both.matched:
            pair = code_pair(both, column, other)
            if pair is None or (pair.whole and len(pair.train) > MOST_CODES):
                continue
            mapping = recoding(pair)
            if mapping:
                yield _hypothesis(both, column, other, pair, mapping)


def recoding(pair: CodePair) -> dict[str, str]:
    """Returns validation's code for each code of train that has another one; empty if none has."""
    other_spelling = respelled(pair)
    if other_spelling:
        return other_spelling
    if pair.rows < LEAST_ROWS or len(pair.train) < 2:
        return {}
    if len(pair.train) != len(pair.validation):
        return _closed_up(pair)
    before, after = pair.variation(), pair.sorted_variation()
    chance = variation_of_chance(len(pair.train), pair.rows)
    usual = math.sqrt(len(pair.train) / (2 * math.pi * pair.rows))
    if not pair.differ() or after > max(TOLERANCE, min(2 * usual, REMOVES * before)):
        return {}
    shift = pair.shift()
    if shift:
        moved = {code: str(int(code) + shift) for code in pair.train}
        landed = {moved[code]: count for code, count in pair.train.items()}
        if CodePair(landed, pair.validation, True).variation() <= max(TOLERANCE, chance):
            return moved
        return {}
    if set(pair.train) != set(pair.validation) and pair.whole:
        return {}  # the numbers themselves moved: a quantity, not a code
    if pair.whole and len(pair.train) > MOST_EXCHANGED:
        return {}
    cost = CLAIM + log_factorial(len(pair.train))
    if nats(before, pair.rows) <= cost or _one_category_moved(pair, 2 * usual):
        return {}
    mapping = pair.by_frequency()
    return {mine: theirs for mine, theirs in mapping.items() if mine != theirs}


def _closed_up(pair: CodePair) -> dict[str, str]:
    """Returns the codes that moved down where validation, encoded by itself, lacks categories.

    Encoders number the categories that they see, in order: without one, all after it have other
    codes. Which are missing is told by the shares of the others.
    """
    if not pair.whole:
        return {}
    train, validation = (sorted(map(int, codes)) for codes in (pair.train, pair.validation))
    missing = len(train) - len(validation)
    row = list(range(train[0], train[0] + len(train)))
    if not (LEAST_CLOSED <= len(train) <= MOST_CODES and 1 <= missing <= MOST_MISSING):
        return {}
    if train != row or validation != row[:-missing]:
        return {}
    counts = np.array([pair.train[str(code)] for code in train], dtype=np.float64)
    theirs = np.array([pair.validation[str(code)] for code in validation], dtype=np.float64)
    as_they_are = one_source(counts, np.concatenate([theirs, np.zeros(missing)]))
    found = {
        left_out: one_source(np.delete(counts, left_out), theirs)
        for left_out in combinations(range(len(train)), missing)
    }
    best, *others = sorted(found, key=lambda left_out: -found[left_out])
    ahead = found[best] - max((found[other] for other in others), default=-math.inf)
    surely = found[best] - math.log(len(found)) - max(as_they_are, 0.0) > CLAIM
    if not surely or as_they_are > -CLAIM or ahead < AHEAD:
        return {}
    if _log_likelihood(np.delete(counts, best), theirs) - _as_amounts(counts, theirs) <= CLAIM:
        return {}
    kept = np.delete(np.array(train), best).tolist()
    return {
        str(one): str(other) for one, other in zip(kept, validation, strict=True) if one != other
    }


def _log_likelihood(weights: Float64, counts: Float64) -> float:
    """Returns the logarithm of how likely rows of each category are, given weights of each."""
    return float((counts * np.log(weights / weights.sum())).sum())


def _as_amounts(counts: Float64, theirs: Float64) -> float:
    """Returns how likely validation's rows are if the codes are amounts that became less or more.

    What Poisson's, the binomial and the geometric distribution become with another mean is that of
    before times exp(θ · amount); and none of it may be as frequent as it likes.
    """
    steps, above = np.arange(len(theirs)), counts[: len(theirs)]
    some = theirs[1:]

    def unlikely(slope: float) -> float:
        return -_log_likelihood(above[1:] * np.exp(slope * steps[1:]), some)

    none = _log_likelihood(np.array([theirs[0], some.sum()]), np.array([theirs[0], some.sum()]))
    return none - float(minimize_scalar(unlikely, bounds=(-3.0, 3.0), method="bounded").fun)


def _one_category_moved(pair: CodePair, usual: float) -> bool:
    """Whether one category alone became rarer or more frequent, as populations do."""
    for left_out in pair.train:
        train, validation = (
            {name: count for name, count in codes.items() if name != left_out}
            for codes in (pair.train, pair.validation)
        )
        if not any(train.values()) or not any(validation.values()):
            return True
        alike = CodePair(train, validation, pair.whole).variation() <= max(EFFECT, usual)
        if alike and _odds_ratio(pair, left_out) <= NATURAL_ODDS:
            return True
    return False


def _odds_ratio(pair: CodePair, name: str) -> float:
    """Returns by what factor the odds of a category differ, upwards or downwards."""
    odds = []
    for codes in (pair.train, pair.validation):
        count, total = codes.get(name, 0) + 0.5, sum(codes.values()) + 1
        odds.append(count / (total - count))
    return max(odds) / min(odds)


def as_numbers(mapping: Mapping[str, str]) -> dict[str, float]:
    """Returns validation's code by train's, as constants; empty where the codes are no numbers."""
    try:
        return {f"{float(mine):g}": float(theirs) for mine, theirs in mapping.items()}
    except ValueError:
        return {}


def respelled(pair: CodePair) -> dict[str, str]:
    """Returns the other spelling of categories that differ in case, blanks or zeros only."""
    if pair.whole:
        return {}
    missing = set(pair.train) - set(pair.validation)
    theirs = {_plain(name): name for name in set(pair.validation) - set(pair.train)}
    return {name: theirs[_plain(name)] for name in sorted(missing) if _plain(name) in theirs}


def _plain(name: str) -> str:
    try:
        return f"{float(name):.15g}"  # As 7, 7.0 and 007 are.
    except ValueError:
        pass
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _hypothesis(
    both: InputPair, column: int, other: int, pair: CodePair, mapping: dict[str, str]
) -> Hypothesis:
    name = both.column_name(column)
    shown = ", ".join(f"{mine} → {theirs}" for mine, theirs in list(mapping.items())[:6])
    landed = {mapping.get(code, code): count for code, count in pair.train.items()}
    if len(pair.train) > len(pair.validation):
        landed = {code: landed.get(code, 0) for code in pair.validation}
    before, after = pair.variation(), CodePair(landed, pair.validation, pair.whole).variation()
    # Names may stand where the other split has numbers.
    ours: type[Any] = int if column in both.train.layout.number_of else str
    other_kind: type[Any] = int if other in both.validation.layout.number_of else str
    back = {other_kind(theirs): ours(mine) for mine, theirs in mapping.items()}
    return Hypothesis(
        Finding(
            check="categories_recoded",
            kind="categories_recoded",
            columns=(name,),
            transformation=f"train's code → validation's: {shown}",
            severity="fail",
            message=f"Categories of `{name}` have different codes in validation: {shown}"
            + (" …" if len(mapping) > 6 else "")
            + ".",
            evidence=(
                f"by code the shares differ by {before:.0%} of the rows, as the same categories by"
                f" {after:.1%}",
            ),
            fix=translated(both, other, back),
            constants=as_numbers(mapping) if pair.whole else {},
        ),
        explains=frozenset([(both.name, column)]),
        cost=CLAIM,
        # Rows that are chosen bring other shares of the same words, and no other words.
        certain=pair.shift() is not None or set(pair.train) != set(pair.validation),
    )
