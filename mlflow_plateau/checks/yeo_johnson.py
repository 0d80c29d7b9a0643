"""The powers that make skewed columns symmetrical: which one, and what it leaves unexplained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import minimize_scalar

from mlflow_plateau.checks.distribution import Distribution, distance
from mlflow_plateau.checks.evidence import harmonic, nats
from mlflow_plateau.profiles.patterns import Float64

LEAST, GREATEST = -4.0, 4.0
"""Between these exponents one is sought; scikit-learn finds others for hardly any column."""

INNER = slice(2, -2)
"""Which of the percentiles are compared: the ends are known least."""


@dataclass(frozen=True)
class Power:
    """scaled = ``factor`` · power of raw + ``offset``.

    Attributes:
        exponent: The exponent λ.
        misfit: Nats against it.
    """

    exponent: float
    misfit: float


def yeo_johnson(values: Float64, exponent: float) -> Float64:
    """Returns powers of values, defined on both sides of zero (Yeo and Johnson, 2000)."""
    return np.where(
        values >= 0,
        _box_cox(np.maximum(values, 0.0), exponent),
        -_box_cox(np.maximum(-values, 0.0), 2 - exponent),
    )


def _box_cox(values: Float64, exponent: float) -> Float64:
    """Returns ((1 + x)^λ − 1) / λ, and log(1 + x) for λ = 0."""
    logs = np.log1p(values)
    if abs(exponent) < 1e-6:
        return logs
    return np.asarray(np.expm1(exponent * logs) / exponent)


def best_power(scaled: Distribution, raw: Distribution) -> Power:
    """Returns the power of the raw side that looks most like the scaled side, up to its scale."""
    target, source = scaled.quantiles()[INNER], raw.quantiles()[INNER]
    found = minimize_scalar(
        partial(_left, source, target), bounds=(LEAST, GREATEST), method="bounded"
    )
    exponent = float(found.x)
    factor, offset = _line(yeo_johnson(source, exponent), target)
    mapped = raw.mapped(lambda value: factor * yeo_johnson(value, exponent) + offset)
    rows = harmonic(mapped.rows, scaled.rows)
    return Power(exponent, nats(distance(mapped, scaled), rows) if rows else np.inf)


def _left(source: Float64, target: Float64, exponent: float) -> float:
    """Returns the squared error of the best line from powers of the source to the target."""
    with np.errstate(all="ignore"):
        powers = yeo_johnson(source, exponent)
    if not np.isfinite(powers).all() or np.ptp(powers) <= 0:
        return 1e300
    factor, offset = _line(powers, target)
    return float(((factor * powers + offset - target) ** 2).sum())


def _line(x: Float64, y: Float64) -> tuple[float, float]:
    spread = float(((x - x.mean()) ** 2).sum())
    factor = float(((x - x.mean()) * (y - y.mean())).sum()) / spread if spread > 0 else 0.0
    return factor, float(y.mean() - factor * x.mean())
