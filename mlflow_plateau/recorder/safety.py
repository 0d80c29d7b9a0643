"""Nothing that the recorder does may stop a training, change its random numbers or go unsaid."""

from __future__ import annotations

import logging
import random
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_logger = logging.getLogger("mlflow_plateau")


def notice(what: str, error: BaseException | None = None, *, silent: bool = False) -> None:
    """Says in one line what the recorder could not do.

    Args:
        what: What happened and what follows from it, without a full stop.
        error: Why.
        silent: Whether to keep it to those who log at debug level.
    """
    reason = "" if error is None else f" ({type(error).__name__}: {_first_line(error)})"
    _logger.log(
        logging.DEBUG if silent else logging.WARNING,
        "mlflow-plateau: %s%s.",
        what,
        reason,
        exc_info=error if _logger.isEnabledFor(logging.DEBUG) else None,
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else "no message"


@contextmanager
def global_random_state_kept() -> Iterator[None]:
    """Puts the global generators of Python and numpy back to where they were.

    MLflow draws the names of runs from Python's generator, and Keras draws seeds from it: without
    this, a recorded model would start from other weights than an unrecorded one. Inside, Python's
    generator is seeded afresh: programs with the same seed would give all their runs one name.
    """
    python_state = random.getstate()
    random.seed()
    # The rule asks for a generator of one's own; here it is the global one that matters.
    numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002


_hook = threading.Lock()
_dropping: list[int] = []
"""The threads whose warnings are not shown, once for each time."""


@contextmanager
def warnings_dropped() -> Iterator[None]:
    """Shows nothing that this thread warns of: ``fit`` has called the same model and said it.

    No filter is changed for it: that makes Python show again what it has shown before. Threads that
    are inside at the same time share one hook, which the last of them takes away.
    """
    global _show_others
    thread = threading.get_ident()
    with _hook:
        # It may be there: who saved it while it was puts it back.
        if warnings.showwarning is not _show:
            _show_others, warnings.showwarning = warnings.showwarning, _show
        _dropping.append(thread)
    try:
        yield
    finally:
        with _hook:
            _dropping.remove(thread)
            if not _dropping and warnings.showwarning is _show:
                warnings.showwarning = _show_others


def _show(*args: Any, **kwargs: Any) -> None:
    if threading.get_ident() not in _dropping:
        _show_others(*args, **kwargs)


_show_others: Callable[..., None] = warnings.showwarning
