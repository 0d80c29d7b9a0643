"""What is minimised: how outputs and a loss come out of rows, and what the loss is called."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from mlflow_plateau.recorder.witness.differentiable import DeclinedError
from mlflow_plateau.recorder.witness.rows import Rows

Forward = Callable[..., Any]
"""Calls the model, at whatever weights."""

NAMES: Mapping[str, tuple[str, bool | None]] = {
    "cross_entropy": ("sparse_categorical_crossentropy", True),
    "nll": ("sparse_categorical_crossentropy", None),
    "binary_cross_entropy_with_logits": ("binary_crossentropy", True),
    "bce_with_logits": ("binary_crossentropy", True),
    "binary_cross_entropy": ("binary_crossentropy", False),
    "bce": ("binary_crossentropy", False),
    "mse": ("mean_squared_error", None),
    "l1": ("mean_absolute_error", None),
    "smooth_l1": ("huber", None),
    "huber": ("huber", None),
    "kl_div": ("kl_divergence", None),
    "poisson_nll": ("poisson", None),
}
"""By PyTorch's name without ``loss``: the name in ``Setup``, and whether it takes logits."""

ELEMENTWISE = frozenset(
    ("binary_crossentropy", "mean_squared_error", "mean_absolute_error", "huber", "poisson")
)
"""Losses whose targets have the shape and type of the outputs."""

MEANS = frozenset(("mean", "batchmean"))
"""Reductions that make a loss comparable between batches of different size."""


class Objective(Protocol):
    """How a training's loss comes about."""

    def name(self, rows: Rows | None) -> str | None:
        """Returns the snake-case name of the loss, given rows that show which targets it takes."""

    def from_logits(self, output_activation: str | None) -> bool | None:
        """Returns whether a cross-entropy takes logits; ``None`` for other losses."""

    def option(self, name: str, default: Any) -> Any:
        """Returns an option of the loss, such as ``label_smoothing``."""

    @property
    def modules(self) -> tuple[Any, ...]:
        """Modules of its own."""

    def outputs(self, forward: Forward, x: Any, y: Any) -> Any:
        """Returns what the model puts out for some rows."""

    def predicted(self, outputs: Any) -> Any:
        """Returns the tensor among the outputs that is compared with the targets, or ``None``."""

    def loss(self, outputs: Any, y: Any) -> Any:
        """Returns the mean loss of outputs, a tensor with one value.

        Raises:
            DeclinedError: If that is not what the loss is.
        """


@dataclass(frozen=True)
class GivenLoss:
    """A loss that is called with what the model puts out and the targets.

    Attributes:
        function: A module or a function, such as ``torch.nn.CrossEntropyLoss()``.
        signature: Of the model's ``forward``, which says how nested inputs are passed.
    """

    function: Any
    signature: inspect.Signature | None = None

    def name(self, rows: Rows | None) -> str | None:
        """Returns the snake-case name of the loss."""
        plain = _plain_name(self.function)
        if plain is None:
            return None
        found = NAMES.get(plain, (plain, None))[0]
        given = None if rows is None or rows.y is None else getattr(rows.y, "dtype", None)
        if plain == "cross_entropy" and getattr(given, "kind", "") == "f":
            return "categorical_crossentropy"
        return found

    def from_logits(self, output_activation: str | None) -> bool | None:
        """Returns whether a cross-entropy takes logits; ``None`` for other losses."""
        plain = _plain_name(self.function)
        if plain == "nll" and output_activation is not None:
            # Logarithms of probabilities are logits that happen to be normalised.
            return output_activation == "log_softmax"
        return NAMES.get(plain or "", (None, None))[1]

    def option(self, name: str, default: Any) -> Any:
        """Returns an option of the loss, such as ``label_smoothing``."""
        given = getattr(self.function, "keywords", None) or {}
        return given.get(name, getattr(self.function, name, default))

    @property
    def modules(self) -> tuple[Any, ...]:
        """The loss, if it is a module."""
        return (self.function,) if isinstance(self.function, torch.nn.Module) else ()

    def outputs(self, forward: Forward, x: Any, y: Any) -> Any:
        """Returns what the model puts out for some rows."""
        if isinstance(x, Mapping) and self._takes(**x):
            return forward(**x)
        if isinstance(x, (list, tuple)) and self._takes(*x):
            return forward(*x)
        return forward(x)

    def predicted(self, outputs: Any) -> Any:
        """Returns the outputs where they are one tensor."""
        return outputs if isinstance(outputs, torch.Tensor) else None

    def loss(self, outputs: Any, y: Any) -> Any:
        """Returns the mean loss of outputs, a tensor with one value."""
        reduction = self.option("reduction", "mean")
        if reduction not in MEANS:
            raise DeclinedError(f"the loss is no mean over the rows (reduction={reduction!r})")
        if isinstance(outputs, torch.Tensor) and isinstance(y, torch.Tensor):
            y = self._fitting(outputs, y)
        try:
            found = _with_buffers_kept(self.function)(outputs, y)
        except Exception as error:
            raise DeclinedError(
                "the loss cannot be called with the model's outputs and the targets of the sample"
                f" ({type(error).__name__}: {_first_line(error)})"
            ) from error
        if not isinstance(found, torch.Tensor) or found.numel() != 1:
            raise DeclinedError("the loss does not return a single number")
        return found.reshape(())

    def _takes(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return self.signature is not None and bool(self.signature.bind(*args, **kwargs))
        except TypeError:
            return False

    def _fitting(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Returns targets in the type and shape that a loss of PyTorch's asks for."""
        plain = _plain_name(self.function)
        if NAMES.get(plain or "", ("",))[0] in ELEMENTWISE:
            y = y.to(outputs.dtype)
            # Not broadcast: a column against a row would compare every row with every other.
            return y.reshape(outputs.shape) if y.numel() == outputs.numel() else y
        if plain in ("cross_entropy", "nll") and y.shape != outputs.shape:
            ids = y.squeeze(-1) if y.ndim == outputs.ndim and y.shape[-1] == 1 else y
            return ids.long()
        return y


@dataclass(frozen=True)
class OwnLoss:
    """The loss that a model of Hugging Face returns with its outputs where it is given labels.

    Attributes:
        model: The model.
    """

    model: Any

    def name(self, rows: Rows | None) -> str | None:
        """Returns the snake-case name of the loss, as far as the model says which it is."""
        kind = getattr(getattr(self.model, "config", None), "problem_type", None)
        if kind in _PROBLEMS:
            return _PROBLEMS[kind]
        given = None if rows is None or rows.y is None else getattr(rows.y, "dtype", None)
        return "sparse_categorical_crossentropy" if getattr(given, "kind", "") in "iu" else None

    def from_logits(self, output_activation: str | None) -> bool | None:
        """Returns whether a cross-entropy takes logits; models of Hugging Face put out logits."""
        kind = getattr(getattr(self.model, "config", None), "problem_type", None)
        return None if kind == "regression" else True

    def option(self, name: str, default: Any) -> Any:
        """Returns the default: such a loss has no options."""
        return default

    @property
    def modules(self) -> tuple[Any, ...]:
        """None: the loss is a part of the model."""
        return ()

    def outputs(self, forward: Forward, x: Any, y: Any) -> Any:
        """Returns what the model puts out for some rows."""
        return forward(**x, labels=y)

    def predicted(self, outputs: Any) -> Any:
        """Returns the logits."""
        logits = _named(outputs, "logits")
        return logits if isinstance(logits, torch.Tensor) else None

    def loss(self, outputs: Any, y: Any) -> Any:
        """Returns the loss among the outputs."""
        found = _named(outputs, "loss")
        if not isinstance(found, torch.Tensor) or found.numel() != 1:
            raise DeclinedError("the model returns no loss with its outputs")
        return found.reshape(())


def _named(outputs: Any, name: str) -> Any:
    """Returns one of a model's outputs, which may be an object or a dict."""
    if isinstance(outputs, Mapping):
        return outputs.get(name)
    return getattr(outputs, name, None)


_PROBLEMS = {
    "regression": "mean_squared_error",
    "single_label_classification": "sparse_categorical_crossentropy",
    "multi_label_classification": "binary_crossentropy",
}


def signature_of(model: Any) -> inspect.Signature | None:
    """Returns how a model is called, where that can be found out."""
    try:
        return inspect.signature(model.forward)
    except (TypeError, ValueError):
        return None


def _plain_name(given: Any) -> str | None:
    """Returns PyTorch's name of a loss without ``loss``, in snake case."""
    if isinstance(given, functools.partial):
        given = given.func
    if not inspect.isroutine(given) and not inspect.isclass(given):
        given = type(given)
    name = getattr(given, "__name__", None)
    if not name or name == "<lambda>":
        return None
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return re.sub(r"_?loss$", "", apart) or apart


def _with_buffers_kept(function: Any) -> Callable[..., Any]:
    if not isinstance(function, torch.nn.Module):
        return function  # type: ignore[no-any-return]  # any callable
    copies = {name: buffer.clone() for name, buffer in function.named_buffers()}
    return lambda *args: torch.func.functional_call(function, copies, args)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:200]
