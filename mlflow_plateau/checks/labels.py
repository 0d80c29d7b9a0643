"""Class labels as two profiles know them, whatever form they have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mlflow_plateau.checks.codes import CodePair, categories_of
from mlflow_plateau.checks.comparison import Comparison, InputPair
from mlflow_plateau.profiles.input_profile import InputProfile

ONE_HOT = "one-hot"
INTEGERS = "integers"
NAMES = "names"

MOST_CLASSES = 20
OF_ROWS = 0.1
"""Whole numbers with more distinct values than this, and than this part of the rows, are counts or
amounts, not classes."""

ROWS_PER_CLASS = 2
"""Nor are whole numbers that occur less often than this, on average."""


@dataclass(frozen=True)
class Labels:
    """Class labels in both splits.

    Attributes:
        both: The target.
        forms: How they are encoded in train and in validation.
        codes: Rows of each class.
    """

    both: InputPair
    forms: tuple[str, str]
    codes: CodePair


def quantities(comparison: Comparison) -> Iterator[InputPair]:
    """Yields the inputs and the targets that are no class labels: what has units and a scale."""
    classes = {labels.both.name for labels in labels_of(comparison)}
    return (both for both in comparison.inputs if both.name not in classes)


def labels_of(comparison: Comparison) -> Iterator[Labels]:
    """Yields the targets that are class labels in both splits."""
    for both in comparison.targets:
        train, validation = _classes(both.train), _classes(both.validation)
        if train is not None and validation is not None:
            forms = train[0], validation[0]
            whole = NAMES not in forms
            yield Labels(both, forms, CodePair(train[1], validation[1], whole))


def _classes(state: InputProfile) -> tuple[str, dict[str, int]] | None:
    """Returns form and rows of each class, if the target is a class label."""
    layout = state.layout
    if layout.pooled or not state.rows:
        return None
    if len(layout.columns) > 1:
        return _one_hot(state)
    if not layout.columns:
        return None
    counts = categories_of(state, 0)
    if not counts:
        return None
    names = layout.columns[0].kind == "category"
    rows = sum(counts.values())
    if not names and (
        len(counts) > max(MOST_CLASSES, OF_ROWS * rows) or rows < ROWS_PER_CLASS * len(counts)
    ):
        return None
    return (NAMES if names else INTEGERS), counts


def _one_hot(state: InputProfile) -> tuple[str, dict[str, int]] | None:
    moments = state.moments
    if len(state.layout.numbers) != len(state.layout.columns) or not moments.count.all():
        return None
    mean, deviation = state.statistics()
    binary = np.allclose(mean * (1 - mean), deviation**2, atol=1e-6)
    inside = bool(np.all(moments.least >= 0) and np.all(moments.greatest <= 1))
    if not binary or not inside or abs(float(mean.sum()) - 1) > 1e-6:
        return None
    counts = np.round(mean * moments.count).astype(int)
    return ONE_HOT, {str(place): int(count) for place, count in enumerate(counts)}
