"""How batches are taken apart into arrays and put together again."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

Arrays = tuple[np.ndarray[Any, Any], ...]


class Parts(Protocol):
    """How the batches of one stream are nested."""

    @property
    def plain(self) -> bool:
        """Whether all are dense, so that rows can be cut out and batches be joined."""

    def batch(self, arrays: Arrays) -> Any:
        """Returns a batch as ``fit`` takes it, given its arrays."""

    def joined(self, arrays: Arrays) -> tuple[Any, Any]:
        """Returns inputs and targets of a batch, given its arrays."""

    def size(self, arrays: Arrays) -> tuple[int, int]:
        """Returns the rows of a batch, and its bytes once it lies in memory row after row."""


def inputs_and_targets(batch: Any) -> tuple[Any, Any]:
    """Returns inputs and targets of a batch as ``fit`` takes it: ``x``, ``(x, y)``, …."""
    if not isinstance(batch, (tuple, list)) or not 1 <= len(batch) <= 3:
        return batch, None
    return batch[0], batch[1] if len(batch) > 1 else None
