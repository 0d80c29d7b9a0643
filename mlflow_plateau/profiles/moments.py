"""Counts, extremes and exact sums.

Floating-point sums depend on the order of the additions, so those of two shards would not add up to
the sum of the whole. Here every value is rounded to a fixed grid and added as an integer, after
Demmel and Nguyen, "Fast Reproducible Floating-Point Summation" (ARITH 2013): the grid depends only
on the greatest value of the column, and integers add up to the same in any order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from mlflow_plateau.profiles.patterns import Bool, Float32, Float64, Int64
from mlflow_plateau.profiles.workspace import Workspace

LIMB = 38
"""Bits of one of the two integers of a sum."""

LOWEST_WINDOW = -9
"""Fine enough for the square of the least float32."""

MOST_AT_ONCE = 1 << 15
"""Values added at once: 47 + 15 bits stay below the 63 of an int64."""

_ROUNDER = 1.5 * 2.0**52
"""Added to a number on a grid of 1, it leaves the nearest integer in the low bits of the sum."""

Limbs = np.ndarray[Any, np.dtype[np.object_]]
"""Python integers, which have no greatest value."""


@dataclass
class ExactSums:
    """Sums of columns, as integers on two grids: ``high``·2^(38·w) + ``low``·2^(38·(w − 1)).

    Attributes:
        window: w of each column.
        high: The integers on the coarse grid, one per column.
        low: The integers on the fine grid.
    """

    window: Int64
    high: Limbs
    low: Limbs

    @classmethod
    def of(cls, columns: int) -> ExactSums:
        """Returns sums of nothing."""
        none = np.array([0] * columns, dtype=object)
        return cls(np.full(columns, LOWEST_WINDOW, dtype=np.int64), none, none.copy())

    def add(self, values: Float64, greatest: Float64, workspace: Workspace) -> None:
        """Adds values.

        Args:
            values: (columns, values).
            greatest: The greatest size of each column's values.
            workspace: Where to calculate.
        """
        _, exponent = np.frexp(greatest)
        needed = -(-(exponent.astype(np.int64) + 1) // LIMB) - 1
        self._raise_to(np.where(greatest > 0, needed, self.window))
        for start in range(0, values.shape[1], MOST_AT_ONCE):
            self._add(values[:, start : start + MOST_AT_ONCE], greatest, workspace)

    def _add(self, values: Float64, greatest: Float64, workspace: Workspace) -> None:
        grid = np.ldexp(1.0, (LIMB * self.window).astype(np.int32))[:, None]
        if (grid == grid[0]).all():
            grid = grid[:1]  # one number is added several times faster than one for each column
        fine = grid * 2.0**-LIMB
        rounded = workspace.array("rounded", values.shape, np.float64)
        coarse = np.zeros(len(values), dtype=np.int64)
        # Less than half of the grid is nothing on it.
        on_grid = bool((greatest >= grid[:, 0] / 2).any())
        if on_grid:
            coarse = _sums_on_grid(values, grid, rounded)
            self.high = self.high + coarse
        if (greatest < fine[:, 0] * 2.0**47).all():
            self.low = self.low + (_sums_on_grid(values, fine, rounded) - (coarse << LIMB))
            return
        if on_grid:
            rounded -= grid * _ROUNDER
            values = np.subtract(values, rounded, out=rounded)
        self.low = self.low + _sums_on_grid(values, fine, rounded)

    def _raise_to(self, window: Int64) -> None:
        steps = np.maximum(window - self.window, 0)
        if not steps.any():
            return
        self.low = np.where(steps == 0, self.low, np.where(steps == 1, self.high, 0))
        self.high = np.where(steps == 0, self.high, 0)
        self.window = self.window + steps

    def merged(self, other: ExactSums) -> ExactSums:
        """Returns the sums of both."""
        window = np.maximum(self.window, other.window)
        mine = ExactSums(self.window, self.high, self.low)
        theirs = ExactSums(other.window, other.high, other.low)
        mine._raise_to(window)
        theirs._raise_to(window)
        return ExactSums(window, mine.high + theirs.high, mine.low + theirs.low)

    def exact(self, column: int) -> Fraction:
        """Returns the sum of a column, as it was rounded to the grid."""
        window = int(self.window[column])
        both = int(self.high[column]) * 2**LIMB + int(self.low[column])
        return Fraction(both) * Fraction(2) ** (LIMB * (window - 1))


def _sums_on_grid(values: Float64, grid: Float64, rounded: Float64) -> Int64:
    """Returns the sum of each column's values, each rounded to a multiple of the grid, in those.

    Args:
        values: (columns, values), smaller than 2^47 times the grid.
        grid: (columns, 1) or (1, 1): the grid of each column, a power of two.
        rounded: Receives the rounded values, each with 1.5·2^52 times the grid added to it.
    """
    rounder = grid * _ROUNDER
    np.add(values, rounder, out=rounded)
    # The integers overflow, and come back when what was added to each value is taken off.
    sums: Int64 = rounded.view(np.int64).sum(axis=1)
    sums -= rounder.view(np.int64)[:, 0] * values.shape[1]
    return sums


@dataclass
class Moments:
    """Counts, extremes, sums and sums of squares of each column.

    Attributes:
        count: Finite values.
        missing: NaN, None and missing strings.
        infinite: Values of plus or minus infinity.
        least: The least finite value; +inf where there is none.
        greatest: The greatest finite value; −inf where there is none.
        at_least: How often the least value stands there.
        at_greatest: How often the greatest value stands there.
        sums: Exact sums.
        squares: Exact sums of squares.
    """

    count: Int64
    missing: Int64
    infinite: Int64
    least: Float64
    greatest: Float64
    at_least: Int64
    at_greatest: Int64
    sums: ExactSums
    squares: ExactSums

    @classmethod
    def of(cls, columns: int) -> Moments:
        """Returns the moments of nothing."""
        zero = np.zeros(columns, dtype=np.int64)
        return cls(
            count=zero,
            missing=zero.copy(),
            infinite=zero.copy(),
            least=np.full(columns, np.inf),
            greatest=np.full(columns, -np.inf),
            at_least=zero.copy(),
            at_greatest=zero.copy(),
            sums=ExactSums.of(columns),
            squares=ExactSums.of(columns),
        )

    def add(self, values: Float32, finite: Bool | None, workspace: Workspace) -> None:
        """Adds a block.

        Args:
            values: (columns, values); what is not finite is replaced by zero.
            finite: The same shape: which values count, or ``None`` where all do.
            workspace: Where to calculate.
        """
        if values.size == 0:
            return
        count = np.full(len(values), values.shape[1], dtype=np.int64)
        if finite is None:
            lowest, highest = values.min(axis=1), values.max(axis=1)
        else:
            count = np.count_nonzero(finite, axis=1).astype(np.int64)
            lowest = np.where(finite, values, np.float32(np.inf)).min(axis=1)
            highest = np.where(finite, values, np.float32(-np.inf)).max(axis=1)
        # How often an extreme stands there matters only where it is one.
        at_least = _how_often(values, lowest, finite, lowest <= self.least)
        at_greatest = _how_often(values, highest, finite, highest >= self.greatest)
        here = Moments(
            count=count,
            missing=np.zeros_like(count),
            infinite=np.zeros_like(count),
            least=lowest.astype(np.float64),
            greatest=highest.astype(np.float64),
            at_least=at_least,
            at_greatest=at_greatest,
            sums=self.sums,
            squares=self.squares,
        )
        self._take_extremes(here)
        self.count = self.count + count
        greatest = np.maximum(np.abs(here.least), np.abs(here.greatest))
        greatest[count == 0] = 0.0
        wide = workspace.array("wide", values.shape, np.float64)
        np.copyto(wide, values)
        self.sums.add(wide, greatest, workspace)
        wide *= wide
        self.squares.add(wide, greatest * greatest, workspace)

    def _take_extremes(self, other: Moments) -> None:
        self.at_least = _at(np.minimum, self.least, self.at_least, other.least, other.at_least)
        self.at_greatest = _at(
            np.maximum, self.greatest, self.at_greatest, other.greatest, other.at_greatest
        )
        self.least = np.minimum(self.least, other.least)
        self.greatest = np.maximum(self.greatest, other.greatest)

    def merged(self, other: Moments) -> Moments:
        """Returns the moments of both."""
        both = Moments(
            count=self.count + other.count,
            missing=self.missing + other.missing,
            infinite=self.infinite + other.infinite,
            least=self.least,
            greatest=self.greatest,
            at_least=self.at_least,
            at_greatest=self.at_greatest,
            sums=self.sums.merged(other.sums),
            squares=self.squares.merged(other.squares),
        )
        both._take_extremes(other)
        return both

    def mean_and_deviation(self) -> tuple[Float64, Float64]:
        """Returns mean and standard deviation (divided by n) of each column; NaN without values."""
        means, deviations = [], []
        for column, count in enumerate(self.count.tolist()):
            if count == 0:
                means.append(math.nan)
                deviations.append(math.nan)
                continue
            mean = self.sums.exact(column) / count
            variance = self.squares.exact(column) / count - mean * mean
            means.append(float(mean))
            deviations.append(math.sqrt(max(float(variance), 0.0)))
        return np.array(means, dtype=np.float64), np.array(deviations, dtype=np.float64)


def _how_often(values: Float32, sought: Float32, finite: Bool | None, where: Bool) -> Int64:
    counts = np.zeros(len(values), dtype=np.int64)
    for column in np.flatnonzero(where).tolist():
        found = values[column] == sought[column]
        if finite is not None:
            found &= finite[column]
        counts[column] = np.count_nonzero(found)
    return counts


def _at(
    choose: np.ufunc, mine: Float64, my_count: Int64, theirs: Float64, their_count: Int64
) -> Int64:
    chosen = choose(mine, theirs)
    mine_there = np.where(mine == chosen, my_count, 0)
    total: Int64 = mine_there + np.where(theirs == chosen, their_count, 0)
    return total
