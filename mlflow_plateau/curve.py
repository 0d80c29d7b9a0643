"""One loss curve made ready for measuring: finite points, smoothed, with its noise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from mlflow_plateau.median import median, medians
from mlflow_plateau.tracked import FloatArray

MAXIMUM_POINTS = 1000
"""Longer curves are averaged into this many bins: no signal needs a finer grid."""

SMOOTHING_SHARE = 1 / 15
"""Width of the smoothing window as a share of the curve."""

MAD_TO_DEVIATION = 1.4826
"""Standard deviation of a normal variable over its median absolute deviation."""


SMALLEST_SCALE = 1e-250
"""Shares of smaller values are no longer numbers."""


@dataclass(frozen=True)
class Curve:
    """The finite points of a loss curve, lower being better.

    Attributes:
        epochs: Shape ``(n,)``, strictly increasing.
        values: Shape ``(n,)``, finite.
    """

    epochs: FloatArray
    values: FloatArray

    @classmethod
    def of(cls, epochs: FloatArray, values: FloatArray) -> Curve:
        """Returns the curve of the finite points, averaged into bins if there are too many."""
        finite = np.isfinite(values)
        if not finite.all():
            epochs, values = epochs[finite], values[finite]
        if len(values) > MAXIMUM_POINTS:
            edges = np.linspace(0, len(values), MAXIMUM_POINTS + 1).astype(int)[:-1]
            counts = np.diff(np.append(edges, len(values)))
            values = np.add.reduceat(values, edges) / counts
            # A bin stands at its first epoch, the last one at the end of the run.
            epochs = np.append(epochs[edges[:-1]], epochs[-1])
        return cls(epochs, values)

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def window(self) -> int:
        """Width of the smoothing window in points, odd, at least 3."""
        return 2 * int(len(self) * SMOOTHING_SHARE / 2) + 1 if len(self) >= 45 else 3

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the scatter from point to point around the local trend.

        The median absolute second difference, scaled: Var(v[i] − 2 v[i+1] + v[i+2]) = 6 σ² for
        independent noise (Gasser, Sroka & Jennen-Steinmetz 1986, pseudo-residuals).
        """
        if len(self) < 3:
            return 0.0
        return float(_noise(self.values[np.newaxis])[0])

    @cached_property
    def late_noise(self) -> float:
        """The noise of the second half."""
        values = self.tail(0.5)[1]
        return float(_noise(values[np.newaxis])[0])

    @cached_property
    def smooth(self) -> FloatArray:
        """A running median against spikes followed by a Gaussian; shape ``(n,)``."""
        smoothed: FloatArray = _smoothed(self.values[np.newaxis], self.window)[0]
        return smoothed

    @cached_property
    def smooth_noise(self) -> float:
        """Standard deviation that is left in ``smooth``, for independent noise."""
        return self.noise * float(np.sqrt(1.5 / self.window))

    @cached_property
    def first(self) -> float:
        """The first value."""
        return float(self.values[0])

    @cached_property
    def start(self) -> float:
        """Level of the beginning: the first value, or the median of the first three if higher."""
        return float(_starts(self.values[np.newaxis])[0])

    @cached_property
    def end(self) -> float:
        """Level of the end: the last smoothed value."""
        return float(self.smooth[-1])

    @cached_property
    def best_index(self) -> int:
        """Index of the lowest smoothed value."""
        return int(np.argmin(self.smooth))

    @cached_property
    def best(self) -> float:
        """The lowest smoothed value."""
        return float(self.smooth[self.best_index])

    @cached_property
    def best_epoch(self) -> float:
        """Epoch of the lowest smoothed value."""
        return float(self.epochs[self.best_index])

    @cached_property
    def level(self) -> float:
        """The median value."""
        return median(self.values)

    @cached_property
    def scale(self) -> float:
        """Size of the values, for relative figures: the median absolute value, never zero."""
        return float(_scales(self.values[np.newaxis])[0])

    @cached_property
    def span(self) -> tuple[float, float]:
        """First and last epoch."""
        return float(self.epochs[0]), float(self.epochs[-1])

    def points_in(self, share: float) -> int:
        """Returns how many points a share of the curve has, at least three."""
        return max(3, round(share * len(self)))

    def tail(self, share: float) -> tuple[FloatArray, FloatArray]:
        """Returns epochs and values of the last ``share`` of the points, at least three of them."""
        count = self.points_in(share)
        return self.epochs[-count:], self.values[-count:]

    def at(self, share: float) -> float:
        """Returns the smoothed value at a share of the run: 0 the first, 1 the last point."""
        return float(self.smooth[round(share * (len(self) - 1))])


def _smoothed(values: FloatArray, window: int) -> FloatArray:
    """Returns curves of one length smoothed; shape ``(curves, n)``, as the values."""
    count = values.shape[1]
    if count < 5:
        return values
    # One filter for all: the curves in a row, each between copies of its ends.
    half = window // 2
    before, after = values[:, :1].repeat(half, axis=1), values[:, -1:].repeat(half, axis=1)
    apart = np.concatenate((before, values, after), axis=1)
    filtered = ndimage.median_filter(apart.ravel(), size=window, mode="nearest")
    inner = filtered.reshape(apart.shape)[:, half : half + count]
    smoothed: FloatArray = ndimage.gaussian_filter1d(
        inner, sigma=window / 4, axis=1, mode="nearest"
    )
    # The filter would round off the steep first epochs, where there is little noise to remove.
    smoothed[:, 0] = values[:, 0]
    return smoothed


def smooth_together(curves: Iterable[Curve]) -> None:
    """Computes what most signals need of each curve, for those of one length at once.

    The values are those that each curve would compute when first asked, which takes longer for
    many curves one after another.
    """
    by_length: dict[int, list[Curve]] = {}
    for curve in curves:
        by_length.setdefault(len(curve), []).append(curve)
    for count, alike in by_length.items():
        if count < 5 or len(alike) < 2:
            continue
        values = np.stack([curve.values for curve in alike])
        smooth = _smoothed(values, alike[0].window)
        noise = _noise(values)
        late_noise = _noise(values[:, -alike[0].points_in(0.5) :])
        lowest = smooth.argmin(axis=1)
        columns = {
            "smooth": list(smooth),
            "noise": noise.tolist(),
            "late_noise": late_noise.tolist(),
            "best_index": lowest.tolist(),
            "best": smooth[np.arange(len(alike)), lowest].tolist(),
            "end": smooth[:, -1].tolist(),
            "start": _starts(values).tolist(),
            "scale": _scales(values).tolist(),
        }
        for row, curve in enumerate(alike):
            # Where `cached_property` looks first.
            vars(curve).update({name: column[row] for name, column in columns.items()})


def _noise(values: FloatArray) -> FloatArray:
    """Returns the noise of curves of one length, shape ``(curves,)``."""
    differences = values[:, 1:] - values[:, :-1]
    second_differences = np.abs(differences[:, 1:] - differences[:, :-1])
    noise: FloatArray = MAD_TO_DEVIATION * medians(second_differences) / np.sqrt(6.0)
    return noise


def _starts(values: FloatArray) -> FloatArray:
    """Returns the levels of the beginnings, shape ``(curves,)``."""
    return np.maximum(values[:, 0], medians(values[:, :3]))


def _scales(values: FloatArray) -> FloatArray:
    """Returns the sizes of the values, shape ``(curves,)``."""
    sizes = np.abs(values)
    typical, largest = medians(sizes), sizes.max(axis=1)
    typical = np.where(typical > 0, typical, np.where(largest > 0, largest, 1.0))
    return np.maximum(typical, SMALLEST_SCALE)
