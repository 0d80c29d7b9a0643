"""The distribution of one column as a profile knows it: lumps of mass, each inside an interval.

A lump is a single value where all distinct values are known, otherwise a bin of the histogram.
Comparisons allow for where in its bin a value may lie, so that bins cause no difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mlflow_plateau.profiles.input_profile import InputProfile
from mlflow_plateau.profiles.patterns import Float64, bin_edges
from mlflow_plateau.tracked import IntArray

ROUNDING = {"float16": 1e-3, "bfloat16": 8e-3}
"""What rounding to a type and back may move a value by, relative to it."""

SINGLE_PRECISION = 2e-6
"""The same for float32 and all wider types."""

MOST_ROWS_PER_ROW = 4.0
"""The values of one image are worth at most this many independent ones: they are much alike."""

_PROBABILITIES = np.linspace(0.01, 0.99, 99)


@dataclass(frozen=True, eq=False)
class Distribution:
    """Mass in intervals, ascending and not overlapping.

    Attributes:
        low: Least value of each lump.
        high: Greatest value of each lump.
        mass: Values in each lump.
        rows: How many independent values it is worth.
        atoms: Whether each lump is a single value, and all of them are known.
        mean: Exact mean.
        deviation: Exact standard deviation.
        least: Exact minimum.
        greatest: Exact maximum.
        at_least: How often the minimum occurs.
        at_greatest: How often the maximum occurs.
        rounding: What rounding may have moved a value by, relative to it.
    """

    low: Float64
    high: Float64
    mass: Float64
    rows: float
    atoms: bool
    mean: float
    deviation: float
    least: float
    greatest: float
    at_least: int
    at_greatest: int
    rounding: float = SINGLE_PRECISION

    @cached_property
    def total(self) -> float:
        """All of the mass."""
        return float(self.mass.sum())

    @cached_property
    def cumulated(self) -> Float64:
        """The mass up to each lump and with it."""
        return np.cumsum(self.mass)

    @property
    def commonest(self) -> float:
        """Returns the middle of the fullest lump."""
        fullest = int(np.argmax(self.mass))
        return float(self.low[fullest] + self.high[fullest]) / 2

    @cached_property
    def elsewhere(self) -> float:
        """The share of the mass outside the fullest lump."""
        return 1.0 - float(self.mass.max()) / self.total

    @property
    def constant(self) -> bool:
        """Whether there is one value only, or none."""
        return not self.least < self.greatest

    @property
    def two_valued(self) -> bool:
        """Whether there are two values, and both are known."""
        return self.atoms and len(self.low) == 2

    @cached_property
    def whole(self) -> bool:
        """Whether all of its values are known to be whole numbers."""
        return self.atoms and bool(np.all(self.low == np.round(self.low)))

    @cached_property
    def _percentiles(self) -> Float64:
        return self.quantiles(_PROBABILITIES)

    def quantiles(self, probabilities: Float64 | None = None) -> Float64:
        """Returns the values below which the given shares of the mass lie, or the percentiles."""
        if probabilities is None:
            return self._percentiles
        share = self.cumulated / self.total
        at = self._lumps(share, probabilities)
        before = np.concatenate([[0.0], share])[at]
        inside = np.clip((probabilities - before) / (share[at] - before), 0, 1)
        value: Float64 = self.low[at] + inside * (self.high[at] - self.low[at])
        return value

    def share_at(self, probability: float) -> float:
        """Returns the share of the mass in the lump in which a quantile lies."""
        (at,) = self._lumps(self.cumulated / self.total, np.array([probability]))
        return float(self.mass[at]) / self.total

    def _lumps(self, share: Float64, probabilities: Float64) -> IntArray:
        """Returns in which lumps quantiles lie, by the share of the mass up to each lump."""
        return np.minimum(np.searchsorted(share, probabilities - 1e-12), len(share) - 1)

    def mapped(
        self, function: Callable[[Float64], Float64], rounding: float | None = None
    ) -> Distribution:
        """Returns the distribution of a monotone function of the values.

        Args:
            function: The function.
            rounding: What rounding may have moved a value by; the column's own if left out.
        """
        with np.errstate(all="ignore"):
            low, high = function(self.low), function(self.high)
        known = np.isfinite(low) & np.isfinite(high)
        low, high, mass = low[known], high[known], self.mass[known]
        if len(low) > 1 and low[0] > low[-1]:
            low, high, mass = high[::-1], low[::-1], mass[::-1]
        rounding = self.rounding if rounding is None else rounding
        slack = rounding * np.maximum(np.abs(low), np.abs(high))
        return replace(
            self,
            low=np.minimum(low, high) - slack,
            high=np.maximum(low, high) + slack,
            mass=mass,
            rows=self.rows if known.all() else 0.0,
            rounding=rounding,
        )


def distribution_of(state: InputProfile, number: int) -> Distribution | None:
    """Returns the distribution of a column of numbers; ``None`` without any finite value.

    Args:
        state: The profile of the input.
        number: Which of its columns of numbers.
    """
    moments = state.moments
    count = int(moments.count[number])
    keys, binned = state.histogram.of_column(number)
    if count == 0 or not len(keys):
        return None
    mean, deviation = state.statistics()
    atoms = state.distinct.complete(number)
    if atoms:
        low, counts = state.distinct.numbers_of_column(number)
        high = low
    else:
        low, high = bin_edges(keys, state.histogram.bits)
        counts = binned
        low, high = low.copy(), high.copy()
        low[0], high[-1] = (
            max(low[0], moments.least[number]),
            min(high[-1], moments.greatest[number]),
        )
    rows = float(state.sampled) * count / max(count + int(moments.missing[number]), 1)
    if state.row_means is not None and state.row_means.count[number]:
        between = state.row_deviations()[number] ** 2
        within = float(deviation[number]) ** 2
        rows *= float(np.clip(within / between, 1.0, MOST_ROWS_PER_ROW)) if between > 0 else 1.0
    return Distribution(
        low=low,
        high=high,
        mass=counts.astype(np.float64),
        rows=rows,
        atoms=atoms,
        mean=float(mean[number]),
        deviation=float(deviation[number]),
        least=float(moments.least[number]),
        greatest=float(moments.greatest[number]),
        at_least=int(moments.at_least[number]),
        at_greatest=int(moments.at_greatest[number]),
        rounding=ROUNDING.get(
            state.layout.columns[state.layout.numbers[number]].dtype, SINGLE_PRECISION
        ),
    )


def pooled_distribution(one: Distribution, other: Distribution) -> Distribution:
    """Returns the distribution of both splits together."""
    low, high = (
        np.concatenate([getattr(one, end), getattr(other, end)]) for end in ("low", "high")
    )
    order = np.argsort(low, kind="stable")
    mass = np.concatenate([one.mass, other.mass])
    share = other.total / (one.total + other.total)
    mean = (1 - share) * one.mean + share * other.mean
    # Of deviations from the common mean: squares of what is far from zero have no digits left.
    variance = (1 - share) * (one.deviation**2 + (one.mean - mean) ** 2)
    variance += share * (other.deviation**2 + (other.mean - mean) ** 2)
    least, greatest = min(one.least, other.least), max(one.greatest, other.greatest)
    return replace(
        one,
        low=low[order],
        high=high[order],
        mass=mass[order],
        rows=one.rows + other.rows,
        atoms=one.atoms and other.atoms,
        mean=mean,
        deviation=variance**0.5,
        least=least,
        greatest=greatest,
        at_least=sum(side.at_least for side in (one, other) if side.least == least),
        at_greatest=sum(side.at_greatest for side in (one, other) if side.greatest == greatest),
    )


def distance(one: Distribution, other: Distribution) -> float:
    """Returns the greatest difference of the two distribution functions that bins cannot explain.

    It is the Kolmogorov–Smirnov distance where all values are known; otherwise a lower bound of it
    that is short by at most the fullest bin.
    """
    if not len(one.low) or not len(other.low):
        return 1.0
    return max(_excess(one, other), _excess(other, one), 0.0)


def _excess(one: Distribution, other: Distribution) -> float:
    """Returns by how much the one surely has more mass below some value than the other."""
    surely = one.cumulated / one.total
    possible = np.concatenate([[0.0], other.cumulated]) / other.total
    return float(np.max(surely - possible[np.searchsorted(other.low, one.high, side="right")]))
