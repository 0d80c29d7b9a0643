"""Steps of other sizes along the optimiser's direction: how much would a larger one gain?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mlflow_plateau.record.describe.number import number_in
from mlflow_plateau.record.describe.optimizer import current_rate, inner_optimizer
from mlflow_plateau.record.witness.differentiable import Differentiable, Weights
from mlflow_plateau.record.witness.gradients import Gradients
from mlflow_plateau.record.witness.sample import Rows
from mlflow_plateau.tracked import FloatArray

MULTIPLES: tuple[float, ...] = tuple(10.0**power for power in np.arange(-2.0, 4.01, 0.5))
"""Multiples of the current step that are tried."""


def step_probe(
    model: Differentiable, optimizer: Any, gradients: Gradients, training: Rows
) -> Mapping[str, float]:
    """Returns what steps along the direction of the next update would bring.

    The direction is made of the first half of the micro-batches, as the optimiser would: scaled by
    its second moments where it keeps them. The loss is taken on the second half, whose rows the
    direction does not know.

    - ``best_multiple``: log10 of the multiple of the current step with the lowest loss.
    - ``best_multiple_gain``: what that lowers the loss by, in units of the loss; 0 if nothing does.
    - ``current_gain``: what a step of the current size lowers it by; negative if it does harm.
    """
    step = _step(inner_optimizer(optimizer), gradients.first_half)
    if step is None or not all(np.isfinite(part).all() for part in step):
        return {}
    count = len(gradients.squared_norms)
    rows = training.part(count // 2 * gradients.rows, count * gradients.rows)
    weights = model.weights
    now = model.losses(rows).data
    gains: list[float] = []
    for multiple in MULTIPLES:
        moved = [
            (w - multiple * part).astype(w.dtype) for w, part in zip(weights, step, strict=True)
        ]
        gain = now - model.losses(rows, moved).data
        gains.append(gain if np.isfinite(gain) else -np.inf)
        if len(gains) > 6 and gain < min(0.0, gains[-2]) and gain < -abs(now):
            break  # Larger ones only do more harm.
    best = int(np.argmax(gains))
    current = gains[MULTIPLES.index(1.0)]
    found = {"best_multiple_gain": max(gains[best], 0.0)}
    if np.isfinite(current):
        found["current_gain"] = current
    if gains[best] > 0:
        found["best_multiple"] = float(np.log10(MULTIPLES[best]))
    return found


def _step(optimizer: Any, gradient: Weights) -> list[FloatArray] | None:
    """Returns what the optimiser would subtract from the weights; ``None`` where nobody knows."""
    rate = current_rate(optimizer)
    scale = next(
        (SCALES[k.__name__] for k in type(optimizer).__mro__ if k.__name__ in SCALES), None
    )
    if scale is None or not np.isfinite(rate) or rate <= 0:
        return None
    scaled = scale(optimizer, gradient)
    return None if scaled is None else [rate * part for part in scaled]


def _plain(optimizer: Any, gradient: Weights) -> list[FloatArray]:
    # In the long run momentum makes every gradient count so often.
    often = 1.0 / max(1.0 - float(optimizer.momentum), 1e-3)
    return [often * g for g in gradient]


def _by_second_moment(slot: str, decay: str, *, corrected: bool) -> Callable[..., Any]:
    def scale(optimizer: Any, gradient: Weights) -> list[FloatArray] | None:
        slots = getattr(optimizer, slot, None)
        if not slots or len(slots) != len(gradient):
            return None
        seen = 1.0
        if corrected:
            seen = 1.0 - float(getattr(optimizer, decay)) ** max(
                int(number_in(optimizer.iterations)), 1
            )
        epsilon = float(optimizer.epsilon)
        return [
            g / (np.sqrt(np.array(v.value.value(), dtype=np.float64) / seen) + epsilon)
            for g, v in zip(gradient, slots, strict=True)
        ]

    return scale


SCALES: Mapping[str, Callable[[Any, Weights], list[FloatArray] | None]] = {
    "SGD": _plain,
    "Adam": _by_second_moment("_velocities", "beta_2", corrected=True),
    "Nadam": _by_second_moment("_velocities", "beta_2", corrected=True),
    "RMSprop": _by_second_moment("_velocities", "rho", corrected=False),
    "Adagrad": _by_second_moment("_accumulators", "", corrected=False),
}
"""How an optimiser scales a gradient, by the class that it is or is made from."""
