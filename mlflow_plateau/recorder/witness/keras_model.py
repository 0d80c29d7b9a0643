"""A Keras model as experiments need it, whatever backend Keras runs on."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from mlflow_plateau.recorder.describe.training import Training, has_own_train_step
from mlflow_plateau.recorder.measure.measurements import LOCAL_STRATEGIES
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
    own_step = has_own_train_step(model)
    if not type(model).compute_loss.__module__.startswith("keras."):
        raise DeclinedError("the model has a compute_loss of its own")
    if own_step and model._compile_loss is None:
        raise DeclinedError("the model has a train_step of its own, and compile was given no loss")
    strategy = getattr(model, "distribute_strategy", None)
    if strategy is not None and type(strategy).__name__ not in LOCAL_STRATEGIES:
        raise DeclinedError("the model is distributed over several processes")
    _decline_what_takes_no_other_batches(model)
    size = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    if size > MOST_WEIGHTS:
        raise DeclinedError(f"the model has {size:,} weights")
    if keras.backend.backend() == "tensorflow":
        from mlflow_plateau.recorder.witness.tensorflow_model import TensorFlowModel

        # A train step of the user's may follow the gradient of another loss than the compiled one.
        return TensorFlowModel(model, "the model has a train_step of its own" if own_step else "")
    raise DeclinedError(f"Keras runs on {keras.backend.backend()}")


def _decline_what_takes_no_other_batches(model: Any) -> None:
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False):
            raise DeclinedError(f"layer {layer.name} keeps a state for each row of a batch")
    for tensor in getattr(model, "inputs", None) or ():
        if tensor.shape and tensor.shape[0] is not None:
            raise DeclinedError(f"the model takes only batches of {tensor.shape[0]} rows")


def without_penalty(model: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Returns loss and penalty of a model in inference, as tensors; to be called in a scope.

    Where no loss was compiled, what layers add is the loss, and only regularisers are a penalty.
    """
    predicted = model(x, training=False)
    total = model.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=None)
    added = model.losses
    if model._compile_loss is None:
        added = [v.regularizer(v) for v in model.trainable_variables if v.regularizer is not None]
    penalty = sum(added) if added else keras.ops.zeros(())
    return total - keras.ops.cast(penalty, total.dtype), penalty
