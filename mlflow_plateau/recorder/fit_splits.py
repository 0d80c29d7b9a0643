"""The splits of a ``fit`` that lie in memory."""

from __future__ import annotations

from typing import Any

from mlflow_plateau.recorder.describe.data import first_of, row_count, rows_before_split
from mlflow_plateau.recorder.fit_arguments import FitArguments
from mlflow_plateau.recorder.split_profiles import InMemory, some_rows


def splits_in_memory(arguments: FitArguments) -> dict[str, InMemory]:
    """Returns inputs and targets of each split that ``fit`` was given as arrays or frames."""
    splits: dict[str, InMemory] = {}
    rows, held_out = row_count(arguments.x), arguments.validation_data
    if rows is not None:
        splits["train"] = (arguments.x, arguments.y)
        if held_out is None and arguments.validation_split:
            first = rows_before_split(rows, arguments.validation_split)
            splits["train"] = some_rows((arguments.x, arguments.y), slice(0, first))
            splits["validation"] = some_rows((arguments.x, arguments.y), slice(first, rows))
    if isinstance(held_out, (tuple, list)) and row_count(held_out[0]) is not None:
        splits["validation"] = (held_out[0], held_out[1] if len(held_out) > 1 else None)
    return splits


def given_data(arguments: FitArguments) -> dict[str, tuple[Any, Any]]:
    """Returns inputs and targets as ``fit`` was given them, by what MLflow calls their context."""
    given = {"train": (arguments.x, arguments.y)}
    held_out = arguments.validation_data
    if isinstance(held_out, (tuple, list)) and len(held_out) > 1:
        given["eval"] = (first_of(held_out), held_out[1])
    return given
