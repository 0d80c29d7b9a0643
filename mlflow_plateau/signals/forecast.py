"""Where a curve is heading, if it goes on as before.

Learning curves saturate: they follow a power law or an exponential towards a level of their own
(Viering & Loog, The Shape of Learning Curves, IEEE TPAMI 2023, arXiv:2103.10948). Which of the laws
and which decay is seldom certain, so all of a grid are fitted, and speak as loud as they fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlflow_plateau.curve import Curve
from mlflow_plateau.tracked import FloatArray

FEWEST_POINTS = 10
"""Shorter curves are not extrapolated."""

LEFT_OUT = 0.1
"""Share of the points at the beginning that follow no law yet."""

DEPENDENT = 4.0
"""Deviations from a law last for about so many points: each counts as less than one."""

BELOW, ABOVE = 3.0, 0.75
"""Four of five curves end by no more than this below and above what is expected, in multiples of
the expected fall; measured with ``python -m benchmarks.faults forecast``."""

NOISE = 2.0
"""A fall that is expected to be smaller than so many deviations of the noise counts as these."""

TIME_CONSTANTS = np.geomspace(0.03, 10.0, 28)
"""Of exponentials, in lengths of the curve."""

EXPONENTS = np.array([0.25, 0.5, 1.0, 2.0])
OFFSETS = np.array([0.02, 0.1, 0.5])
"""Of power laws (t + offset)^−exponent, offsets in lengths of the curve."""


@dataclass(frozen=True)
class Forecast:
    """The level that a curve is expected to reach.

    Attributes:
        epoch: When.
        level: What the laws expect, in the curve's unit.
        low: The lower end of an interval that holds four of five curves.
        high: Its upper end.
    """

    epoch: float
    level: float
    low: float
    high: float


def forecast(curve: Curve, epoch: float) -> Forecast | None:
    """Extrapolates a curve; ``None`` where it is too short.

    Each law a + b·f(t) is fitted by least squares with b ≥ 0, and a ≥ 0 where no value is negative.
    It weighs (least sum of squares / its own)^(m / 2), m being the number of points that are worth
    one of their own. What a law says is the change from the end of the curve on, so that all start
    from the level that is there; the median of the weighed laws is what is expected.

    Args:
        curve: The curve, lower being better.
        epoch: An epoch behind its end.
    """
    first = int(LEFT_OUT * len(curve))
    values = curve.smooth[first:]
    if len(values) < FEWEST_POINTS:
        return None
    start, end = curve.span
    time = (curve.epochs[first:] - start) / (end - start)
    target = (epoch - start) / (end - start)
    shapes, ahead = _laws(time), _laws(np.array([1.0, target]))
    centred = shapes - shapes.mean(axis=1, keepdims=True)
    deviation = values - values.mean()
    slope = np.maximum(centred @ deviation / (centred**2).sum(axis=1), 0.0)
    positive = bool(curve.values.min() >= 0)
    if positive:
        # Nor does a loss that is never negative head for a negative one.
        slope = np.minimum(slope, values.mean() / shapes.mean(axis=1))
    left = ((deviation - slope[:, None] * centred) ** 2).mean(axis=1)
    # No law is better than the noise that is left in the curve.
    left = np.maximum(left, (0.1 * curve.smooth_noise) ** 2 + (1e-6 * curve.scale) ** 2)
    weight = (left.min() / left) ** (len(values) / DEPENDENT / 2)
    change = slope * (ahead[:, 1] - ahead[:, 0])
    order = np.argsort(change)
    share = np.cumsum(weight[order]) / weight.sum()
    expected = float(change[order][min(int(np.searchsorted(share, 0.5)), len(order) - 1)])
    level, unit = curve.end + expected, max(-expected, NOISE * curve.smooth_noise)
    least = 0.0 if positive else -np.inf
    low, level, high = (max(v, least) for v in (level - BELOW * unit, level, level + ABOVE * unit))
    return Forecast(epoch, level, low, high)


def _laws(time: FloatArray) -> FloatArray:
    """Returns every law of the grid at some times, shape ``(laws, len(time))``, all falling."""
    exponential = np.exp(-time[None, :] / TIME_CONSTANTS[:, None])
    shifted = time[None, None, :] + OFFSETS[:, None, None]
    power = shifted ** -EXPONENTS[None, :, None]
    return np.concatenate([exponential, power.reshape(-1, len(time))])
