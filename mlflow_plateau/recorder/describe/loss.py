"""The loss, whatever it was given as."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Mapping
from typing import Any

import keras

from mlflow_plateau.recorder.describe.training import Training

WRAPPERS = frozenset(("LossFunctionWrapper",))
"""Keras' classes that only hold a function."""


def loss(training: Training) -> str | None:
    """Returns the snake-case name of the loss; the names of several, joined by commas."""
    names = [name for given in given_losses(training.model) if (name := loss_name(given))]
    return ",".join(names) or None


def from_logits(training: Training) -> bool | None:
    """Returns whether a cross-entropy takes logits; ``None`` for other losses, and for several."""
    given = given_losses(training.model)
    if len(given) != 1 or not (loss_name(given[0]) or "").endswith("crossentropy"):
        return None
    return bool(loss_option(given[0], "from_logits", False))


def given_losses(model: Any) -> list[Any]:
    """Returns the losses that the model was compiled with, one for each output that has one."""
    given = getattr(model, "loss", None)
    if isinstance(given, Mapping):
        given = dict(given)  # Keras may have wrapped it, and then does not look into it.
    found = [given] if isinstance(given, functools.partial) else keras.tree.flatten(given)
    return [item for item in found if item is not None]


def single_loss(model: Any) -> str | None:
    """Returns the name of a model's one loss, "" for one without a name; ``None`` for several."""
    given = given_losses(model)
    return (loss_name(given[0]) or "") if len(given) == 1 else None


def loss_name(given: Any) -> str | None:
    """Returns the snake-case name of one loss: a name, function, class or object."""
    if isinstance(given, str):
        try:
            given = keras.losses.get(given)
        except ValueError:
            return _snake_case(given)
    if isinstance(given, functools.partial):
        given = given.func
    if type(given).__name__ in WRAPPERS:
        given = given.fn
    if not inspect.isroutine(given) and not inspect.isclass(given):
        given = type(given)
    name = getattr(given, "__name__", None)
    return _snake_case(name) if name and name != "<lambda>" else None


def loss_option(given: Any, name: str, default: Any) -> Any:
    """Returns an option of one loss, such as ``from_logits`` or ``label_smoothing``."""
    if isinstance(given, str):
        given = keras.losses.get(given)
    options = getattr(given, "_fn_kwargs", None) or getattr(given, "keywords", None) or {}
    return options.get(name, getattr(given, name, default))


def aligns_targets(given: Any) -> bool:
    """Returns whether a loss gives targets of shape ``(n,)`` the column of predictions ``(n, 1)``.

    Keras does so around all functions; classes of the user's have only what is in their ``call``.
    """
    if not isinstance(given, keras.losses.Loss):
        return True
    return bool(type(given).call.__module__.startswith("keras."))


def _snake_case(name: str) -> str:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return apart.lower()
