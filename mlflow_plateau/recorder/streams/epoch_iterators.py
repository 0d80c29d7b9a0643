"""The seam into Keras where a pipeline is about to be iterated: its TensorFlow epoch iterator.

tf.data, PyDataset and generators all become a ``tf.data.Dataset`` there, with class weights and
prefetching already in it. Whoever is watching in the thread that makes the iterator is told.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import keras

Watcher = Callable[[Any, Any], None]
"""Called with the data that an epoch iterator was made of, and the iterator."""

_MARK = "_mlflow_plateau_hook"
_lock = threading.Lock()


class _Watchers(threading.local):
    """The watchers of this thread's ``fit`` calls, the innermost last."""

    def __init__(self) -> None:
        self.stack: list[Watcher] = []


_watchers = _Watchers()


def begin(watcher: Watcher) -> None:
    """Tells ``watcher`` of each epoch iterator that this thread makes, until ``end``.

    Raises:
        LookupError: If Keras has no such iterator: its backend is not TensorFlow.
    """
    _install()
    _watchers.stack.append(watcher)


def end(watcher: Watcher) -> None:
    """Tells it no more."""
    _watchers.stack[:] = [other for other in _watchers.stack if other is not watcher]


def _install() -> None:
    if keras.backend.backend() != "tensorflow":
        raise LookupError(f"streams are not observed with {keras.backend.backend()} as backend")
    with _lock:
        try:
            from keras.src.backend.tensorflow.trainer import TFEpochIterator
        except ImportError:
            raise LookupError("this Keras iterates its data in a way that is not known") from None
        raw = TFEpochIterator.__init__
        if hasattr(raw, _MARK):
            return

        @functools.wraps(raw)
        def made(self: Any, *args: Any, **kwargs: Any) -> None:
            raw(self, *args, **kwargs)
            if _watchers.stack:
                _watchers.stack[-1](kwargs.get("x"), self)

        setattr(made, _MARK, True)
        TFEpochIterator.__init__ = made
