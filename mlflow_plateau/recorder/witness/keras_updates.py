"""What an optimiser of Keras would do with a gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mlflow_plateau.recorder.describe.number import number_in
from mlflow_plateau.recorder.describe.optimizer import current_rate, inner_optimizer
from mlflow_plateau.recorder.inner_product import squared_norm
from mlflow_plateau.recorder.measure.variables import whole
from mlflow_plateau.recorder.witness.differentiable import DeclinedError, NextUpdate, Weights
from mlflow_plateau.tracked import FloatArray


def next_update_of(optimizer: Any) -> NextUpdate:
    """Returns what the optimiser would subtract for a gradient, as it is when it is asked."""
    return lambda gradient: _step(inner_optimizer(optimizer), gradient)


def _step(optimizer: Any, gradient: Weights) -> list[FloatArray]:
    """Returns what the optimiser would subtract from the weights.

    Raises:
        DeclinedError: If nobody knows.
    """
    rate = current_rate(optimizer)
    scale = next(
        (SCALES[k.__name__] for k in type(optimizer).__mro__ if k.__name__ in SCALES), None
    )
    if scale is None:
        raise DeclinedError(f"what {type(optimizer).__name__} makes of a gradient is not known")
    if not np.isfinite(rate):
        raise DeclinedError("the learning rate cannot be read")
    if rate <= 0:
        raise DeclinedError("the learning rate is zero")
    scaled = scale(optimizer, _clipped(optimizer, gradient))
    if scaled is None:
        raise DeclinedError("the optimizer does not keep the moments of all trainable weights")
    return [rate * part for part in scaled]


def _clipped(optimizer: Any, gradient: Weights) -> Weights:
    """Returns a gradient as the optimiser cuts it back before it uses it."""
    value = getattr(optimizer, "clipvalue", None)
    norm = getattr(optimizer, "clipnorm", None)
    total = getattr(optimizer, "global_clipnorm", None)
    if norm:
        return [g * min(1.0, norm / max(np.sqrt(squared_norm(g)), 1e-30)) for g in gradient]
    if total:
        size = np.sqrt(sum(squared_norm(g) for g in gradient))
        return [g * min(1.0, total / max(float(size), 1e-30)) for g in gradient]
    return [np.clip(g, -value, value) for g in gradient] if value else gradient


def _plain(optimizer: Any, gradient: Weights) -> list[FloatArray]:
    # In the long run momentum makes every gradient count so often.
    often = 1.0 / max(1.0 - float(optimizer.momentum), 1e-3)
    return [often * g for g in gradient]


def _by_second_moment(slot: str, decay: str, *, corrected: bool) -> Callable[..., Any]:
    def scale(optimizer: Any, gradient: Weights) -> list[FloatArray] | None:
        slots = getattr(optimizer, slot, None)
        if not slots or len(slots) != len(gradient):
            return None
        # Without a decay all squares are summed.
        kept = float(getattr(optimizer, decay)) if decay else 1.0
        taken = 1.0 - kept if decay else 1.0
        seen = 1.0 - kept ** (int(number_in(optimizer.iterations)) + 1) if corrected else 1.0
        epsilon = float(optimizer.epsilon)
        return [
            g / (np.sqrt((kept * _held(v) + taken * _square(g)) / seen) + epsilon)
            for g, v in zip(gradient, slots, strict=True)
        ]

    return scale


def _held(variable: Any) -> FloatArray:
    return whole(variable).astype(np.float64)


def _square(gradient: FloatArray) -> FloatArray:
    # The optimiser counts a gradient in before it divides: a weight that none has reached yet, such
    # as a bias before a batch normalisation, makes no leap.
    found: FloatArray = np.square(gradient, dtype=np.float64)
    return found


SCALES: Mapping[str, Callable[[Any, Weights], list[FloatArray] | None]] = {
    "SGD": _plain,
    "Adam": _by_second_moment("_velocities", "beta_2", corrected=True),
    "Nadam": _by_second_moment("_velocities", "beta_2", corrected=True),
    "RMSprop": _by_second_moment("_velocities", "rho", corrected=False),
    "Adagrad": _by_second_moment("_accumulators", "", corrected=False),
}
"""How an optimiser scales a gradient, by the class that it is or is made from."""
