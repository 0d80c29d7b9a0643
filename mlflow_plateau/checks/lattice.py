"""The lattice that the distinct values of a column stand on: whole multiples of a step.

Counts, codes, ages and prices stand on one; what was done to them moves it, and a lattice tells
constants to the last digit where a distribution tells them to a few percent.
"""

from __future__ import annotations

import numpy as np

from mlflow_plateau.checks.distribution import Distribution

LEAST_VALUES = 4
"""Fewer distinct values stand on some lattice by chance."""

DIVIDED = 6
"""The least gap between neighbours is at most this many steps."""

ROUNDING = 2e-7
"""What float32 moves a value by, relative to it."""

SURE = 0.02
"""Where rounding moves the values by more than this part of the step, nothing can be told."""


def step_of(column: Distribution, origin: float = 0.0) -> float | None:
    """Returns the greatest number of which all of a column's values are multiples, if there is one.

    It is known where all distinct values are, and they are not too many or too large for float32.

    Args:
        column: The column.
        origin: What is taken off its values before.
    """
    if not column.atoms or len(column.low) < LEAST_VALUES or column.rounding > 1e-5:
        return None
    values = column.low - origin
    least = float(np.diff(values).min())
    largest = float(np.abs(values).max())
    rounding = ROUNDING * max(abs(column.least), abs(column.greatest))
    for divisor in range(1, DIVIDED + 1):
        step = least / divisor
        if rounding > SURE * step:
            return None
        # The gap itself is rounded; the largest value tells the step more exactly.
        step = largest / max(round(largest / step), 1)
        places = values / step
        if np.all(np.abs(places - np.round(places)) <= 1e-6 + 4 * rounding / step):
            return step
    return None
