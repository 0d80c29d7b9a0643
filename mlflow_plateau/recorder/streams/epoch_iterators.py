"""The seam into Keras where data is about to be iterated: the epoch iterator of its backend.

Under TensorFlow tf.data, PyDataset and generators all become a ``tf.data.Dataset`` there, with
class weights and prefetching already in it; under JAX and PyTorch an iterable of batches. Whoever
is watching in the thread that makes the iterator is told.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import keras

Watcher = Callable[[Any, Any], None]
"""Called with the data that an epoch iterator was made of, and the iterator."""

EPOCH_ITERATORS: Mapping[str, str] = {
    "tensorflow": "TFEpochIterator",
    "jax": "JAXEpochIterator",
    "torch": "TorchEpochIterator",
}
"""The class in the module of Keras' trainer, by backend."""

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
        LookupError: If the epoch iterator of this Keras and backend is not known.
    """
    _install()
    _watchers.stack.append(watcher)


def end(watcher: Watcher) -> None:
    """Tells it no more."""
    _watchers.stack[:] = [other for other in _watchers.stack if other is not watcher]


def _install() -> None:
    backend = keras.backend.backend()
    if backend not in EPOCH_ITERATORS:
        raise LookupError(f"streams are not observed with {backend} as backend")
    with _lock:
        try:
            trainer = import_module(f"keras.src.backend.{backend}.trainer")
            iterators = getattr(trainer, EPOCH_ITERATORS[backend])
        except (ImportError, AttributeError):
            raise LookupError("this Keras iterates its data in a way that is not known") from None
        raw = iterators.__init__
        if hasattr(raw, _MARK):
            return

        @functools.wraps(raw)
        def made(self: Any, *args: Any, **kwargs: Any) -> None:
            raw(self, *args, **kwargs)
            if _watchers.stack:
                _watchers.stack[-1](kwargs.get("x"), self)

        setattr(made, _MARK, True)
        iterators.__init__ = made
