"""The targets are distributed differently."""

from __future__ import annotations

from collections.abc import Iterator

from mlflow_plateau.checks.codes import shares
from mlflow_plateau.checks.comparison import Comparison
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import comment, resplit
from mlflow_plateau.checks.labels import Labels, labels_of
from mlflow_plateau.checks.transformation import shown

OTHER_SHARES = "other shares of the classes"
"""The transformation of a finding where the targets are classes."""


def label_shift(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds classes that are more or less frequent, and targets of another distribution."""
    as_classes = set()
    for labels in labels_of(comparison):
        as_classes.add(labels.both.name)
        if labels.forms[0] == labels.forms[1]:
            yield from _classes(comparison, labels)
    for both in comparison.targets:
        if both.name in as_classes:
            continue
        for pair in both.different:
            yield Hypothesis(
                Finding(
                    check="label_shift",
                    kind="label_shift",
                    columns=(pair.name,),
                    transformation="another distribution of the target",
                    severity="warn",
                    message=f"The target `{pair.name}` is distributed differently: mean"
                    f" {shown(pair, pair.train.mean)} in train,"
                    f" {shown(pair, pair.validation.mean)} in"
                    f" validation ({pair.distance:.0%} of the rows would have to move).",
                    fix=resplit(comparison, stratify=False),
                    constants={"distance": pair.distance},
                ),
                explains=frozenset([pair.place]),
                cost=pair.as_shift,
            )


def _classes(comparison: Comparison, labels: Labels) -> Iterator[Hypothesis]:
    codes = labels.codes
    if not codes.differ():
        return
    variation = codes.variation()
    names = codes.names
    train, validation = shares(codes.train, names), shares(codes.validation, names)
    order = sorted(range(len(names)), key=lambda place: -abs(train[place] - validation[place]))
    shown = ", ".join(
        f"{names[place]}: {train[place]:.0%} → {validation[place]:.0%}" for place in order[:4]
    )
    both = labels.both
    fix = resplit(comparison, stratify=True)
    following = ""
    if codes.follow():
        following = (
            " One split's classes begin where the other's end: the rows seem to have been sorted by"
            " class before they were split."
        )
        fix = comment("shuffle before splitting; Keras' validation_split takes the last rows") + (
            f"\n{fix}"
        )
    yield Hypothesis(
        Finding(
            check="label_shift",
            kind="label_shift",
            columns=(both.name,),
            transformation=OTHER_SHARES,
            severity="warn",
            message=f"The classes are distributed differently in validation: {shown}"
            f" ({variation:.0%} of the rows would have to change class)." + following,
            fix=fix,
            constants={
                "distance": variation,
                "unseen": float(validation[train == 0].sum()),
            },
        ),
        explains=frozenset((both.name, column) for column in range(len(both.train.layout.columns))),
        cost=14.0,
    )
