"""The same categories stand under other codes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from mlflow_plateau.checks.codes import MOST_CODES, CodePair, code_pair
from mlflow_plateau.checks.comparison import Comparison, InputPair
from mlflow_plateau.checks.evidence import (
    CLAIM,
    EFFECT,
    TOLERANCE,
    log_factorial,
    nats,
    variation_of_chance,
)
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import translated

LEAST_ROWS = 15.0
"""Rows that a comparison has to be worth before frequencies are matched."""

NATURAL_ODDS = 10.0
"""The odds of one category differ between populations by up to this factor."""

MOST_EXCHANGED = 12
"""More distinct whole numbers are amounts: where these move, their shares sorted by size stay."""

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
    if pair.rows < LEAST_ROWS or len(pair.train) != len(pair.validation) or len(pair.train) < 2:
        return {}
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
    before, after = pair.variation(), pair.sorted_variation()
    back: dict[Any, Any] = {theirs: mine for mine, theirs in mapping.items()}
    if pair.whole:
        back = {int(theirs): int(mine) for theirs, mine in back.items()}
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
                f"by code the shares differ by {before:.0%} of the rows, by frequency by"
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
