"""Types, shapes or columns differ."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlflow_plateau.checks.codes import categories_of
from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import comment, name_of, without
from mlflow_plateau.checks.transformation import ticked
from mlflow_plateau.counted import counted
from mlflow_plateau.profiles.table import Column, Layout

UNSEEN = 0.05
"""Share of validation's rows in categories that train does not have."""

MERGED = 2.0
"""Numbers with fractions have so many times more different values than what is left of them."""

FRACTIONS = 0.5
"""Share of the rows that have to hold fractions for whole numbers to be a loss."""


def schema_mismatch(comparison: Comparison) -> Iterator[Hypothesis]:
    """Compares inputs, columns, types and shapes."""
    train = {state.layout.name: state.layout for state in comparison.train.inputs}
    validation = {state.layout.name: state.layout for state in comparison.validation.inputs}
    for name in sorted(train.keys() ^ validation.keys()):
        has, lacks = ("train", "validation") if name in train else ("validation", "train")
        layout = train.get(name) or validation[name]
        what = "targets" if layout.role == "target" else f"input `{name}`"
        yield _mismatch(
            (name,),
            f"{what} only in {has}",
            f"Only {has} has {'targets' if layout.role == 'target' else f'an input `{name}`'};"
            f" missing from {lacks}, it cannot be compared.",
            severity="warn" if layout.role == "target" else "fail",
        )
    for both in comparison.inputs:
        mine, theirs = both.train.layout, both.validation.layout
        if both.is_target:
            continue
        yield from _columns(both, mine, theirs)
        yield from _shape(both, mine, theirs)
        yield from _types(both, mine, theirs)


def _columns(both: InputPair, mine: Layout, theirs: Layout) -> Iterator[Hypothesis]:
    if both.by_name:
        for layout, other, has, lacks in (
            (mine, theirs, "train", "validation"),
            (theirs, mine, "validation", "train"),
        ):
            known = {column.name for column in other.columns}
            alone = [place for place, c in enumerate(layout.columns) if c.name not in known]
            names = tuple(layout.columns[place].name for place in alone)
            if names:
                yield _mismatch(
                    names,
                    f"{counted(len(names), 'column')} only in {has}",
                    f"{lacks.capitalize()} lacks {ticked(names)}, which {has} has.",
                    fix=f"{without(both, has, alone)}\n"
                    + comment(f"or load them into {lacks} as well"),
                )
    elif len(mine.columns) != len(theirs.columns):
        here = counted(len(mine.columns), "column or channel", "columns or channels")
        yield _mismatch(
            (both.name,),
            f"{counted(len(mine.columns), 'column')} in train, {len(theirs.columns)} in validation",
            f"`{both.name}` has {here} in train and {len(theirs.columns)} in validation; without"
            " names they cannot be matched.",
        )
    elif (
        mine.named
        and theirs.named
        and [c.name for c in mine.columns] != [c.name for c in theirs.columns]
    ):
        yield _mismatch(
            tuple(c.name for c in theirs.columns),
            "all columns have other names",
            "No column of validation has the name of one of train; they were compared by position.",
            severity="warn",
        )


def _shape(both: InputPair, mine: Layout, theirs: Layout) -> Iterator[Hypothesis]:
    if mine.shape == theirs.shape or None in mine.shape or None in theirs.shape:
        return
    if not mine.pooled and not theirs.pooled:
        return
    moved = len(mine.shape) == len(theirs.shape) and sorted(map(_length, mine.shape)) == sorted(
        map(_length, theirs.shape)
    )
    yield _mismatch(
        (both.name,),
        f"rows of shape {mine.shape} in train, {theirs.shape} in validation",
        f"Rows of `{both.name}` have the shape {mine.shape} in train and {theirs.shape} in"
        f" validation{': the axes are in another order' if moved else ''}.",
        fix=_moved(both, mine, theirs) if moved else "",
    )


def _moved(both: InputPair, mine: Layout, theirs: Layout) -> str:
    """Returns code that puts the axis of the channels where train has it."""
    x = name_of(both, "validation")
    for at, to in ((1, -1), (-1, 1)):
        axes = list(theirs.shape)
        axes.insert(to - 1 if to > 0 else len(axes) - 1, axes.pop(at - 1 if at > 0 else at))
        if tuple(axes) == mine.shape:
            return f"{x} = np.moveaxis({x}, {at}, {to})"
    return ""


def _length(length: int | None) -> int:
    return length or 0


def _types(both: InputPair, mine: Layout, theirs: Layout) -> Iterator[Hypothesis]:
    other_kind: list[Column] = []
    other_kinds: list[Column] = []
    for column, other in both.matched:
        if mine.columns[column].kind != theirs.columns[other].kind:
            other_kind.append(mine.columns[column])
            other_kinds.append(theirs.columns[other])
        elif mine.columns[column].kind == "category":
            yield from _categories(both, column, other)
    if other_kind:
        yield _mismatch(
            tuple(both.prefix + column.name for column in other_kind),
            "; ".join(
                f"{one.name}: {one.dtype} in train, {two.dtype} in validation"
                for one, two in zip(other_kind[:4], other_kinds[:4], strict=True)
            ),
            f"{ticked(tuple(both.prefix + column.name for column in other_kind))}: train holds"
            f" {_plural(other_kind[0].kind)}, validation {_plural(other_kinds[0].kind)}"
            f" ({other_kind[0].dtype} and {other_kinds[0].dtype}).",
        )
    rounded = _rounded(both)
    if rounded:
        names = tuple(pair.name for pair in rounded)
        column = rounded[0].place[1]
        one, two = mine.columns[column], theirs.columns[dict(both.matched)[column]]
        yield _mismatch(
            names,
            "one split was cut to whole numbers",
            f"{ticked(names)}: one split holds whole numbers only, the other fractions"
            f" ({one.dtype} in train, {two.dtype} in validation).",
            fix=comment("convert both splits to one type before anything is cut off"),
        )
    elif not other_kind:
        differing = [
            (mine.columns[column], theirs.columns[other])
            for column, other in both.matched
            if mine.columns[column].dtype != theirs.columns[other].dtype
        ]
        if differing:
            one, two = differing[0]
            yield _mismatch(
                tuple(both.prefix + column.name for column, _ in differing),
                f"{one.dtype} in train, {two.dtype} in validation",
                f"{counted(len(differing), 'column has another type', 'columns have other types')}:"
                f" {one.dtype} in train, {two.dtype} in validation; the values can be compared.",
                severity="info",
            )


def _plural(kind: str) -> str:
    return {"number": "numbers", "category": "text or categories", "date": "dates"}[kind]


def _rounded(both: InputPair) -> list[NumberPair]:
    """Returns the columns that hold fractions in one split and whole numbers in the other."""
    found = []
    columns = [p for p in both.features if not p.train.constant and not p.validation.constant]
    for pair in columns:
        for one, other, state, number in (
            (pair.train, pair.validation, both.validation, pair.other_number),
            (pair.validation, pair.train, both.train, pair.number),
        ):
            similar = 0.5 < (one.deviation / other.deviation if other.deviation else 0) < 2
            # Where values that differed became the same something was cut off.
            merged = not other.atoms or len(other.low) >= MERGED * len(one.low)
            if not (one.whole and one.total >= 30 and similar and merged):
                continue
            # Of many distinct values a sample is known; bins alone say nothing of fractions.
            sample, often = state.distinct.numbers_of_column(number)
            if float(often[sample != np.round(sample)].sum()) >= FRACTIONS * float(often.sum()):
                found.append(pair)
    return found


def _categories(both: InputPair, column: int, other: int) -> Iterator[Hypothesis]:
    train, validation = categories_of(both.train, column), categories_of(both.validation, other)
    if not train or not validation:
        return
    unseen = {name: count for name, count in validation.items() if name not in train}
    share = sum(unseen.values()) / sum(validation.values())
    if unseen and share >= UNSEEN and sum(unseen.values()) >= 5:
        name = both.column_name(column)
        yield Hypothesis(
            _mismatch(
                (name,),
                f"categories that train does not have: {', '.join(list(unseen)[:6])}",
                f"{share:.0%} of validation has a `{name}` that train does not have:"
                f" {ticked(tuple(unseen))}.",
                severity="warn",
            ).finding,
            explains=frozenset([(both.name, column)]),
            cost=share,
        )


def _mismatch(
    columns: tuple[str, ...],
    transformation: str,
    message: str,
    severity: str = "fail",
    fix: str = "",
) -> Hypothesis:
    return Hypothesis(
        Finding(
            check="schema_mismatch",
            kind="schema_mismatch",
            columns=columns,
            transformation=transformation,
            severity=severity,
            message=message,
            fix=fix or comment("load and transform both splits with the same function"),
        )
    )
