"""Which function fills which field of ``Setup``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlflow_plateau.history import Setup
from mlflow_plateau.recorder.describe import data, loss, model, optimizer, targets
from mlflow_plateau.recorder.describe.noting import noted
from mlflow_plateau.recorder.describe.training import Training

FACTS: Mapping[str, Callable[[Training], Any]] = {
    "framework": lambda _: "keras",
    "optimizer": optimizer.optimizer,
    "learning_rate": optimizer.learning_rate,
    "momentum": optimizer.momentum,
    "weight_decay": optimizer.weight_decay,
    "batch_size": data.batch_size,
    "updates_per_epoch": data.updates_per_epoch,
    "training_rows": data.training_rows,
    "validation_rows": data.validation_rows,
    "has_validation": data.has_validation,
    "parameter_count": model.parameter_count,
    "trainable_parameter_count": model.trainable_parameter_count,
    "frozen_layers": model.frozen_layers,
    "output_activation": model.output_activation,
    "output_units": model.output_units,
    "layers": model.layers,
    "hidden_activations": model.hidden_activations,
    "dropout": model.dropout,
    "l2": model.l2,
    "loss": loss.loss,
    "from_logits": loss.from_logits,
    "target_minimum": targets.target_minimum,
    "target_maximum": targets.target_maximum,
    "target_units": targets.target_units,
    "target_kind": targets.target_kind,
    "target_classes": targets.target_classes,
    "constant_loss": targets.constant_loss,
    "validation_constant_loss": targets.validation_constant_loss,
}
"""Each answers ``None`` where it cannot say. ``Recording`` logs ``planned_epochs``, ``outcome``."""


def describe(training: Training, known: Setup | None = None, *, silent: bool = False) -> Setup:
    """Returns what can be said about a training now.

    Args:
        training: The training.
        known: What was said before; only what is missing there is asked again.
        silent: Whether to keep failures to oneself.
    """
    return noted(FACTS, training, known or Setup(), silent=silent)
