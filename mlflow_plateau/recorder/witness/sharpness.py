"""How sharply the loss curves, in units of what the current step size can bear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mlflow_plateau.recorder.inner_product import inner_product
from mlflow_plateau.recorder.witness.differentiable import (
    DeclinedError,
    Differentiable,
    NextUpdate,
    Weights,
)
from mlflow_plateau.recorder.witness.gradients import NOT_FINITE
from mlflow_plateau.recorder.witness.rows import Rows
from mlflow_plateau.tracked import FloatArray

ITERATIONS = 6
"""Products with the Hessian; the gradient, from which it begins, lies mostly along the sharpest."""

EDGE = 2.0
"""Above it steps of a constant size along an eigenvector overshoot by more than they began with."""

RADIUS = 1e-3
"""How far from the weights gradients are compared, as a share of the weights' norm."""


def sharpness(
    model: Differentiable, next_update: NextUpdate, rows: Rows, start: Weights
) -> Mapping[str, float]:
    """Returns the curvature of the loss in units of the current step size.

    - ``sharpness``: λ / 2, where λ is the largest eigenvalue of ηP⁻¹H, H is the Hessian of the
      loss, and ηP⁻¹ is what the optimiser multiplies a gradient by; for plain SGD that is the
      largest eigenvalue of H against 2 / learning rate. Above 1 full-batch steps are unstable
      (Cohen et al., 2021, 2022).
    - ``step_curvature``: sᵀHs / gᵀs of the next update s = ηP⁻¹g: one over the multiple of the
      update at which the parabola along it has its minimum.

    The eigenvalues are those of a few steps of Lanczos' method on the symmetric (ηP⁻¹)½H(ηP⁻¹)½,
    rather too small than too large in size (Golub & Van Loan, 2013, section 10.1).
    Hessian-vector products are central differences of gradients.

    Args:
        model: The model.
        next_update: What its optimiser would do.
        rows: Rows that the loss is taken of.
        start: The gradient of these rows at the current weights.

    Raises:
        DeclinedError: If nobody knows the next update, or it is not finite.
    """
    gradient = [np.asarray(part, dtype=np.float64) for part in start]
    step = next_update(start)
    if not all(np.isfinite(part).all() for part in (*gradient, *step)):
        raise DeclinedError(NOT_FINITE)
    # What the optimiser multiplies each gradient by, and its root.
    roots = [
        np.sqrt(np.maximum(np.divide(s, g, out=np.zeros_like(g), where=g != 0), 0.0))
        for s, g in zip(step, gradient, strict=True)
    ]
    direction = _unit([root * g for root, g in zip(roots, gradient, strict=True)])
    diagonal: list[float] = []
    beside: list[float] = []
    before: list[FloatArray] | None = None
    while direction is not None and len(diagonal) < ITERATIONS:
        along = [root * part for root, part in zip(roots, direction, strict=True)]
        product = _hessian_times(model, rows, along)
        turned = [root * part for root, part in zip(roots, product, strict=True)]
        diagonal.append(_dot(direction, turned))
        rest = [t - diagonal[-1] * d for t, d in zip(turned, direction, strict=True)]
        if before is not None:
            rest = [r - beside[-1] * b for r, b in zip(rest, before, strict=True)]
        beside.append(float(np.sqrt(_dot(rest, rest))))
        before, direction = direction, _unit(rest)
    if not diagonal or not np.isfinite([*diagonal, *beside]).all():
        return {}
    tridiagonal = np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
    eigenvalues = np.linalg.eigvalsh(tridiagonal)
    most = float(eigenvalues[-1])
    return {
        "sharpness": most / EDGE,
        # The first direction R½g has the curvature of the update s = Rg itself.
        "step_curvature": diagonal[0],
    }


def _hessian_times(model: Differentiable, rows: Rows, vector: Weights) -> list[FloatArray]:
    """Returns Hv ≈ (∇L(w + rv) − ∇L(w − rv)) / 2r."""
    weights = model.weights
    length = max(np.sqrt(_dot(vector, vector)), 1e-30)
    radius = RADIUS * max(np.sqrt(_dot(weights, weights)), 1e-3) / length
    sides = [
        model.gradient(
            rows,
            [(w + sign * radius * v).astype(w.dtype) for w, v in zip(weights, vector, strict=True)],
        )
        for sign in (1.0, -1.0)
    ]
    return [
        (np.asarray(ahead, dtype=np.float64) - behind) / (2 * radius)
        for ahead, behind in zip(*sides, strict=True)
    ]


def _dot(one: Sequence[FloatArray], other: Sequence[FloatArray]) -> float:
    return sum(inner_product(a, b) for a, b in zip(one, other, strict=True))


def _unit(vector: Sequence[FloatArray]) -> list[FloatArray] | None:
    """Returns a vector of length 1 in the same direction, or ``None`` where there is none."""
    length = np.sqrt(_dot(vector, vector))
    if not 0 < length < np.inf:
        return None
    return [part / length for part in vector]
