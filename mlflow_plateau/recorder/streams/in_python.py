"""An iterable that shows its batches to an observer and yields the very same ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras

from mlflow_plateau.recorder.streams.nested import NestedParts
from mlflow_plateau.recorder.streams.observer import Observer, ObserverOf

ITERABLES: Mapping[str, str] = {"jax": "get_jax_iterator", "torch": "get_torch_dataloader"}
"""What Keras asks its data adapter for, by backend, before batches go to a device."""


def observe(iterator: Any, observer_of: ObserverOf) -> tuple[Observer, IterableGate]:
    """Puts an observer into what an epoch iterator of Keras' is about to iterate.

    Args:
        iterator: The iterator.
        observer_of: Makes the observer, given how the batches are taken apart.

    Returns:
        The observer, and what opens and closes the observing; closed at first.
    """
    parts, gate = NestedParts(), IterableGate()
    observer = observer_of(parts)
    # The adapter is Keras' own, and made for this iterator.
    adapter, name = iterator.data_adapter, ITERABLES[keras.backend.backend()]
    batches = getattr(adapter, name)
    setattr(adapter, name, lambda: Observed(batches(), parts, observer, gate))
    return observer, gate


class IterableGate:
    """Opens and closes the observing; closed at first."""

    is_open = False

    def open(self) -> None:
        """Has the batches shown."""
        self.is_open = True

    def close(self) -> None:
        """Ends the showing."""
        self.is_open = False


class Observed(Iterable[Any]):
    """The same batches in the same order, each drawn when it is asked for and not before.

    The iterator is made when one is asked for, too: a ``DataLoader`` draws a random number then.

    Args:
        batches: An iterable of batches.
        parts: How they are taken apart.
        observer: Is given the batches while the gate is open.
        gate: The gate.
    """

    def __init__(
        self, batches: Iterable[Any], parts: NestedParts, observer: Observer, gate: IterableGate
    ) -> None:
        self._batches = batches
        self._parts = parts
        self._observer = observer
        self._gate = gate

    def __iter__(self) -> Iterator[Any]:
        """Returns an iterator over the batches."""
        return _Iterator(iter(self._batches), self)

    def show(self, batch: Any) -> None:
        """Shows a batch, if it is the time; never raises."""
        if not self._gate.is_open or self._observer.error is not None:
            return
        try:
            arrays = self._parts.arrays(batch)
        except Exception as error:
            # Batches may be of kinds that nobody foresaw; an exception would be the training's.
            self._observer.error = error
        else:
            self._observer.take(*arrays)


class _Iterator(Iterator[Any]):
    def __init__(self, batches: Iterator[Any], observed: Observed) -> None:
        self._batches = batches
        self._observed = observed

    def __next__(self) -> Any:
        batch = next(self._batches)
        self._observed.show(batch)
        return batch
