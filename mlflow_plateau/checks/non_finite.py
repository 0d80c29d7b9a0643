"""The data holds NaN or infinity."""

from __future__ import annotations

from collections.abc import Iterator

from mlflow_plateau.checks.comparison import Comparison
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import comment, finite, name_of
from mlflow_plateau.checks.transformation import listed
from mlflow_plateau.profiles import Profile
from mlflow_plateau.profiles.input_profile import InputProfile
from mlflow_plateau.profiles.table import Layout


def non_finite(comparison: Comparison) -> Iterator[Hypothesis]:
    """Counts NaN and infinity in what a model would be fed."""
    for split, profile in (("train", comparison.train), ("validation", comparison.validation)):
        finding = _finding(split, profile, comparison)
        if finding is not None:
            yield Hypothesis(finding, certain=True)


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
    layout, moments = state.layout, state.moments
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
    spoiled = {
        column
        for place, column in enumerate(layout.numbers)
        if moments.missing[place] or moments.infinite[place]
    }
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
            *([comment(f"drop the rows of {split} without {listed(others)}")] if others else []),
        ]
    )


def _finding(split: str, profile: Profile, comparison: Comparison) -> Finding | None:
    names: list[str] = []
    spoiled = [s for s in profile.inputs if s.moments.missing.any() or s.moments.infinite.any()]
    missing = infinite = total = 0
    for state in profile.inputs:
        moments, layout = state.moments, state.layout
        for place, column in enumerate(layout.numbers):
            if moments.missing[place] or moments.infinite[place]:
                names.append(_name(profile, layout, layout.columns[column].name))
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
    noun = "value" if missing + infinite == 1 else "values"
    columns = tuple(names)
    return Finding(
        check="non_finite",
        kind="non_finite",
        columns=columns,
        transformation=f"{(missing + infinite) / total:.0%} of {split}'s values in all columns are"
        " not finite",
        severity="fail",
        message=f"{split.capitalize()} holds {values} {noun} in {listed(columns)}; a loss over them"
        " is not finite, or activations hide them.",
        fix="\n".join(_filled(state, split, comparison) for state in spoiled),
        constants={"missing": float(missing), "infinite": float(infinite)},
    )
