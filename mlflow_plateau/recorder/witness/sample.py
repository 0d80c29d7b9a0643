"""Takes the sample from data in memory, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from mlflow_plateau.recorder.describe.data import row_count, rows_before_split
from mlflow_plateau.recorder.describe.tables import is_array
from mlflow_plateau.recorder.fit_arguments import FitArguments
from mlflow_plateau.recorder.witness.rows import (
    MOST_VALUES,
    TRAINING_ROWS,
    VALIDATION_ROWS,
    Rows,
    Sample,
    chosen_rows,
)


def sample_of(arguments: FitArguments) -> Sample | None:
    """Returns rows of the data that ``fit`` was given, or ``None`` where it is not in memory."""
    found = rows_in_memory(arguments)
    return Sample(found["train"], found.get("validation")) if "train" in found else None


def rows_in_memory(arguments: FitArguments) -> Mapping[str, Rows]:
    """Returns rows of the splits that lie in memory, by ``train`` and ``validation``.

    A pipeline or a generator is never iterated to get at its rows.
    """
    found: dict[str, Rows] = {}
    total = row_count(arguments.x)
    if total:
        separate = arguments.validation_data is not None
        first = total if separate else rows_before_split(total, arguments.validation_split)
        chosen = chosen_rows(first, TRAINING_ROWS)
        found["train"] = _rows(arguments.x, arguments.y, chosen)
        if first < total:
            chosen = chosen_rows(total - first, VALIDATION_ROWS) + first
            found["validation"] = _rows(arguments.x, arguments.y, chosen)
    if isinstance(arguments.validation_data, (tuple, list)):
        x = arguments.validation_data[0]
        y = arguments.validation_data[1] if len(arguments.validation_data) > 1 else None
        rows = row_count(x)
        if rows:
            found["validation"] = _rows(x, y, chosen_rows(rows, VALIDATION_ROWS))
    return found


def _rows(x: Any, y: Any, chosen: np.ndarray[Any, np.dtype[np.int64]]) -> Rows:
    parts: Sequence[Any] = keras.tree.flatten(x)
    width = sum(int(np.prod(part.shape[1:])) for part in parts)
    chosen = chosen[: max(1, MOST_VALUES // max(width, 1))]
    # Files on a disk are read in their order.
    order = np.argsort(np.argsort(chosen))
    ascending = np.sort(chosen)

    def take(part: Any) -> Any:
        return _taken(part, ascending)[order]

    has_targets = y is not None and all(is_array(part) for part in keras.tree.flatten(y))
    return Rows(
        keras.tree.map_structure(take, x),
        keras.tree.map_structure(take, y) if has_targets else None,
    )


def _taken(part: Any, chosen: Any) -> Any:
    """Returns rows of an array, frame or tensor as a NumPy array."""
    if hasattr(part, "iloc"):
        return part.iloc[chosen].to_numpy()
    if keras.ops.is_tensor(part):
        return keras.ops.convert_to_numpy(keras.ops.take(part, chosen, axis=0))
    return np.asarray(part)[chosen]
