"""Batches as they come out of a tf.data graph: which tensors are taken, and what they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from mlflow_plateau.recorder.streams.parts import Arrays, inputs_and_targets


@dataclass(frozen=True)
class Ragged:
    """Rows of different lengths, as the profiles take them."""

    flat_values: np.ndarray[Any, Any]
    lengths: np.ndarray[Any, Any]

    def row_lengths(self) -> np.ndarray[Any, Any]:
        """Returns how many values each row holds."""
        return self.lengths


@dataclass(frozen=True)
class Sparse:
    """Rows that are mostly zero, as the profiles take them."""

    indices: np.ndarray[Any, Any]
    values: np.ndarray[Any, Any]
    dense_shape: np.ndarray[Any, Any]


class GraphParts:
    """How the batches of a pipeline are taken apart into tensors and put together as arrays.

    Args:
        specification: The pipeline's ``element_spec``.

    Raises:
        TypeError: If the pipeline holds something else than tensors.
    """

    def __init__(self, specification: Any) -> None:
        self._specification = specification
        self._kinds = [_kind(leaf) for leaf in tf.nest.flatten(specification)]

    @property
    def plain(self) -> bool:
        """Whether all are dense, so that rows can be cut out and batches be joined."""
        return all(taken in (_DENSE, _NOTHING) for taken, _ in self._kinds)

    def tensors(self, element: Any) -> list[Any]:
        """Returns the tensors of a symbolic batch."""
        leaves = tf.nest.flatten(element)
        return [
            tensor
            for leaf, (take, _) in zip(leaves, self._kinds, strict=True)
            for tensor in take(leaf)
        ]

    def batch(self, arrays: Arrays) -> Any:
        """Returns a batch as ``fit`` takes it, given the arrays of its tensors."""
        rest, leaves = iter(arrays), []
        for _, (count, make) in self._kinds:
            leaves.append(make(*(next(rest) for _ in range(count))))
        return tf.nest.pack_sequence_as(self._specification, leaves)

    def joined(self, arrays: Arrays) -> tuple[Any, Any]:
        """Returns inputs and targets of a batch, given the arrays of its tensors."""
        return inputs_and_targets(self.batch(arrays))

    def size(self, arrays: Arrays) -> tuple[int, int]:
        """Returns the rows of a batch, and its bytes once it lies in memory row after row."""
        rest, rows, size = iter(arrays), 0, 0
        for take, (count, _) in self._kinds:
            parts = [next(rest) for _ in range(count)]
            if take is _SPARSE:
                shape = parts[2].tolist()
                size += int(np.prod(shape, dtype=np.float64)) * parts[1].itemsize
                rows = rows or int(shape[0])
            elif parts:
                size += sum(part.nbytes for part in parts)
                rows = rows or int(len(parts[-1]) if parts[-1].ndim else 0)
        return rows, size


def _dense(leaf: Any) -> Sequence[Any]:
    return (leaf,)


def _ragged(leaf: Any) -> Sequence[Any]:
    return leaf.flat_values, leaf.row_lengths()


def _sparse(leaf: Any) -> Sequence[Any]:
    return leaf.indices, leaf.values, leaf.dense_shape


def _nothing(leaf: Any) -> Sequence[Any]:
    return ()


_DENSE, _RAGGED, _SPARSE, _NOTHING = _dense, _ragged, _sparse, _nothing

Kind = tuple[Callable[[Any], Sequence[Any]], tuple[int, Callable[..., Any]]]


def _kind(leaf: Any) -> Kind:
    """Returns how a leaf is taken apart and put together."""
    if isinstance(leaf, tf.TensorSpec):
        return _DENSE, (1, lambda array: array)
    if isinstance(leaf, tf.RaggedTensorSpec) and leaf.ragged_rank == 1:
        return _RAGGED, (2, Ragged)
    if isinstance(leaf, tf.SparseTensorSpec):
        return _SPARSE, (3, Sparse)
    # Keras stands for a target that is None with an optional that is empty.
    if isinstance(leaf, tf.OptionalSpec) or type(leaf).__name__ == "NoneTensorSpec":
        return _NOTHING, (0, lambda: None)
    raise TypeError(f"batches of {type(leaf).__name__} cannot be measured")
