"""The training targets, and what a model that ignores its inputs would make of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlflow_plateau.recorder.describe.data import rows_before_split
from mlflow_plateau.recorder.describe.loss import given_losses, loss_name, loss_option
from mlflow_plateau.recorder.describe.model import output_axes
from mlflow_plateau.recorder.describe.tables import (
    as_table,
    classes_in,
    constant_losses,
    is_array,
    kind_of,
)
from mlflow_plateau.recorder.describe.training import Training
from mlflow_plateau.tracked import FloatArray


def target_minimum(training: Training) -> float | None:
    """Returns the smallest training target."""
    found = _training_targets(training)
    return None if found is None else float(np.nanmin(found))


def target_maximum(training: Training) -> float | None:
    """Returns the largest training target."""
    found = _training_targets(training)
    return None if found is None else float(np.nanmax(found))


def target_units(training: Training) -> int | None:
    """Returns the width of a target row, where it and its prediction are numbers or vectors."""
    axes = _axes(training)
    if axes is None or axes > 2 or output_axes(training) != 2:
        return None
    found = _training_targets(training)
    return None if found is None else int(found.shape[1])


def target_kind(training: Training) -> str | None:
    """Returns what a target row holds; ``None`` for images and sequences."""
    axes, found = _axes(training), _training_targets(training)
    return None if axes is None or axes > 2 or found is None else kind_of(found)


def target_classes(training: Training) -> int | None:
    """Returns how many distinct training targets there are, where these are whole numbers.

    Rows of one 1 among zeros count as the class at which the 1 stands.
    """
    found = _training_targets(training)
    return None if found is None else classes_in(found)


def constant_loss(training: Training) -> float | None:
    """Returns the loss of the best constant prediction on the training targets."""
    losses = _constant_losses(training)
    return None if losses is None else losses[0]


def validation_constant_loss(training: Training) -> float | None:
    """Returns the loss of that same prediction on the validation targets."""
    losses = _constant_losses(training)
    return None if losses is None else losses[1]


def _constant_losses(training: Training) -> tuple[float | None, float | None] | None:
    """Returns the constant's loss on training and on validation targets."""
    given = given_losses(training.model)
    arguments = training.arguments
    if arguments is None or len(given) != 1:
        return None
    if arguments.class_weight is not None or arguments.sample_weight is not None:
        return None  # The loss is a weighted one, in other units.
    targets = _training_targets(training)
    if targets is None or not _is_mean(given[0]):
        return None
    smoothing = float(loss_option(given[0], "label_smoothing", 0.0) or 0.0)
    held_out = _validation_targets(training)
    return constant_losses(loss_name(given[0]) or "", smoothing, targets, held_out)


def _is_mean(given: Any) -> bool:
    """Returns whether a loss is the mean over rows that the constant's loss is."""
    return (
        loss_option(given, "reduction", "sum_over_batch_size")
        in ("sum_over_batch_size", "mean", "mean_with_sample_weight")
        and loss_option(given, "ignore_class", None) is None
    )


def _axes(training: Training) -> int | None:
    """Returns how many axes the targets have, the rows among them."""
    given = training.arguments.y if training.arguments is not None else None
    found: Any = training.targets.get("training", given)
    return len(found.shape) if is_array(found) else None


def _training_targets(training: Training) -> FloatArray | None:
    """Returns the targets as a table, without what the loss is told to ignore."""
    found = _all_training_targets(training)
    losses = given_losses(training.model)
    ignored = loss_option(losses[0], "ignore_class", None) if len(losses) == 1 else None
    if found is None or ignored is None:
        return found
    kept: FloatArray = np.where(found == ignored, np.nan, found)
    return kept


def _all_training_targets(training: Training) -> FloatArray | None:
    if "training" in training.targets:
        return as_table(training.targets["training"])
    arguments = training.arguments
    if arguments is None:
        return None
    if arguments.validation_data is not None or not arguments.validation_split:
        return as_table(arguments.y)
    if not is_array(arguments.y):
        return None
    rows = rows_before_split(int(arguments.y.shape[0]), arguments.validation_split)
    return as_table(arguments.y[:rows])


def _validation_targets(training: Training) -> FloatArray | None:
    if "validation" in training.targets:
        return as_table(training.targets["validation"])
    arguments = training.arguments
    if arguments is None:
        return None
    data = arguments.validation_data
    if isinstance(data, (tuple, list)):
        # A third part is weights, which put the loss in other units.
        return as_table(data[1]) if len(data) == 2 else None
    if data is None and arguments.validation_split and is_array(arguments.y):
        rows = rows_before_split(int(arguments.y.shape[0]), arguments.validation_split)
        return as_table(arguments.y[rows:])
    return None
