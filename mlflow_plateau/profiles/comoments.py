"""Which columns go together: sums of products of the values' codes.

The code of a value is its histogram key, counted from that of zero: an integer in the order of the
values. Sums of products of integers are exact, so they merge to the identical result, and they are
not ruled by a few large values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlflow_plateau.profiles.patterns import ZERO_KEY, Float32, Float64, Int64, ordered_keys

MOST_COLUMNS = 256
"""With more columns than this no products are kept."""


def codes(values: Float32) -> Float64:
    """Returns the codes of values, whole numbers between −32768 and 32767."""
    return ordered_keys(values).astype(np.float64) - ZERO_KEY


@dataclass
class CoMoments:
    """Sums of codes and of products of codes.

    Attributes:
        count: Values of each column.
        sums: Sum of the codes of each column.
        products: (columns, columns): sum of the products of the codes.
    """

    count: int
    sums: Int64
    products: Int64

    @classmethod
    def of(cls, columns: int) -> CoMoments:
        """Returns the sums of nothing."""
        return cls(0, np.zeros(columns, np.int64), np.zeros((columns, columns), np.int64))

    def add(self, coded: Float64) -> None:
        """Adds codes of (columns, values)."""
        self.count += coded.shape[1]
        self.sums += coded.sum(axis=1).astype(np.int64)
        self.products += (coded @ coded.T).astype(np.int64)

    def merged(self, other: CoMoments) -> CoMoments:
        """Returns the sums of both."""
        return CoMoments(
            self.count + other.count, self.sums + other.sums, self.products + other.products
        )

    def correlation(self) -> Float64:
        """Returns the (columns, columns) correlations of the codes; zero for constant columns."""
        if self.count == 0:
            return np.zeros(self.products.shape)
        mean = self.sums / self.count
        covariance = self.products / self.count - np.outer(mean, mean)
        deviation = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        scale = np.outer(deviation, deviation)
        correlation: Float64 = np.divide(
            covariance, scale, out=np.zeros_like(covariance), where=scale > 1e-9
        )
        return correlation
