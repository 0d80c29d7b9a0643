"""A Keras model under JAX, tried at other weights without touching its variables."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import keras
import numpy as np

from mlflow_plateau.recorder.witness.attributes import rebound_put_back
from mlflow_plateau.recorder.witness.differentiable import DeclinedError, Losses, Weights
from mlflow_plateau.recorder.witness.keras_model import KerasModel, as_floats, without_penalty
from mlflow_plateau.recorder.witness.rows import Rows, each_array

BUILDS_TO_COME = 5.0
"""Gradients and losses of other numbers of rows take so many times as long to compile as a loss."""

COMPILER_OPTIONS: Mapping[str, Mapping[str, int]] = {"gpu": {"xla_gpu_autotune_level": 0}}
"""By JAX's name of a device: on GPUs, trying kernels out takes half of the time to compile."""


class JaxModel(KerasModel):
    """Losses and gradients are functions of all variables, compiled where the training is.

    Between epochs Keras' variables hold their values. They are passed, never given away, and
    Keras' stateless scope swallows every assignment, so that there is nothing to put back but what
    a layer's own code rebinds.

    Args:
        model: The model, built.
        gradient_declined: As ``KerasModel`` takes it.

    Raises:
        DeclinedError: If layers keep state where the scope does not reach.
    """

    def __init__(self, model: Any, gradient_declined: str = "") -> None:
        if getattr(keras.config, "is_nnx_enabled", bool)():
            raise DeclinedError("Keras keeps its state in NNX modules")
        super().__init__(model, gradient_declined)
        self._compiles = bool(model.jit_compile) and not model.run_eagerly
        gradient = jax.grad(self._scaled)
        self._losses = self._compiled(self._data_and_penalty)
        self._gradient = self._compiled(gradient)
        self._parts: dict[Any, Any] = {}
        self._built: set[tuple[Any, int]] = set()
        self._building = 0.0

    def prepare(self, *parts: Rows) -> float:
        """Compiles the losses of so many rows; returns about how long the rest is going to take."""
        for rows in parts:
            self.losses(rows)
        has_gradients = any(function is self._gradient for function, _ in self._built)
        if not self._built or has_gradients:
            return 0.0
        return BUILDS_TO_COME * self._building / len(self._built)

    @property
    def building(self) -> float:
        """Seconds that compiling has taken so far, first calls included."""
        return self._building

    def losses(self, rows: Rows, weights: Weights | None = None) -> Losses:
        """Returns the loss of some rows at given weights, or at the model's own."""
        data, penalty = self._called(self._losses, rows, weights)
        return Losses(float(data), float(penalty))

    def gradient(self, rows: Rows, weights: Weights | None = None) -> Weights:
        """Returns the gradient of the mean loss without penalties, at given weights or its own.

        Raises:
            DeclinedError: If the training may follow another gradient.
        """
        self._decline_another_gradient()
        scale = self._loss_scale
        return [
            np.array(part, dtype=np.promote_types(part.dtype, np.float32)) / scale
            for part in self._called(self._gradient, rows, weights, np.float32(scale))
        ]

    def _called_in_inference(self, part: Any, rows: Rows) -> Any:
        if part not in self._parts:

            def outputs(weights: Sequence[Any], others: Sequence[Any], x: Any, y: Any) -> Any:
                with self._scope(weights, others):
                    return part(x, training=False)

            self._parts[part] = self._compiled(outputs)
        found = self._called(self._parts[part], rows, None)
        return each_array(lambda values: np.asarray(values, dtype=np.float32), found)

    def _compiled(self, function: Any) -> Any:
        if not self._compiles:
            return function
        options = COMPILER_OPTIONS.get(jax.default_backend())
        if options is None or "compiler_options" not in inspect.signature(jax.jit).parameters:
            return jax.jit(function)
        return jax.jit(function, compiler_options=options)

    def _called(self, function: Any, rows: Rows, weights: Weights | None, *further: Any) -> Any:
        model = self._model
        own = [variable.value for variable in model.trainable_variables]
        if weights is not None:
            own = [
                jax.numpy.asarray(given, dtype=value.dtype)
                for given, value in zip(weights, own, strict=True)
            ]
        others = [variable.value for variable in self._others()]
        x, y = each_array(as_floats, rows.x), each_array(as_floats, rows.y)
        # While it is compiled, a layer that keeps what it sees would keep what is no value.
        with rebound_put_back([vars(layer) for layer in model._flatten_layers()]):
            begin = time.perf_counter()
            found = jax.block_until_ready(function(own, others, x, y, *further))
        if self._compiles and (function, len(rows)) not in self._built:
            self._built.add((function, len(rows)))
            self._building += time.perf_counter() - begin
        return found

    def _scaled(
        self, weights: Sequence[Any], others: Sequence[Any], x: Any, y: Any, scale: Any
    ) -> Any:
        data, _ = self._data_and_penalty(weights, others, x, y)
        return data * scale.astype(data.dtype)

    def _data_and_penalty(
        self, weights: Sequence[Any], others: Sequence[Any], x: Any, y: Any
    ) -> tuple[Any, Any]:
        with self._scope(weights, others):
            return without_penalty(self._model, x, y)

    def _scope(self, weights: Sequence[Any], others: Sequence[Any]) -> Any:
        variables = (*self._model.trainable_variables, *self._others())
        mapping = list(zip(variables, (*weights, *others), strict=True))
        return keras.StatelessScope(mapping, collect_losses=True, initialize_variables=False)

    def _others(self) -> list[Any]:
        return [*self._model.non_trainable_variables, *self._model.metrics_variables]
