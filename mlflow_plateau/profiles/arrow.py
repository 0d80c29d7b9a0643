"""Arrow's data: streamed batch by batch, and turned into tables by the types of its schema.

A batch cannot say what a column without a value holds, its schema can; so the shards of a split
agree on their layout whatever rows they got.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.dataset

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.frames import frame_table, kind_of_type
from mlflow_plateau.profiles.table import Column, Layout, Table

BATCH_ROWS = 1 << 16
"""Rows that are read at once, at most."""

BATCH_CELLS = 1 << 20
"""Cells that are read at once: fewer rows where they are wide."""

_OBJECTS = (
    (pyarrow.types.is_boolean, "number", "object"),
    (pyarrow.types.is_decimal, "number", "object"),
    (pyarrow.types.is_null, "number", "object"),
    (pyarrow.types.is_integer, "number", "object"),
    (pyarrow.types.is_string, "category", "string"),
    (pyarrow.types.is_large_string, "category", "string"),
    (pyarrow.types.is_string_view, "category", "string"),
    (pyarrow.types.is_binary, "category", "bytes"),
    (pyarrow.types.is_large_binary, "category", "bytes"),
    (pyarrow.types.is_fixed_size_binary, "category", "bytes"),
    (pyarrow.types.is_binary_view, "category", "bytes"),
    (pyarrow.types.is_time, "category", "time"),
)
"""Types whose values become Python's objects in pandas, and what pandas calls a column of them."""


def batches(data: Any) -> Iterator[Any]:
    """Yields the rows of Arrow data in batches, after one that holds no rows but all columns.

    Args:
        data: A ``pyarrow`` table, batch, reader, dataset or scanner, or what gives out a stream of
            Arrow's (``__arrow_c_stream__``). Of a dataset no more is in memory than a row group
            of a Parquet file, or a few batches of another.
    """
    if isinstance(data, pyarrow.dataset.Dataset):
        schema, found = data.schema, _of_dataset(data)
    else:
        found = _reader(data)
        schema = found.schema
    yield schema.empty_table()
    step = _rows_at_once(schema)
    for batch in found:
        for start in range(0, batch.num_rows, step):
            yield batch.slice(start, step)


def _of_dataset(data: pyarrow.dataset.Dataset) -> Iterator[pyarrow.RecordBatch]:
    """Yields the batches of a dataset, one part after the other.

    A scanner of the whole reads files ahead as fast as it can, up to a gigabyte of them.
    """
    how = {
        "batch_size": _rows_at_once(data.schema),
        "batch_readahead": 1,
        "use_threads": False,
    }
    try:
        fragments = list(data.get_fragments())
    except ValueError:  # It is filtered, of which its files know nothing.
        yield from data.to_batches(**how)
        return
    for fragment in fragments:
        parquet = isinstance(fragment, pyarrow.dataset.ParquetFileFragment)
        for part in fragment.split_by_row_group() if parquet else [fragment]:
            yield from part.to_batches(schema=data.schema, **how)


def _reader(data: Any) -> pyarrow.RecordBatchReader:
    if isinstance(data, pyarrow.dataset.Scanner):
        return data.to_reader()
    if isinstance(data, pyarrow.RecordBatch):
        data = pyarrow.Table.from_batches([data])
    if isinstance(data, pyarrow.Table):
        return data.to_reader(max_chunksize=_rows_at_once(data.schema))
    if isinstance(data, pyarrow.RecordBatchReader):
        return data
    return pyarrow.RecordBatchReader.from_stream(data)


def _rows_at_once(schema: pyarrow.Schema) -> int:
    return max(1, min(BATCH_ROWS, BATCH_CELLS // max(len(schema), 1)))


def arrow_table(name: str, role: str, data: Any) -> Table:
    """Returns a batch or a table of Arrow's as what is measured.

    Columns get the types that pandas gives them: whole numbers with nulls are float64, booleans
    with nulls are objects.

    Raises:
        ProfileError: If a column holds lists, structures or something else that is no single fact.
    """
    types = {field.name: _stored(field.type) for field in data.schema}
    for column, kind in types.items():
        if _is_nested(kind):
            raise ProfileError(
                f"Column {column!r} holds values of type {kind}; split them into columns of"
                " numbers, text or dates, or leave the column out."
            )
    try:
        frame = data.to_pandas(date_as_object=False)
    except (pyarrow.ArrowException, NotImplementedError) as error:
        raise ProfileError(f"{name!r} cannot be read: {error}") from None
    columns = tuple(
        _column(str(label), frame.iloc[:, place], types) for place, label in enumerate(frame)
    )
    layout = Layout(name, role, columns, True, "table", (len(columns),))
    return frame_table(name, role, frame, layout)


def _column(name: str, values: pd.Series[Any], types: dict[str, pyarrow.DataType]) -> Column:
    if not pd.api.types.is_object_dtype(values.dtype):
        return Column(name, *kind_of_type(values.dtype))
    for has_type, kind, dtype in _OBJECTS:
        if has_type(types[name]):
            return Column(name, kind, dtype)
    raise ProfileError(f"Column {name!r} has the type {types[name]}, which cannot be measured.")


def _stored(kind: pyarrow.DataType) -> pyarrow.DataType:
    return kind.storage_type if isinstance(kind, pyarrow.BaseExtensionType) else kind


def _is_nested(kind: pyarrow.DataType) -> bool:
    return bool(
        pyarrow.types.is_nested(kind)
        or (pyarrow.types.is_dictionary(kind) and pyarrow.types.is_nested(kind.value_type))
    )
