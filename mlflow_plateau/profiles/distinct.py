"""A sample of each column's distinct values, with their exact counts.

Kept are the values with the least hashes: whatever came in which shard, the same values remain, and
because a value that remains was never left out, its count is exact. With at most ``KEPT`` distinct
values the sample is the whole table of values and counts: exact counts of ids, labels and
categories.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlflow_plateau.profiles.patterns import Bool, Float64, Int64, UInt32, UInt64, unmix
from mlflow_plateau.profiles.tally import added_up

KEPT = 1024
"""Distinct values kept for each column."""

REPEATING = 0.2
"""Distinct values, as a part of all, below which they count as repeating."""

PENDING_CELLS = 1 << 18
"""Hashes that are collected before they are counted."""

_COLUMN = np.uint64(32)
_HASH = np.uint64(0xFFFFFFFF)
_NO_LIMIT = 1 << 32


@dataclass
class Distinct:
    """Hashes of distinct values and how often each occurs.

    Attributes:
        columns: How many columns.
        marks: column·2^32 + hash, ascending.
        counts: How often each occurs.
        dropped: Columns that have more distinct values than are kept.
    """

    columns: int
    marks: UInt64
    counts: Int64
    dropped: Bool
    _pending: list[tuple[UInt64, Int64 | None]] = field(
        default_factory=list, repr=False, compare=False
    )
    _repeating: bool = field(default=False, repr=False, compare=False)
    _limit: Int64 = field(default_factory=lambda: np.zeros(0, np.int64), repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self._limit) != self.columns:
            self._limit = self._limits()

    @classmethod
    def of(cls, columns: int) -> Distinct:
        """Returns the distinct values of nothing."""
        return cls(
            columns,
            np.zeros(0, dtype=np.uint64),
            np.zeros(0, dtype=np.int64),
            np.zeros(columns, dtype=np.bool_),
        )

    def add(self, column: int, hashes: UInt32, counts: Int64 | None = None) -> None:
        """Adds values of one column.

        Args:
            column: Which.
            hashes: Their hashes.
            counts: How often each occurs, or ``None`` for once each.
        """
        limit = int(self._limit[column])
        if limit < _NO_LIMIT:
            kept = np.flatnonzero(hashes <= limit)
            if len(kept) < len(hashes):
                self.dropped[column] = True
            hashes = hashes[kept]
            counts = None if counts is None else counts[kept]
        marks = hashes.astype(np.uint64) | (np.uint64(column) << _COLUMN)
        self._pending.append((marks, counts))

    def add_block(self, hashes: UInt32, finite: Bool | None = None) -> None:
        """Adds (columns, values) of the first columns, every value once.

        Args:
            hashes: (columns, values).
            finite: The same shape: which values count, or ``None`` where all do.
        """
        limits = self._limit[: len(hashes)]
        if (limits < _NO_LIMIT).all():
            least = hashes <= limits.astype(np.uint32)[:, None]
            if finite is not None:
                least &= finite
            if not self.dropped[: len(hashes)].all():
                count = hashes.shape[1] if finite is None else np.count_nonzero(finite, axis=1)
                self.dropped[: len(hashes)] |= np.count_nonzero(least, axis=1) < count
            places = np.flatnonzero(least)
            marks = hashes.ravel()[places].astype(np.uint64)
            columns = (places // max(hashes.shape[1], 1)).astype(np.uint64)
            self._pending.append((marks | (columns << _COLUMN), None))
        else:
            for column, row in enumerate(hashes):
                self.add(column, row if finite is None else row[finite[column]])
        if sum(len(marks) for marks, _ in self._pending) >= PENDING_CELLS:
            self.settle()

    def settle(self) -> None:
        """Counts what was added and leaves out what exceeds the sample."""
        if not self._pending:
            return
        plain = [marks for marks, counts in self._pending if counts is None]
        marks, counts = [self.marks], [self.counts]
        if plain:
            found, often = self._counted(np.concatenate(plain))
            kept = self._kept(found)
            marks.append(found[kept])
            counts.append(often[kept])
        for given, often_given in self._pending:
            if often_given is not None:
                marks.append(given)
                counts.append(often_given)
        self._pending.clear()
        self._take(marks, counts)

    def _counted(self, marks: UInt64) -> tuple[UInt64, Int64]:
        """Returns the distinct marks, ascending, and how often each occurs.

        Marks that repeat are counted with a hash table, which is many times faster then than
        sorting; those that do not are sorted, which is faster for them.
        """
        if not self._repeating:
            found, often = np.unique(marks, return_counts=True)
        else:
            import pandas as pd

            places, found = pd.factorize(marks)
            order = np.argsort(found)
            found, often = found[order], np.bincount(places)[order]
        self._repeating = len(found) < REPEATING * len(marks)
        return found, often.astype(np.int64)

    def _take(self, marks: list[UInt64], counts: list[Int64]) -> None:
        """Adds up lists of marks and their counts, and leaves out what exceeds the sample."""
        together, total = added_up(marks, counts)
        kept = self._kept(together)
        self.marks, self.counts = together[kept], total[kept]
        self._limit = self._limits()

    def _kept(self, marks: UInt64) -> Bool:
        """Returns which marks are among the first of their column, and notes what is dropped.

        Args:
            marks: Ascending.
        """
        lengths = np.diff(self._starts(marks))
        ranks = np.arange(len(marks)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        self.dropped |= lengths > KEPT
        kept: Bool = ranks < KEPT
        return kept

    def _starts(self, marks: UInt64) -> Int64:
        """Returns where the marks of each column start, and the end."""
        edges = np.arange(self.columns + 1, dtype=np.uint64) << _COLUMN
        return np.searchsorted(marks, edges)

    def _limits(self) -> Int64:
        """Returns the greatest hash that can still be among the kept ones, for each column."""
        starts = self._starts(self.marks)
        limits = np.full(self.columns, _NO_LIMIT, dtype=np.int64)
        full = np.flatnonzero(np.diff(starts) >= KEPT)
        limits[full] = (self.marks[starts[full] + KEPT - 1] & _HASH).astype(np.int64)
        return limits

    def merged(self, other: Distinct) -> Distinct:
        """Returns the distinct values of both."""
        self.settle()
        other.settle()
        both = Distinct.of(self.columns)
        both.dropped = self.dropped | other.dropped
        both._take([self.marks, other.marks], [self.counts, other.counts])
        return both

    def complete(self, column: int) -> bool:
        """Whether all distinct values of a column are here."""
        return not bool(self.dropped[column])

    def of_column(self, column: int) -> tuple[UInt32, Int64]:
        """Returns the hashes of a column's kept values, ascending, and their counts."""
        start, end = np.uint64(column) << _COLUMN, np.uint64(column + 1) << _COLUMN
        first, last = np.searchsorted(self.marks, np.array([start, end])).tolist()
        return (self.marks[first:last] & _HASH).astype(np.uint32), self.counts[first:last]

    def numbers_of_column(self, column: int) -> tuple[Float64, Int64]:
        """Returns the kept values of a column of numbers, ascending, and their counts."""
        hashes, counts = self.of_column(column)
        values = unmix(hashes).view(np.float32).astype(np.float64)
        order = np.argsort(values, kind="stable")
        return values[order], counts[order]
