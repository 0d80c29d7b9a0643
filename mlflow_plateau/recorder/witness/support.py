"""Whether a model does worse on validation rows that are unlike its training rows."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from mlflow_plateau.recorder.witness.differentiable import Differentiable
from mlflow_plateau.recorder.witness.rows import Rows, each_array
from mlflow_plateau.tracked import FloatArray

OUTSIDE = 0.25
"""A row is outside the training support that is less likely than this to be a training row, were
there as many of each: a third as dense there as in the validation split."""

LARGEST_WEIGHT = 10.0
"""No row counts as more than so many, so that a few do not decide."""

FEWEST = 20
"""Fewer rows have no mean worth knowing."""


def told_apart(separability: float | None, rows: int) -> bool:
    """Returns whether two splits are told apart better than chance does, by three standard errors.

    Args:
        separability: 2 AUC − 1 of whatever tells them apart.
        rows: Rows of each.

    The standard error of an AUC by chance is √((2n + 1) / (12 n²)) (Hanley & McNeil, 1982).
    """
    if separability is None or rows < FEWEST:
        return False
    return separability > 2 * 3 * math.sqrt((2 * rows + 1) / (12 * rows**2))


def losses_by_support(
    model: Differentiable, validation: Rows, likeness: FloatArray
) -> Mapping[str, float]:
    """Returns the model's losses on validation rows like the training rows, and on the others.

    - ``held_out_inside``, ``held_out_outside``: mean loss of the validation rows inside and outside
      the training support, ``inside_rows`` and ``outside_rows`` of them.
    - ``reweighted_held_out``: Σ wᵢ ℓᵢ / Σ wᵢ with wᵢ = pᵢ / (1 − pᵢ) ≤ ``LARGEST_WEIGHT``, where pᵢ
      is the likeness of row i: what the validation loss would be if the rows came from where the
      training rows do (Shimodaira, 2000; the weights by a classifier: Bickel et al., 2009).
    - ``reweighted_rows``: how many rows that is worth, (Σ wᵢ)² / Σ wᵢ² (Kish, 1965).

    Args:
        model: The model.
        validation: The rows that the likeness is known of.
        likeness: Probability that a row is a training row, shape ``(rows,)``, from 0 to 1.
    """
    found: dict[str, float] = {}
    inside = likeness >= OUTSIDE
    if min(inside.sum(), (~inside).sum()) >= FEWEST:
        for where, chosen in (("inside", inside), ("outside", ~inside)):
            found[f"held_out_{where}"] = model.losses(_taken(validation, chosen)).data
            found[f"{where}_rows"] = float(chosen.sum())
    weights = np.minimum(likeness / np.maximum(1 - likeness, 1e-9), LARGEST_WEIGHT)
    squares = float((weights**2).sum())
    worth = float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
    # Where no row is like the training rows, no weights make them so.
    if worth >= FEWEST and inside.sum() >= FEWEST:
        found["reweighted_held_out"] = model.losses(_taken(validation, drawn(weights))).data
        found["reweighted_rows"] = worth
    return found


def drawn(weights: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Returns rows drawn by their weights, twice as many as there are, so that a mean is weighted.

    Systematic resampling (Kitagawa, 1996): each row comes as often as its share says, rounded up or
    down, and nothing is left to chance.
    """
    shares = np.cumsum(weights) / weights.sum()
    count = 2 * len(weights)
    places = np.searchsorted(shares, (np.arange(count) + 0.5) / count)
    return np.minimum(places, len(weights) - 1)


def _taken(rows: Rows, chosen: np.ndarray[tuple[int], np.dtype[np.generic]]) -> Rows:
    return Rows(
        each_array(lambda array: array[chosen], rows.x),
        each_array(lambda array: array[chosen], rows.y),
        rows.weighted,
    )
