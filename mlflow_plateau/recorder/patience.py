"""How long MLflow may try to reach a tracking server while a training waits for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
SECONDS = "MLFLOW_HTTP_REQUEST_TIMEOUT"


@dataclass(frozen=True)
class Limits:
    """Limits for MLflow's client.

    Attributes:
        settings: MLflow's environment variables.
        users_first: Whether what the user has set stands.
    """

    settings: Mapping[str, str]
    users_first: bool


BEFORE_TRAINING = Limits({RETRIES: "2", SECONDS: "10"}, users_first=True)
"""For a server that has just answered. By default MLflow would try for minutes."""

AFTER_TRAINING = Limits({RETRIES: "2", SECONDS: "30"}, users_first=True)
"""For a diagnosis, which can be made up for at any time."""

NONE_LEFT = Limits({RETRIES: "0", SECONDS: "5"}, users_first=False)
"""For a server that has just failed."""

# The environment is everybody's: of several that wait at once the last one's limits hold, and what
# was set before the first comes back after the last.
_lock = threading.Lock()
_active: list[Limits] = []
_before: dict[str, str | None] = {}


@contextmanager
def patience(limits: Limits) -> Iterator[None]:
    """Sets limits for MLflow's client, and puts back what was set before."""
    with _lock:
        if not _active:
            _before.update((name, os.environ.get(name)) for name in (RETRIES, SECONDS))
        _active.append(limits)
        _apply()
    try:
        yield
    finally:
        with _lock:
            # By identity: two that are alike may have begun in another order.
            del _active[next(at for at, one in enumerate(_active) if one is limits)]
            _apply()


def _apply() -> None:
    """Sets what the last of those that wait says, where it may."""
    for name, value in _before.items():
        if _active and (value is None or not _active[-1].users_first):
            value = _active[-1].settings[name]
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
