"""What the gradients of a few micro-batches say about noise, dead units and lost signal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mlflow_plateau.recorder.inner_product import squared_norm
from mlflow_plateau.recorder.witness.differentiable import Weights
from mlflow_plateau.recorder.witness.gradients import Gradients
from mlflow_plateau.tracked import BoolArray, FloatArray

LARGEST_NOISE_SCALE = 1e6
"""Stands for noise without any signal that could be seen."""

COPIES = 1 - 1e-5
"""Units whose mean cosine is this close to 1 are copies of each other, however few."""

BY_CHANCE = 3.0
"""Units that are alike by less than this many standard errors may be so by chance."""

STARVED = 0.01
"""A kernel with less than this share of the largest relative gradient hardly learns."""


def gradient_statistics(
    gradients: Gradients, weights: Weights, kernels: Kernels
) -> Mapping[str, float]:
    """Returns what the gradients say, by name.

    - ``gradient_noise_scale``: in rows, the batch size at which noise and signal of the gradient
      are equal: tr(Σ) / ‖G‖², both estimated without bias from the gradients of micro-batches
      and their mean (McCandlish et al., 2018, appendix A.1).
    - ``gradient_agreement``: mean cosine of the gradients of two micro-batches, from −1 to 1.
    - ``unreached_share``: share of the trainable weights whose gradient is zero in all of them.
    - ``idle_units``: the largest share, over the layers, of units that no gradient reaches.
    - ``unit_similarity``: the largest mean cosine, over the layers, of the incoming weights of two
      units: 1 where all are copies of one, about 0 where they were initialised at random.
    - ``starved_share``: share of the weights in kernels whose ratio of gradient to weights is less
      than a hundredth of the largest one: where gradients vanish on their way.
    """
    found = {
        "gradient_agreement": _agreement(gradients),
        "gradient_noise_scale": noise_scale(gradients),
    }
    total = sum(array.size for array in weights)
    if total:
        zero = sum(
            float((reached == 0).sum()) * (array.size / max(len(reached), 1))
            for reached, array in zip(gradients.reached, weights, strict=True)
        )
        found["unreached_share"] = zero / total
    if len(kernels.hidden):
        found["idle_units"] = float(kernels.idle.max())
        found["unit_similarity"] = float(kernels.alike.max())
        sizes = np.array([weights[index].size for index in kernels.all])
        found["starved_share"] = float(sizes[kernels.starved].sum() / sizes.sum())
    return found


@dataclass(frozen=True)
class Kernels:
    """What the gradients say of each kernel.

    Attributes:
        all: Where the kernels stand among the weights.
        idle: Share of the units that no gradient reaches, of each but the last, shape ``(n − 1,)``.
        alike: Mean cosine of the incoming weights of two units, likewise.
        starved: Whether the relative gradient is less than a hundredth of the largest, ``(n,)``.
    """

    all: list[int]
    idle: FloatArray
    alike: FloatArray
    starved: BoolArray

    @property
    def hidden(self) -> list[int]:
        """Where the kernels before the last stand."""
        return self.all[:-1]


def kernels_of(gradients: Gradients, weights: Weights) -> Kernels:
    """Returns what the gradients say of each kernel."""
    kernels = [index for index, array in enumerate(weights) if array.ndim >= 2]
    ratios = np.array([_norm(gradients.mean[i]) / _norm(weights[i]) for i in kernels])
    return Kernels(
        kernels,
        np.array([float((gradients.reached[i] == 0).mean()) for i in kernels[:-1]]),
        np.array([_similarity(weights[i]) for i in kernels[:-1]]),
        ratios < STARVED * ratios.max(initial=0.0),
    )


def noise_scale(gradients: Gradients) -> float:
    """Returns the simple noise scale in rows, at least 0.

    ‖G‖² ≈ (B‖g_B‖² − b‖g_b‖²) / (B − b), tr(Σ) ≈ (‖g_b‖² − ‖g_B‖²) / (1/b − 1/B), where g_b are
    the gradients of micro-batches of b rows and g_B is that of all their B rows.
    """
    small, count = gradients.rows, len(gradients.squared_norms)
    large = small * count
    of_small = float(gradients.squared_norms.mean())
    of_large = sum(squared_norm(g) for g in gradients.mean)
    signal = (large * of_large - small * of_small) / (large - small)
    noise = (of_small - of_large) / (1 / small - 1 / large)
    if not noise > 0:
        return 0.0
    return min(noise / signal, LARGEST_NOISE_SCALE) if signal > 0 else LARGEST_NOISE_SCALE


def _agreement(gradients: Gradients) -> float:
    count = len(gradients.squared_norms)
    of_mean = sum(squared_norm(g) for g in gradients.mean)
    of_each = float(gradients.squared_norms.mean())
    if not of_each > 0:
        return 0.0
    # ‖ḡ‖² = (Σ‖gᵢ‖² + Σᵢ≠ⱼ gᵢ·gⱼ) / n²
    return (count * of_mean / of_each - 1) / (count - 1)


def _similarity(kernel: FloatArray) -> float:
    columns = kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)
    units = columns.shape[1]
    if units < 2:
        return 0.0
    directions = columns / np.maximum(np.sqrt((columns**2).sum(axis=0)), 1e-30)
    if not directions.any():
        return 1.0  # All of them are zero, and so alike.
    # ‖Σu‖² = Σ‖uᵢ‖² + Σᵢ≠ⱼ uᵢ·uⱼ
    along = float((directions.sum(axis=1) ** 2).sum())
    mean = (along - float((directions**2).sum())) / (units * (units - 1))
    if mean >= COPIES:
        return mean
    # Cosines of random directions have a variance of one over the number of dimensions.
    chance = math.sqrt(2 / (units * (units - 1) * len(columns)))
    return mean - min(BY_CHANCE * chance, max(mean, 0.0))


def _norm(array: FloatArray) -> float:
    return max(float(np.sqrt(squared_norm(array))), 1e-30)
