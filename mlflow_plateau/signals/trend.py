"""A straight line through a stretch of a curve, with the uncertainty of its slope."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlflow_plateau.tracked import FloatArray


@dataclass(frozen=True)
class Trend:
    """A least-squares line.

    Attributes:
        slope: Change of the value per epoch.
        standard_error: Standard error of the slope, per epoch, corrected for the correlation
            between neighbouring residuals.
        length: Epochs that the line spans.
    """

    slope: float
    standard_error: float
    length: float

    @property
    def change(self) -> float:
        """Change of the value along the stretch."""
        return self.slope * self.length

    @property
    def change_error(self) -> float:
        """Standard error of ``change``."""
        return self.standard_error * self.length


def trend(epochs: FloatArray, values: FloatArray) -> Trend:
    """Fits a line to at least three points.

    The standard error of ordinary least squares is multiplied by √((1+ρ)/(1−ρ)), ρ being the
    correlation of neighbouring residuals (Santer et al. 2000, J. Geophys. Res. 105, eq. 6).

    Args:
        epochs: Shape ``(n,)``.
        values: Shape ``(n,)``, finite.
    """
    count = len(values)
    centred = epochs - epochs.sum() / count
    deviations = values - values.sum() / count
    spread = float(centred @ centred)
    slope = float(centred @ deviations) / spread
    residuals = deviations - slope * centred
    power = float(residuals @ residuals)
    variance = power / max(count - 2, 1)
    correlation = float(residuals[:-1] @ residuals[1:]) / power if power > 0 else 0.0
    correlation = min(max(correlation, 0.0), 0.9)
    inflation = math.sqrt((1 + correlation) / (1 - correlation))
    return Trend(
        slope=slope,
        standard_error=math.sqrt(variance / spread) * inflation,
        length=float(epochs[-1] - epochs[0]),
    )
