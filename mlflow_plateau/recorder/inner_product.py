"""Sums of products beside a training that needs every core.

BLAS, which `np.dot`, `np.vdot` and `np.linalg.norm` call, has threads that go on spinning for 50 ms
after each call; on two cores that slows the steps after it by a tenth.
"""

from __future__ import annotations

import numpy as np

from mlflow_plateau.tracked import FloatArray


def inner_product(one: FloatArray, other: FloatArray) -> float:
    """Returns the sum of the products of two arrays of one shape, in double precision."""
    return float(np.einsum("i,i->", one.reshape(-1), other.reshape(-1), dtype=np.float64))


def squared_norm(array: FloatArray) -> float:
    """Returns the sum of the squares of an array, in double precision."""
    return inner_product(array, array)
