"""A few rows of each split, as every experiment uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

TRAINING_ROWS = 1000
"""Rows of the training sample, or all; enough for a quick reference model."""

VALIDATION_ROWS = 500
"""Rows of the validation sample, or all."""

MOST_VALUES = 20_000_000
"""Of wide rows (images) so few are taken that the sample stays below this many numbers."""


@dataclass(frozen=True)
class Rows:
    """Some rows of one split, in random order.

    Attributes:
        x: Inputs, nested in lists, tuples and dicts as the model takes them; each array has shape
            ``(rows, …)``.
        y: Targets, nested likewise; ``None`` where there are none.
        weighted: Whether the rows have weights of their own, which puts losses in other units.
    """

    x: Any
    y: Any
    weighted: bool = False

    def __len__(self) -> int:
        return len(next(arrays_in(self.x)))

    def part(self, start: int, stop: int) -> Rows:
        """Returns the rows from ``start`` to before ``stop``."""

        def cut(array: Any) -> Any:
            return array[start:stop]

        return Rows(each_array(cut, self.x), each_array(cut, self.y), self.weighted)


@dataclass(frozen=True)
class Sample:
    """Rows of both splits.

    Attributes:
        training: Of the training split.
        validation: Of the validation split; ``None`` where there is none in memory.
    """

    training: Rows
    validation: Rows | None


def each_array(function: Callable[[Any], Any], nested: Any) -> Any:
    """Returns the same nest of lists, tuples and dicts with the function's value for each array."""
    if nested is None:
        return None
    if isinstance(nested, Mapping):
        return {key: each_array(function, value) for key, value in nested.items()}
    if isinstance(nested, (list, tuple)):
        values = [each_array(function, value) for value in nested]
        if hasattr(nested, "_fields"):  # a named tuple
            return type(nested)(*values)
        return type(nested)(values)
    return function(nested)


def arrays_in(nested: Any) -> Iterator[Any]:
    """Yields the arrays in a nest of lists, tuples and dicts; of a dict, by its sorted keys."""
    if isinstance(nested, Mapping):
        for key in sorted(nested, key=str):
            yield from arrays_in(nested[key])
    elif isinstance(nested, (list, tuple)):
        for value in nested:
            yield from arrays_in(value)
    elif nested is not None:
        yield nested


def chosen_rows(rows: int, most: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Returns which rows to take of so many, in random order."""
    # A generator of our own: the user's random numbers are not touched.
    return np.random.default_rng(0).choice(rows, min(rows, most), replace=False)
