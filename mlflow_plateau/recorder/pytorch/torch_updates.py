"""What an optimiser of PyTorch would do with a gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mlflow_plateau.recorder.pytorch.layout import to_array, unit_axes
from mlflow_plateau.recorder.witness.differentiable import DeclinedError, NextUpdate, Weights
from mlflow_plateau.tracked import FloatArray

Group = Mapping[str, Any]
"""The options of a group of weights, as ``optimizer.param_groups`` holds them."""

State = Mapping[str, Callable[[], FloatArray]]
"""What the optimiser remembers of a weight, by name; read when it is asked for."""

Scale = Callable[[FloatArray, Group, State], "FloatArray | None"]
"""Returns a gradient as the optimiser scales it before the learning rate, if that is known."""


def next_update_of(optimizer: Any, model: Any, parameters: Sequence[Any]) -> NextUpdate:
    """Returns what the optimiser would subtract for a gradient, as it is when it is asked.

    Args:
        optimizer: The optimiser.
        model: The model.
        parameters: The weights that are trained, in the order of the gradients.
    """
    axes = unit_axes(model)
    return lambda gradient: _step(optimizer, axes, parameters, gradient)


def _step(
    optimizer: Any, axes: Mapping[int, int], parameters: Sequence[Any], gradient: Weights
) -> list[FloatArray]:
    scale = next(
        (SCALES[k.__name__] for k in type(optimizer).__mro__ if k.__name__ in SCALES), None
    )
    unknown = f"what {type(optimizer).__name__} makes of a gradient is not known"
    if scale is None:
        raise DeclinedError(unknown)
    groups = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    step: list[FloatArray] = []
    for parameter, g in zip(parameters, gradient, strict=True):
        group = groups[id(parameter)]
        rate = float(group["lr"])
        part = scale(g, group, _state(optimizer.state.get(parameter, {}), axes.get(id(parameter))))
        if part is None or not np.isfinite(rate) or rate < 0:
            raise DeclinedError(unknown)
        step.append(rate * part)
    if not any(part.any() for part in step):
        raise DeclinedError("the learning rate or the gradient is zero")
    return step


def _state(held: Mapping[str, Any], axis: int | None) -> State:
    def reader(value: Any) -> Callable[[], FloatArray]:
        def read() -> FloatArray:
            if getattr(value, "ndim", 0):
                return to_array(value, axis).astype(np.float64)
            return np.asarray(float(value))

        return read

    return {name: reader(value) for name, value in held.items() if value is not None}


def _plain(gradient: FloatArray, group: Group, state: State) -> FloatArray:
    # In the long run momentum makes every gradient count so often.
    often = (1.0 - float(group.get("dampening", 0.0))) / max(1.0 - float(group["momentum"]), 1e-3)
    scaled: FloatArray = gradient * (often if group["momentum"] else 1.0)
    return scaled


def _adam(gradient: FloatArray, group: Group, state: State) -> FloatArray | None:
    slot = "max_exp_avg_sq" if group.get("amsgrad") else "exp_avg_sq"
    if slot not in state:
        return _never_updated(gradient)
    kept = float(group["betas"][1])
    seen = 1.0 - kept ** (float(state["step"]()) + 1.0)
    square = _counted_in(gradient, state["exp_avg_sq"](), kept)
    if group.get("amsgrad"):
        square = np.maximum(square, state[slot]())
    found: FloatArray = gradient / (np.sqrt(square / seen) + float(group["eps"]))
    return found


def _adamax(gradient: FloatArray, group: Group, state: State) -> FloatArray | None:
    if "exp_inf" not in state:
        return _never_updated(gradient)
    first, second = (float(beta) for beta in group["betas"])
    seen = 1.0 - first ** (float(state["step"]()) + 1.0)
    most = np.maximum(second * state["exp_inf"](), np.abs(gradient) + float(group["eps"]))
    found: FloatArray = gradient / most / seen
    return found


def _rmsprop(gradient: FloatArray, group: Group, state: State) -> FloatArray | None:
    if "square_avg" not in state:
        return _never_updated(gradient)
    kept = float(group["alpha"])
    square = _counted_in(gradient, state["square_avg"](), kept)
    if group.get("centered"):
        mean = kept * state["grad_avg"]() + (1.0 - kept) * gradient
        square = np.maximum(square - mean**2, 0.0)
    often = 1.0 / max(1.0 - float(group.get("momentum", 0.0)), 1e-3)
    found: FloatArray = often * gradient / (np.sqrt(square) + float(group["eps"]))
    return found


def _adagrad(gradient: FloatArray, group: Group, state: State) -> FloatArray | None:
    if "sum" not in state:
        return _never_updated(gradient)
    slower = 1.0 + float(state["step"]()) * float(group.get("lr_decay", 0.0))
    square = state["sum"]() + np.square(gradient, dtype=np.float64)
    found: FloatArray = gradient / (np.sqrt(square) + float(group["eps"])) / slower
    return found


def _counted_in(gradient: FloatArray, squares: FloatArray, kept: float) -> FloatArray:
    # The optimiser counts a gradient in before it divides: a weight that none has reached yet, such
    # as a bias before a batch normalisation, makes no leap.
    found: FloatArray = kept * squares + (1.0 - kept) * np.square(gradient, dtype=np.float64)
    return found


def _never_updated(gradient: FloatArray) -> FloatArray | None:
    """Returns no step for a weight that no gradient ever reached; ``None`` if one does now."""
    return None if gradient.any() else np.zeros_like(gradient)


SCALES: Mapping[str, Scale] = {
    "SGD": _plain,
    "Adam": _adam,
    "AdamW": _adam,
    "NAdam": _adam,
    "Adamax": _adamax,
    "RMSprop": _rmsprop,
    "Adagrad": _adagrad,
}
"""How an optimiser scales a gradient, by the class that it is or is made from."""
