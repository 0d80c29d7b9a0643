"""Targets are encoded or ordered differently."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from mlflow_plateau.checks.categories_recoded import as_numbers, recoding, respelled
from mlflow_plateau.checks.comparison import Comparison, InputPair
from mlflow_plateau.checks.evidence import (
    CLAIM,
    TOLERANCE,
    log_factorial,
    one_source,
    total_variation,
    variation_of_chance,
)
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import comment, name_of, reordered, translated_targets
from mlflow_plateau.checks.labels import INTEGERS, ONE_HOT, Labels, labels_of, quantities
from mlflow_plateau.profiles.by_class import ByClass
from mlflow_plateau.profiles.patterns import Float64

LEAST_ROWS = 8
"""Rows of a class whose look is known."""

ALIKE = 3.0
"""Mean squared distance, in standard errors, up to which two classes look the same."""

SIGNAL = 6.0
"""Squared distance between train's own classes for their look to tell them apart."""

MOVED = 5.0
"""Nats against a column being the same as in train: chance brings them in one of a hundred."""

MOST_APART = 30.0
"""A class that looks still more unlike another one is just as little that one."""

LOOK_ALIKE = "the rows of these classes look like each other's"
"""What shows best which classes are the same."""

VANISHED = 0.15
"""Part of that which is left in validation if targets and rows no longer belong together."""


def labels_recoded(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds other codes for the same classes: by form, by frequency, by what the rows look like."""
    for labels in labels_of(comparison):
        train, validation = labels.forms
        if train != validation:
            yield _hypothesis(
                labels.both,
                f"{train} in train, {validation} in validation",
                f"Targets are {train} in train and {validation} in validation.",
                (),
                fix=_other_form(labels),
            )
            continue
        spelling = respelled(labels.codes)
        if spelling:
            yield _recoded(labels.both, spelling, "the names are spelled otherwise")
            continue
        mapping, why = _new_codes(comparison, labels)
        if mapping:
            changed = {one: other for one, other in mapping.items() if one != other}
            yield _recoded(labels.both, changed, why)
            continue
        looks = [look for both in comparison.features for look in _by_look(labels, both)]
        if looks:
            # What the rows look like says more than how frequent they are.
            yield from (look for look in looks[:1] if look is not None)
            continue
        mapping = {} if labels.codes.follow() else recoding(labels.codes)
        if mapping and not any(both.different for both in comparison.features):
            # Another mix of the classes can look the same, and goes with other rows.
            yield _recoded(
                labels.both, mapping, "the frequencies agree under these codes", severity="warn"
            )
    yield from _of_other_values(comparison)


def _of_other_values(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds targets of two values in each column that are others in each split, as if smoothed."""
    for both in quantities(comparison):
        pairs = both.numbers if both.is_target and not both.train.layout.pooled else ()
        splits = [split for pair in pairs for split in (pair.train, pair.validation)]
        if not splits or not all(split.two_valued for split in splits):
            continue
        mine, theirs = (
            {tuple(np.round(split.low, 6).tolist()) for split in splits}
            for splits in ([pair.train for pair in pairs], [pair.validation for pair in pairs])
        )
        if len(mine) == len(theirs) == 1 and mine != theirs:
            (low, high), (other_low, other_high) = mine.pop(), theirs.pop()
            width = (other_high - other_low) / (high - low)
            yield _hypothesis(
                both,
                f"train's {low:g}, {high:g} → validation's {other_low:g}, {other_high:g}",
                f"Targets are {low:g} or {high:g} in train, and {other_low:g} or {other_high:g} in"
                " validation: as if one split's labels were smoothed, or coded otherwise. Their"
                " losses cannot be compared.",
                (),
                "warn",
                fix=f"{(y := name_of(both, 'validation'))} = ({y} - {other_low!r}) / {width!r}"
                f" + {low!r}",
            )


def _new_codes(comparison: Comparison, labels: Labels) -> tuple[dict[str, str], str]:
    """Returns validation's codes by train's, and what shows it; both empty if nothing does."""
    for mapping in _other_codes(labels):
        why = _why_other_codes(comparison, labels, mapping)
        if why:
            return mapping, why
    mapping = _without_one(comparison, labels)
    gone = ", ".join(sorted(set(labels.codes.train) - set(mapping))) if mapping else ""
    return mapping, f"{LOOK_ALIKE}; those of {gone} are missing" if mapping else ""


def _other_codes(labels: Labels) -> list[dict[str, str]]:
    """Returns mappings between two sets of codes such as −1, 1 and 0, 1, or 1…k and 0…k − 1.

    Where only a few codes are new, such as 10 for 0, the others may have stayed what they are.
    """
    codes = labels.codes
    if not codes.whole or len(codes.train) != len(codes.validation):
        return []
    mine, theirs = (sorted(c, key=float) for c in (codes.train, codes.validation))
    gone, new = (
        [code for code in some if code not in others]
        for some, others in ((mine, theirs), (theirs, mine))
    )
    if not gone:
        return []
    mappings = [dict(zip(mine, theirs, strict=True))]
    if len(gone) <= len(mine) / 2 and ONE_HOT not in labels.forms:
        renamed = dict(zip(gone, new, strict=True))
        mappings.append({code: renamed.get(code, code) for code in mine})
    return mappings


def _without_one(comparison: Comparison, labels: Labels) -> dict[str, str]:
    """Returns validation's codes by train's where a class is missing and the later ones moved up.

    So does an encoder that is fitted on either split. Empty where the last class may be missing as
    well: the rows of the others have to look like those of the next class.
    """
    codes = labels.codes
    if not codes.whole or len(codes.train) < 3 or ONE_HOT in labels.forms:
        return {}  # Columns of one-hot targets are no codes that move up.
    mine, theirs = (sorted(c, key=float) for c in (codes.train, codes.validation))
    if mine[:-1] != theirs:
        return {}
    kept = [mine[:place] + mine[place + 1 :] for place in range(len(mine))]
    for both in comparison.features:
        looks = [_looks_of(both, dict(zip(classes, theirs, strict=True))) for classes in kept]
        told = [look for look in looks if look is not None]
        if len(told) < len(kept):
            continue
        apart = [float(np.minimum(np.diag(look.across), MOST_APART).mean()) for look in told]
        best = min(range(len(kept)), key=apart.__getitem__)
        # With the last one left out every code is what it was.
        against_same = (apart[-1] - apart[best]) * len(theirs) / 2
        worth = against_same * _independent(both, told[best].columns)
        if apart[best] <= ALIKE and worth > CLAIM + math.log(len(kept)):
            return dict(zip(kept[best], theirs, strict=True))
    return {}


def _why_other_codes(comparison: Comparison, labels: Labels, mapping: Mapping[str, str]) -> str:
    """Returns what shows that the classes were given other codes in their order; empty if nothing.

    Where one split's codes begin where the other's end, the rows may have been sorted by class.
    """
    codes = labels.codes
    train, validation = (
        np.array([counts[name] for name in names], dtype=np.float64)
        for counts, names in ((codes.train, mapping), (codes.validation, mapping.values()))
    )
    if not mapping or total_variation(train / train.sum(), validation / validation.sum()) > max(
        TOLERANCE, variation_of_chance(len(mapping), codes.rows)
    ):
        return ""
    alike = {_look_alike(both, mapping) for both in comparison.features} - {None}
    if alike:
        return LOOK_ALIKE if all(alike) else ""
    needed = CLAIM if codes.follow() else 0.0
    evidence = one_source(train, validation, or_equal_shares=codes.follow())
    return "the classes are as frequent as before" if evidence > needed else ""


def _look_alike(both: InputPair, mapping: Mapping[str, str]) -> bool | None:
    """Returns whether the rows of classes look like those of the classes that they are mapped to.

    ``None`` where train's own classes cannot be told apart.
    """
    looks = _looks_of(both, mapping)
    return None if looks is None else float(np.median(np.diag(looks.across))) <= ALIKE


def _looks_of(both: InputPair, mapping: Mapping[str, str]) -> _Looks | None:
    """Returns how classes look beside what they are mapped to.

    ``None`` where train's own classes cannot be told apart.
    """
    one, other = both.train.by_class, both.validation.by_class
    if one is None or other is None:
        return None
    pairs = [
        (float(mine), float(theirs))
        for mine, theirs in mapping.items()
        if min(one.counts.get(float(mine), 0), other.counts.get(float(theirs), 0)) >= LEAST_ROWS
    ]
    looks = _looks(both, [mine for mine, _ in pairs], [theirs for _, theirs in pairs])
    return None if looks is None or looks.apart < SIGNAL else looks


def _by_look(labels: Labels, both: InputPair) -> list[Hypothesis | None]:
    """Returns classes that look like others, or like nothing; ``None`` where they look the same.

    Empty where the classes' looks cannot be told apart, or where columns moved, which other codes
    do not do: among rows that were chosen by one of them, classes look different in the others.
    """
    one, other = both.train.by_class, both.validation.by_class
    if one is None or other is None or both.sequences or both.different:
        return []
    classes = [
        value
        for value in sorted(one.counts)
        if min(one.counts[value], other.counts.get(value, 0)) >= LEAST_ROWS
    ]
    if len(classes) < 2:
        return []
    looks = _looks(both, classes, classes)
    if looks is None:
        return []
    across = looks.across
    _, order = linear_sum_assignment(across)
    here, there = float(np.trace(across)), float(across[np.arange(len(classes)), order].sum())
    moved = [place for place in range(len(classes)) if order[place] != place]
    if (
        len(moved) >= 2
        and there <= ALIKE * len(classes)
        and _independent(both, looks.columns) * (here - there) / 2
        >= CLAIM + log_factorial(len(classes))
        and np.trace(looks.contrasts) > looks.contrasts[np.arange(len(classes)), order].sum()
    ):
        names = _names(labels, classes)
        mapping = {names[place]: names[int(order[place])] for place in moved}
        return [_recoded(labels.both, mapping, LOOK_ALIKE)]
    if looks.apart < SIGNAL:
        return []
    if looks.left < ALIKE < VANISHED * looks.apart:
        shuffled = _hypothesis(
            labels.both,
            "validation's targets are in another order than its rows",
            "Validation's targets do not belong to its rows: in train the classes look different"
            " from each other, in validation they all look the same.",
            (
                f"squared distance of two classes, in standard errors: {looks.apart:.0f} in"
                f" train, {looks.left:.1f} in validation",
            ),
        )
        return [shuffled]
    return [None]


@dataclass(frozen=True)
class _Looks:
    """How far classes are apart in the columns that did not move, in squared standard errors.

    Attributes:
        columns: Which of train's columns of numbers these are.
        across: Each of train's classes against each of validation's.
        contrasts: The same of what sets a class apart from the mean of all: where validation was
            chosen by what the rows look like, all classes move alike.
        apart: The median over pairs of train's own classes.
        left: The same of validation's.
    """

    columns: list[int]
    across: Float64
    contrasts: Float64
    apart: float
    left: float


def _looks(both: InputPair, classes: list[float], theirs: list[float]) -> _Looks | None:
    """Returns how classes look; ``None`` where nothing can be said.

    Args:
        both: The input.
        classes: Classes of train's.
        theirs: As many of validation's.
    """
    one, other = both.train.by_class, both.validation.by_class
    if one is None or other is None or both.sequences or len(classes) < 2:
        return None
    # Other codes leave the rows as they are; a column that moved would compare itself, not them.
    same = [
        pair
        for pair in both.numbers
        if 2 * pair.rows * pair.distance**2 < MOVED and both.all_finite(pair)
    ]
    columns = [pair.number for pair in same]
    variance = _variance(one, classes)[columns]
    if not (variance > 0).any():
        return None
    others = [pair.other_number for pair in same]
    train, validation = _means(one, classes)[:, columns], _means(other, theirs)[:, others]
    mine = np.array([one.counts[value] for value in classes], dtype=np.float64)
    rows = np.array([other.counts[value] for value in theirs], dtype=np.float64)
    different = ~np.eye(len(classes), dtype=bool)
    own = _distances(train, mine, train, rows, variance)
    within = _distances(validation, rows, validation, rows, _variance(other, theirs)[others])
    contrasts = train - train.mean(axis=0), validation - validation.mean(axis=0)
    return _Looks(
        columns,
        _distances(train, mine, validation, rows, variance),
        _distances(contrasts[0], mine, contrasts[1], rows, variance),
        float(np.median(own[different])),
        float(np.median(within[different])),
    )


def _independent(both: InputPair, columns: list[int]) -> float:
    """Returns how many independent columns these are worth: (Σ λ)² / Σ λ² of their correlations.

    Args:
        both: The input.
        columns: Which of train's columns of numbers.
    """
    comoments = both.train.comoments
    if comoments is None or both.train.layout.pooled:
        return 1.0
    correlation = comoments.correlation()[np.ix_(columns, columns)]
    useful = np.diag(correlation) > 0
    return float(useful.sum() ** 2 / max((correlation[np.ix_(useful, useful)] ** 2).sum(), 1.0))


def _variance(state: ByClass, classes: list[float]) -> Float64:
    """Returns the variance of the codes within the classes, for each column."""
    rows = sum(state.counts[value] for value in classes)
    within = np.zeros(state.columns)
    for value in classes:
        count = state.counts[value]
        within += state.squares[value] - state.sums[value] ** 2 / count
    return np.asarray(np.maximum(within, 0.0) / rows)


def _means(state: ByClass, classes: list[float]) -> Float64:
    return np.array([state.sums[value] / state.counts[value] for value in classes])


def _distances(
    one: Float64, rows: Float64, other: Float64, others: Float64, variance: Float64
) -> Float64:
    """Returns the mean over columns of the squared distance of class means, in standard errors."""
    useful = variance > 0
    scale = (1 / rows)[:, None] + (1 / others)[None, :]
    difference = one[:, None, useful] - other[None, :, useful]
    return np.asarray((difference**2 / variance[useful]).mean(axis=2) / scale)


def _names(labels: Labels, classes: list[float]) -> list[str]:
    known = labels.both.train.labels
    if labels.both.train.layout.categories and known:
        by_code = {float(mark % (1 << 24)): text for mark, text in known[0].items()}
        return [by_code.get(value, f"{value:g}") for value in classes]
    return [f"{value:g}" for value in classes]


def _recoded(
    both: InputPair, mapping: Mapping[str, str], why: str, severity: str = "fail"
) -> Hypothesis:
    shown = ", ".join(f"{mine} → {theirs}" for mine, theirs in list(mapping.items())[:8])
    return _hypothesis(
        both,
        f"train's class → validation's: {shown}",
        f"Classes have different codes in validation: {shown}{' …' if len(mapping) > 8 else ''}.",
        (why,),
        severity,
        as_numbers(mapping),
        _back(both, mapping),
    )


def _back(both: InputPair, mapping: Mapping[str, str]) -> str:
    """Returns code that gives validation's targets train's classes."""
    columns = len(both.train.layout.columns)
    if columns > 1:
        order = list(range(columns))
        for mine, theirs in mapping.items():
            order[int(mine)] = int(theirs)
        return reordered(both, order)
    whole = not both.train.layout.categories
    codes = {(_whole(t) if whole else t): (_whole(m) if whole else m) for m, t in mapping.items()}
    return translated_targets(both, codes)


def _whole(code: str) -> int:
    return int(float(code))


def _other_form(labels: Labels) -> str:
    """Returns code that gives validation's targets train's form, where the classes are the same."""
    y = name_of(labels.both, "validation")
    if labels.forms == (INTEGERS, ONE_HOT):
        return f"{y} = np.argmax(np.asarray({y}), axis=1)"
    if labels.forms == (ONE_HOT, INTEGERS):
        return f"{y} = np.eye({len(labels.codes.train)})[{y}]"
    return ""


def _hypothesis(
    both: InputPair,
    transformation: str,
    message: str,
    evidence: tuple[str, ...],
    severity: str = "fail",
    constants: dict[str, float] | None = None,
    fix: str = "",
) -> Hypothesis:
    return Hypothesis(
        Finding(
            check="labels_recoded",
            kind="labels_recoded",
            columns=(both.name,),
            transformation=transformation,
            severity=severity,
            message=message,
            evidence=evidence,
            fix=fix
            or comment("encode both splits' targets with one encoder, in their rows' order"),
            constants=constants or {},
        ),
        explains=frozenset((both.name, column) for column in range(len(both.train.layout.columns))),
        certain=True,
    )
