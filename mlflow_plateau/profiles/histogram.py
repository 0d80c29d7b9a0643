"""How often the values of each column fall into each bin of their bit pattern."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlflow_plateau.profiles.patterns import Bool, Float32, Int64, UInt16, ordered_keys

PENDING_CELLS = 1 << 21
"""Keys that are collected before they are counted, so that large tables are visited seldom."""


def bits_for(columns: int) -> int:
    """Returns how many top bits of the pattern are told apart: 16, or 12 with many columns."""
    return 16 if columns <= 256 else 12


@dataclass
class Histogram:
    """Counts of the bins that hold anything.

    Attributes:
        columns: How many columns.
        bits: Top bits of the pattern that make a bin.
        bins: column·2^bits + key of each bin that is not empty, ascending.
        counts: The values in each of them.
    """

    columns: int
    bits: int
    bins: Int64
    counts: Int64
    _dense: Int64 | None = field(default=None, repr=False, compare=False)
    _pending: list[tuple[UInt16, Bool | None]] = field(
        default_factory=list, repr=False, compare=False
    )

    @classmethod
    def of(cls, columns: int) -> Histogram:
        """Returns the histogram of nothing."""
        none = np.zeros(0, dtype=np.int64)
        return cls(columns, bits_for(columns), none, none.copy())

    def add(self, values: Float32, finite: Bool | None) -> None:
        """Adds (columns, values), leaving out what is not finite."""
        self._pending.append((ordered_keys(values) >> np.uint16(16 - self.bits), finite))
        if sum(keys.size for keys, _ in self._pending) >= PENDING_CELLS:
            self._count_pending()

    def _count_pending(self) -> None:
        if not self._pending:
            return
        size = 1 << self.bits
        if self._dense is None:
            self._dense = np.zeros((self.columns, size), dtype=np.int64)
        for column in range(self.columns):
            keys = np.concatenate(
                [
                    keys[column] if finite is None else keys[column][finite[column]]
                    for keys, finite in self._pending
                ]
            )
            if len(keys):
                counted = np.bincount(keys)
                self._dense[column, : len(counted)] += counted
        self._pending.clear()

    def settle(self) -> None:
        """Brings everything added into ``bins`` and ``counts``, and frees the working space."""
        self._count_pending()
        if self._dense is None:
            return
        flat = self._dense.ravel()
        bins = np.flatnonzero(flat).astype(np.int64)
        counts = flat[bins]
        self._dense = None
        self.bins, self.counts = _added(self.bins, self.counts, bins, counts)

    def merged(self, other: Histogram) -> Histogram:
        """Returns the histogram of both."""
        self.settle()
        other.settle()
        bins, counts = _added(self.bins, self.counts, other.bins, other.counts)
        return Histogram(self.columns, self.bits, bins, counts)

    def of_column(self, column: int) -> tuple[Int64, Int64]:
        """Returns the keys of a column's bins, ascending, and their counts."""
        first, last = np.searchsorted(
            self.bins, [column << self.bits, (column + 1) << self.bits]
        ).tolist()
        return self.bins[first:last] - (column << self.bits), self.counts[first:last]


def _added(bins: Int64, counts: Int64, others: Int64, other_counts: Int64) -> tuple[Int64, Int64]:
    if not len(bins):
        return others, other_counts
    together, place = np.unique(np.concatenate([bins, others]), return_inverse=True)
    total = np.zeros(len(together), dtype=np.int64)
    np.add.at(total, place, np.concatenate([counts, other_counts]))
    return together, total
