"""A PyTorch model, tried at other weights without touching its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from mlflow_plateau.recorder.pytorch.graph import Trace, trace_of
from mlflow_plateau.recorder.pytorch.layout import to_array, to_tensor, unit_axes
from mlflow_plateau.recorder.pytorch.objective import Objective
from mlflow_plateau.recorder.pytorch.traceless import no_trace_in
from mlflow_plateau.recorder.witness.differentiable import (
    ENDS,
    MOST_WEIGHTS,
    WARM_UP,
    Bounded,
    DeclinedError,
    Losses,
    Weights,
)
from mlflow_plateau.recorder.witness.rows import Rows, each_array
from mlflow_plateau.recorder.witness.saturation import hidden_among
from mlflow_plateau.tracked import FloatArray

TRACED_ROWS = 8
"""Rows of which it is looked at how the outputs come about."""

HOOKS = (
    *("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"),
    *("_global_forward_hooks", "_global_forward_pre_hooks"),
    *("_global_backward_hooks", "_global_backward_pre_hooks"),
)
"""Where PyTorch keeps what is called beside a module."""

BOUNDED = {
    torch.nn.Tanh: "tanh",
    torch.nn.Softsign: "softsign",
    torch.nn.Sigmoid: "sigmoid",
    torch.nn.Hardsigmoid: "hard_sigmoid",
}
"""Modules that are flat at both ends, and Keras' names of what they do."""

HARMLESS = frozenset(("torch", "mlflow_plateau"))
"""Packages whose hooks do nothing but what a model's own code does."""


class TorchModel:
    """``torch.func.functional_call`` gives a module copies of its weights and buffers.

    Everything runs in inference; flags, buffers, attributes and generators are as before
    afterwards, and nobody's ``.grad`` is touched. Weights and gradients are passed in Keras' order
    of axes, see ``layout``. PyTorch's losses hold no penalty, so that it is always 0 here.

    Args:
        model: The model.
        objective: Its loss.
        parameters: The weights that are trained, in the model's order.

    Raises:
        DeclinedError: If experiments could leave a trace, or none can be made.
    """

    def __init__(self, model: Any, objective: Objective, parameters: Sequence[Any]) -> None:
        self._model = model
        self._objective = objective
        self._parameters = tuple(parameters)
        self._modules = (*model.modules(), *(m for o in objective.modules for m in o.modules()))
        _decline_what_leaves_a_trace(model, self._modules, self._parameters)
        self._axes = unit_axes(model)
        trained = {id(parameter) for parameter in self._parameters}
        self._names = [n for n, p in model.named_parameters() if id(p) in trained]
        self._devices = list({parameter.device for parameter in model.parameters()})

    @property
    def weights(self) -> Weights:
        """The trainable weights now."""
        return [self._array(parameter, parameter) for parameter in self._parameters]

    @property
    def names(self) -> Sequence[str]:
        """What each of the weights is called, with its module: ``0/weight``."""
        return ["/".join(name.rsplit(".", 1)) for name in self._names]

    @property
    def needs_targets(self) -> bool:
        """Whether its loss takes targets beside the inputs."""
        return True

    @property
    def aligns_targets(self) -> bool:
        """PyTorch's losses broadcast targets against predictions."""
        return False

    def prepare(self, *parts: Rows) -> float:
        """Calls the model once, which takes longer the first time; nothing is compiled."""
        self.losses(parts[0].part(0, WARM_UP))
        return 0.0

    @property
    def building(self) -> float:
        """Nothing is compiled."""
        return 0.0

    def losses(self, rows: Rows, weights: Weights | None = None) -> Losses:
        """Returns the loss of some rows at given weights, or at the model's own."""
        with self._scope(), torch.no_grad():
            return Losses(float(self._loss(rows, self._copies(weights))), 0.0)

    def gradient(self, rows: Rows, weights: Weights | None = None) -> Weights:
        """Returns the gradient of the mean loss, at given weights or the model's own."""
        with self._scope(), torch.enable_grad():
            copies = self._copies(weights)
            tried = [copies[name].requires_grad_() for name in self._names]
            loss = self._loss(rows, copies)
            if not loss.requires_grad:
                found: Sequence[Any] = [None] * len(tried)
            else:
                found = torch.autograd.grad(loss, tried, allow_unused=True)
            return [
                self._array(torch.zeros_like(copy) if part is None else part, parameter)
                for part, copy, parameter in zip(found, tried, self._parameters, strict=True)
            ]

    def predictions(self, rows: Rows) -> FloatArray | None:
        """Returns what it predicts for some rows in inference, or ``None`` if not in one array."""
        with self._scope(), torch.no_grad():
            outputs, _ = self._outputs(rows, self._copies(None))
            predicted = self._objective.predicted(outputs)
        return None if predicted is None else to_array(predicted, None)

    def bounded_outputs(self, rows: Rows) -> Mapping[str, Bounded]:
        """Returns what hidden modules with an activation of ``ENDS`` make of some rows, by name.

        Functions such as ``torch.tanh`` cannot be looked into.
        """
        found: dict[str, tuple[Any, tuple[float, float]]] = {}

        def keep(name: str, ends: tuple[float, float]) -> Any:
            def hook(module: Any, given: Any, output: Any) -> None:
                found[name] = output, ends

            return hook

        with self._scope(), torch.no_grad():
            handles = [
                module.register_forward_hook(keep(name, ENDS[BOUNDED[type(module)]]))
                for name, module in self._model.named_modules()
                if type(module) in BOUNDED
            ]
            try:
                if handles:
                    outputs, _ = self._outputs(rows, self._copies(None))
                    predicted = self._objective.predicted(outputs)
            finally:
                for handle in handles:
                    handle.remove()
        values = {name: to_array(output, None) for name, (output, _) in found.items()}
        ends = {name: ends for name, (_, ends) in found.items()}
        return hidden_among(values, ends, [to_array(predicted, None)] if found else [])

    def trace(self, rows: Rows) -> Trace:
        """Returns what the outputs of a few rows come out of."""
        with self._scope(), torch.enable_grad():
            copies = self._copies(None)
            for name in self._names:
                copies[name].requires_grad_()
            outputs, _ = self._outputs(rows.part(0, TRACED_ROWS), copies)
            return trace_of(self._objective.predicted(outputs))

    def _loss(self, rows: Rows, copies: dict[str, Any]) -> Any:
        return self._objective.loss(*self._outputs(rows, copies))

    def _outputs(self, rows: Rows, copies: dict[str, Any]) -> tuple[Any, Any]:
        x, y = self._tensors(rows.x), self._tensors(rows.y)
        buffers = {name: buffer.clone() for name, buffer in self._model.named_buffers()}

        def forward(*args: Any, **kwargs: Any) -> Any:
            return torch.func.functional_call(self._model, {**buffers, **copies}, args, kwargs)

        return self._objective.outputs(forward, x, y), y

    def _copies(self, weights: Weights | None) -> dict[str, Any]:
        """Returns a copy of each parameter: a ``forward`` may change them in place."""
        copies = {name: p.detach().clone() for name, p in self._model.named_parameters()}
        if weights is not None:
            for name, array in zip(self._names, weights, strict=True):
                own = dict(self._model.named_parameters())[name]
                copies[name] = to_tensor(array, own, self._axes.get(id(own)))
        return copies

    def _array(self, tensor: Any, parameter: Any) -> FloatArray:
        return to_array(tensor, self._axes.get(id(parameter)))

    def _tensors(self, nested: Any) -> Any:
        own = self._parameters[0]

        def tensor(array: Any) -> Any:
            # A copy: a ``forward`` may change its inputs in place.
            found = torch.from_numpy(np.array(array, order="C")).to(own.device)
            return found.to(own.dtype) if found.is_floating_point() else found

        return each_array(tensor, nested)

    @contextmanager
    def _scope(self) -> Iterator[None]:
        with no_trace_in(self._modules, self._devices):
            yield


def _decline_what_leaves_a_trace(
    model: Any, modules: Sequence[Any], parameters: Sequence[Any]
) -> None:
    if not parameters:
        raise DeclinedError("the optimiser holds none of the model's weights")
    everything = (*model.parameters(), *model.buffers())
    if any(torch.nn.parameter.is_lazy(item) for item in everything):
        raise DeclinedError("the model has weights that are not there yet")
    if any(hasattr(item, "device_mesh") for item in everything):
        raise DeclinedError("the model is distributed")
    if len({item.device for item in everything}) > 1:
        raise DeclinedError("the model is on several devices")
    size = sum(parameter.numel() for parameter in model.parameters())
    if size > MOST_WEIGHTS:
        raise DeclinedError(f"the model has {size:,} weights")
    for module in modules:
        kind = type(module)
        if isinstance(module, torch.jit.ScriptModule):
            raise DeclinedError(f"{kind.__name__} is compiled by TorchScript")
        if kind.__name__ == "OptimizedModule" or vars(module).get("_compiled_call_impl"):
            raise DeclinedError("parts of the model are compiled")
    hook = next(foreign_hooks((*modules, torch.nn.modules.module)), None)
    if hook is not None:
        raise DeclinedError(f"the model has a hook ({hook})")


def foreign_hooks(holders: Sequence[Any]) -> Iterator[str]:
    """Yields the names of hooks of modules that may keep what they see."""
    for holder in holders:
        for table in HOOKS:
            for hook in vars(holder).get(table, {}).values():
                package = getattr(hook, "__module__", None) or type(hook).__module__
                if str(package).split(".")[0] not in HARMLESS:
                    yield getattr(hook, "__qualname__", type(hook).__name__)
