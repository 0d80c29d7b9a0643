"""A tf.data pipeline that shows its batches to an observer and yields the very same ones."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from mlflow_plateau.recorder.streams.batches import GraphParts
from mlflow_plateau.recorder.streams.observer import Observer, ObserverOf


def observe(iterator: Any, observer_of: ObserverOf) -> tuple[Observer, PipelineGate]:
    """Puts an observer at the end of what an epoch iterator of Keras' is about to iterate.

    Args:
        iterator: The iterator.
        observer_of: Makes the observer, given how the batches are taken apart.

    Returns:
        The observer, and what opens and closes the observing; closed at first.

    Raises:
        TypeError: If the data cannot be observed.
    """
    pipeline = iterator._distributed_dataset
    if not isinstance(pipeline, tf.data.Dataset):
        raise TypeError("it is distributed over several devices")
    parts = GraphParts(pipeline.element_spec)
    observer, gate = observer_of(parts), PipelineGate(iterator, pipeline)
    iterator._distributed_dataset = observed(pipeline, parts, observer, gate.opened)
    return observer, gate


class PipelineGate:
    """Opens and closes an observed pipeline; closed at first.

    Args:
        iterator: The epoch iterator of Keras' that iterates the observed pipeline.
        pipeline: The pipeline as it was.

    Attributes:
        opened: The variable that the observed pipeline reads.
    """

    def __init__(self, iterator: Any, pipeline: Any) -> None:
        self._iterator = iterator
        self._pipeline = pipeline
        # Where the pipeline runs, also on a machine with accelerators.
        with tf.device("cpu:0"):
            self.opened = tf.Variable(False, trainable=False)

    def open(self) -> None:
        """Has the batches shown."""
        self.opened.assign(True)

    def close(self) -> None:
        """Ends the showing; the epochs that begin from now on iterate the pipeline as it was."""
        self.opened.assign(False)
        self._iterator._distributed_dataset = self._pipeline


def observed(pipeline: Any, parts: GraphParts, observer: Observer, opened: Any) -> Any:
    """Returns a pipeline of the same batches, shapes, length and order.

    The observing stands at the very end, after all prefetching, so that what it sees is what the
    training takes. While the gate is closed it costs the reading of a variable.

    Args:
        pipeline: A ``tf.data.Dataset``.
        parts: How its batches are taken apart.
        observer: Is given the batches while the gate is open.
        opened: The gate.

    Raises:
        TypeError: If the pipeline would not stay the same.
    """
    unpacked = type(pipeline.element_spec) is tuple

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]  # no types
    def show(*element: Any) -> Any:
        batch = element if unpacked else element[0]
        tensors = parts.tensors(batch)

        def look() -> Any:
            tf.numpy_function(observer.take, tensors, [])
            return tf.constant(True)

        tf.cond(opened.read_value(), look, lambda: tf.constant(False))
        return batch

    same = pipeline.map(show)
    if same.element_spec != pipeline.element_spec:
        raise TypeError("its batches would not keep their types and shapes")
    if _ends_prefetched(pipeline):
        # tf.data would add a second prefetching, which draws more from the user's code.
        options = tf.data.Options()
        options.experimental_optimization.inject_prefetch = False
        same = same.with_options(options)
    return same


def _ends_prefetched(pipeline: Any) -> bool:
    """Returns whether the last step before any options is one that draws ahead."""
    while hasattr(pipeline, "_input_dataset") and "Options" in type(pipeline).__name__:
        pipeline = pipeline._input_dataset
    return "Prefetch" in type(pipeline).__name__
