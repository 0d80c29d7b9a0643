"""Data in two splits, and what makes and changes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Random = np.random.Generator
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Split:
    """Inputs and targets of both splits."""

    x: Any
    y: Any
    v: Any
    w: Any


Population = Callable[[Random, int], tuple[Any, Any]]
Mutation = Callable[[Random, Split], Split]

Case = tuple[str, str, str, Mutation]
"""Kind, name, population, and what is done to it."""


def cases(by_kind: Mapping[str, Sequence[tuple[str, str, Mutation]]]) -> list[Case]:
    """Returns cases, given as name, population and mutation of each kind."""
    return [(kind, *case) for kind, several in by_kind.items() for case in several]


VALIDATION_SHARE = 0.25


def drawn(random: Random, population: Population, rows: int) -> Split:
    """Draws a population and splits it at random."""
    x, y = population(random, rows)
    cut = rows - round(VALIDATION_SHARE * rows)
    if hasattr(x, "iloc"):
        return Split(x.iloc[:cut], y[:cut], x.iloc[cut:].reset_index(drop=True), y[cut:])
    return Split(x[:cut], y[:cut], x[cut:], y[cut:])
