"""What is noted once about a training with PyTorch; each fact fills a field of ``Setup``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from mlflow_plateau.layer_line import BETWEEN_LAYERS
from mlflow_plateau.recorder.describe.tables import as_table, classes_in, constant_losses
from mlflow_plateau.recorder.pytorch.splits import on_the_cpu
from mlflow_plateau.recorder.pytorch.training import TorchTraining
from mlflow_plateau.tracked import FloatArray

DECOUPLED = frozenset(("AdamW",))
"""Optimisers whose ``weight_decay`` shrinks the weights instead of adding to the gradient."""

ACTIVATIONS = {
    **{name: name.lower() for name in ("ReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish")},
    **{name: name.lower() for name in ("Sigmoid", "Tanh", "Softmax", "Softplus", "Softsign")},
    "LeakyReLU": "leaky_relu",
    "PReLU": "p_relu",
    "ReLU6": "relu6",
    "LogSoftmax": "log_softmax",
    "Hardsigmoid": "hard_sigmoid",
    "Hardswish": "hard_swish",
    "Hardtanh": "hard_tanh",
}
"""Modules that are an activation, and its name."""

WHOLE = {"MultiheadAttention": "MultiHeadAttention"}
"""Modules that are one layer though they are made of others, by what they are called."""

SHAPING = frozenset(("Identity", "Flatten", "Unflatten"))
"""Modules that change nothing but a shape."""

NO_LAYERS = ("torch.nn.modules.loss", "torchmetrics")
"""Where the modules come from that are kept in a model without being a part of it."""

WIDTHS = ("out_features", "out_channels", "hidden_size", "embedding_dim")
"""Attributes in which modules keep how many units they have."""


def largest_group(optimizer: Any) -> Any:
    """Returns the options of those weights of which an optimiser has most."""
    return max(optimizer.param_groups, key=lambda group: sum(p.numel() for p in group["params"]))


def learning_rate_in(group: Mapping[str, Any]) -> float:
    """Returns a group's learning rate now."""
    return float(group["lr"])


def _framework(training: TorchTraining) -> str:
    return training.framework


def _optimizer(training: TorchTraining) -> str | None:
    return None if training.optimizer is None else type(training.optimizer).__name__.lower()


def _learning_rate(training: TorchTraining) -> float | None:
    if training.optimizer is None:
        return None
    group = largest_group(training.optimizer)
    # A warm-up may begin with nothing; what it leads to says more.
    return learning_rate_in(group) or float(group.get("initial_lr", 0.0))


def _momentum(training: TorchTraining) -> float | None:
    if not isinstance(training.optimizer, torch.optim.SGD):
        return None
    return float(largest_group(training.optimizer)["momentum"])


def _decay(training: TorchTraining) -> float | None:
    if training.optimizer is None:
        return None
    return float(largest_group(training.optimizer).get("weight_decay") or 0.0)


def _is_decoupled(training: TorchTraining) -> bool:
    group = largest_group(training.optimizer)
    named = any(kind.__name__ in DECOUPLED for kind in type(training.optimizer).__mro__)
    return named or bool(group.get("decoupled_weight_decay"))


def _weight_decay(training: TorchTraining) -> float | None:
    decay = _decay(training)
    return decay if decay is None or _is_decoupled(training) else 0.0


def _l2(training: TorchTraining) -> float | None:
    """Returns the factor of the penalty λ‖w‖² whose gradient 2λw the optimiser adds."""
    decay = _decay(training)
    return decay if decay is None else 0.0 if _is_decoupled(training) else decay / 2


def _batch_size(training: TorchTraining) -> int | None:
    return training.batch_size or training.observed.get("batch_size")


def _observed(name: str) -> Callable[[TorchTraining], int | None]:
    return lambda training: training.observed.get(name)


def _has_validation(training: TorchTraining) -> bool | None:
    return training.has_validation


def _parameter_count(training: TorchTraining) -> int | None:
    return _count(list(training.model.parameters()))


def _trainable_parameter_count(training: TorchTraining) -> int | None:
    return _count(training.parameters) if _parameter_count(training) is not None else None


def _count(parameters: list[Any]) -> int | None:
    if any(torch.nn.parameter.is_lazy(parameter) for parameter in parameters):
        return None
    return sum(int(parameter.numel()) for parameter in parameters)


def _output_activation(training: TorchTraining) -> str | None:
    return None if training.trace is None else training.trace.output_activation


def _output_units(training: TorchTraining) -> int | None:
    return None if training.trace is None else training.trace.output_units


def _hidden_activations(training: TorchTraining) -> tuple[str, ...] | None:
    return None if training.trace is None else training.trace.hidden_activations


def _layers(training: TorchTraining) -> str | None:
    """Returns the layers in the order in which the model holds them: ``Linear(64, relu) > …``."""
    if training.trace is None:
        return None
    return in_words(training.model, training.trace.hidden_activations) or None


def in_words(model: Any, activations: tuple[str, ...] | None = None) -> str:
    """Returns the layers of a model in a line.

    Args:
        model: The model.
        activations: Its hidden activations, as far as the graph tells; where the model holds none
            as modules and there is a single one, it is that of all layers but the last.
    """
    layers: list[list[str]] = []
    with_units: list[int] = []
    found_activation = False
    for module in _leaves(model):
        kind = type(module).__name__
        if kind in ACTIVATIONS:
            found_activation = True
            if with_units and len(layers[with_units[-1]]) == 2:
                layers[with_units[-1]].append(ACTIVATIONS[kind])
            else:
                layers.append([kind])
            continue
        if kind in SHAPING or type(module).__module__.startswith(NO_LAYERS):
            continue
        units = next((u for n in WIDTHS if isinstance(u := getattr(module, n, None), int)), None)
        rate = getattr(module, "p", None) if "Dropout" in kind else None
        words = [f"{fact:g}" for fact in (units, rate) if isinstance(fact, (int, float))]
        if units is not None and kind != "Embedding":
            with_units.append(len(layers))
        layers.append([WHOLE.get(kind, kind), *words])
    if not found_activation and activations and len(activations) == 1:
        for index in with_units[:-1]:
            layers[index].append(activations[0])
    return BETWEEN_LAYERS.join(f"{n}({', '.join(words)})" if words else n for n, *words in layers)


def _leaves(model: Any) -> Iterator[Any]:
    """Yields the modules that are not made of others, in order."""
    children = list(model.children())
    if not children or type(model).__name__ in WHOLE:
        yield model
        return
    for child in children:
        yield from _leaves(child)


def _dropout(training: TorchTraining) -> float | None:
    rates = [0.0]
    for module in training.model.modules():
        if "Dropout" in type(module).__name__:
            rates.append(float(getattr(module, "p", 0.0) or 0.0))
        elif isinstance(getattr(module, "dropout", None), float):
            rates.append(float(module.dropout))
    return max(rates)


def _loss(training: TorchTraining) -> str | None:
    sample = training.sample
    if training.objective is None:
        return None
    return training.objective.name(None if sample is None else sample.training)


def _from_logits(training: TorchTraining) -> bool | None:
    if training.objective is None or not (_loss(training) or "").endswith("crossentropy"):
        return None
    return training.objective.from_logits(_output_activation(training))


def _table(training: TorchTraining, split: str) -> FloatArray | None:
    return as_table(on_the_cpu(training.targets.get(split)))


def _target_minimum(training: TorchTraining) -> float | None:
    found = _table(training, "training")
    return None if found is None else float(np.nanmin(found))


def _target_maximum(training: TorchTraining) -> float | None:
    found = _table(training, "training")
    return None if found is None else float(np.nanmax(found))


def _target_classes(training: TorchTraining) -> int | None:
    found = _table(training, "training")
    return None if found is None else classes_in(found)


def _constant_losses(training: TorchTraining) -> tuple[float | None, float | None] | None:
    found, objective, loss = _table(training, "training"), training.objective, _loss(training)
    if found is None or objective is None or loss is None:
        return None
    if any(objective.option(name, None) is not None for name in ("weight", "pos_weight")):
        return None  # The loss is a weighted one, in other units.
    if objective.option("reduction", "mean") != "mean" or loss == "kl_divergence":
        return None
    if loss == "poisson" and objective.option("log_input", True):
        return None
    smoothing = float(objective.option("label_smoothing", 0.0) or 0.0)
    if smoothing and loss == "sparse_categorical_crossentropy":
        return None
    return constant_losses(loss, smoothing, found, _table(training, "validation"))


def _constant_loss(training: TorchTraining) -> float | None:
    losses = _constant_losses(training)
    return None if losses is None else losses[0]


def _validation_constant_loss(training: TorchTraining) -> float | None:
    losses = _constant_losses(training)
    return None if losses is None else losses[1]


FACTS: Mapping[str, Callable[[TorchTraining], Any]] = {
    "framework": _framework,
    "optimizer": _optimizer,
    "learning_rate": _learning_rate,
    "momentum": _momentum,
    "weight_decay": _weight_decay,
    "l2": _l2,
    "batch_size": _batch_size,
    "updates_per_epoch": _observed("updates_per_epoch"),
    "training_rows": _observed("training_rows"),
    "validation_rows": _observed("validation_rows"),
    "has_validation": _has_validation,
    "parameter_count": _parameter_count,
    "trainable_parameter_count": _trainable_parameter_count,
    "output_activation": _output_activation,
    "output_units": _output_units,
    "hidden_activations": _hidden_activations,
    "layers": _layers,
    "dropout": _dropout,
    "loss": _loss,
    "from_logits": _from_logits,
    "target_minimum": _target_minimum,
    "target_maximum": _target_maximum,
    "target_classes": _target_classes,
    "constant_loss": _constant_loss,
    "validation_constant_loss": _validation_constant_loss,
}
"""Each answers ``None`` where it cannot say."""
