"""Sequences of ids: which ids, how long, padded on which side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlflow_plateau.profiles.patterns import Int64

MOST_IDS = 1 << 16
"""Ids from this one on are counted together."""

LONGEST = 1 << 14
"""Longer sequences are counted as if they were so long."""


@dataclass
class Sequences:
    """Counts over rows of whole numbers, as long as they may be token ids.

    A run is an id that fills at least the first (last) two places of a row: padding.

    Attributes:
        ids: How often each id from 0 to ``MOST_IDS`` − 1 occurs.
        below: How many values are negative.
        above: How many are ``MOST_IDS`` or greater.
        lengths: Rows by their length without the runs at both ends.
        leading: Rows that start with a run, by its id.
        trailing: Rows that end with a run, by its id.
    """

    ids: Int64
    below: int
    above: int
    lengths: Int64
    leading: Int64
    trailing: Int64

    @classmethod
    def none(cls) -> Sequences:
        """Returns the counts of nothing."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, 0, 0, empty, empty, empty)

    def add(self, rows: npt.NDArray[np.integer]) -> None:
        """Adds (rows, places) of whole numbers; rows of fewer than two places are left out."""
        if rows.ndim != 2 or rows.shape[1] < 2 or not len(rows):
            return
        values = rows.astype(np.int64)
        flat = values.ravel()
        in_range = (flat >= 0) & (flat < MOST_IDS)
        if not in_range.all():
            self.below += int(np.count_nonzero(flat < 0))
            self.above += int(np.count_nonzero(flat >= MOST_IDS))
        self.ids = _sum(self.ids, np.bincount(flat[in_range]))
        first = _run(values)
        last = _run(values[:, ::-1])
        length = np.clip(values.shape[1] - first - last, 0, LONGEST)
        self.lengths = _sum(self.lengths, np.bincount(length))
        self.leading = _sum(self.leading, _ids(values[first > 0, 0]))
        self.trailing = _sum(self.trailing, _ids(values[last > 0, -1]))

    def merged(self, other: Sequences) -> Sequences:
        """Returns the counts of both."""
        return Sequences(
            _sum(self.ids, other.ids),
            self.below + other.below,
            self.above + other.above,
            _sum(self.lengths, other.lengths),
            _sum(self.leading, other.leading),
            _sum(self.trailing, other.trailing),
        )


def _run(values: Int64) -> Int64:
    """Returns how many first places of each row hold the same id; 0 where only one does."""
    changes = values != values[:, :1]
    length = np.where(changes.any(axis=1), changes.argmax(axis=1), values.shape[1])
    return np.where(length > 1, length, 0)


def _ids(values: Int64) -> Int64:
    return np.bincount(values[(values >= 0) & (values < MOST_IDS)])


def _sum(one: Int64, other: npt.NDArray[np.integer]) -> Int64:
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total = longer.astype(np.int64)
    total[: len(shorter)] += shorter
    return total
