"""What the rows of each class look like: sums of the values' codes, class by class."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlflow_plateau.profiles.patterns import Float32, Float64, Int64

MOST_CLASSES = 64
"""With more different targets than this they are not classes, and nothing is kept."""


@dataclass
class ByClass:
    """Counts and sums of codes for each value of the target.

    Attributes:
        columns: How many columns the input has.
        counts: Rows of each class, by the target's value.
        sums: Sums of the codes of the rows of each class, by the target's value.
        squares: Sums of the squared codes, likewise.
        overflown: More than ``MOST_CLASSES`` were seen, and nothing is kept.
    """

    columns: int
    counts: dict[float, int] = field(default_factory=dict)
    sums: dict[float, Int64] = field(default_factory=dict)
    squares: dict[float, Int64] = field(default_factory=dict)
    overflown: bool = False

    def add(self, coded: Float64, targets: Float32) -> None:
        """Adds rows.

        Args:
            coded: Codes of (columns, rows).
            targets: The target of each row.
        """
        if self.overflown:
            return
        classes, place = np.unique(targets, return_inverse=True)
        if len(classes) > MOST_CLASSES or not np.isfinite(classes).all():
            self._give_up()
            return
        one_hot = np.zeros((len(targets), len(classes)))
        one_hot[np.arange(len(targets)), place] = 1.0
        sums = (coded @ one_hot).astype(np.int64)
        squares = (coded**2 @ one_hot).astype(np.int64)
        counts = np.bincount(place, minlength=len(classes))
        for index, value in enumerate(classes.tolist()):
            self._take(float(value), int(counts[index]), sums[:, index], squares[:, index])

    def _take(self, value: float, count: int, sums: Int64, squares: Int64) -> None:
        if self.overflown:
            return
        self.counts[value] = self.counts.get(value, 0) + count
        known = value in self.sums
        self.sums[value] = self.sums[value] + sums if known else sums
        self.squares[value] = self.squares[value] + squares if known else squares
        if len(self.counts) > MOST_CLASSES:
            self._give_up()

    def _give_up(self) -> None:
        self.overflown = True
        self.counts, self.sums, self.squares = {}, {}, {}

    def merged(self, other: ByClass) -> ByClass:
        """Returns the sums of both."""
        both = ByClass(
            self.columns, dict(self.counts), dict(self.sums), dict(self.squares), self.overflown
        )
        if other.overflown:
            both._give_up()
        for value, count in other.counts.items():
            both._take(value, count, other.sums[value], other.squares[value])
        return both
