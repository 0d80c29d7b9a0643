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

# The environment is everybody's: two that change it at once would leave it changed.
_lock = threading.Lock()


@contextmanager
def patience(limits: Limits) -> Iterator[None]:
    """Sets limits for MLflow's client, and puts back what was set before."""
    with _lock:
        before = {name: os.environ.get(name) for name in limits.settings}
        for name, value in limits.settings.items():
            if before[name] is None or not limits.users_first:
                os.environ[name] = value
        try:
            yield
        finally:
            for name, old in before.items():
                if old is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = old
