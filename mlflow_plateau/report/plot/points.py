"""The points of a curve made ready for drawing: logged, finite, as many as pixels can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlflow_plateau.tracked import FloatArray

LARGEST_DRAWN = 1e300
"""Values beyond this count as infinite: an axis cannot be laid out around them."""

BUCKETS = 1200
"""A long curve is thinned to the extremes of this many stretches: the plot has fewer columns."""


@dataclass(frozen=True)
class DrawnCurve:
    """The points of a curve at which something was logged.

    Attributes:
        epochs: Shape ``(n,)``.
        values: Shape ``(n,)``; NaN where the logged value is not finite.
    """

    epochs: FloatArray
    values: FloatArray

    @classmethod
    def of(cls, epochs: Sequence[float], values: Sequence[float | None]) -> DrawnCurve:
        """Keeps the points that were logged; ``None`` stands where nothing was."""
        length = min(len(epochs), len(values))
        at = np.array(epochs[:length], dtype=np.float64)
        curve = np.array(values[:length], dtype=np.float64)
        logged = np.fromiter((value is not None for value in values[:length]), bool, length)
        logged &= np.isfinite(at)
        at, curve = at[logged], curve[logged]
        curve[~(np.abs(curve) <= LARGEST_DRAWN)] = np.nan
        return cls(at, curve)

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def finite(self) -> npt.NDArray[np.bool_]:
        """Which points have a finite value, shape ``(n,)``."""
        return np.isfinite(self.values)

    @property
    def alone(self) -> npt.NDArray[np.bool_]:
        """Which finite points have no finite neighbour, so that no line leads to them."""
        padded = np.concatenate(([False], self.finite, [False]))
        return self.finite & ~padded[:-2] & ~padded[2:]

    def thinned(self, buckets: int = BUCKETS) -> DrawnCurve:
        """Returns the curve with the least and the greatest point of each of ``buckets`` stretches.

        The line through these points covers the same pixels as the line through all; every spike
        stays. A curve of no more than four points a bucket is returned as it is.
        """
        if len(self) <= 4 * buckets:
            return self
        size = -(-len(self) // buckets)
        padding = buckets * size - len(self)
        table = np.pad(self.values, (0, padding), constant_values=np.nan).reshape(buckets, size)
        unknown = np.isnan(table)
        offset = size * np.arange(buckets)
        least = offset + np.where(unknown, np.inf, table).argmin(axis=1)
        greatest = offset + np.where(unknown, -np.inf, table).argmax(axis=1)
        kept = np.unique(np.concatenate((least, greatest, [0, len(self) - 1])))
        kept = kept[kept < len(self)]
        return DrawnCurve(self.epochs[kept], self.values[kept])
