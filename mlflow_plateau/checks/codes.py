"""Categories and their shares, as two profiles know them, and the best match between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mlflow_plateau.checks.comparison import InputPair
from mlflow_plateau.checks.evidence import EFFECT, counts_differ, harmonic, total_variation
from mlflow_plateau.profiles.input_profile import InputProfile

MOST_CATEGORIES = 100
"""More distinct values are quantities or free text."""

MOST_CODES = 30
"""More distinct whole numbers are quantities, such as ages."""


@dataclass(frozen=True)
class CodePair:
    """Categories of one column in both splits.

    Attributes:
        train: Rows of each category in train.
        validation: The same in validation.
        whole: Whether they are whole numbers.
    """

    train: Mapping[str, int]
    validation: Mapping[str, int]
    whole: bool

    @property
    def rows(self) -> float:
        """How many rows the comparison is worth."""
        return harmonic(sum(self.train.values()), sum(self.validation.values()))

    @property
    def names(self) -> list[str]:
        """All categories."""
        return sorted({*self.train, *self.validation}, key=_in_order)

    def differ(self) -> bool:
        """Whether the shares of the same codes differ enough to matter, and beyond chance."""
        names = self.names
        train, validation = (
            np.array([codes.get(name, 0) for name in names], dtype=np.float64)
            for codes in (self.train, self.validation)
        )
        matters = self.variation() >= EFFECT or self._missing() >= EFFECT / 2
        return matters and counts_differ(train, validation)

    def _missing(self) -> float:
        """Returns the greatest share of a code that the other split does not have at all."""
        return max(
            (
                count / sum(codes.values())
                for codes, others in (
                    (self.train, self.validation),
                    (self.validation, self.train),
                )
                for name, count in codes.items()
                if not others.get(name)
            ),
            default=0.0,
        )

    def variation(self) -> float:
        """Returns the total variation between the shares of the same codes."""
        names = self.names
        return total_variation(shares(self.train, names), shares(self.validation, names))

    def sorted_variation(self) -> float:
        """Returns the total variation between the shares in falling order."""
        size = max(len(self.train), len(self.validation))
        return total_variation(_sorted(self.train, size), _sorted(self.validation, size))

    def by_frequency(self) -> dict[str, str]:
        """Returns validation's code for each of train's: the one that is as frequent."""
        train = sorted(self.train, key=lambda name: (-self.train[name], _in_order(name)))
        validation = sorted(
            self.validation, key=lambda name: (-self.validation[name], _in_order(name))
        )
        return dict(zip(train, validation, strict=False))

    def follow(self) -> bool:
        """Whether one split's codes begin where the other's end, as in rows sorted by them."""
        train, validation = (
            sorted(_in_order(name) for name, count in codes.items() if count)
            for codes in (self.train, self.validation)
        )
        return train[-1] <= validation[0] or validation[-1] <= train[0]

    def shift(self) -> int | None:
        """Returns the whole number that was added to every code, if that is what was done."""
        if not self.whole or len(self.train) != len(self.validation) or len(self.train) < 2:
            return None
        train, validation = (sorted(map(int, codes)) for codes in (self.train, self.validation))
        steps = {theirs - mine for mine, theirs in zip(train, validation, strict=True)}
        return steps.pop() if len(steps) == 1 else None


def _in_order(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def shares(
    counts: Mapping[str, int], names: list[str]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Returns the share of rows of each name."""
    total = max(sum(counts.values()), 1)
    return np.array([counts.get(name, 0) / total for name in names], dtype=np.float64)


def _sorted(counts: Mapping[str, int], size: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = sorted(counts.values(), reverse=True)
    total = max(sum(values), 1)
    return np.array([value / total for value in values] + [0.0] * (size - len(values)))


def categories_of(state: InputProfile, column: int) -> dict[str, int] | None:
    """Returns the rows of each category of a column; ``None`` where there are too many."""
    layout = state.layout
    if column in layout.category_of:
        slot = layout.category_of[column]
        place = len(layout.numbers) + slot
        marks, counts = state.distinct.of_column(place)
        if not state.distinct.complete(place) or len(marks) > MOST_CATEGORIES:
            return None
        labels = state.labels[slot]
        return {
            labels.get(int(mark), f"#{int(mark)}"): int(count)
            for mark, count in zip(marks, counts, strict=True)
        }
    place = layout.number_of[column]
    if not state.distinct.complete(place):
        return None
    values, counts = state.distinct.numbers_of_column(place)
    if len(values) > MOST_CATEGORIES or not np.all(values == np.round(values)):
        return None
    return {str(int(value)): int(count) for value, count in zip(values, counts, strict=True)}


def code_pair(both: InputPair, column: int, other: int) -> CodePair | None:
    """Returns a column's categories in both splits, if it has categories in both."""
    train = categories_of(both.train, column)
    validation = categories_of(both.validation, other)
    if not train or not validation:
        return None
    whole = column in both.train.layout.number_of and other in both.validation.layout.number_of
    return CodePair(train, validation, whole)
