"""Which part of a value axis to show, and whether a logarithm helps to read it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlflow_plateau.tracked import FloatArray

LOG_FROM_DECADES = 1.3
"""A log scale is used if the least value of the curve that matters lies further than this below the
largest value of all (a factor of 20)."""

MARGIN = 0.05
"""Empty share of the axis above and below the values."""

LEAST_RELATIVE_SPAN = 1e-3
"""A curve that moves by less than this share of its level is drawn as the flat line that it is."""

OUTLIER_SPANS = 10.0
"""On a linear scale, the axis leaves out values if they make it this many times as long …"""

BULK_PERCENTILES = (5.0, 95.0)
"""… as these percentiles of the values are apart."""

LARGEST_EXPONENT = 307.0
"""Of ten; an axis has to end before the floating point numbers do."""

LEAST_VALUES_FOR_OUTLIERS = 30
"""With fewer values than this, all of them are shown."""


@dataclass(frozen=True)
class ValueScale:
    """A value axis.

    Attributes:
        logarithmic: Whether it is a log scale.
        lower: Lower end.
        upper: Upper end.
    """

    logarithmic: bool
    lower: float
    upper: float


def decades(values: FloatArray) -> float:
    """Returns how many decades the values span; 0 where one is not positive."""
    if len(values) == 0 or values.min() <= 0:
        return 0.0
    return float(np.log10(values.max()) - np.log10(values.min()))


def choose_scale(
    main: FloatArray, other: FloatArray, *, logarithm_allowed: bool = True
) -> ValueScale:
    """Returns the axis on which a curve and its companion are best read.

    A companion that falls far below the main curve is no reason for a log scale: a training loss
    that vanishes would flatten the rise of the validation loss, which is what there is to see.

    Args:
        main: The finite values of the curve that matters, shape ``(n,)``.
        other: The finite values of its companion, shape ``(m,)``.
        logarithm_allowed: Whether a log scale may be chosen.
    """
    main = main if len(main) else other
    values = np.concatenate((main, other))
    if len(values) == 0:
        return ValueScale(False, 0.0, 1.0)
    above = values[values >= main.min()]
    if logarithm_allowed and values.min() > 0 and decades(above) > LOG_FROM_DECADES:
        return _logarithmic(values)
    return _linear(values)


def _logarithmic(values: FloatArray) -> ValueScale:
    low, high = np.log10(values.min()), np.log10(values.max())
    margin = MARGIN * (high - low)
    lower, upper = max(low - margin, -LARGEST_EXPONENT), min(high + margin, LARGEST_EXPONENT)
    return ValueScale(True, float(10.0**lower), float(10.0**upper))


def _linear(values: FloatArray) -> ValueScale:
    low, high = float(values.min()), float(values.max())
    bulk_low, bulk_high = (float(value) for value in np.percentile(values, BULK_PERCENTILES))
    bulk = bulk_high - bulk_low
    if len(values) >= LEAST_VALUES_FOR_OUTLIERS and 0 < OUTLIER_SPANS * bulk < high - low:
        low, high = max(low, bulk_low - bulk), min(high, bulk_high + bulk)
    span = high - low
    least = LEAST_RELATIVE_SPAN * max(abs(low), abs(high)) or 1.0
    if span < least:
        middle = low + span / 2
        low, high, span = middle - least / 2, middle + least / 2, least
    return ValueScale(False, low - MARGIN * span, high + MARGIN * span)
