"""Which layers the measurements on gradients are about, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlflow_plateau.history import Witnessed
from mlflow_plateau.recorder.describe.names import layer_in, named
from mlflow_plateau.recorder.witness.gradient_statistics import Kernels
from mlflow_plateau.recorder.witness.gradients import Gradients

if TYPE_CHECKING:
    from mlflow_plateau.recorder.witness.witness import Found

DEGENERATE = ("idle_units", "unit_similarity", "starved_share")
"""What the signal ``degenerate_start`` looks at."""


def layers_of(
    gradients: Gradients, kernels: Kernels, names: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    """Returns the layers that ``gradient_statistics`` found worst, by the name of the measurement.

    Args:
        gradients: The gradients.
        kernels: What they say of each kernel.
        names: What the weights are called: ``dense/kernel``.
    """
    layers = [layer_in(name) for name in names]
    reached = dict.fromkeys(layers, False)
    for layer, part in zip(layers, gradients.reached, strict=True):
        reached[layer] |= bool((part != 0).any())
    lost = [
        layer
        for layer, part in zip(layers, gradients.mean, strict=True)
        if not np.isfinite(part).all()
    ]
    found = {
        "unreached_share": named(layer for layer, is_reached in reached.items() if not is_reached),
        "non_finite": named(dict.fromkeys(lost)),
    }
    if len(kernels.hidden):
        for name, values in (("idle_units", kernels.idle), ("unit_similarity", kernels.alike)):
            worst = kernels.hidden[int(np.argmax(values))]
            found[name] = named((layers[worst],)) if np.max(values) > 0 else ()
    starved = [layers[index] for index in np.array(kernels.all, dtype=int)[kernels.starved]]
    found["starved_share"] = named(dict.fromkeys(starved))
    return found


def facts_of_layers(first: Found | None, last: Found | None) -> Witnessed:
    """Returns what is logged of the layers that the first and the last experiments are about."""
    if first is None or last is None:
        return Witnessed()
    known = [name for name in DEGENERATE if name in first.measured]
    worst = max(known, key=lambda name: first.measured[name], default="")
    return Witnessed(
        unreached_layers=last.layers.get("unreached_share") or None,
        idle_layers=last.layers.get("idle_units") or None,
        copied_layers=last.layers.get("unit_similarity") or None,
        starved_layers=last.layers.get("starved_share") or None,
        degenerate_layers=first.layers.get(worst) or None,
        saturated_layers=last.layers.get("saturated_share") or None,
        lost_gradients=last.layers.get("non_finite") or None,
    )
