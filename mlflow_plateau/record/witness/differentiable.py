"""What an experiment needs to know of a model: its loss at given weights, and its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np

from mlflow_plateau.record.describe.training import Training, has_own_train_step
from mlflow_plateau.record.witness.sample import Rows
from mlflow_plateau.tracked import FloatArray

MOST_WEIGHTS = 20_000_000
"""Larger models are left alone: experiments hold up to four copies of the weights."""

Weights = Sequence[FloatArray]
"""One array for each trainable variable, in the model's order."""


@dataclass(frozen=True)
class Losses:
    """The loss of some rows as the model makes predictions: without dropout and noise.

    Attributes:
        data: Mean loss of the rows, without penalties.
        penalty: What penalties on weights and activities add.
    """

    data: float
    penalty: float


class Differentiable(Protocol):
    """A model that can be tried at weights other than its own, which it keeps."""

    @property
    def weights(self) -> Weights:
        """The trainable weights now."""

    def losses(self, rows: Rows, weights: Weights | None = None) -> Losses:
        """Returns the loss of some rows at given weights, or at the model's own."""

    def gradient(self, rows: Rows) -> Weights:
        """Returns the gradient of the mean loss without penalties at the model's own weights.

        Weights that the loss does not depend on have a gradient of zero.
        """


class DeclinedError(Exception):
    """Why no experiment can be made with a model, in words."""


def differentiable(training: Training) -> Differentiable:
    """Returns a training's model as experiments need it.

    Raises:
        DeclinedError: If that is not possible without the risk of leaving a trace.
    """
    model = training.model
    if has_own_train_step(model):
        raise DeclinedError("the model has a train_step of its own")
    if not type(model).compute_loss.__module__.startswith("keras."):
        raise DeclinedError("the model has a compute_loss of its own")
    if type(getattr(model, "distribute_strategy", None)).__name__ not in (
        "NoneType",
        "_DefaultDistributionStrategy",
    ):
        raise DeclinedError("the model is distributed")
    size = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    if size > MOST_WEIGHTS:
        raise DeclinedError(f"the model has {size:,} weights")
    if keras.backend.backend() == "tensorflow":
        from mlflow_plateau.record.witness.tensorflow_model import TensorFlowModel

        return TensorFlowModel(model)
    raise DeclinedError(f"Keras runs on {keras.backend.backend()}")


def without_penalty(model: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Returns loss and penalty of a model in inference, as tensors; to be called in a scope."""
    predicted = model(x, training=False)
    total = model.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=None)
    penalty = sum(model.losses) if model.losses else keras.ops.zeros(())
    return total - keras.ops.cast(penalty, total.dtype), penalty
