"""One batch of one input in the form that is measured: float32 cells and hashed categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mlflow_plateau.profiles.patterns import Float32, Int64, UInt64, as_float32
from mlflow_plateau.profiles.workspace import Workspace

MISSING = np.uint64(1 << 32)
"""Stands for a category that is missing; hashes of categories have 32 bits."""

MOST_COLUMNS = 4096
"""Of more columns than this so many are measured, evenly spaced."""

CHANNEL_COUNTS = (1, 3, 4)
"""A first axis of so many, where the last has another length, holds the channels of an image."""

Shape = tuple[int | None, ...]
"""Lengths of a row's axes; ``None`` where rows differ."""


@dataclass(frozen=True)
class Column:
    """A feature or channel.

    Attributes:
        name: Its name; its number where it has none.
        kind: ``number``, ``category`` (strings and mixed objects) or ``date``.
        dtype: The type that it came in.
    """

    name: str
    kind: str
    dtype: str

    def with_nulls_of(self, other: Column) -> Column | None:
        """Returns the column that holds the values of both, or ``None`` if they do not agree.

        pandas gives whole numbers and booleans another type where some are missing, so the parts
        of one column may have different ones.
        """
        if replace(other, dtype=self.dtype) != self:
            return None
        names = {self.dtype, other.dtype}
        for plain, with_nulls in (("int", "float64"), ("uint", "float64"), ("bool", "object")):
            if with_nulls in names and all(
                name == with_nulls or name.rstrip("0123456789") == plain for name in names
            ):
                return replace(self, dtype=with_nulls)
        return self if self.dtype == other.dtype else None


@dataclass(frozen=True)
class Layout:
    """What stays the same from batch to batch.

    Attributes:
        name: The input's name.
        role: ``input`` or ``target``.
        columns: The columns, numbers and dates first or in between as they came.
        named: Whether the data itself names its columns.
        dtype: The type of an array; ``table`` for frames.
        shape: The shape of a row.
        pooled: Whether a row holds many values of each column: images and time series.
        whole: Whether the array is of whole numbers, so that its rows may be sequences of ids.
    """

    name: str
    role: str
    columns: tuple[Column, ...]
    named: bool
    dtype: str
    shape: Shape
    pooled: bool = False
    whole: bool = False

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """Which columns are measured as numbers."""
        return tuple(i for i, column in enumerate(self.columns) if column.kind != "category")

    @cached_property
    def categories(self) -> tuple[int, ...]:
        """Which columns are counted as categories."""
        return tuple(i for i, column in enumerate(self.columns) if column.kind == "category")

    @cached_property
    def number_of(self) -> Mapping[int, int]:
        """Which of the numbers a column is, by the column."""
        return {column: place for place, column in enumerate(self.numbers)}

    @cached_property
    def category_of(self) -> Mapping[int, int]:
        """Which of the categories a column is, by the column."""
        return {column: place for place, column in enumerate(self.categories)}


@dataclass(frozen=True)
class Table:
    """A batch of one input.

    Attributes:
        layout: What it is.
        rows: Rows.
        numbers: (rows, …): the columns that are measured as numbers, of any numeric type; flat
            where rows differ in length.
        channel_axis: Which axis of ``numbers`` holds the columns, for pooled inputs.
        codes: Hash of each row's category by the column's number; ``MISSING`` where there is none.
        labels: The categories by hash, by the column's number.
        lengths: Values in each row, where rows differ.
    """

    layout: Layout
    rows: int
    numbers: npt.NDArray[np.generic]
    channel_axis: int = -1
    codes: Mapping[int, UInt64] = field(default_factory=dict)
    labels: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    lengths: Int64 | None = None

    @property
    def cells_per_row(self) -> int:
        """Returns how many values a row holds, at least one."""
        cells = self.numbers.size + sum(map(len, self.codes.values()))
        return max(1, cells // max(self.rows, 1))

    def slice(self, start: int, stop: int) -> Table:
        """Returns some of the rows."""
        if self.lengths is not None:
            ends = np.concatenate([[0], np.cumsum(self.lengths)])
            numbers = self.numbers[ends[start] : ends[stop]]
            lengths: Int64 | None = self.lengths[start:stop]
        else:
            numbers, lengths = self.numbers[start:stop], None
        return replace(
            self,
            rows=stop - start,
            numbers=numbers,
            codes={column: codes[start:stop] for column, codes in self.codes.items()},
            lengths=lengths,
        )

    def cells(self, workspace: Workspace) -> Float32:
        """Returns the numbers as (rows, cells), in the order of memory.

        They may stand in the workspace, and are gone when it is asked for cells again.
        """
        rows = 1 if self.lengths is not None else self.rows
        width = self.numbers.size // rows if rows else 0
        out = workspace.array("cells", self.numbers.shape, np.float32)
        return as_float32(self.numbers, out).reshape(rows, width)

    def by_column(self, cells: Float32, workspace: Workspace) -> Float32:
        """Returns the cells as (columns, values), one column after the other in memory.

        They may stand in the workspace, and are gone when it is asked for values again.
        """
        if self.lengths is not None:
            return cells
        if self.layout.pooled:
            shaped = np.moveaxis(cells.reshape(self.numbers.shape), self.channel_axis, 0)
            columns = np.reshape(shaped, (len(shaped), -1))
        else:
            columns = cells.T
        if len(columns) > MOST_COLUMNS:
            columns = columns[evenly_spaced(len(columns))]
        values: Float32 = workspace.array("values", columns.shape, np.float32)
        np.copyto(values, columns)
        return values


def evenly_spaced(columns: int) -> npt.NDArray[np.int64]:
    """Returns which columns are measured where there are too many."""
    return np.linspace(0, columns - 1, min(columns, MOST_COLUMNS)).astype(np.int64)


def channel_axis(shape: Sequence[int | None]) -> int:
    """Returns which axis of a row holds its channels or features: the last, or an image's first."""
    if len(shape) == 3 and shape[0] in CHANNEL_COUNTS and shape[-1] not in CHANNEL_COUNTS:
        return 1  # counted from the axis of rows
    return -1
