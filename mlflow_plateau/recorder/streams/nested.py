"""Batches as they come to Keras under JAX and PyTorch: nested arrays and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlflow_plateau.recorder.streams.parts import Arrays, inputs_and_targets
from mlflow_plateau.recorder.witness.rows import each_array


class NestedParts:
    """Takes batches apart into arrays, and puts them together again as the first one was."""

    plain = True
    """All arrays are dense, so that rows can be cut out and batches be joined."""

    def __init__(self) -> None:
        self._structure: Any = None

    def arrays(self, batch: Any) -> Arrays:
        """Returns the arrays of a batch, sharing its memory where they can.

        Raises:
            TypeError: If it holds something else, or is not nested as the first one was.
        """
        found: list[Any] = []

        def taken(part: Any) -> bool:
            found.append(_array(part))
            return True

        structure = each_array(taken, batch)
        if self._structure is None:
            self._structure = structure
        elif structure != self._structure:
            raise TypeError("its batches are not nested alike")
        return tuple(found)

    def batch(self, arrays: Arrays) -> Any:
        """Returns a batch as ``fit`` takes it, given its arrays."""
        rest = iter(arrays)
        return each_array(lambda _: next(rest), self._structure)

    def joined(self, arrays: Arrays) -> tuple[Any, Any]:
        """Returns inputs and targets of a batch, given its arrays."""
        return inputs_and_targets(self.batch(arrays))

    def size(self, arrays: Arrays) -> tuple[int, int]:
        """Returns the rows of a batch, and its bytes."""
        return len(arrays[0]) if arrays else 0, sum(array.nbytes for array in arrays)


def _array(part: Any) -> Any:
    if hasattr(part, "detach"):  # PyTorch's.
        tensor = part.detach().cpu()
        return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
    array = np.asarray(part)
    if array.dtype == object or not array.ndim:
        raise TypeError(f"batches of {type(part).__name__} cannot be measured")
    return array
