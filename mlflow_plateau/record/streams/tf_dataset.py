"""A ``tf.data`` pipeline whose batches are seen as they pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from mlflow_plateau.record.streams.reservoir import Reservoir


def observed(data: Any, reservoir: Reservoir) -> tuple[Any, Callable[[], None]] | None:
    """Returns the same pipeline, seen, and what ends the seeing; ``None`` where it cannot be.

    The batches pass through one more ``map``, which shows them to the reservoir as long as a
    variable says so: their values, order, types and number stay the same.

    Args:
        data: The pipeline.
        reservoir: Gets the batches.
    """
    specifications = tf.nest.flatten(data.element_spec)
    if not all(isinstance(item, tf.TensorSpec) for item in specifications):
        return None
    structure = data.element_spec
    with tf.device("cpu"):
        seeing = tf.Variable(True, trainable=False)

    def take(*arrays: Any) -> Any:
        reservoir.offer(tf.nest.pack_sequence_as(structure, list(arrays)))
        return True

    def shown(*element: Any) -> Any:
        whole = element if isinstance(structure, tuple) else element[0]
        tensors = tf.nest.flatten(whole)
        seen = tf.cond(
            seeing,
            lambda: tf.numpy_function(take, tensors, tf.bool),
            lambda: tf.constant(False),
        )
        with tf.control_dependencies([seen]):
            return tf.nest.map_structure(tf.identity, whole)

    def end() -> None:
        seeing.assign(False)

    return data.map(shown), end
