"""Which columns go together: sums of products of the values' codes.

A code is a whole number that grows with the value, evenly near zero and like the logarithm far from
it. Sums of products of whole numbers are exact, so they merge to the identical result, and they are
not ruled by a few large values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlflow_plateau.profiles.patterns import Float32, Float64, Int64
from mlflow_plateau.profiles.workspace import Workspace

MOST_COLUMNS = 256
"""With more columns than this no products are kept."""


LINEAR = np.float32(0.25)
"""Values smaller than this have evenly spaced codes."""

GREATEST_CODE = 1 << 17
"""Products of two codes, added up over ``MOST_AT_ONCE`` values, stay exact in float64."""

MOST_AT_ONCE = 1 << 18

_SIGN = np.uint32(0x80000000)

_TOP_BITS = np.int32(12)
"""How many bits of the pattern a code drops."""


def codes(values: Float32, workspace: Workspace) -> Float64:
    """Returns the codes of values, whole numbers up to ``GREATEST_CODE`` in size.

    They stand in the workspace, and are gone when it is asked for codes again.

    The top bits of the pattern of |x| + 1/4 are a piecewise linear logarithm; those of 1/4 are
    taken off, and the sign of x is put back.
    """
    shifted = np.abs(values, out=workspace.array("shifted", values.shape, np.float32))
    shifted += LINEAR
    size = shifted.view(np.int32)
    size >>= _TOP_BITS
    size -= LINEAR.view(np.int32) >> _TOP_BITS
    if size.size and size.max() > GREATEST_CODE:
        np.minimum(size, GREATEST_CODE, out=size)
    # Codes are exact in float32, too, where the sign is a bit that can be copied.
    single = workspace.array("single", values.shape, np.float32)
    np.copyto(single, size, casting="same_kind")
    signs = np.bitwise_and(values.view(np.uint32), _SIGN, out=shifted.view(np.uint32))
    pattern = single.view(np.uint32)
    pattern |= signs
    coded: Float64 = workspace.array("codes", values.shape, np.float64)
    np.copyto(coded, single)
    return coded


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
        for start in range(0, coded.shape[1], MOST_AT_ONCE):
            part = coded[:, start : start + MOST_AT_ONCE]
            self.sums += (part @ np.ones(part.shape[1])).astype(np.int64)
            self.products += (part @ part.T).astype(np.int64)

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
