"""How much of a stream is measured: rows of every batch, so that the whole epoch is represented."""

from __future__ import annotations

from dataclasses import dataclass

MOST_MEASURED = 48 << 20
"""Bytes of a split of which everything is measured; about half a second of one processor."""

MOST_MOMENTS = 96 << 20
"""Bytes of a split of which the moments are measured besides; about as long."""

THINNED = 8
"""Where nobody knows how long a stream is, the second half of the budget is spent on every so
many-th row."""


@dataclass
class Budget:
    """Says of how many rows of each batch what is measured.

    Args:
        batches: How many batches will come, if that is known.
        measured: Bytes of which everything may be measured.
        moments: Bytes of which the moments may be measured besides.
    """

    batches: int | None
    measured: int = MOST_MEASURED
    moments: int = MOST_MOMENTS

    def __post_init__(self) -> None:
        self._measured_share: float | None = None
        self._moments_share = 1.0
        self._half = self.measured // 2

    def share(self, rows: int, size: int) -> tuple[int, int]:
        """Returns of how many rows everything, and of how many more the moments are to be measured.

        Args:
            rows: Rows of the batch; at least one.
            size: Bytes of the batch.
        """
        if self._measured_share is None:
            self._plan(size)
        each = max(1, size // rows)
        share = self._measured_share or 1.0
        if self.batches is None and self.measured < self._half:
            share = 1 / THINNED
        everything = min(max(1, round(rows * share)), rows, self.measured // each)
        rest = rows - everything
        moments = min(round(rest * self._moments_share), self.moments // each)
        self.measured -= everything * each
        self.moments -= moments * each
        return everything, moments

    def _plan(self, size: int) -> None:
        expected = max(1, size) * (self.batches or 0)
        self._measured_share = min(1.0, self.measured / expected) if expected else 1.0
        rest = expected - self.measured
        self._moments_share = min(1.0, self.moments / rest) if rest > 0 else 1.0
