"""A few rows of a stream, spread evenly over what has gone by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mlflow_plateau.recorder.witness.rows import MOST_VALUES, Rows, each_array

MOST_OF_A_BATCH = 32
"""At most so many rows are kept of one batch; fewer when there are many batches …"""

FEWEST_OF_A_BATCH = 4
"""… but not below so many: then batches are left out instead."""

Join = Callable[[int, Sequence[Any]], Any]
"""Puts arrays together that stand at the same place, counted from 0, of several batches."""


class Reservoir:
    """Keeps some rows of every batch, then of every n-th, the fewer the more come by.

    Batches may come from several threads. What cannot be kept (text, sparse tensors, batches of
    different structure) ends the keeping, never the training.

    Args:
        rows: How many rows are wanted in the end.
        join: Puts arrays of several batches together; one after the other if left out.
    """

    def __init__(self, rows: int, join: Join | None = None) -> None:
        self._wanted = rows
        self._join = join or (lambda place, arrays: np.concatenate(arrays))
        self._lock = threading.Lock()
        self._generator = np.random.default_rng(0)
        self._kept: list[list[Any]] = []
        self._structure: Any = None
        self._batches = 0
        self._stride = 1
        self._width = 1
        self._of_a_batch = MOST_OF_A_BATCH
        self.open = True
        """Whether rows are still taken."""

    def offer(self, batch: Any) -> None:
        """Takes some rows of a batch, nested as ``fit`` gets it: ``x``, ``(x, y)``, ….

        Never raises.
        """
        try:
            with self._lock:
                if self.open:
                    self._offer(batch)
        except Exception:
            # Batches of a kind that nobody foresaw: without rows, the training goes on.
            self.close(forget=True)

    def _offer(self, batch: Any) -> None:
        self._batches += 1
        if (self._batches - 1) % self._stride:
            return
        arrays: list[Any] = []

        def taken(part: Any) -> bool:
            arrays.append(_array(part))
            return True

        structure = each_array(taken, batch)
        rows = len(arrays[0])
        if not rows:
            return
        if self._structure is None:
            self._structure = structure
            self._width = max(1, sum(int(np.prod(array.shape[1:])) for array in arrays))
            self._wanted = max(1, min(self._wanted, MOST_VALUES // self._width))
        chosen = self._generator.permutation(rows)[: self._of_a_batch]
        # Copies: the memory of a batch is not ours.
        self._kept.append([np.array(array[chosen]) for array in arrays])
        if sum(len(part[0]) for part in self._kept) > 2 * self._wanted and len(self._kept) > 1:
            self._thin_out()

    def _thin_out(self) -> None:
        if self._of_a_batch > FEWEST_OF_A_BATCH:
            self._of_a_batch //= 2
            self._kept = [[array[: self._of_a_batch] for array in part] for part in self._kept]
        else:
            self._kept = self._kept[::2]
            self._stride *= 2

    def close(self, *, forget: bool = False) -> None:
        """Takes no more rows."""
        self.open = False
        if forget:
            self._kept = []

    def rows(self) -> Rows | None:
        """Returns what was kept in random order, or ``None`` where there is nothing."""
        with self._lock:
            if not self._kept:
                return None
            together = enumerate(zip(*self._kept, strict=True))
            parts = [self._join(place, same) for place, same in together]
            order = self._generator.permutation(len(parts[0]))[: self._wanted]
            rest = iter(parts)
            batch = each_array(lambda _: next(rest)[order], self._structure)
        if not isinstance(batch, (tuple, list)):
            return Rows(batch, None)
        return Rows(batch[0], batch[1] if len(batch) > 1 else None, weighted=len(batch) > 2)


def _array(part: Any) -> Any:
    array = np.asarray(part.numpy() if hasattr(part, "numpy") else part)
    if array.dtype.kind not in "biuf" or not array.ndim:
        raise TypeError(f"rows of type {array.dtype} are not kept")
    return array
