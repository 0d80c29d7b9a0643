"""Turns pandas frames into tables, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.categories import hashed
from mlflow_plateau.profiles.convert import days
from mlflow_plateau.profiles.patterns import UInt64, as_float32
from mlflow_plateau.profiles.table import MOST_COLUMNS, Column, Layout, Table

NESTED = (dict, list, set, tuple, np.ndarray)
"""Values that are no single fact."""

_NUMBERS_AS_OBJECTS = frozenset(
    {"integer", "floating", "mixed-integer-float", "decimal", "boolean"}
)
"""What pandas calls a column of objects that are all numbers."""


def frame_layout(
    name: str,
    role: str,
    frame: pd.DataFrame,
    named: bool = True,
    known: Mapping[str, tuple[str, str]] = MappingProxyType({}),
) -> Layout:
    """Returns the layout of a frame; a look at all rows decides what columns of objects hold.

    Args:
        name: Name of the input.
        role: ``input`` or ``target``.
        frame: The frame.
        named: Whether the names of the columns are the user's own.
        known: What columns hold, by their name, where other rows than these decide.
    """
    if frame.shape[1] > MOST_COLUMNS:
        raise ProfileError(
            f"{name!r} is a frame of {frame.shape[1]} columns; give more than {MOST_COLUMNS} as an"
            " array."
        )
    columns = tuple(
        Column(str(label), *(known.get(str(label)) or kind_of(frame.iloc[:, place])))
        for place, label in enumerate(frame.columns)
    )
    return Layout(name, role, columns, named, "table", (len(columns),))


def kind_of(column: pd.Series[Any]) -> tuple[str, str]:
    """Returns whether a column holds numbers, dates or categories, and its type."""
    if pd.api.types.is_object_dtype(column.dtype):
        return _kind_of_objects(column)
    return kind_of_type(column.dtype)


def kind_of_type(dtype: Any) -> tuple[str, str]:
    """Returns the kind of a column of any pandas type but ``object``, and the name of its type."""
    if isinstance(dtype, pd.CategoricalDtype):
        return "category", "category"
    if pd.api.types.is_string_dtype(dtype):
        return "category", "string"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "date", "date"
    if pd.api.types.is_timedelta64_dtype(dtype):
        return "date", "duration"
    if pd.api.types.is_complex_dtype(dtype) or not (
        pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)
    ):
        return "category", str(dtype)
    return "number", str(dtype).lower()


def _kind_of_objects(column: pd.Series[Any]) -> tuple[str, str]:
    nested = next((value for value in column if isinstance(value, NESTED)), None)
    if nested is not None:
        raise ProfileError(
            f"Column {str(column.name)!r} holds values of type {type(nested).__name__}; split them"
            " into columns of numbers, text or dates, or leave the column out."
        )
    held = pd.api.types.infer_dtype(column, skipna=True)
    if held in _NUMBERS_AS_OBJECTS or (held == "empty" and len(column)):
        return "number", "object"
    if held == "date":
        return "date", "date"
    return "category", "string" if held in ("string", "empty") else held


def frame_table(
    name: str, role: str, frame: pd.DataFrame, layout: Layout | None = None, *, named: bool = True
) -> Table:
    """Returns a frame as a table.

    Args:
        name: Name of the input.
        role: ``input`` or ``target``.
        frame: The frame.
        layout: Its layout, if it is part of a larger one; otherwise found by looking at it.
        named: Whether the names of the columns are the user's own.
    """
    layout = layout or frame_layout(name, role, frame, named)
    numbers = np.empty((len(frame), len(layout.numbers)), dtype=np.float32)
    for place, column in enumerate(layout.numbers):
        numbers[:, place] = as_float32(_numbers(frame.iloc[:, column], layout.columns[column]))
    codes: dict[int, UInt64] = {}
    labels: dict[int, dict[int, str]] = {}
    for column in layout.categories:
        codes[column], labels[column] = hashed(frame.iloc[:, column])
    return Table(layout, len(frame), numbers, codes=codes, labels=labels)


def _numbers(column: pd.Series[Any], declared: Column) -> npt.NDArray[np.generic]:
    if declared.kind == "date":
        dates = column
        if pd.api.types.is_object_dtype(dates.dtype):
            known = dates.where(dates.notna(), None).tolist()
            return days(np.array(known, dtype="datetime64[D]"))
        if isinstance(dates.dtype, pd.DatetimeTZDtype):
            dates = dates.dt.tz_convert(None)
        return days(dates.to_numpy())
    if isinstance(column.dtype, np.dtype) and column.dtype != object:
        return np.asarray(column.to_numpy())
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ProfileError(f"Column {declared.name!r} cannot be read as numbers: {error}") from None
