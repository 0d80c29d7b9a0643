"""Turns what ``fit`` takes into tables; no framework is imported to do so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.table import (
    MOST_COLUMNS,
    Column,
    Layout,
    Table,
    channel_axis,
    evenly_spaced,
)


def tables(x: Any, y: Any) -> list[Table]:
    """Returns the inputs and targets of a batch.

    Args:
        x: An array, frame, tensor, a batch of Arrow's, a ``Table``, or a dict or list of these.
        y: The targets, likewise, or the name of the column of ``x`` that holds them, or ``None``.

    Raises:
        ProfileError: If something cannot be measured, or the numbers of rows differ.
    """
    x, y = with_target(x, y)
    batch = [_table(name, "input", value) for name, value in _named("x", x)]
    batch += [_table(name, "target", value) for name, value in _named("y", y)]
    rows = {table.layout.name: table.rows for table in batch}
    if len(set(rows.values())) > 1:
        listed = ", ".join(f"{name}: {count}" for name, count in rows.items())
        raise ProfileError(f"The inputs and targets have different numbers of rows ({listed}).")
    return batch


def with_target(x: Any, y: Any) -> tuple[Any, Any]:
    """Returns inputs and targets, taken apart where ``y`` names a column of ``x``.

    Raises:
        ProfileError: If there is no such column.
    """
    if not isinstance(y, str):
        return x, y
    if isinstance(x, Mapping):
        names = list(x)
    elif hasattr(x, "iloc") and hasattr(x, "columns"):
        names = list(x.columns)
    elif is_of(x, "pyarrow") and hasattr(x, "select"):
        names = x.schema.names
    else:
        raise ProfileError(f"The target {y!r} is a name; that takes data whose columns have names.")
    if y not in names:
        listed = ", ".join(map(repr, names[:20])) + (", …" if len(names) > 20 else "")
        raise ProfileError(f"There is no column {y!r} for the target; there are: {listed}.")
    if isinstance(x, Mapping):
        return {name: x[name] for name in names if name != y}, x[y]
    if hasattr(x, "iloc"):
        return x.drop(columns=y), x[y]
    return x.select([name for name in names if name != y]), x.select([y])


def is_of(value: Any, package: str) -> bool:
    """Whether a value's type, or one that it is derived from, is a package's; imports nothing."""
    return any(base.__module__.split(".")[0] == package for base in type(value).__mro__)


def _named(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yields the arrays in a value, each with a name."""
    if value is None:
        return
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield (str(key) if name == "x" else f"{name}.{key}"), value[key]
    elif isinstance(value, (tuple, list)) and any(hasattr(item, "shape") for item in value):
        for index, item in enumerate(value):
            yield f"{name}{index}", item
    else:
        yield name, value


def _table(name: str, role: str, value: Any) -> Table:
    if isinstance(value, Table):
        return value
    if hasattr(value, "iloc"):
        from mlflow_plateau.profiles.frames import frame_table

        return frame_table(name, role, as_frame(name, value))
    if is_of(value, "pyarrow") and hasattr(value, "schema") and hasattr(value, "to_pandas"):
        from mlflow_plateau.profiles.arrow import arrow_table

        return arrow_table(name, role, value)
    if hasattr(value, "row_lengths") and hasattr(value, "flat_values"):
        lengths = np.asarray(value.row_lengths())
        return _ragged(name, role, lengths, np.asarray(value.flat_values))
    return _array_table(name, role, _array(name, value))


def as_frame(name: str, value: Any) -> Any:
    """Returns a pandas frame, or a series as one; a series without a name gets the input's."""
    if hasattr(value, "columns"):
        return value
    return value.to_frame(name=value.name if value.name is not None else name)


def _array(name: str, value: Any) -> npt.NDArray[np.generic]:
    if hasattr(value, "dense_shape") and hasattr(value, "indices"):  # tf.SparseTensor
        dense = np.zeros(tuple(np.asarray(value.dense_shape)), np.asarray(value.values).dtype)
        dense[tuple(np.asarray(value.indices).T)] = np.asarray(value.values)
        return dense
    if hasattr(value, "toarray"):  # scipy's sparse matrices
        return np.asarray(value.toarray())
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # torch
        value = value.detach().cpu()
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ProfileError(f"{name!r} cannot be read as an array: {error}") from None


def _array_table(name: str, role: str, array: npt.NDArray[np.generic]) -> Table:
    if array.ndim == 0:
        raise ProfileError(f"{name!r} is a single value; give an array with a row per example.")
    if array.dtype.kind in "OUST" or array.dtype.kind not in "biufV mM":
        return _object_table(name, role, array)
    kind, dtype = "number", str(array.dtype)
    if array.dtype.kind in "mM":
        array, kind = days(array), "date"
    elif array.dtype.kind == "V":
        array = _unusual_float(name, array)
    shape = array.shape[1:]
    pooled = len(shape) >= 2
    axis = channel_axis(shape)
    count = shape[axis - 1 if axis > 0 else axis] if pooled else (shape[0] if shape else 1)
    names = evenly_spaced(count).tolist() if count > MOST_COLUMNS else range(count)
    single = name if not shape else None
    return Table(
        layout=Layout(
            name=name,
            role=role,
            columns=tuple(Column(single or str(index), kind, dtype) for index in names),
            named=False,
            dtype=dtype,
            shape=shape,
            pooled=pooled,
            whole=array.dtype.kind in "iu" and len(shape) == 1 and role == "input",
        ),
        rows=len(array),
        numbers=array,
        channel_axis=axis,
    )


def _unusual_float(name: str, array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Returns bfloat16 and the 8-bit floats, which numpy itself does not know, as float32."""
    try:
        if array.dtype.names is not None:
            raise TypeError("a record")
        return array.astype(np.float32)
    except (TypeError, ValueError):
        raise ProfileError(
            f"{name!r} has the type {array.dtype}, which holds no numbers; give an array of numbers"
            " or a data frame."
        ) from None


def days(array: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Returns dates as days since 1970, and lengths of time as days; NaN where there is none."""
    unit = "datetime64[s]" if array.dtype.kind == "M" else "timedelta64[s]"
    seconds = array.astype(unit).astype(np.int64).astype(np.float64)
    return np.where(np.isnat(array), np.nan, seconds / 86_400)


def _object_table(name: str, role: str, array: npt.NDArray[Any]) -> Table:
    if array.dtype.kind not in "OUST":
        raise ProfileError(f"{name!r} has the type {array.dtype}, which cannot be measured.")
    if array.dtype.kind == "O" and len(array) and array.ndim == 1 and _holds_rows(array):
        parts = [np.asarray(item) for item in array]
        lengths = np.array([part.size for part in parts], dtype=np.int64)
        return _ragged(name, role, lengths, np.concatenate([part.ravel() for part in parts]))
    if array.ndim > 2:
        raise ProfileError(f"{name!r} is an array of objects with {array.ndim} axes; two at most.")
    import pandas as pd

    from mlflow_plateau.profiles.frames import frame_table

    frame = pd.DataFrame(array if array.ndim == 2 else array[:, None])
    frame.columns = pd.Index([name] if array.ndim == 1 else [str(i) for i in range(frame.shape[1])])
    return frame_table(name, role, frame, named=False)


def _holds_rows(array: npt.NDArray[Any]) -> bool:
    return all(isinstance(item, (list, tuple, np.ndarray)) for item in array)


def _ragged(name: str, role: str, lengths: npt.NDArray[Any], values: npt.NDArray[Any]) -> Table:
    if values.dtype.kind not in "biuf":
        raise ProfileError(
            f"{name!r} has rows of different lengths that hold {values.dtype}, not numbers."
        )
    if values.ndim > 1:
        lengths = lengths * int(np.prod(values.shape[1:]))
    dtype = str(values.dtype)
    return Table(
        layout=Layout(
            name=name,
            role=role,
            columns=(Column(name, "number", dtype),),
            named=False,
            dtype=dtype,
            shape=(None,),
            pooled=True,
            whole=False,
        ),
        rows=len(lengths),
        numbers=values.ravel(),
        lengths=lengths.astype(np.int64),
    )
