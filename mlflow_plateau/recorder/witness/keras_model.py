"""A Keras model as experiments need it, whatever backend Keras runs on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from mlflow_plateau.recorder.describe.loss import aligns_targets, given_losses
from mlflow_plateau.recorder.describe.names import name_in
from mlflow_plateau.recorder.describe.training import Training, has_own_train_step
from mlflow_plateau.recorder.measure.measurements import LOCAL_STRATEGIES
from mlflow_plateau.recorder.measure.variables import on_several_devices, whole
from mlflow_plateau.recorder.witness.differentiable import (
    ENDS,
    MOST_WEIGHTS,
    WARM_UP,
    Bounded,
    DeclinedError,
    Differentiable,
    Losses,
    NextUpdate,
    Weights,
)
from mlflow_plateau.recorder.witness.keras_updates import next_update_of
from mlflow_plateau.recorder.witness.rows import Rows
from mlflow_plateau.recorder.witness.saturation import hidden_among
from mlflow_plateau.tracked import FloatArray


def open_keras_model(training: Training) -> tuple[Differentiable, NextUpdate]:
    """Returns a training's model and what its optimiser would do, for experiments.

    Raises:
        DeclinedError: If none can be made without the risk of leaving a trace.
    """
    return keras_model(training), next_update_of(training.model.optimizer)


def keras_model(training: Training) -> Differentiable:
    """Returns a training's model as experiments need it.

    Raises:
        DeclinedError: If that is not possible without the risk of leaving a trace.
    """
    model = training.model
    own_step = has_own_train_step(model)
    if not type(model).compute_loss.__module__.startswith("keras."):
        raise DeclinedError("the model has a compute_loss of its own")
    if own_step and model._compile_loss is None:
        raise DeclinedError("the model has a train_step of its own, and compile was given no loss")
    strategy = getattr(model, "distribute_strategy", None)
    if strategy is not None and type(strategy).__name__ not in LOCAL_STRATEGIES:
        raise DeclinedError("the model is distributed over several processes")
    if on_several_devices():
        raise DeclinedError("the model is distributed over several devices")
    _decline_what_takes_no_other_batches(model)
    size = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    if size > MOST_WEIGHTS:
        raise DeclinedError(f"the model has {size:,} weights")
    # A train step of the user's may follow the gradient of another loss than the compiled one.
    gradient_declined = "the model has a train_step of its own" if own_step else ""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from mlflow_plateau.recorder.witness.tensorflow_model import TensorFlowModel

        return TensorFlowModel(model, gradient_declined)
    if backend == "jax":
        from mlflow_plateau.recorder.witness.jax_model import JaxModel

        return JaxModel(model, gradient_declined)
    if backend == "torch":
        from mlflow_plateau.recorder.witness.torch_backend_model import TorchBackendModel

        return TorchBackendModel(model, gradient_declined)
    raise DeclinedError(f"Keras runs on {backend}")


class KerasModel(ABC):
    """What is the same for a Keras model on every backend.

    Args:
        model: The model, built.
        gradient_declined: Why the training may follow another gradient than that of the compiled
            loss; empty if it does not.
    """

    def __init__(self, model: Any, gradient_declined: str = "") -> None:
        self._model = model
        self._gradient_declined = gradient_declined
        self._to_hidden: tuple[Any, Mapping[str, tuple[float, float]]] | None = None

    @property
    def weights(self) -> Weights:
        """The trainable weights now."""
        return [whole(variable) for variable in self._model.trainable_variables]

    @property
    def names(self) -> Sequence[str]:
        """What each of the weights is called, with its layer: ``dense/kernel``."""
        return [name_in(self._model, variable) for variable in self._model.trainable_variables]

    @property
    def needs_targets(self) -> bool:
        """Whether its loss takes targets beside the inputs."""
        return self._model._compile_loss is not None

    @property
    def aligns_targets(self) -> bool:
        """Whether its loss itself gives targets the column that they lack beside predictions."""
        return all(map(aligns_targets, given_losses(self._model)))

    @abstractmethod
    def losses(self, rows: Rows, weights: Weights | None = None) -> Losses:
        """Returns the loss of some rows at given weights, or at the model's own."""

    def predictions(self, rows: Rows) -> FloatArray | None:
        """Returns what it predicts for some rows in inference, or ``None`` if not in one array."""
        found = self._called_in_inference(self._model, rows)
        return found if isinstance(found, np.ndarray) else None

    def bounded_outputs(self, rows: Rows) -> Mapping[str, Bounded]:
        """Returns what hidden layers with an activation of ``ENDS`` make of some rows, by name.

        Empty where there are none, or the model is no graph of layers.
        """
        if self._to_hidden is None:
            self._to_hidden = _to_hidden_layers(self._model)
        part, ends = self._to_hidden
        if part is None:
            return {}
        outputs = self._called_in_inference(part, rows)
        # In the order in which the part puts them out: its layers, then the predictions.
        layers = dict(zip(ends, outputs, strict=False))
        return hidden_among(layers, ends, outputs[len(ends) :])

    @abstractmethod
    def _called_in_inference(self, part: Any, rows: Rows) -> Any:
        """Returns the outputs of the model or a part of it, in arrays of float32."""

    def prepare(self, *parts: Rows) -> float:
        """Calls the model once, which takes longer the first time; nothing is compiled."""
        self.losses(parts[0].part(0, WARM_UP))
        return 0.0

    @property
    def building(self) -> float:
        """Nothing is compiled."""
        return 0.0

    @property
    def _loss_scale(self) -> float:
        """What the loss is multiplied by, so that gradients in half precision are not lost."""
        optimizer = self._model.optimizer
        return 1.0 if optimizer is None else float(optimizer.scale_loss(1.0))

    def _decline_another_gradient(self) -> None:
        """Raises ``DeclinedError`` if the training may follow another gradient."""
        if self._gradient_declined:
            raise DeclinedError(self._gradient_declined)


def as_floats(array: Any) -> Any:
    """Returns an array in Keras' precision, as ``fit`` would take it."""
    return array.astype(keras.backend.floatx()) if array.dtype.kind == "f" else array


def _decline_what_takes_no_other_batches(model: Any) -> None:
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False):
            raise DeclinedError(f"layer {layer.name} keeps a state for each row of a batch")
    for tensor in getattr(model, "inputs", None) or ():
        if tensor.shape and tensor.shape[0] is not None:
            raise DeclinedError(f"the model takes only batches of {tensor.shape[0]} rows")


POINTWISE = frozenset(
    getattr(keras.layers, name)
    for name in (
        *("Dense", "EinsumDense", "Activation", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose"),
        *("Conv2DTranspose", "Conv3DTranspose", "SeparableConv1D", "SeparableConv2D"),
        *("DepthwiseConv1D", "DepthwiseConv2D"),
    )
)
"""Layers that put out what their activation does. What is built on them may put out anything."""


def _to_hidden_layers(model: Any) -> tuple[Any, Mapping[str, tuple[float, float]]]:
    """Returns the part of a model that ends in its layers with bounded activations, and their ends.

    It shares the model's layers, and puts out the model's predictions beside theirs; ``None`` where
    there are no such layers, or no graph.
    """
    graph = getattr(model, "_functional", None) or model
    if not hasattr(graph, "operations"):
        return None, {}
    outputs: list[Any] = []
    ends: dict[str, tuple[float, float]] = {}
    for layer in graph.layers:
        name = getattr(getattr(layer, "activation", None), "__name__", "")
        called_once = len(layer._inbound_nodes) == 1
        if type(layer) in POINTWISE and name in ENDS and called_once and not _is_gate(layer):
            outputs.append(layer.output)
            ends[layer.name] = ENDS[name]
    if not outputs:
        return None, {}
    # What an unnamed one of Keras' is called counts up, which names of the user's layers show.
    part = keras.Model(graph.input, [*outputs, *graph.outputs], name="up_to_hidden_layers")
    return part, ends


def _is_gate(layer: Any) -> bool:
    """Whether a layer's outputs are multiplied into others: open and shut is what gates are."""
    after = [node.operation for node in layer._outbound_nodes]
    return any(type(operation).__name__ == "Multiply" for operation in after)


def without_penalty(model: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Returns loss and penalty of a model in inference, as tensors; to be called in a scope.

    Where no loss was compiled, what layers add is the loss, and only regularisers are a penalty.
    """
    predicted = model(x, training=False)
    total = model.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=None)
    added = model.losses
    if model._compile_loss is None:
        added = [v.regularizer(v) for v in model.trainable_variables if v.regularizer is not None]
    penalty = sum(added) if added else keras.ops.zeros(())
    return total - keras.ops.cast(penalty, total.dtype), penalty
