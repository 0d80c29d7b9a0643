"""Inputs of any shape as a matrix that a quick model can take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlflow_plateau.tracked import FloatArray

MOST_COLUMNS = 256
"""Wider inputs are averaged over neighbouring values until they fit."""

LARGEST = 1e12
"""Values are kept below this, so that their squares are finite in double precision."""


class Features:
    """The way from inputs to a matrix, fitted on training rows.

    Numbers are flattened, wide ones averaged over neighbours first; rows of whole numbers also
    become counts of the most frequent ids, since order and size of an id mean nothing. Missing
    values become the column's median, and every column is standardised.

    Args:
        parts: Arrays of the training inputs, each of shape ``(rows, …)``.

    Raises:
        ValueError: If no part holds numbers.
    """

    def __init__(self, parts: Sequence[npt.NDArray[Any]]) -> None:
        usable = [index for index, part in enumerate(parts) if part.dtype.kind in "biuf"]
        if not usable:
            raise ValueError("none of the inputs holds numbers")
        self._used = usable
        self._ids = {i: _frequent_ids(parts[i]) for i in usable if _holds_ids(parts[i])}
        self._width = max(1, MOST_COLUMNS // len(usable))
        matrix = self._columns(parts)
        self._middle: FloatArray = np.nan_to_num(_median(matrix))
        filled = np.where(np.isnan(matrix), self._middle, matrix)
        self._mean: FloatArray = filled.mean(axis=0)
        deviation = filled.std(axis=0)
        # A column that is constant on the training rows says nothing there.
        self._scale: FloatArray = np.where(deviation > 0, deviation, np.inf)

    def matrix(self, parts: Sequence[npt.NDArray[Any]]) -> FloatArray:
        """Returns rows as a matrix of shape ``(rows, columns)``, columns at most some 500."""
        columns = self._columns(parts)
        filled = np.where(np.isnan(columns), self._middle, columns)
        # Where one split was scaled and the other not, values lie arbitrarily far out.
        standard: FloatArray = np.clip((filled - self._mean) / self._scale, -1e3, 1e3)
        return standard

    def _columns(self, parts: Sequence[npt.NDArray[Any]]) -> FloatArray:
        columns = []
        for index in self._used:
            values = np.asarray(parts[index], dtype=np.float64)
            values = np.clip(values, -LARGEST, LARGEST)
            columns.append(_narrowed(values, self._width))
            if index in self._ids:
                columns.append(_counts(values, self._ids[index]))
        return np.concatenate(columns, axis=1)


def _holds_ids(part: npt.NDArray[Any]) -> bool:
    return part.ndim == 2 and part.shape[1] > 1 and part.dtype.kind in "iu"


def _frequent_ids(part: npt.NDArray[Any]) -> FloatArray:
    ids, counts = np.unique(part, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_COLUMNS]
    return np.sort(ids[order]).astype(np.float64)


def _counts(values: FloatArray, ids: FloatArray) -> FloatArray:
    place = np.clip(np.searchsorted(ids, values), 0, len(ids) - 1)
    rows = np.arange(len(values))[:, None].repeat(values.shape[1], axis=1)
    found = ids[place] == values
    counts: FloatArray = np.zeros((len(values), len(ids)))
    np.add.at(counts, (rows[found], place[found]), 1.0)
    return counts


def _narrowed(values: FloatArray, width: int) -> FloatArray:
    """Returns values of shape ``(rows, …)`` as ``(rows, ≤ width)``, neighbours averaged."""
    while values.ndim > 2 and math.prod(values.shape[1:]) > width:
        axis = int(np.argmax(values.shape[1:])) + 1
        if values.shape[axis] < 2:
            break
        values = _halved(values, axis)
    flat = values.reshape(len(values), -1)
    while flat.shape[1] > width:
        flat = _halved(flat, 1)
    return flat


def _halved(values: FloatArray, axis: int) -> FloatArray:
    """Returns the means of neighbouring pairs along an axis; an odd one out is left out."""
    pairs = values.shape[axis] // 2
    values = np.take(values, range(2 * pairs), axis=axis)
    shape = (*values.shape[:axis], pairs, 2, *values.shape[axis + 1 :])
    halved: FloatArray = values.reshape(shape).mean(axis=axis + 1)
    return halved


def _median(matrix: FloatArray) -> FloatArray:
    known = ~np.isnan(matrix).all(axis=0)
    median: FloatArray = np.zeros(matrix.shape[1])
    median[known] = np.nanmedian(matrix[:, known], axis=0)
    return median
