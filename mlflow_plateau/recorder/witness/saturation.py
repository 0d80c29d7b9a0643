"""How many outputs of hidden layers lie where their activation is flat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mlflow_plateau.recorder.describe.names import named
from mlflow_plateau.recorder.witness.differentiable import Bounded, Differentiable
from mlflow_plateau.recorder.witness.rows import Rows
from mlflow_plateau.tracked import FloatArray

NEAR = 0.01
"""So near to an end, as a share of the range, the slope of tanh and of the logistic function is
below 4 % of the largest."""

ROWS = 32
"""All outputs of these rows are held at a time."""


def saturation(
    model: Differentiable, training: Rows
) -> tuple[Mapping[str, float], Mapping[str, tuple[str, ...]]]:
    """Returns how far hidden layers are saturated, and which is it most, by the measurement's name.

    - ``saturated_share``: the largest share, over the hidden layers with a bounded activation, of
      outputs that lie at one of its ends, where next to no gradient passes (Glorot & Bengio, 2010,
      section 3). Nothing where there is no such layer, or it cannot be looked into.
    """
    shares = {
        layer: _share_at_ends(found)
        for layer, found in model.bounded_outputs(training.part(0, ROWS)).items()
        if found.values.size and _lies_within(found)
    }
    if not shares:
        return {}, {}
    worst = max(shares, key=lambda layer: shares[layer])
    layers = named((worst,)) if shares[worst] > 0 else ()
    return {"saturated_share": shares[worst]}, {"saturated_share": layers}


def _lies_within(found: Bounded) -> bool:
    low, high = found.ends
    slack = NEAR * (high - low)
    return bool(np.all((found.values >= low - slack) & (found.values <= high + slack)))


def hidden_among(
    layers: Mapping[str, FloatArray],
    ends: Mapping[str, tuple[float, float]],
    predicted: Sequence[FloatArray],
) -> Mapping[str, Bounded]:
    """Returns the layers that are not the model's output: there, ends are where it is sure.

    Args:
        layers: The outputs of layers, by name.
        ends: What each lies between.
        predicted: The model's outputs; what is reshaped into one of them is no hidden layer.
    """
    return {
        name: Bounded(values, ends[name])
        for name, values in layers.items()
        if not any(_hold_the_same(values, final) for final in predicted)
    }


def _hold_the_same(one: FloatArray, other: FloatArray) -> bool:
    if one.size != other.size:
        return False
    return bool(np.array_equal(np.sort(one, axis=None), np.sort(other, axis=None)))


def _share_at_ends(found: Bounded) -> float:
    low, high = found.ends
    position = (found.values.astype(np.float64) - low) / (high - low)
    return float(((position < NEAR) | (position > 1 - NEAR)).mean())
