"""A Keras model under TensorFlow, tried at other weights without touching its variables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mlflow_plateau.recorder.witness.differentiable import (
    WARM_UP,
    DeclinedError,
    Losses,
    Weights,
)
from mlflow_plateau.recorder.witness.keras_model import as_floats, without_penalty
from mlflow_plateau.recorder.witness.rows import Rows


class TensorFlowModel:
    """Keras' stateless scope gives variables other values and swallows every assignment.

    Args:
        model: The model, built.

    Raises:
        DeclinedError: If a layer keeps state where the scope does not reach.
    """

    def __init__(self, model: Any) -> None:
        for layer in model._flatten_layers():
            if any(isinstance(value, tf.Variable) for value in vars(layer).values()):
                raise DeclinedError(f"layer {layer.name} keeps a variable of TensorFlow's")
        self._model = model

    @property
    def weights(self) -> Weights:
        """The trainable weights now."""
        return [np.array(variable.value.value()) for variable in self._model.trainable_variables]

    def prepare(self, *parts: Rows) -> float:
        """Calls the model once, which takes longer the first time; nothing is compiled."""
        self.losses(parts[0].part(0, WARM_UP))
        return 0.0

    @property
    def building(self) -> float:
        """Nothing is compiled."""
        return 0.0

    def losses(self, rows: Rows, weights: Weights | None = None) -> Losses:
        """Returns the loss of some rows at given weights, or at the model's own."""
        with self._scope(self._current() if weights is None else weights):
            data, penalty = without_penalty(self._model, *_tensors(rows))
        return Losses(float(data), float(penalty))

    def gradient(self, rows: Rows, weights: Weights | None = None) -> Weights:
        """Returns the gradient of the mean loss without penalties, at given weights or its own."""
        current = self._current()
        if weights is not None:
            current = [
                tf.convert_to_tensor(given, dtype=own.dtype)
                for given, own in zip(weights, current, strict=True)
            ]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(current)
            with self._scope(current):
                data, _ = without_penalty(self._model, *_tensors(rows))
        found = tape.gradient(data, current, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [tf.convert_to_tensor(gradient).numpy() for gradient in found]

    def _current(self) -> list[Any]:
        return [tf.identity(variable.value) for variable in self._model.trainable_variables]

    @contextmanager
    def _scope(self, values: Sequence[Any]) -> Iterator[None]:
        pairs = zip(self._model.trainable_variables, values, strict=True)
        mapping = [(variable, tf.convert_to_tensor(value)) for variable, value in pairs]
        with _eager_seeds_kept(), keras.StatelessScope(mapping, collect_losses=True):
            yield


def _tensors(rows: Rows) -> tuple[Any, Any]:
    def tensor(array: Any) -> Any:
        return tf.convert_to_tensor(as_floats(array))

    return keras.tree.map_structure(tensor, rows.x), keras.tree.map_structure(tensor, rows.y)


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
