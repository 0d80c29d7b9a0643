"""How far the losses of single batches had grown when the first one was NaN or infinite."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.tracked import FloatArray

FEWEST_BEFORE = 3
"""Fewer batches before the first NaN do not tell growth from scatter."""


def growth_before_non_finite(losses: FloatArray) -> float | None:
    """Returns log10(largest of the last two finite losses / median of those before).

    A loss that blows up grows over several steps before it overflows; a bad row or the logarithm
    of zero comes out of the blue.

    Args:
        losses: Mean losses of successive batches, or blocks of them, of one epoch, shape ``(n,)``.

    Returns:
        Decades; ``None`` where all are finite, or too few positive ones came before.
    """
    finite = np.isfinite(losses)
    if finite.all():
        return None
    before = losses[: int(np.argmin(finite))]
    if len(before) < FEWEST_BEFORE or (before <= 0).any():
        return None
    return float(np.log10(before[-2:].max() / np.median(before[:-2])))
