"""Frequencies of the ids in sequences, without what they are padded with."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.checks.comparison import InputPair
from mlflow_plateau.profiles.patterns import Float64, Int64


def padding_id(leading: Int64, trailing: Int64) -> int | None:
    """Returns the id of most runs, if it makes up most of them."""
    runs = leading if leading.sum() > trailing.sum() else trailing
    if not runs.sum():
        return None
    most = int(runs.argmax())
    return most if runs[most] > 0.6 * runs.sum() else None


def id_frequencies(both: InputPair) -> tuple[Float64, Float64]:
    """Returns the shares of ids in both splits, without the ids that they are padded with."""
    one, other = both.train.sequences, both.validation.sequences
    if one is None or other is None:
        return np.zeros(1), np.zeros(1)
    size = max(len(one.ids), len(other.ids))
    found = []
    for sequences in (one, other):
        counts: Float64 = np.zeros(size)
        counts[: len(sequences.ids)] = sequences.ids
        padding = padding_id(sequences.leading, sequences.trailing)
        if padding is not None and padding < size:
            counts[padding] = 0
        found.append(counts / max(float(counts.sum()), 1.0))
    return found[0], found[1]
