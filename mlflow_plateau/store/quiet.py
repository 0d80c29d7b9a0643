"""Downloads without MLflow's progress bar: a diagnosis fetches two small files, unasked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR as BAR

HIDDEN = "False"

_lock = threading.Lock()
_depth = 0
_before: str | None = None


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Hides MLflow's progress bars; what the environment said is put back when the last one ends.

    Nothing but the environment is asked for it, so that threads that diagnose at the same time
    share one change.
    """
    global _depth, _before
    with _lock:
        if _depth == 0:
            _before = BAR.get_raw()
            BAR.set(HIDDEN)
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0 and BAR.get_raw() == HIDDEN:
                BAR.unset() if _before is None else BAR.set(_before)
