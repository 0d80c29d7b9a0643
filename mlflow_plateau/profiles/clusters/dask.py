"""Dask's data frames, series and arrays: a tree of tasks for whatever scheduler is active."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import dask.array
import dask.dataframe
import pandas as pd

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.clusters.shards import FAN_IN, explained, measured, merged, whole
from mlflow_plateau.profiles.convert import as_frame, with_target
from mlflow_plateau.profiles.frames import frame_layout, frame_table, kind_of
from mlflow_plateau.profiles.profile import Profile

ROWS_AT_ONCE = 1 << 16
"""Rows of a partition that are turned into an array at once."""

REMEDY = (
    "install mlflow-plateau[dask] there, or register dask.distributed.PipInstall with the client"
)

Kinds = dict[str, tuple[str, str]]
"""What columns of objects hold, by their name."""

Examples = dict[str, dict[type, object]]
"""A value of each type in a column of objects, by the column's name."""


def profile(x: Any, y: Any) -> Profile:
    """Measures Dask collections.

    Args:
        x: A data frame, a series or an array, cut into partitions along its rows.
        y: Another one with the same partitions, the name of a column of ``x``, or ``None``.

    Raises:
        ProfileError: If it cannot be measured.
    """
    target = y if isinstance(y, str) else None
    if _is_array(x) and _is_array(y) and x.shape[:1] == y.shape[:1]:
        y = y.rechunk({0: x.chunks[0]})
    parts = _partitions("x", x)
    targets = [None] * len(parts) if y is None or target else _partitions("y", y)
    if len(targets) != len(parts):
        raise ProfileError(
            f"x has {len(parts)} partitions and y has {len(targets)}; repartition or rechunk one of"
            " them like the other."
        )
    try:
        kinds = _kinds("x", x, parts)
        of_target = kinds if y is None or target else _kinds("y", y, targets)
        shards = [
            dask.delayed(_measure)(*shard, target, kinds, of_target)
            for shard in zip(parts, targets, strict=True)
        ]
        return whole([_in_a_tree(merged, shards).compute()])
    except ProfileError:
        raise
    except Exception as error:  # whatever the graph that made the data raises
        raise explained(error, "Dask", REMEDY) from error


def _is_array(data: Any) -> bool:
    return isinstance(data, dask.array.Array)


def _partitions(name: str, data: Any) -> list[Any]:
    """Returns the partitions of a collection, each with all of its rows' values."""
    if _is_array(data) and data.ndim:
        along_rows = data.rechunk(dict.fromkeys(range(1, data.ndim), -1))
        return list(along_rows.to_delayed().ravel())
    if isinstance(data, (dask.dataframe.DataFrame, dask.dataframe.Series)):
        return list(data.to_delayed())
    raise ProfileError(
        f"{name} is a {type(data).__module__}.{type(data).__qualname__}; of Dask's data, data"
        " frames, series and arrays can be measured, and y with x only if both are Dask's."
    )


def _in_a_tree(merge: Any, shards: list[Any]) -> Any:
    """Returns the task at the root of a tree of tasks."""
    while len(shards) > 1:
        shards = [
            dask.delayed(merge)(shards[start : start + FAN_IN])
            for start in range(0, len(shards), FAN_IN)
        ]
    return shards[0]


def _kinds(name: str, data: Any, parts: list[Any]) -> Kinds:
    """Returns what the columns of objects hold: only all partitions together can tell.

    Columns of other types, strings as Dask keeps them included, take no such look.
    """
    meta = getattr(data, "_meta", None)
    if not hasattr(meta, "iloc") or not _objects(as_frame(name, meta)):
        return {}
    found = [dask.delayed(_examples)(name, part) for part in parts]
    examples = _in_a_tree(_all_examples, found).compute()
    return {
        column: kind_of(pd.Series(list(values.values()), dtype=object, name=column))
        for column, values in examples.items()
    }


def _objects(frame: pd.DataFrame) -> list[int]:
    return [
        place for place, dtype in enumerate(frame.dtypes) if pd.api.types.is_object_dtype(dtype)
    ]


def _examples(name: str, part: Any) -> Examples:
    """Returns a value of each type that the columns of objects hold, one missing one included."""
    frame = as_frame(name, part)
    examples: Examples = {}
    for place in _objects(frame):
        column = frame.iloc[:, place]
        first = ~column.map(type).duplicated()
        examples[str(column.name)] = {type(value): value for value in column[first]}
    return examples


def _all_examples(parts: list[Examples]) -> Examples:
    """Returns the first value of each type."""
    columns = dict.fromkeys(chain.from_iterable(parts))
    return {
        column: {
            kind: value
            for part in reversed(parts)
            for kind, value in reversed(part.get(column, {}).items())
        }
        for column in columns
    }


def _measure(x: Any, y: Any, target: str | None, kinds: Kinds, of_target: Kinds) -> bytes:
    """Returns the profile of a partition."""
    x, y = with_target(x, y if target is None else target)

    def batches() -> Iterator[tuple[Any, Any]]:
        for start in range(0, max(len(x), 1), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            yield (
                _batch("x", "input", x, rows, kinds),
                _batch("y", "target", y, rows, of_target),
            )

    if y is not None and len(x) != len(y):
        raise ProfileError(
            f"A partition has {len(x)} rows of x and {len(y)} of y; repartition or rechunk one like"
            " the other."
        )
    return measured(batches())


def _batch(name: str, role: str, value: Any, rows: slice, kinds: Kinds) -> Any:
    if not hasattr(value, "iloc"):
        return None if value is None else value[rows]
    frame = as_frame(name, value.iloc[rows])
    return frame_table(name, role, frame, frame_layout(name, role, frame, known=kinds))
