"""What the user asked of the recorder, and whether this ``fit`` is to be recorded at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import mlflow
from mlflow.utils import autologging_utils
from mlflow.utils.autologging_utils import safety as autologging_safety

from mlflow_plateau.recorder.witness.budget import PROBE_BUDGET

INTEGRATION = "mlflow_plateau"
"""Name under which MLflow keeps the settings of ``autolog``."""

OLDEST_KERAS = (3, 3)
NEWEST_KERAS = (4, 0)
"""Keras versions that the recorder knows: from the first, below the second."""


@dataclass(frozen=True)
class Settings:
    """What to do with a recorded training; the arguments of ``autolog`` of the same names."""

    diagnose: bool = True
    monitor: str | None = None
    log_datasets: bool = True
    silent: bool = False
    extra_tags: Mapping[str, str] | None = None
    probe_budget: float = PROBE_BUDGET


def current_settings() -> Settings:
    """Returns the settings of the last call of ``autolog``."""
    stored: Mapping[str, Any] = autologging_utils.AUTOLOGGING_INTEGRATIONS.get(INTEGRATION, {})
    return Settings(**{f.name: stored[f.name] for f in fields(Settings) if f.name in stored})


def autologging_is_on() -> bool:
    """Returns whether MLflow's rules allow ``autolog`` to record what is being trained now."""
    if autologging_utils.autologging_is_disabled(INTEGRATION):
        return False
    # Set by MLflow while one integration runs models of its own, such as in ``mlflow.evaluate``.
    if getattr(autologging_utils, "_AUTOLOGGING_GLOBALLY_DISABLED", False):
        return False
    if _setting("exclusive") and mlflow.active_run() and mlflow_session() is None:
        return False
    return not _setting("disable_for_unsupported_versions") or keras_is_supported()


def mlflow_session() -> str | None:
    """Returns the name of the MLflow integration that is autologging this ``fit``, if any."""
    manager = getattr(autologging_safety, "_AutologgingSessionManager", None)
    session = manager.active_session() if manager is not None else None
    return None if session is None else str(session.integration)


def installed_keras() -> tuple[int, ...] | None:
    """Returns major and minor version of Keras without importing it; ``None`` without Keras."""
    try:
        return tuple(int(part) for part in version("keras").split(".")[:2])
    except (PackageNotFoundError, ValueError):
        return None


def keras_is_supported() -> bool:
    """Returns whether the installed Keras is one that the recorder knows."""
    found = installed_keras()
    return found is not None and OLDEST_KERAS <= found < NEWEST_KERAS


def _setting(name: str) -> bool:
    return bool(autologging_utils.get_autologging_config(INTEGRATION, name, False))
