"""Which function fills which field of ``Setup``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from mlflow_plateau.history import Setup
from mlflow_plateau.record.curves import PREFIX
from mlflow_plateau.record.describe import data, loss, model, optimizer, targets
from mlflow_plateau.record.describe.training import Training
from mlflow_plateau.record.safety import notice

LONGEST_TEXT = 500
"""Longer descriptions are cut."""

FACTS: Mapping[str, Callable[[Training], Any]] = {
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
    known = known or Setup()
    found: dict[str, Any] = {}
    failed: dict[str, Exception] = {}
    for name, fact in FACTS.items():
        if getattr(known, name) is None:
            try:
                found[name] = fact(training)
            except Exception as error:
                # One fact less: models and data may be built in ways that nobody foresaw.
                failed[name] = error
    if failed:
        notice(f"not noted: {', '.join(failed)}", next(iter(failed.values())), silent=silent)
    return replace(known, **found)


def as_params(setup: Setup, besides: Setup) -> dict[str, str]:
    """Returns the parameters that say what a setup says besides another."""
    return {
        f"{PREFIX[:-1]}.{f.name}": _as_text(getattr(setup, f.name))
        for f in fields(Setup)
        if getattr(setup, f.name) is not None and getattr(besides, f.name) is None
    }


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    text = str(value)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
