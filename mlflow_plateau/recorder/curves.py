"""Which curves are logged for an epoch, and under which names."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from types import CodeType, FunctionType
from typing import Any

import numpy as np

PREFIX = "plateau/"
"""Stands before everything that is the recorder's own."""

OWN = frozenset(
    (
        *("training", "update_ratio", "epoch_displacement", "gradient_norm"),
        *("batch_loss_spread", "batch_loss_growth", "epoch_seconds"),
        *("confidence", "onset_epoch", "wasted_fraction"),
    )
)
"""Names under ``PREFIX`` that mean something else than a curve of the same name."""

LOGGING_CALLS = frozenset(("mlflow", "log_metric", "log_metrics", "log_batch"))
"""Names by which a callback that logs to MLflow refers to it."""

FRAMEWORKS = frozenset(("keras", "lightning", "pytorch_lightning", "builtins"))
"""Callbacks from here that log do so by way of a logger."""

LONGEST_NAME = 240
"""MLflow takes names of up to 250 characters."""


def prefix_beside(callbacks: Iterable[Any]) -> str:
    """Returns what to put before the curves' names, given the other callbacks of the ``fit``.

    Nothing, unless one of them logs curves to MLflow itself: then nobody's metric is doubled.
    """
    return PREFIX if any(_logs_to_mlflow(callback) for callback in callbacks) else ""


def curves_of(logs: Mapping[str, Any], prefix: str) -> dict[str, float]:
    """Returns the single numbers among Keras' logs, by the names under which MLflow takes them.

    Args:
        logs: Keras' logs of an epoch.
        prefix: What to put before each name.
    """
    found: dict[str, float] = {}
    for key, value in logs.items():
        number = _single_number(value)
        if number is not None and not (prefix and key in OWN):
            found[_name_for_mlflow(prefix + str(key))] = number
    return found


def prefixed(measured: Mapping[str, float]) -> dict[str, float]:
    """Returns what the recorder measured by the names of its metrics."""
    return {PREFIX + name: value for name, value in measured.items()}


def monitored(monitor: str | None, prefix: str, logged: Container[str]) -> str | None:
    """Returns the name under which the metric that the user named was logged.

    Args:
        monitor: The user's name for it; ``None`` if it is to be recognised.
        prefix: What was put before the curves' names.
        logged: The curves' names.
    """
    return prefix + monitor if monitor is not None and prefix + monitor in logged else monitor


def _single_number(value: Any) -> float | None:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return float(array.reshape(())) if array.size == 1 else None


def _name_for_mlflow(name: str) -> str:
    """Replaces what MLflow would refuse, along with everything else in the same batch."""
    name = re.sub(r"[^\w.\- /]", "_", name)
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return "/".join(parts)[:LONGEST_NAME] or "_"


def _logs_to_mlflow(callback: Any) -> bool:
    """Returns whether a callback is MLflow's, or its code refers to MLflow's logging."""
    kind = type(callback)
    if kind.__module__.split(".")[0] == "mlflow":
        return True
    members = [
        member for parent in kind.__mro__ if _is_foreign(parent) for member in vars(parent).values()
    ]
    members += vars(callback).values() if hasattr(callback, "__dict__") else ()
    return any(
        isinstance(member, FunctionType)
        and _is_foreign(member)
        and not LOGGING_CALLS.isdisjoint(_names_in(member.__code__))
        for member in members
    )


def _is_foreign(what: Any) -> bool:
    """Returns whether a class or function is neither the framework's nor Python's."""
    return str(what.__module__).split(".")[0] not in FRAMEWORKS


def _names_in(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names_in(constant)
    return names
