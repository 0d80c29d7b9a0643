"""The data holds NaN or infinity."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from mlflow_plateau.checks.comparison import Comparison, InputPair
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import columns_of, comment, finite, name_of
from mlflow_plateau.checks.transformation import ticked
from mlflow_plateau.profiles import Profile
from mlflow_plateau.profiles.input_profile import InputProfile
from mlflow_plateau.profiles.table import Layout

MOST_LISTED = 6
"""Columns of which it is said in how many rows they are not finite."""


AS_OFTEN = 0.02
"""Shares of missing values that differ by no more than this are the same, …"""

STANDARD_ERRORS = 4.0
"""… or by no more than so many standard errors."""


def non_finite(comparison: Comparison) -> Iterator[Hypothesis]:
    """Counts NaN and infinity in what a model would be fed.

    Values that are missing as often in both splits are no difference of treatment.
    """
    alike = all(map(_missing_alike, comparison.inputs))
    for split, profile in (("train", comparison.train), ("validation", comparison.validation)):
        finding = _finding(split, profile, comparison)
        if finding is not None:
            yield Hypothesis(replace(finding, severity="info") if alike else finding, certain=True)


def _missing_alike(both: InputPair) -> bool:
    """Whether the values that both splits have are missing as often, and none is infinite."""
    one, other = both.train.moments, both.validation.moments
    if one.infinite.any() or other.infinite.any():
        return False
    mine, theirs = both.train.layout.number_of, both.validation.layout.number_of
    for column, again in both.matched:
        if column not in mine or again not in theirs:
            continue
        missing = float(one.missing[mine[column]]), float(other.missing[theirs[again]])
        if not any(missing):
            continue
        if not all(missing):
            return False
        rows = (
            missing[0] + float(one.count[mine[column]]),
            missing[1] + float(other.count[theirs[again]]),
        )
        pooled = sum(missing) / sum(rows)
        error = math.sqrt(pooled * (1 - pooled) * (1 / rows[0] + 1 / rows[1]))
        apart = abs(missing[0] / rows[0] - missing[1] / rows[1])
        if apart > max(AS_OFTEN, STANDARD_ERRORS * error):
            return False
    return True


def _name(profile: Profile, layout: Layout, column: str) -> str:
    """Returns what a column is called, with its input where there are several of a kind."""
    target = layout.role == "target"
    several = sum(state.layout.role == layout.role for state in profile.inputs) > 1
    if layout.named:
        name = column
    elif layout.pooled:
        name = f"channel {column}"
    elif len(layout.columns) > 1:
        name = f"{'target' if target else 'column'} {column}"
    else:
        return layout.name if several else "targets" if target else "inputs"
    return f"{layout.name}.{name}" if several else name


def _filled(state: InputProfile, split: str, comparison: Comparison) -> str:
    """Returns code that puts train's medians in the place of what is not finite."""
    layout = state.layout
    if layout.role == "target":
        return comment(f"drop the rows of {split} whose targets are not finite")
    both = next((pair for pair in comparison.features if pair.name == layout.name), None)
    if both is None:
        return comment(f"drop the rows of {split} whose values are not finite")
    if layout.dtype != "table":
        train, here = name_of(both, "train"), name_of(both, split)
        return (
            f"median = np.nanmedian(np.where(np.isfinite({train}), {train}, np.nan), axis=0)\n"
            f"{here} = np.where(np.isfinite({here}), {here}, median)"
        )
    spoiled = _spoiled(state).keys()
    numbers = {
        (mine if split == "train" else other): mine
        for mine, other in both.matched
        if layout.columns[mine if split == "train" else other].kind == "number"
    }
    medians = [numbers[column] for column in sorted(spoiled & numbers.keys())]
    # Dates have no median that numpy knows, and what train lacks has none at all.
    others = tuple(layout.columns[column].name for column in sorted(spoiled - numbers.keys()))
    return "\n".join(
        [
            *([finite(both, split, medians)] if medians else []),
            *([comment(f"drop the rows of {split} without {ticked(others)}")] if others else []),
        ]
    )


def _spoiled(state: InputProfile) -> dict[int, int]:
    """Returns how many values of a column are not finite, by the column."""
    often = state.moments.missing + state.moments.infinite
    return {c: int(often[i]) for i, c in enumerate(state.layout.numbers) if often[i]}


def _how_often(profile: Profile, state: InputProfile) -> str:
    """Returns in how many of its rows each column is not finite."""
    layout, spoiled = state.layout, _spoiled(state)
    count = state.moments.count[layout.number_of[next(iter(spoiled))]]
    total = f"{int(count) + next(iter(spoiled.values())):,} {'values' if layout.pooled else 'rows'}"
    shown = [
        f"`{_name(profile, layout, layout.columns[column].name)}` in {often:,}"
        for column, often in list(spoiled.items())[:MOST_LISTED]
    ]
    more = len(spoiled) - len(shown)
    return f"not finite, of {total}: {', '.join(shown)}" + (f" and {more} more" if more else "")


def _which_rows(state: InputProfile, split: str, comparison: Comparison) -> str:
    """Returns code, in a comment, that lists the rows; empty where no such line can be written."""
    layout, spoiled = state.layout, list(_spoiled(state))
    both = next((pair for pair in comparison.inputs if pair.name == layout.name), None)
    if (
        both is None
        or None in layout.shape
        or any(layout.columns[column].kind == "date" for column in spoiled)
    ):
        return ""
    read = columns_of(both, split, spoiled, as_table=True).read
    values = f"np.asarray({read}, 'float64').reshape(len({name_of(both, split)}), -1)"
    return comment(f"which rows: np.flatnonzero(~np.isfinite({values}).all(axis=1))")


def _finding(split: str, profile: Profile, comparison: Comparison) -> Finding | None:
    names: list[str] = []
    spoiled = [s for s in profile.inputs if s.moments.missing.any() or s.moments.infinite.any()]
    missing = infinite = total = 0
    for state in profile.inputs:
        moments, layout = state.moments, state.layout
        names += [_name(profile, layout, layout.columns[place].name) for place in _spoiled(state)]
        missing += int(moments.missing.sum())
        infinite += int(moments.infinite.sum())
        total += int((moments.count + moments.missing + moments.infinite).sum())
    if not missing + infinite:
        return None
    values = " and ".join(
        text
        for text in (
            f"{missing:,} NaN" if missing else "",
            f"{infinite:,} infinite" if infinite else "",
        )
        if text
    )
    fixes = [
        line
        for state in spoiled
        for line in (_which_rows(state, split, comparison), _filled(state, split, comparison))
    ]
    noun = "value" if missing + infinite == 1 else "values"
    columns = tuple(names)
    return Finding(
        check="non_finite",
        kind="non_finite",
        columns=columns,
        transformation=f"{missing + infinite:,} of {split}'s {total:,} values are not finite",
        severity="fail",
        message=f"{split.capitalize()} holds {values} {noun} in {ticked(columns)}; a loss over them"
        " is not finite, or activations hide them.",
        evidence=tuple(_how_often(profile, state) for state in spoiled),
        fix="\n".join(line for line in fixes if line),
        constants={"missing": float(missing), "infinite": float(infinite)},
    )
