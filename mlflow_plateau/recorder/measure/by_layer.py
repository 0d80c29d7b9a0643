"""Norms by layer, as metrics."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from mlflow_plateau.tracked import FloatArray

MOST_LAYERS = 24
"""Of more layers so many are measured, evenly spaced, the first and the last among them."""

EPOCHS_PER_OCTAVE = 2
"""The first epochs are all measured by layer, then so many in each doubling of their number."""

LONGEST_NAME = 100
"""Longer names of layers are cut."""

_UNNAMEABLE = re.compile(r"[^\w\-. ]", re.ASCII)
"""What MLflow does not take in the name of a metric. Nor a slash: in a folder of runs one metric
cannot stand in another."""


def is_due(epoch: int) -> bool:
    """Returns whether an epoch, counted from 0, is one of those that are measured by layer."""
    number = epoch + 1
    nearest = round(EPOCHS_PER_OCTAVE * math.log2(number))
    return number == round(math.pow(2.0, nearest / EPOCHS_PER_OCTAVE))


class Layers:
    """Which layer each variable belongs to.

    Args:
        names: The layer of each variable.
    """

    def __init__(self, names: Sequence[str]) -> None:
        known = list(dict.fromkeys(names))
        shown = np.unique(np.linspace(0, len(known) - 1, min(len(known), MOST_LAYERS)).astype(int))
        self._of = np.array([known.index(name) for name in names], dtype=np.int64)
        self._shown = {known[i]: int(i) for i in shown}
        self._count = len(known)

    def norms(self, what: str, of_variables: FloatArray) -> dict[str, float]:
        """Returns the norm of each layer from those of its variables, by ``layer_what/layer``."""
        return self._as_metrics(what, self._norms(of_variables))

    def ratios(self, what: str, numerator: FloatArray, denominator: FloatArray) -> dict[str, float]:
        """Returns the ratio of two norms of each layer, none of a layer whose weights are zero."""
        with np.errstate(all="ignore"):
            return self._as_metrics(what, self._norms(numerator) / self._norms(denominator))

    def _as_metrics(self, what: str, of_layers: FloatArray) -> dict[str, float]:
        return {
            f"layer_{what}/{_metric_name(name)}": float(of_layers[index])
            for name, index in self._shown.items()
            if np.isfinite(of_layers[index])
        }

    def _norms(self, of_variables: FloatArray) -> FloatArray:
        squares = np.bincount(self._of, np.square(of_variables), minlength=self._count)
        return np.asarray(np.sqrt(squares))


def _metric_name(layer: str) -> str:
    return _UNNAMEABLE.sub("_", layer.replace("/", "."))[:LONGEST_NAME]
