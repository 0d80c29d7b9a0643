"""Do validation's targets stand under other numbers: classes renamed, columns exchanged?

The model tells: rows of one class are what it predicts another for. The numbers are given out so
that all classes, or all columns, together agree best with what is predicted for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from mlflow_plateau.recorder.witness.rows import Rows
from mlflow_plateau.tracked import FloatArray

MOST_NUMBERS = 100
"""Of more classes or columns each has too few of the rows."""

MOST_SAID = 12
"""So many numbers are listed."""

Array = np.ndarray[Any, np.dtype[Any]]


def as_predicted(rows: Rows, predictions: FloatArray) -> tuple[str, Rows] | None:
    """Returns rows with the targets that the model knows them by, and that in words.

    Args:
        rows: Validation rows.
        predictions: What the model predicts for them: probabilities or logits of classes, or values
            of the targets' columns, shape ``(rows, columns)``.

    Returns:
        ``None`` where these are the targets that they have, or nothing can be told.
    """
    from scipy.optimize import linear_sum_assignment

    y = rows.y
    if not isinstance(y, np.ndarray) or predictions.ndim != 2 or not np.isfinite(predictions).all():
        return None
    classes = _class_of(y)
    if classes is not None:
        found = _by_class(classes, predictions)
        what, renamed = "classes", _recoded
    else:
        found = _by_column(y, predictions)
        what, renamed = "target columns", _reordered
    if found is None:
        return None
    numbers, agreement = found
    own, new = linear_sum_assignment(agreement, maximize=True)
    known_by = dict(zip([numbers[i] for i in own], new.tolist(), strict=True))
    moved = {number: other for number, other in known_by.items() if number != other}
    if not moved:
        return None
    which, others = (_listed(side) for side in (moved, moved.values()))
    said = f"its {what} {which} taken for {others}"
    return said, Rows(rows.x, renamed(y, known_by), rows.weighted)


def _listed(numbers: Iterable[int]) -> str:
    shown = [str(number) for number in islice(numbers, MOST_SAID + 1)]
    return ", ".join([*shown[:MOST_SAID], "…"] if len(shown) > MOST_SAID else shown)


def _by_class(classes: Array, predictions: FloatArray) -> tuple[Sequence[int], FloatArray] | None:
    """Returns the classes, and the mean prediction of each number for the rows of each."""
    # One column is the probability, or the logit, of the second of two classes.
    scores = np.hstack([-predictions, predictions]) if predictions.shape[1] == 1 else predictions
    numbers = np.unique(classes).tolist()
    if not 2 <= len(numbers) <= min(scores.shape[1], MOST_NUMBERS):
        return None
    if min(numbers) < 0 or max(numbers) >= scores.shape[1]:
        return None
    return numbers, np.array([scores[classes == number].mean(axis=0) for number in numbers])


def _by_column(y: Array, predictions: FloatArray) -> tuple[Sequence[int], FloatArray] | None:
    """Returns the columns, and the correlation of each with each column of the predictions."""
    if y.shape != predictions.shape or not 2 <= y.shape[1] <= MOST_NUMBERS:
        return None
    targets, predicted = (
        (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-12)
        for values in (y.astype(np.float64), predictions.astype(np.float64))
    )
    return range(y.shape[1]), np.einsum("ij,ik->jk", targets, predicted) / len(y)


def _recoded(y: Array, known_by: Mapping[int, int]) -> Array:
    """Returns targets that are classes under other numbers."""
    if _is_one_hot(y):
        return _reordered(y, {number: known_by.get(number, number) for number in range(y.shape[1])})
    new = np.vectorize(known_by.__getitem__, otypes=[y.dtype])(y.astype(np.int64))
    return np.asarray(new)


def _reordered(y: Array, known_by: Mapping[int, int]) -> Array:
    """Returns targets with each column where it is known to be."""
    found = np.zeros_like(y)
    for column, other in known_by.items():
        found[:, other] += y[:, column]
    return found


def _class_of(y: Array) -> Array | None:
    """Returns the class of each row, or ``None`` where targets are no classes."""
    if _is_one_hot(y):
        return np.asarray(y.argmax(axis=1))
    is_column = y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1)
    if not is_column or y.dtype.kind not in "fiub" or not np.array_equal(y, np.rint(y)):
        return None
    return np.asarray(y.reshape(-1).astype(np.int64))


def _is_one_hot(y: Array) -> bool:
    several = y.ndim == 2 and y.shape[1] > 1 and y.dtype.kind in "fiub"
    return several and bool(np.isin(y, (0, 1)).all()) and bool((y.sum(axis=1) == 1).all())
