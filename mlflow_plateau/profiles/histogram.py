"""How often the values of each column fall into each bin of their bit pattern."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlflow_plateau.profiles.patterns import (
    Bool,
    Float32,
    Int32,
    Int64,
    UInt16,
    in_order,
    top_halves,
)
from mlflow_plateau.profiles.tally import added_up

PENDING_CELLS = 1 << 22
"""Keys that are collected before they are counted, so that large tables are visited seldom."""

_MOST_IN_TABLE = (1 << 31) - 1


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
    _dense: Int32 | None = field(default=None, repr=False, compare=False)
    _in_dense: int = field(default=0, repr=False, compare=False)
    _pending: UInt16 | None = field(default=None, repr=False, compare=False)
    _filled: int = field(default=0, repr=False, compare=False)

    @classmethod
    def of(cls, columns: int) -> Histogram:
        """Returns the histogram of nothing."""
        none = np.zeros(0, dtype=np.int64)
        return cls(columns, bits_for(columns), none, none.copy())

    def add(self, values: Float32, finite: Bool | None) -> None:
        """Adds (columns, values), leaving out what is not finite.

        Args:
            values: (columns, values); what is not finite is replaced by zero.
            finite: The same shape: which values count, or ``None`` where all do.
        """
        if finite is not None:
            # A zero stands for each of them, and the bin of zero is the first of its column.
            self._table(0)[:, 0] -= values.shape[1] - np.count_nonzero(finite, axis=1)
        keys = top_halves(values)
        # With many columns still half as many keys as a table of a column has bins.
        most = max(PENDING_CELLS // max(self.columns, 1), 1 << (self.bits - 1))
        for start in range(0, keys.shape[1], most):
            self._collect(keys[:, start : start + most], most)

    def _collect(self, keys: UInt16, most: int) -> None:
        if self._filled + keys.shape[1] > most:
            self._count_pending()
        if self._pending is None:
            self._pending = np.empty((self.columns, most), dtype=np.uint16)
        self._pending[:, self._filled : self._filled + keys.shape[1]] = keys
        self._filled += keys.shape[1]

    def _table(self, more: int) -> Int32:
        """Returns the counts of all bins, by the top bits of the pattern as they are.

        Args:
            more: How many values of each column will be added.
        """
        if self._in_dense + more > _MOST_IN_TABLE:
            self._empty_table()
        if self._dense is None:
            self._dense = np.zeros((self.columns, 1 << self.bits), dtype=np.int32)
        self._in_dense += more
        return self._dense

    def _count_pending(self) -> None:
        if self._pending is None or not self._filled:
            return
        table = self._table(self._filled)
        for column, keys in enumerate(self._pending[:, : self._filled]):
            counted = np.bincount(keys >> np.uint16(16 - self.bits) if self.bits < 16 else keys)
            table[column, : len(counted)] += counted
        self._filled = 0

    def settle(self) -> None:
        """Brings everything added into ``bins`` and ``counts``, and frees the working space."""
        self._count_pending()
        self._pending = None
        self._empty_table()

    def _empty_table(self) -> None:
        if self._dense is None:
            return
        flat = self._dense.ravel()
        places = np.flatnonzero(flat).astype(np.int64)
        counts = flat[places].astype(np.int64)
        self._dense, self._in_dense = None, 0
        column, key = places >> self.bits, places & ((1 << self.bits) - 1)
        bins = (column << self.bits) | in_order(key, self.bits)
        self.bins, self.counts = added_up([self.bins, bins], [self.counts, counts])

    def merged(self, other: Histogram) -> Histogram:
        """Returns the histogram of both."""
        self.settle()
        other.settle()
        bins, counts = added_up([self.bins, other.bins], [self.counts, other.counts])
        return Histogram(self.columns, self.bits, bins, counts)

    def of_column(self, column: int) -> tuple[Int64, Int64]:
        """Returns the keys of a column's bins, ascending, and their counts."""
        first, last = np.searchsorted(
            self.bins, [column << self.bits, (column + 1) << self.bits]
        ).tolist()
        return self.bins[first:last] - (column << self.bits), self.counts[first:last]
