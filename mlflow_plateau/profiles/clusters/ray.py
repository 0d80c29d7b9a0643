"""Ray's datasets: their blocks are measured by ``map_batches``, and so are the profiles merged."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.ipc
import ray.exceptions

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.arrow import batches
from mlflow_plateau.profiles.clusters.shards import FAN_IN, explained, measured, merged, whole
from mlflow_plateau.profiles.profile import Profile

COLUMN = "profile"
"""Holds the bytes of a profile."""

REMEDY = (
    "install mlflow-plateau[ray] there, or start with"
    ' ray.init(runtime_env={"py_modules": [mlflow_plateau]})'
)


def profile(x: Any, y: Any) -> Profile:
    """Measures a Ray dataset.

    A dataset with columns of arrays, such as images, is a dict of inputs; any other is a frame.

    Args:
        x: The dataset.
        y: The name of the column that holds the targets, or ``None``: give one dataset that holds
            both (``x.zip(y)``).

    Raises:
        ProfileError: If it cannot be measured.
    """
    if not hasattr(x, "map_batches"):
        raise ProfileError(f"Of Ray's data only datasets can be measured, not {type(x)}.")
    if y is not None and not isinstance(y, str):
        raise ProfileError(
            "Give one Ray dataset that holds the targets too, x.zip(y), and the name of their"
            ' column: (dataset, "label").'
        )
    try:
        schema = _schema(x)
        arrays = schema is not None and any(map(_is_tensor, schema.types))
        nothing = [] if arrays else [measured([(_nothing(x, schema), y)])]
        shards = x.map_batches(
            _measure_arrays if arrays else _measure_rows,
            batch_size=None,
            batch_format="numpy" if arrays else "pyarrow",
            fn_args=(y,) if arrays else (y, schema),
        ).materialize()
        tasks = shards.count()
        while tasks > FAN_IN:
            tasks = math.ceil(tasks / FAN_IN)
            shards = shards.repartition(tasks).map_batches(
                _merge, batch_size=None, batch_format="pyarrow"
            )
        found = [row[COLUMN] for row in shards.take_all()]
    except ray.exceptions.RayError as error:
        raise explained(error, "Ray", REMEDY) from error
    return whole([*nothing, *found])


def _schema(data: Any) -> pyarrow.Schema | None:
    """Returns the types of the columns, or ``None`` if there are no rows that could tell.

    A block of pandas, or one without a value in some column, does not know its types; where the
    dataset's own schema does not either, all blocks are asked.
    """
    declared = getattr(data.schema(), "base_schema", None)
    if isinstance(declared, pyarrow.Schema) and not any(map(_is_unknown, declared.types)):
        return declared.remove_metadata()
    blocks = data.map_batches(_types, batch_size=None, batch_format="pyarrow").take_all()
    if not blocks:
        return declared.remove_metadata() if isinstance(declared, pyarrow.Schema) else None
    schemas = {bytes(block["schema"]) for block in blocks}
    try:
        return pyarrow.unify_schemas(
            [pyarrow.ipc.read_schema(pyarrow.py_buffer(schema)) for schema in sorted(schemas)],
            promote_options="permissive",
        )
    except pyarrow.ArrowException as error:
        raise ProfileError(f"The blocks of the Ray dataset have other types: {error}") from None


def _types(block: pyarrow.Table) -> pyarrow.Table:
    schema = block.schema.remove_metadata().serialize().to_pybytes()
    return pyarrow.table({"schema": pyarrow.array([schema], pyarrow.binary())})


def _is_unknown(kind: pyarrow.DataType) -> bool:
    return bool(pyarrow.types.is_null(kind))


def _is_tensor(kind: pyarrow.DataType) -> bool:
    return isinstance(kind, pyarrow.BaseExtensionType) and "tensor" in kind.extension_name


def _nothing(data: Any, schema: pyarrow.Schema | None) -> Any:
    """Returns a table without rows, from the types of blocks of pandas if it must be."""
    if schema is not None:
        return schema.empty_table()
    declared = getattr(data.schema(), "base_schema", None)
    names, types = (declared.names, declared.types) if declared is not None else ((), ())
    return pd.DataFrame(
        {name: pd.Series([], dtype=dtype) for name, dtype in zip(names, types, strict=True)}
    )


def _measure_rows(block: pyarrow.Table, target: str | None, schema: pyarrow.Schema) -> Any:
    """Returns the profile of a block, whose columns get the types of the whole dataset."""
    try:
        rows = block.cast(schema)
    except (pyarrow.ArrowException, ValueError) as error:
        raise ProfileError(f"The blocks of the Ray dataset have other columns: {error}") from None
    return _row(measured((batch, target) for batch in batches(rows)))


def _measure_arrays(block: dict[str, Any], target: str | None) -> Any:
    """Returns the profile of a block of arrays."""
    return _row(measured([(block, target)]))


def _merge(shards: pyarrow.Table) -> Any:
    return _row(merged(shard.as_py() for shard in shards.column(COLUMN)))


def _row(shard: bytes) -> pyarrow.Table:
    return pyarrow.table({COLUMN: pyarrow.array([shard], pyarrow.binary())})
