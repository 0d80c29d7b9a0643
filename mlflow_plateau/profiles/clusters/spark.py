"""Spark's data frames, also those of Spark Connect and of pandas on Spark.

Every partition streams through a Python worker as Arrow batches; its profile is one row of a
second, small data frame, whose rows are merged in a tree.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any

import pyarrow
import pyarrow.compute

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.clusters.shards import FAN_IN, explained, measured, merged, whole
from mlflow_plateau.profiles.profile import Profile

COLUMN = "profile"
"""Holds the bytes of a profile."""

_TYPES = {
    "BooleanType": pyarrow.bool_(),
    "ByteType": pyarrow.int8(),
    "ShortType": pyarrow.int16(),
    "IntegerType": pyarrow.int32(),
    "LongType": pyarrow.int64(),
    "FloatType": pyarrow.float32(),
    "DoubleType": pyarrow.float64(),
    "DecimalType": pyarrow.decimal128(38, 18),
    "StringType": pyarrow.string(),
    "CharType": pyarrow.string(),
    "VarcharType": pyarrow.string(),
    "BinaryType": pyarrow.binary(),
    "DateType": pyarrow.date32(),
    "TimestampType": pyarrow.timestamp("us"),
    "TimestampNTZType": pyarrow.timestamp("us"),
    "TimeType": pyarrow.time64("ns"),
    "DayTimeIntervalType": pyarrow.duration("us"),
    "NullType": pyarrow.null(),
}
"""Spark's types that hold a single fact, and how they come in batches of Arrow's."""

REMEDY = (
    "install mlflow-plateau[spark] into the Python of the executors (a cluster library, an image,"
    " or an environment packed with conda-pack or venv-pack and sent with spark.archives)"
)


def profile(x: Any, y: Any) -> Profile:
    """Measures a Spark data frame.

    Timestamps are those of the session's time zone, as in ``toPandas()``.

    Args:
        x: The data frame.
        y: The name of the column that holds the targets, or ``None``: rows of two data frames
            have no common order.

    Raises:
        ProfileError: If it cannot be measured.
    """
    if hasattr(x, "to_spark"):
        x = x.to_spark()
    if not hasattr(x, "mapInArrow"):
        raise ProfileError(f"Of Spark's data only data frames can be measured, not {type(x)}.")
    if y is not None and not isinstance(y, str):
        raise ProfileError(
            "Rows of two Spark data frames have no common order; give one that holds the targets"
            ' too, and the name of their column: (frame, "label").'
        )
    # Says what cannot be measured before Spark starts, and stands for data without a row.
    nothing = measured([(_arrow_schema(x).empty_table(), y)])
    shards = x.mapInArrow(partial(_measure, y), f"{COLUMN} binary").persist()
    try:
        tasks = shards.count()
        merging = shards
        while tasks > FAN_IN:
            tasks = math.ceil(tasks / FAN_IN)
            merging = merging.repartition(tasks).mapInArrow(_merge, f"{COLUMN} binary")
        found = [bytes(row[COLUMN]) for row in merging.collect()]
    except Exception as error:  # Spark's own kind or py4j's, of which Spark Connect has no package
        raise explained(error, "Spark", REMEDY) from error
    finally:
        shards.unpersist()
    return whole([nothing, *found])


def _arrow_schema(frame: Any) -> pyarrow.Schema:
    """Returns the types that the batches of a data frame will have."""
    fields = []
    for field in frame.schema.fields:
        name = type(field.dataType).__name__
        if name not in _TYPES:
            raise ProfileError(
                f"Column {field.name!r} has the type {field.dataType.simpleString()}; split it into"
                " columns of numbers, text or dates, or leave it out. A vector becomes an array by"
                " pyspark.ml.functions.vector_to_array, an element of an array a column by"
                " getItem."
            )
        fields.append(pyarrow.field(field.name, _TYPES[name]))
    return pyarrow.schema(fields)


def _measure(
    target: str | None, batches: Iterator[pyarrow.RecordBatch]
) -> Iterator[pyarrow.RecordBatch]:
    """Yields the profile of a partition, none of an empty one."""
    rows = ((_local_times(batch), target) for batch in batches)
    first = next(rows, None)
    if first is not None:
        yield _row(measured(chain([first], rows)))


def _merge(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
    """Yields the profile of all those of a partition, none of an empty one."""
    shards = (shard.as_py() for batch in batches for shard in batch.column(0))
    first = next(shards, None)
    if first is not None:
        yield _row(merged(chain([first], shards)))


def _row(shard: bytes) -> pyarrow.RecordBatch:
    return pyarrow.RecordBatch.from_pydict({COLUMN: pyarrow.array([shard], pyarrow.binary())})


def _local_times(data: Any) -> Any:
    """Returns a batch or table whose timestamps are what a clock of their time zone shows."""
    columns = [
        pyarrow.compute.local_timestamp(column)
        if pyarrow.types.is_timestamp(column.type) and column.type.tz is not None
        else column
        for column in data.columns
    ]
    return type(data).from_arrays(columns, names=data.schema.names)
