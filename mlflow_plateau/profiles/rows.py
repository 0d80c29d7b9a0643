"""Hashes of whole rows, to find the same rows in two splits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlflow_plateau.profiles.patterns import Int64, UInt64

KEPT = 1 << 21
"""Row hashes kept: all of a split of up to two million rows, beyond that those with the least
hash."""


@dataclass
class RowHashes:
    """The least hashes of the rows, each as often as it occurs.

    Attributes:
        hashes: Ascending.
        rows: How many rows were added in all.
    """

    hashes: UInt64 = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    rows: int = 0
    _pending: list[UInt64] = field(default_factory=list, repr=False, compare=False)

    def add(self, hashes: UInt64) -> None:
        """Adds the hashes of rows."""
        self._pending.append(hashes)
        self.rows += len(hashes)
        if sum(map(len, self._pending)) >= KEPT:
            self.settle()

    def settle(self) -> None:
        """Sorts what was added, and leaves out what exceeds the sample."""
        if self._pending:
            self.hashes = np.sort(np.concatenate([self.hashes, *self._pending]))[:KEPT]
            self._pending.clear()

    def merged(self, other: RowHashes) -> RowHashes:
        """Returns the row hashes of both."""
        self.settle()
        other.settle()
        hashes = np.sort(np.concatenate([self.hashes, other.hashes]))[:KEPT]
        return RowHashes(hashes, self.rows + other.rows)

    def distinct(self) -> tuple[UInt64, Int64]:
        """Returns the distinct hashes and how often each occurs."""
        first = np.flatnonzero(np.diff(self.hashes, prepend=~self.hashes[:1]))
        counts = np.diff(first, append=len(self.hashes))
        return self.hashes[first], counts.astype(np.int64)

    @property
    def limit(self) -> int:
        """The greatest hash up to which every row is here."""
        return int(self.hashes[-1]) if self.rows > len(self.hashes) else (1 << 64) - 1
