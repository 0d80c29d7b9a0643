"""The data: how many rows, in which batches. Nothing is iterated to find out."""

from __future__ import annotations

from typing import Any

import keras

from mlflow_plateau.recorder.describe.tables import is_array
from mlflow_plateau.recorder.describe.training import Training

DEFAULT_BATCH_SIZE = 32
"""Keras' batch size for arrays."""


def training_rows(training: Training) -> int | None:
    """Returns the rows in the training split; counted where the data does not say."""
    arguments = training.arguments
    rows = None if arguments is None else row_count(arguments.x)
    if arguments is not None and rows is not None and arguments.validation_data is None:
        rows = rows_before_split(rows, arguments.validation_split)
    return rows or training.observed.get("training_rows") or None


def validation_rows(training: Training) -> int | None:
    """Returns the rows in the validation split; counted where the data does not say."""
    arguments = training.arguments
    rows = None
    if arguments is not None and arguments.validation_data is not None:
        rows = row_count(first_of(arguments.validation_data))
    elif arguments is not None and arguments.validation_split:
        total = row_count(arguments.x)
        if total is not None:
            rows = total - rows_before_split(total, arguments.validation_split)
    return rows or training.observed.get("validation_rows") or None


def has_validation(training: Training) -> bool | None:
    """Returns whether ``fit`` was given validation data."""
    return None if training.arguments is None else training.arguments.has_validation


def batch_size(training: Training) -> int | None:
    """Returns the rows of a batch; counted where the data comes in batches already."""
    arguments = training.arguments
    if arguments is not None and row_count(arguments.x) is not None:
        return int(arguments.batch_size or DEFAULT_BATCH_SIZE)
    static = None if arguments is None else _static_batch_size(arguments.x)
    return static or training.observed.get("batch_size") or None


def updates_per_epoch(training: Training) -> int | None:
    """Returns the optimiser's steps in an epoch; counted where Keras does not know beforehand."""
    steps = training.params.get("steps")
    if steps:
        optimizer = training.model.optimizer
        accumulated = getattr(optimizer, "gradient_accumulation_steps", None) or 1
        return max(1, int(steps) // accumulated)
    return training.observed.get("updates_per_epoch") or None


def rows_before_split(rows: int, share: float) -> int:
    """Returns how many rows Keras trains on when it holds out a share of them."""
    return int(rows * (1 - share)) if share else rows


def first_of(data: Any) -> Any:
    """Returns the inputs of data given as ``(x, y)`` or ``(x, y, weights)``, or the data."""
    return data[0] if isinstance(data, (tuple, list)) else data


def row_count(data: Any) -> int | None:
    """Returns the rows of arrays, frames or nested structures of them; ``None`` for all else."""
    parts = [part for part in keras.tree.flatten(data) if part is not None]
    if not parts or not all(is_array(part) for part in parts):
        return None
    return int(parts[0].shape[0])


def _static_batch_size(data: Any) -> int | None:
    """Returns the batch size that a ``tf.data.Dataset`` promises, if it does."""
    specification = getattr(data, "element_spec", None)
    if specification is None:
        return None
    shape = getattr(keras.tree.flatten(specification)[0], "shape", None)
    return int(shape[0]) if shape is not None and shape.rank and shape[0] is not None else None
