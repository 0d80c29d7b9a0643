"""A fixed sample of a model's weights, so that any model can be measured in bounded time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mlflow_plateau.recorder.inner_product import inner_product
from mlflow_plateau.tracked import FloatArray

MOST_COORDINATES = 65_536
"""Models with more weights are sampled; a norm is then known to about half a percent."""

FEWEST_PER_VARIABLE = 64
"""From each variable at least so many weights are taken, or all."""

EveryNth = Callable[[Any, int], FloatArray]
"""Returns every n-th value of a variable, in the order in which they lie in memory."""


class WeightSample:
    """Every so-maniest weight of each variable, all of them in a small model.

    Args:
        variables: The variables, in the framework's own type.
        every_nth: Reads one of them.

    Attributes:
        variables: The variables that the weights are taken from.
    """

    def __init__(self, variables: Sequence[Any], every_nth: EveryNth) -> None:
        self.variables = tuple(variables)
        self._every_nth = every_nth
        sizes = [math.prod(variable.shape) for variable in self.variables]
        share = min(1.0, MOST_COORDINATES / max(1, sum(sizes)))
        self._strides = [
            _stride(size, variable.shape, share)
            for size, variable in zip(sizes, self.variables, strict=True)
        ]
        taken = [len(range(0, n, stride)) for n, stride in zip(sizes, self._strides, strict=True)]
        self._ends = np.cumsum(taken)
        scales = [n / k if k else 0.0 for n, k in zip(sizes, taken, strict=True)]
        self._owners = np.repeat(np.arange(len(taken)), taken)
        self._scales: FloatArray = np.repeat(np.array(scales, dtype=np.float64), taken)

    def is_of(self, variables: Sequence[Any]) -> bool:
        """Returns whether these are the variables that the sample is taken from."""
        return len(variables) == len(self.variables) and all(
            mine is theirs for mine, theirs in zip(self.variables, variables, strict=True)
        )

    def read(self, variables: Sequence[Any] | None = None) -> FloatArray:
        """Returns the sampled values now.

        Args:
            variables: Others of the same shapes, such as an optimiser's; the weights if left out.

        Returns:
            A copy, shape ``(coordinates,)``.
        """
        source = self.variables if variables is None else variables
        return np.concatenate(
            [
                self._every_nth(variable, stride).astype(np.float64)
                for variable, stride in zip(source, self._strides, strict=True)
            ]
        )

    def parts(self, values: FloatArray) -> list[FloatArray]:
        """Returns the values of each variable, of shape ``(coordinates,)`` together."""
        return np.split(values, self._ends[:-1])

    def norm(self, values: FloatArray) -> float:
        """Returns the Euclidean norm over all weights, estimated from the sampled ones.

        Args:
            values: Values at the sampled coordinates, shape ``(coordinates,)``.
        """
        return float(np.sqrt(inner_product(self._scales, np.square(values))))

    def norms(self, values: FloatArray) -> FloatArray:
        """Returns the same for each variable by itself, shape ``(variables,)``."""
        squares = self._scales * np.square(values)
        return np.asarray(np.sqrt(np.bincount(self._owners, squares, len(self.variables))))


def _stride(size: int, shape: Sequence[int], share: float) -> int:
    """Returns a stride that visits all columns of a matrix, not always the same."""
    wanted = min(size, max(FEWEST_PER_VARIABLE, math.ceil(share * size)))
    stride = max(1, size // max(1, wanted))
    width = int(shape[-1]) if len(shape) else 1
    while stride > 1 and math.gcd(stride, width) > 1:
        stride += 1
    return stride
