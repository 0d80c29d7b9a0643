"""Steps of other sizes along the optimiser's direction: how much would a larger one gain?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlflow_plateau.recorder.witness.differentiable import (
    DeclinedError,
    Differentiable,
    NextUpdate,
)
from mlflow_plateau.recorder.witness.gradients import NOT_FINITE, Gradients
from mlflow_plateau.recorder.witness.rows import Rows

MULTIPLES: tuple[float, ...] = tuple(10.0**power for power in np.arange(-2.0, 4.01, 0.5))
"""Multiples of the current step that are tried."""

FEWEST_TRIED = 6
"""This many multiples are tried whatever harm the largest of them does."""


def step_probe(
    model: Differentiable, next_update: NextUpdate, gradients: Gradients, training: Rows
) -> Mapping[str, float]:
    """Returns what steps along the direction of the next update would bring.

    The direction is made of the first half of the micro-batches, as the optimiser would: scaled by
    its second moments where it keeps them. The loss is taken on the second half, whose rows the
    direction does not know.

    - ``best_multiple``: log10 of the multiple of the current step with the lowest loss.
    - ``best_multiple_gain``: what that lowers the loss by, in units of the loss; 0 if nothing does.
    - ``current_gain``: what a step of the current size lowers it by; negative if it does harm.

    Raises:
        DeclinedError: If nobody knows the next update, or it is not finite.
    """
    step = next_update(gradients.first_half)
    if not all(np.isfinite(part).all() for part in step):
        raise DeclinedError(NOT_FINITE)
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
        if len(gains) > FEWEST_TRIED and gain < min(0.0, gains[-2]) and gain < -abs(now):
            break  # Larger ones only do more harm.
    best = int(np.argmax(gains))
    current = gains[MULTIPLES.index(1.0)]
    found = {"best_multiple_gain": max(gains[best], 0.0)}
    if np.isfinite(current):
        found["current_gain"] = current
    if gains[best] > 0:
        found["best_multiple"] = float(np.log10(MULTIPLES[best]))
    return found
