"""A ``keras.utils.PyDataset`` or a generator whose batches are seen as they pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from mlflow_plateau.record.streams.reservoir import Reservoir


class ObservedDataset(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Passes everything on to another data set, and shows its batches to a reservoir.

    Args:
        inner: The data set.
        reservoir: Gets the batches.
    """

    def __init__(self, inner: Any, reservoir: Reservoir) -> None:
        super().__init__(
            workers=inner.workers,
            use_multiprocessing=inner.use_multiprocessing,
            max_queue_size=inner.max_queue_size,
        )
        self._inner = inner
        self._reservoir = reservoir

    def __getitem__(self, index: int) -> Any:
        """Returns a batch."""
        batch = self._inner[index]
        self._reservoir.offer(batch)
        return batch

    @property
    def num_batches(self) -> int | None:
        """Number of batches; ``None`` without end."""
        count: int | None = self._inner.num_batches
        return count

    def on_epoch_begin(self) -> None:
        """Passes it on."""
        if hasattr(self._inner, "on_epoch_begin"):
            self._inner.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Passes it on."""
        self._inner.on_epoch_end()


def observed_generator(inner: Iterator[Any], reservoir: Reservoir) -> Iterator[Any]:
    """Yields what a generator yields, and shows it to a reservoir.

    Args:
        inner: The generator.
        reservoir: Gets the batches.
    """
    for batch in inner:
        reservoir.offer(batch)
        yield batch
