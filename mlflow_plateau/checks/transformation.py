"""Fits of one split's column to the other's: affine maps and what they leave unexplained."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlflow_plateau.checks.comparison import NumberPair
from mlflow_plateau.checks.distribution import Distribution, distance
from mlflow_plateau.checks.evidence import harmonic, nats
from mlflow_plateau.checks.lattice import step_of
from mlflow_plateau.profiles.patterns import Float64

MOST_DECIMALS = 4
"""Values with more digits after the point are on no grid."""

REWEIGHTED = 8
"""How often errors are weighed anew for the line of least absolute error."""

MINUTES_A_DAY = 1440

DAYS_WITH_TIMES = 3.0
"""Of dates that all lie within fewer days than this the time of the day is told as well."""

QUARTILES = (24, 49, 74)
"""Where among the 99 percentiles the quartiles stand."""

_POWERS = (1000.0, 100.0, 10.0, 1e6, 1e4, 1e5, 1e9, 1e7, 1e8)
_UNITS = (
    255.0, 60.0, 3600.0, 86400.0, 24.0, 1440.0, 7.0, 12.0, 365.25, 2.54, 2.20462262, 1.609344,
    3.28084, 30.48, 25.4, 57.29577951, 3.6, 28.349523, 3.785412, 4.184, 18.0182, 6.89476, 133.322,
    101.325, 1.0936133, 1024.0, 1048576.0,
)  # fmt: skip
KNOWN_FACTORS = (*(f for known in (*_POWERS, *_UNITS) for f in (known, 1 / known)), -1.0)
"""Factors between units of length, weight, time, angle, volume, pressure, energy, blood sugar;
the commonest first."""


@dataclass(frozen=True)
class Affine:
    """validation = ``factor`` · train + ``offset``.

    Attributes:
        factor: The factor.
        offset: The offset.
        misfit: Nats against it.
        distance: How far the distributions are apart after it.
    """

    factor: float
    offset: float
    misfit: float
    distance: float

    @property
    def formula(self) -> str:
        """The map as a formula."""
        return affine_formula(self.factor, self.offset)


def affine_formula(factor: float, offset: float) -> str:
    """Returns ``validation = train × 1000`` and the like."""
    if factor == -1:
        scaled = "−train"
    elif 0 < abs(factor) < 1 and abs(1 / factor - round(1 / factor)) < 1e-6:
        scaled = f"train ÷ {1 / factor:.6g}"
    else:
        scaled = "train" if factor == 1 else f"train × {factor:.6g}"
    if not offset:
        return f"validation = {scaled}"
    return f"validation = {scaled} {'+' if offset > 0 else '−'} {abs(offset):.6g}"


def misfit(
    pair: NumberPair, function: Callable[[Float64], Float64], of_train: bool = False
) -> tuple[float, float]:
    """Returns nats against, and distance after, transforming validation (or train) by a function.

    Where the function is not defined for some of the values both are infinite.
    """
    train, validation = pair.train, pair.validation
    # Either side may have been rounded more coarsely; the allowance is made on the mapped one.
    rounding = max(train.rounding, validation.rounding)
    if of_train:
        train = train.mapped(function, rounding)
    else:
        validation = validation.mapped(function, rounding)
    if not train.rows or not validation.rows:
        return math.inf, math.inf
    apart = distance(train, validation)
    return nats(apart, harmonic(train.rows, validation.rows)), apart


def with_constants(pair: NumberPair, factor: float, offset: float) -> Affine:
    """Returns how well given constants fit."""
    against, apart = misfit(pair, lambda value: factor * value + offset, of_train=True)
    return Affine(factor, offset, against, apart)


def best_affine(pair: NumberPair) -> Affine | None:
    """Returns the map that fits best, by moments or by quantiles; ``None`` for constant columns."""
    train, validation = pair.train, pair.validation
    if not train.deviation or not validation.deviation:
        return None
    candidates = []
    for sign in (1.0, -1.0):
        factor = sign * validation.deviation / train.deviation
        candidates.append((factor, validation.mean - factor * train.mean))
    mine, theirs = train.quantiles(), validation.quantiles()
    inner = slice(5, -5)
    for quantiles in (theirs, theirs[::-1]):
        x, y = mine[inner], quantiles[inner]
        spread = float(((x - x.mean()) ** 2).sum())
        if spread > 0:
            factor = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
            if factor:
                candidates.append((factor, float(y.mean() - factor * x.mean())))
                candidates.append(_least_absolute(x, y, *candidates[-1]))
    # Long tails rule moments: the middle half knows better.
    low, middle, high = QUARTILES
    if mine[high] > mine[low]:
        for quantiles in (theirs, theirs[::-1]):
            factor = float((quantiles[high] - quantiles[low]) / (mine[high] - mine[low]))
            if factor:
                candidates.append((factor, float(quantiles[middle] - factor * mine[middle])))
    # Constants that carry the commonest value and the ends over exactly, for pixels and counts.
    for one, other in (
        ((train.least, train.greatest), (validation.least, validation.greatest)),
        ((train.commonest, train.greatest), (validation.commonest, validation.greatest)),
        ((train.least, train.commonest), (validation.least, validation.commonest)),
    ):
        if one[0] < one[1] and other[0] < other[1]:
            factor = (other[1] - other[0]) / (one[1] - one[0])
            candidates.append((factor, other[0] - factor * one[0]))
    # Of counts the step is known exactly, and the least and the commonest are the same ones.
    steps = step_of(train, train.least), step_of(validation, validation.least)
    if steps[0] and steps[1]:
        factor = steps[1] / steps[0]
        candidates += [
            (factor, theirs - factor * mine)
            for mine, theirs in (
                (train.least, validation.least),
                (train.commonest, validation.commonest),
            )
        ]
    fits = [with_constants(pair, factor, offset) for factor, offset in candidates if factor]
    # A mirrored map has to earn it: most distributions are nearly symmetric.
    return min(fits, key=lambda fit: fit.distance + (0.05 if fit.factor < 0 else 0.0))


def _least_absolute(x: Float64, y: Float64, factor: float, offset: float) -> tuple[float, float]:
    """Returns the line of least absolute error: quantiles beside a gap are off by all of it."""
    for _ in range(REWEIGHTED):
        error = np.abs(factor * x + offset - y)
        weights = 1 / np.maximum(error, 1e-3 * max(float(error.max()), 1e-300))
        weights /= weights.sum()
        x_mean, y_mean = float(weights @ x), float(weights @ y)
        spread = float(weights @ (x - x_mean) ** 2)
        if not spread > 0:
            break
        factor = float(weights @ ((x - x_mean) * (y - y_mean))) / spread
        offset = y_mean - factor * x_mean
    return factor, offset


def best_multiple(pair: NumberPair) -> Affine | None:
    """Returns the factor that fits best, by deviations, means, medians or ends."""
    train, validation = pair.train, pair.validation
    mine, theirs = train.quantiles(), validation.quantiles()
    ratios = (
        (train.deviation, validation.deviation),
        (train.mean, validation.mean),
        (train.greatest, validation.greatest),
        (train.least, validation.least),
        *((float(mine[at]), float(theirs[at])) for at in QUARTILES),
    )
    fits = [with_constants(pair, v / t, 0.0) for t, v in ratios if t and v]
    return min(fits, key=lambda fit: fit.distance, default=None)


def decimals(column: Distribution) -> int | None:
    """Returns how many digits after the point the distinct values have; ``None`` off any grid."""
    if not column.atoms or not len(column.low):
        return None
    for digits in range(MOST_DECIMALS + 1):
        if on_grid(column.low, digits) == 1.0:
            return digits
    return None


def on_grid(values: Float64, digits: int) -> float:
    """Returns the share of values with at most this many digits after the point."""
    scaled = values * 10.0**digits
    slack = 1e-3 + 4e-7 * np.abs(scaled)
    if float(np.max(slack, initial=0.0)) > 0.2:
        return 0.0
    return float(np.mean(np.abs(scaled - np.round(scaled)) <= slack))


def number(value: float) -> str:
    """Returns a number as people write it."""
    if value == 0 or abs(value) < 5e-13:
        return "0"
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def shown(pair: NumberPair, value: float) -> str:
    """Returns a value of a column as people write it; a date with its time where all are close."""
    if not pair.dates:
        return number(value)
    span = max(pair.train.greatest, pair.validation.greatest) - min(
        pair.train.least, pair.validation.least
    )
    moment = np.datetime64(round(value * MINUTES_A_DAY), "m")
    said = np.datetime_as_string(moment, unit="m" if span < DAYS_WITH_TIMES else "D")
    return str(said).replace("T", " ")


def ticked(names: tuple[str, ...], most: int = 4) -> str:
    """Returns names in backticks, the first few of them."""
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
