"""A Keras model under TensorFlow, tried at other weights without touching its variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from mlflow_plateau.recorder.witness.differentiable import (
    DeclinedError,
    Losses,
    Weights,
)
from mlflow_plateau.recorder.witness.keras_model import KerasModel, as_floats, without_penalty
from mlflow_plateau.recorder.witness.rows import Rows, each_array

STATE = (tf.Variable, tf.random.Generator, tf.Module)
"""What may change when a layer is called, without the scope's knowing."""


class TensorFlowModel(KerasModel):
    """Keras' stateless scope gives variables other values and swallows every assignment.

    Args:
        model: The model, built.
        gradient_declined: Why the training may follow another gradient than that of the compiled
            loss; empty if it does not.

    Raises:
        DeclinedError: If a layer keeps state where the scope does not reach.
    """

    def __init__(self, model: Any, gradient_declined: str = "") -> None:
        for layer in model._flatten_layers():
            if any(isinstance(value, STATE) for value in _attributes(layer)):
                raise DeclinedError(f"layer {layer.name} keeps a variable of TensorFlow's")
        super().__init__(model, gradient_declined)

    def losses(self, rows: Rows, weights: Weights | None = None) -> Losses:
        """Returns the loss of some rows at given weights, or at the model's own."""
        with self._scope(self._current() if weights is None else weights):
            data, penalty = self._losses(rows)
        return Losses(float(data), float(penalty))

    def gradient(self, rows: Rows, weights: Weights | None = None) -> Weights:
        """Returns the gradient of the mean loss without penalties, at given weights or its own.

        Raises:
            DeclinedError: If the training may follow another gradient.
        """
        self._decline_another_gradient()
        current = self._current()
        scale = self._loss_scale
        if weights is not None:
            current = [
                tf.convert_to_tensor(given, dtype=own.dtype)
                for given, own in zip(weights, current, strict=True)
            ]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(current)
            with self._scope(current):
                data, _ = self._losses(rows)
                data = data * tf.cast(scale, data.dtype)
        found = tape.gradient(data, current, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [tf.convert_to_tensor(gradient).numpy() / scale for gradient in found]

    def _called_in_inference(self, part: Any, rows: Rows) -> Any:
        with self._scope(self._current()):
            outputs = part(_tensors(rows)[0], training=False)
        return each_array(lambda values: tf.cast(values, tf.float32).numpy(), outputs)

    def _losses(self, rows: Rows) -> tuple[Any, Any]:
        data, penalty = without_penalty(self._model, *_tensors(rows))
        if tf.distribute.get_strategy().num_replicas_in_sync == 1:
            return data, penalty
        # In a strategy's scope Keras takes this for the share of one of the replicas.
        zero, one = tf.zeros((1, 1)), tf.ones((1, 1))
        share = keras.losses.MeanSquaredError()(zero, one)
        penalty = tf.cast(penalty, data.dtype)
        return (data + penalty) / share - penalty, penalty

    def _current(self) -> list[Any]:
        return [tf.identity(_read(variable)) for variable in self._model.trainable_variables]

    @contextmanager
    def _scope(self, values: Sequence[Any]) -> Iterator[None]:
        pairs = zip(self._model.trainable_variables, values, strict=True)
        mapping = [(variable, tf.convert_to_tensor(value)) for variable, value in pairs]
        with _eager_seeds_kept(), keras.StatelessScope(mapping, collect_losses=True):
            yield


def _read(variable: Any) -> Any:
    """Returns a variable's value; of one that is mirrored on several devices, the first."""
    return variable.value.value()


def _attributes(layer: Any) -> Iterator[Any]:
    """Yields what a layer holds, also in lists and dicts."""
    for value in vars(layer).values():
        if isinstance(value, Mapping):
            yield from value.values()
        elif isinstance(value, (list, tuple)):
            yield from value
        else:
            yield value


def _tensors(rows: Rows) -> tuple[Any, Any]:
    def tensor(array: Any) -> Any:
        return tf.convert_to_tensor(as_floats(array))

    return each_array(tensor, rows.x), each_array(tensor, rows.y)


@contextmanager
def _eager_seeds_kept() -> Iterator[None]:
    """Puts back where TensorFlow is in its row of seeds for operations without one."""
    from tensorflow.python.eager import context

    generator = getattr(context.context(), "_rng", None)
    state = None if generator is None else generator.getstate()
    try:
        yield
    finally:
        if generator is not None:
            generator.setstate(state)
