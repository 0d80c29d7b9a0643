"""The model: its size, its layers, and what it puts out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import keras

from mlflow_plateau.layer_line import BETWEEN_LAYERS
from mlflow_plateau.recorder.describe.names import named
from mlflow_plateau.recorder.describe.training import Training

PASS_THROUGH = frozenset(
    (
        *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout"),
        *("AlphaDropout", "GaussianNoise", "ActivityRegularization", "Identity"),
        *("Flatten", "Reshape", "Permute", "GetItem", "Squeeze", "ExpandDims", "Transpose"),
    )
)
"""Layers and operations that put out values that they were given."""

ACTIVATION_CLASSES = {
    **{name: name.lower() for name in ("Softmax", "ReLU", "Relu", "ELU", "Elu", "Sigmoid", "Tanh")},
    **{name: name.lower() for name in ("Softplus", "Softsign")},
    "LeakyReLU": "leaky_relu",
    "LeakyRelu": "leaky_relu",
    "PReLU": "p_relu",
    "LogSoftmax": "log_softmax",
    "HardSigmoid": "hard_sigmoid",
    "Exp": "exponential",
}
"""Layers and operations that are an activation, and its name."""


def parameter_count(training: Training) -> int | None:
    """Returns the number of weights; ``None`` before they exist."""
    return _count(training.model.weights) if _is_built(training.model) else None


def trainable_parameter_count(training: Training) -> int | None:
    """Returns the number of weights that the optimiser may change."""
    return _count(training.model.trainable_weights) if _is_built(training.model) else None


def frozen_layers(training: Training) -> tuple[str, ...] | None:
    """Returns the layers that were made with weights to train and are told not to train them."""
    found = [
        layer.name
        for layer in _leaves(training.model)
        if layer._trainable_variables and not layer.trainable_variables
    ]
    return named(found) or None


def output_activation(training: Training) -> str | None:
    """Returns the activation of the output; those of several outputs, joined by commas.

    ``None`` where the last operation is one that says nothing about its range, and for subclassed
    models, whose output may come from any of their layers.
    """
    names = [_activation_before(source) for source in _outputs(training.model)]
    return ",".join(name for name in names if name) if names and all(names) else None


def output_units(training: Training) -> int | None:
    """Returns the width of the only output; ``None`` for several, and where it is not known."""
    sources = _outputs(training.model)
    if len(sources) != 1:
        return None
    source = sources[0]
    if isinstance(source, keras.layers.Layer):
        units = getattr(source, "units", None)
    else:
        units = source.shape[-1] if len(source.shape) > 1 else 1
    return None if units is None else int(units)


def output_axes(training: Training) -> int | None:
    """Returns how many axes the only output has, the rows among them."""
    sources = _outputs(training.model)
    if len(sources) != 1 or isinstance(sources[0], keras.layers.Layer):
        return None
    return len(sources[0].shape)


def layers(training: Training) -> str | None:
    """Returns the layers in a line: ``Dense(128, relu) > Dense(1, sigmoid)``."""
    return BETWEEN_LAYERS.join(_in_words(layer) for layer in _leaves(training.model)) or None


def hidden_activations(training: Training) -> tuple[str, ...] | None:
    """Returns the distinct activations before the output, in order of appearance."""
    found = [(layer, name) for layer in _leaves(training.model) if (name := _activation(layer))]
    if not found:
        return None
    if _outputs(training.model):
        found = found[:-1]
    return tuple(dict.fromkeys(name for _, name in found if name != "linear"))


def dropout(training: Training) -> float | None:
    """Returns the largest dropout rate; 0 where there is none."""
    rates = [0.0]
    for layer in _leaves(training.model):
        if "Dropout" in type(layer).__name__:
            rates.append(float(layer.rate))
        rates += [float(getattr(layer, name, 0) or 0) for name in ("dropout", "recurrent_dropout")]
    return max(rates)


def l2(training: Training) -> float | None:
    """Returns the largest L2 penalty factor on any weights; 0 where there is none.

    Each kind of layer has penalties of its own: on kernels, embeddings, scales, biases.
    """
    penalties: list[Any] = [
        penalty
        for layer in _leaves(training.model)
        for name, penalty in vars(layer).items()
        if name.endswith("_regularizer") and name != "activity_regularizer"
    ]
    return max((float(penalty.l2) for penalty in penalties if hasattr(penalty, "l2")), default=0.0)


def _is_built(model: Any) -> bool:
    return bool(model.built and (model.weights or not list(_leaves(model))))


def _count(weights: list[Any]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _leaves(model: Any) -> Iterator[Any]:
    """Yields the layers that are not models of layers themselves, in order."""
    for layer in model._flatten_layers(include_self=False, recursive=True):
        if not isinstance(layer, (keras.Model, keras.layers.InputLayer)):
            yield layer


def _outputs(model: Any) -> list[Any]:
    """Returns what a model puts out: symbolic tensors, or the last layer of an unbuilt one."""
    try:
        outputs = model.outputs
    except (AttributeError, ValueError):
        outputs = None
    if outputs:
        return list(outputs)
    if isinstance(model, keras.Sequential) and model.layers:
        return [model.layers[-1]]
    return []


def _activation_before(source: Any) -> str | None:
    """Returns the activation that a symbolic tensor, or the output of a layer, comes out of."""
    if isinstance(source, keras.layers.Layer):
        return _activation(source)
    while True:
        history = source._keras_history
        operation = history.operation
        if isinstance(operation, keras.Model):
            inner = _outputs(operation)
            return _activation_before(inner[0]) if len(inner) == 1 else None
        if type(operation).__name__ not in PASS_THROUGH:
            return _activation(operation)
        given = operation._inbound_nodes[history.node_index].input_tensors
        if len(given) != 1 or given[0] is source:
            return None
        source = given[0]


def _activation(operation: Any) -> str | None:
    """Returns the name of the activation that a layer or operation applies last, if it says."""
    kind = type(operation).__name__
    if kind in ACTIVATION_CLASSES:
        return ACTIVATION_CLASSES[kind]
    if kind == "TimeDistributed":
        return _activation(operation.layer)
    applied = getattr(operation, "activation", None)
    if applied is None:
        return None
    name = getattr(applied, "__name__", None) or type(applied).__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _in_words(layer: Any) -> str:
    facts = [getattr(layer, name, None) for name in ("units", "filters", "rate")]
    words = [f"{fact:g}" for fact in facts if isinstance(fact, (int, float))]
    activation = getattr(layer, "activation", None)
    name = getattr(activation, "__name__", None)
    if name and name != "linear":
        words.append(name)
    return f"{type(layer).__name__}({', '.join(words)})" if words else type(layer).__name__
