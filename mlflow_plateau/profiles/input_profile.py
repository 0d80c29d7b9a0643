"""Everything that is measured of one input: its layout and the states that add up."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.by_class import ByClass
from mlflow_plateau.profiles.comoments import MOST_COLUMNS as MOST_RELATED
from mlflow_plateau.profiles.comoments import CoMoments, codes
from mlflow_plateau.profiles.distinct import Distinct
from mlflow_plateau.profiles.histogram import Histogram
from mlflow_plateau.profiles.moments import Moments
from mlflow_plateau.profiles.patterns import (
    Bool,
    Float32,
    Float64,
    Int64,
    UInt64,
    constants,
    mix,
)
from mlflow_plateau.profiles.sequences import Sequences
from mlflow_plateau.profiles.table import MISSING, Column, Layout, Table
from mlflow_plateau.profiles.workspace import Workspace

LEAST_RELATED = 2
"""With fewer columns there is nothing to relate."""


@dataclass
class InputProfile:
    """The state of one input of one split.

    The columns of ``distinct`` are the numbers in their order, then the categories in theirs.

    Attributes:
        layout: Name, role, columns, shape.
        rows: Rows measured.
        sampled: Rows of which more than the moments was measured.
        moments: Of the columns of numbers.
        row_means: Of each row's mean in each column, for pooled inputs.
        whole_means: Of each row's mean over all columns of numbers.
        histogram: Of the columns of numbers.
        distinct: Distinct values of all columns.
        comoments: Which columns of numbers go together.
        by_class: What the rows of each class look like; of pooled inputs, their means.
        sequences: Of whole numbers.
        present: Values of each column of categories.
        absent: Missing values of each column of categories.
        labels: The categories by their hash, for each column of categories.
    """

    layout: Layout
    rows: int
    sampled: int
    moments: Moments
    row_means: Moments | None
    whole_means: Moments
    histogram: Histogram
    distinct: Distinct
    comoments: CoMoments | None
    by_class: ByClass | None
    sequences: Sequences | None
    present: Int64
    absent: Int64
    labels: tuple[dict[int, str], ...]
    _statistics: tuple[Float64, Float64] | None = field(default=None, repr=False, compare=False)
    _row_deviations: Float64 | None = field(default=None, repr=False, compare=False)
    _workspace: Workspace = field(default_factory=Workspace, repr=False, compare=False)

    @classmethod
    def of(cls, layout: Layout) -> InputProfile:
        """Returns the profile of no rows of an input."""
        numbers, categories = len(layout.numbers), len(layout.categories)
        related = LEAST_RELATED <= numbers <= MOST_RELATED
        return cls(
            layout=layout,
            rows=0,
            sampled=0,
            moments=Moments.of(numbers),
            row_means=Moments.of(numbers) if layout.pooled else None,
            whole_means=Moments.of(1),
            histogram=Histogram.of(numbers),
            distinct=Distinct.of(numbers + categories),
            comoments=CoMoments.of(numbers) if related else None,
            by_class=ByClass(numbers)
            if layout.role == "input" and numbers <= MOST_RELATED
            else None,
            sequences=Sequences.none() if layout.whole else None,
            present=np.zeros(categories, dtype=np.int64),
            absent=np.zeros(categories, dtype=np.int64),
            labels=tuple({} for _ in range(categories)),
        )

    def add(self, table: Table, targets: Float32 | None, sample: bool) -> UInt64 | None:
        """Adds some rows.

        Args:
            table: The rows.
            targets: One target for each row, if there is such a thing.
            sample: Whether to measure more than the moments.

        Returns:
            A hash of each row, or ``None`` where rows differ in length or nothing was sampled.
        """
        self._widen(table.layout)
        self._statistics = self._row_deviations = None
        self.rows += table.rows
        cells = table.cells(self._workspace)
        hashes = None
        all_finite = bool(np.isfinite(cells).all())
        if sample:
            self.sampled += table.rows
            hashes = self._row_hashes(table, cells, all_finite)
            self._count_categories(table)
            if self.sequences is not None and table.lengths is None:
                places = table.numbers.reshape(table.rows, -1)
                # numpy does not tell the number of dimensions from a shape.
                self.sequences.add(places)  # type: ignore[arg-type]
        if not self.layout.numbers:
            return hashes
        values = table.by_column(cells, self._workspace)
        finite: Bool | None = None
        if not all_finite:
            finite = np.isfinite(values)
            missing = np.count_nonzero(np.isnan(values), axis=1)
            self.moments.missing = self.moments.missing + missing
            self.moments.infinite = (
                self.moments.infinite
                + (values.shape[1] - np.count_nonzero(finite, axis=1))
                - missing
            )
            values = np.where(finite, values, np.float32(0))
        self.moments.add(values, finite, self._workspace)
        if sample:
            self._sample(table, values, finite, targets)
        return hashes

    def _widen(self, layout: Layout) -> None:
        """Takes over a layout that differs only in the length of rows, or in which have nulls."""
        if layout == self.layout:
            return
        mine = self.layout
        columns = _together(mine, layout)
        alike = replace(layout, shape=mine.shape, columns=mine.columns) == mine
        if columns is None or not alike or len(layout.shape) != len(mine.shape):
            raise ProfileError(
                f"The batches of {mine.name!r} differ: {_difference(mine, layout)}."
                " Give every batch the same columns, types and shape."
            )
        shape = tuple(
            one if one == other else None
            for one, other in zip(mine.shape, layout.shape, strict=True)
        )
        self.layout = replace(mine, shape=shape, columns=columns)

    def _sample(
        self, table: Table, values: Float32, finite: Bool | None, targets: Float32 | None
    ) -> None:
        self.histogram.add(values, finite)
        hashes, between = (
            self._workspace.array(name, values.shape, np.uint32) for name in ("hashes", "between")
        )
        self.distinct.add_block(mix(values.view(np.uint32), hashes, between), finite)
        related = self.comoments is not None or self.by_class is not None
        coded = codes(values, self._workspace) if related else None
        if self.comoments is not None and coded is not None:
            self.comoments.add(coded)
        if table.lengths is None and values.shape[1]:
            by_row = values
            if self.row_means is not None:
                by_row = values.reshape(len(values), table.rows, -1).mean(axis=2, dtype=np.float64)
                means = by_row.astype(np.float32)
                self.row_means.add(means, None, self._workspace)
                coded = codes(means, self._workspace)
            self.whole_means.add(_means(by_row), None, self._workspace)
        if self.by_class is None or coded is None or targets is None:
            return
        if coded.shape[1] == len(targets):
            self.by_class.add(coded, targets)

    def _row_hashes(self, table: Table, cells: Float32, all_finite: bool) -> UInt64 | None:
        if table.lengths is not None:
            return None
        seed = zlib.crc32(self.layout.name.encode())
        if not all_finite:
            cells = np.where(np.isnan(cells), np.float32(np.nan), cells)
        patterns = self._workspace.array("patterns", cells.shape, np.uint64)
        np.copyto(patterns, cells.view(np.uint32))
        hashes: UInt64 = np.einsum("ij,j->i", patterns, constants(cells.shape[1], seed))
        for column, code in table.codes.items():
            hashes = hashes + code * constants(1, seed + 7919 * (column + 1))
        return hashes

    def _count_categories(self, table: Table) -> None:
        for slot, column in enumerate(self.layout.categories):
            code = table.codes[column]
            values, counts = np.unique(code[code != MISSING], return_counts=True)
            place = len(self.layout.numbers) + slot
            self.distinct.add(place, values.astype(np.uint32), counts.astype(np.int64))
            self.present[slot] += counts.sum()
            self.absent[slot] += table.rows - counts.sum()
            self.labels[slot].update(table.labels[column])

    def settle(self) -> None:
        """Brings all that was added into the states, and forgets labels that are not sampled."""
        self._workspace.clear()
        self.histogram.settle()
        self.distinct.settle()
        for slot, labels in enumerate(self.labels):
            place = len(self.layout.numbers) + slot
            # Free text is nobody's category: only complete lists of categories are kept.
            known = self.distinct.of_column(place)[0] if self.distinct.complete(place) else ()
            kept = {int(mark): labels[int(mark)] for mark in known if int(mark) in labels}
            labels.clear()
            labels.update(sorted(kept.items()))

    def statistics(self) -> tuple[Float64, Float64]:
        """Returns mean and standard deviation of each column of numbers."""
        if self._statistics is None:
            self._statistics = self.moments.mean_and_deviation()
        return self._statistics

    def row_deviations(self) -> Float64:
        """Returns the deviation of the rows' means of each column, for pooled inputs."""
        if self._row_deviations is None:
            means = self.row_means or Moments.of(len(self.layout.numbers))
            self._row_deviations = means.mean_and_deviation()[1]
        return self._row_deviations

    def merged(self, other: InputProfile) -> InputProfile:
        """Returns the profile of both."""
        both = InputProfile.of(self.layout)
        both._widen(other.layout)
        both.rows, both.sampled = self.rows + other.rows, self.sampled + other.sampled
        both.moments = self.moments.merged(other.moments)
        if self.row_means is not None and other.row_means is not None:
            both.row_means = self.row_means.merged(other.row_means)
        both.whole_means = self.whole_means.merged(other.whole_means)
        both.histogram = self.histogram.merged(other.histogram)
        both.distinct = self.distinct.merged(other.distinct)
        if self.comoments is not None and other.comoments is not None:
            both.comoments = self.comoments.merged(other.comoments)
        if self.by_class is not None and other.by_class is not None:
            both.by_class = self.by_class.merged(other.by_class)
        if self.sequences is not None and other.sequences is not None:
            both.sequences = self.sequences.merged(other.sequences)
        both.present, both.absent = self.present + other.present, self.absent + other.absent
        for labels, mine, theirs in zip(both.labels, self.labels, other.labels, strict=True):
            labels.update(_merged_labels(mine, theirs))
        both.settle()
        return both


def _means(values: Float32 | Float64) -> Float32:
    """Returns the mean over the first axis, however many values stand along the second."""
    # numpy adds one after the other, but in pairs what is alone.
    alone = values.shape[1] == 1
    sums = values.cumsum(axis=0, dtype=np.float64)[-1:] if alone else values.sum(0, np.float64)
    means: Float32 = (sums / len(values)).astype(np.float32).reshape(1, -1)
    return means


def _merged_labels(mine: Mapping[int, str], theirs: Mapping[int, str]) -> dict[int, str]:
    return {**mine, **theirs}


def _together(one: Layout, other: Layout) -> tuple[Column, ...] | None:
    """Returns the columns of both, or ``None`` where they do not agree."""
    if one.columns == other.columns:
        return one.columns
    if len(one.columns) != len(other.columns) or one.dtype != "table":
        return None
    both = [
        mine.with_nulls_of(theirs) for mine, theirs in zip(one.columns, other.columns, strict=True)
    ]
    columns = tuple(column for column in both if column is not None)
    return columns if len(columns) == len(both) else None


def _difference(one: Layout, other: Layout) -> str:
    if len(one.columns) == len(other.columns):
        for mine, theirs in zip(one.columns, other.columns, strict=True):
            if mine.name != theirs.name:
                return f"a column {mine.name!r} stands where {theirs.name!r} does later"
            if mine.with_nulls_of(theirs) is None:
                return f"column {mine.name!r} holds {mine.dtype}, then {theirs.dtype}"
    return f"{describe(one)}, then {describe(other)}"


def describe(layout: Layout) -> str:
    """Returns a layout in words, for messages."""
    columns = f"{len(layout.columns)} columns" if not layout.pooled else "pooled"
    return f"{layout.dtype}, rows of shape {layout.shape}, {columns}"
