"""A Keras model as experiments need it, whatever backend Keras runs on."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from mlflow_plateau.recorder.describe.training import Training, has_own_train_step
from mlflow_plateau.recorder.measure.variables import on_several_devices
from mlflow_plateau.recorder.witness.differentiable import (
    MOST_WEIGHTS,
    DeclinedError,
    Differentiable,
    NextUpdate,
)
from mlflow_plateau.recorder.witness.keras_updates import next_update_of


def open_keras_model(training: Training) -> tuple[Differentiable, NextUpdate]:
    """Returns a training's model and what its optimiser would do, for experiments.

    Raises:
        DeclinedError: If none can be made without the risk of leaving a trace.
    """
    return keras_model(training), next_update_of(training.model.optimizer)


def keras_model(training: Training) -> Differentiable:
    """Returns a training's model as experiments need it.

    Raises:
        DeclinedError: If that is not possible without the risk of leaving a trace.
    """
    model = training.model
    if has_own_train_step(model):
        raise DeclinedError("the model has a train_step of its own")
    if not type(model).compute_loss.__module__.startswith("keras."):
        raise DeclinedError("the model has a compute_loss of its own")
    if (
        type(getattr(model, "distribute_strategy", None)).__name__
        not in (
            "NoneType",
            "_DefaultDistributionStrategy",
        )
        or on_several_devices()
    ):
        raise DeclinedError("the model is distributed")
    size = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    if size > MOST_WEIGHTS:
        raise DeclinedError(f"the model has {size:,} weights")
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from mlflow_plateau.recorder.witness.tensorflow_model import TensorFlowModel

        return TensorFlowModel(model)
    if backend == "jax":
        from mlflow_plateau.recorder.witness.jax_model import JaxModel

        return JaxModel(model)
    if backend == "torch":
        from mlflow_plateau.recorder.witness.torch_backend_model import TorchBackendModel

        return TorchBackendModel(model)
    raise DeclinedError(f"Keras runs on {backend}")


def as_floats(array: Any) -> Any:
    """Returns an array in Keras' precision, as ``fit`` would take it."""
    return array.astype(keras.backend.floatx()) if array.dtype.kind == "f" else array


def without_penalty(model: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Returns loss and penalty of a model in inference, as tensors; to be called in a scope."""
    predicted = model(x, training=False)
    total = model.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=None)
    penalty = sum(model.losses) if model.losses else keras.ops.zeros(())
    return total - keras.ops.cast(penalty, total.dtype), penalty
