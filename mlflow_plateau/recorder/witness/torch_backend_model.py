"""A Keras model under PyTorch, tried at other weights without touching its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import torch

from mlflow_plateau.recorder.pytorch.layout import to_array
from mlflow_plateau.recorder.pytorch.torch_model import foreign_hooks
from mlflow_plateau.recorder.pytorch.traceless import no_trace_in
from mlflow_plateau.recorder.witness.differentiable import (
    DeclinedError,
    Losses,
    Weights,
)
from mlflow_plateau.recorder.witness.keras_model import KerasModel, as_floats, without_penalty
from mlflow_plateau.recorder.witness.rows import Rows, each_array


class TorchBackendModel(KerasModel):
    """Keras' stateless scope gives variables copies of their values and swallows every assignment.

    Flags, attributes and generators are as before afterwards, and nobody's ``.grad`` is touched.

    Args:
        model: The model, built.
        gradient_declined: As ``KerasModel`` takes it.

    Raises:
        DeclinedError: If layers keep state where the scope does not reach.
    """

    def __init__(self, model: Any, gradient_declined: str = "") -> None:
        super().__init__(model, gradient_declined)
        # Keras' layers are modules of PyTorch's; not all of them are entered as such.
        found = [module for layer in model._flatten_layers() for module in layer.modules()]
        self._modules = list({id(module): module for module in found}.values())
        self._devices = list({variable.value.device for variable in model.variables})
        _decline_what_leaves_a_trace(self._modules)

    def losses(self, rows: Rows, weights: Weights | None = None) -> Losses:
        """Returns the loss of some rows at given weights, or at the model's own."""
        with torch.no_grad(), self._scope(self._copies(weights)):
            data, penalty = without_penalty(self._model, *_tensors(rows))
            return Losses(float(data), float(penalty))

    def gradient(self, rows: Rows, weights: Weights | None = None) -> Weights:
        """Returns the gradient of the mean loss without penalties, at given weights or its own.

        Raises:
            DeclinedError: If the training may follow another gradient.
        """
        self._decline_another_gradient()
        scale = self._loss_scale
        with torch.enable_grad():
            tried = [copy.requires_grad_() for copy in self._copies(weights)]
            with self._scope(tried):
                data, _ = without_penalty(self._model, *_tensors(rows))
                if not data.requires_grad:
                    found: Sequence[Any] = [None] * len(tried)
                else:
                    found = torch.autograd.grad(data * scale, tried, allow_unused=True)
        return [
            to_array(torch.zeros_like(copy) if part is None else part, None) / scale
            for part, copy in zip(found, tried, strict=True)
        ]

    def _called_in_inference(self, part: Any, rows: Rows) -> Any:
        with torch.no_grad(), self._scope(self._copies(None)):
            outputs = part(_tensors(rows)[0], training=False)
        return each_array(lambda values: to_array(values, None), outputs)

    def _copies(self, weights: Weights | None) -> list[Any]:
        own = [variable.value.detach() for variable in self._model.trainable_variables]
        if weights is None:
            return [value.clone() for value in own]
        return [
            torch.tensor(given, dtype=value.dtype, device=value.device)
            for given, value in zip(weights, own, strict=True)
        ]

    @contextmanager
    def _scope(self, values: Sequence[Any]) -> Iterator[None]:
        trained = self._model.trainable_variables
        others = (*self._model.non_trainable_variables, *self._model.metrics_variables)
        # Copies of all: a layer may change them in place.
        mapping = [
            *zip(trained, values, strict=True),
            *((variable, variable.value.detach().clone()) for variable in others),
        ]
        with (
            no_trace_in(self._modules, self._devices),
            keras.StatelessScope(mapping, collect_losses=True, initialize_variables=False),
        ):
            yield


def _tensors(rows: Rows) -> tuple[Any, Any]:
    def tensor(array: Any) -> Any:
        # A copy: a layer may change its inputs in place.
        return keras.ops.convert_to_tensor(as_floats(array).copy())

    return each_array(tensor, rows.x), each_array(tensor, rows.y)


def _decline_what_leaves_a_trace(modules: Sequence[Any]) -> None:
    for module in modules:
        if isinstance(module, torch.nn.ParameterDict):
            continue  # What Keras shows its variables to PyTorch by.
        kind = type(module).__name__
        if not isinstance(module, keras.Layer) or kind == "TorchModuleWrapper":
            raise DeclinedError(f"the model has a module of PyTorch's in it ({kind})")
        if module._parameters or module._buffers:
            raise DeclinedError(f"layer {module.name} keeps tensors of PyTorch's")
    hook = next(foreign_hooks((*modules, torch.nn.modules.module)), None)
    if hook is not None:
        raise DeclinedError(f"the model has a hook ({hook})")
