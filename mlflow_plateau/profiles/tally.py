"""Adds up counts of the same keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from mlflow_plateau.profiles.patterns import Int64, UInt64

Keys = TypeVar("Keys", Int64, UInt64)


def added_up(keys: Sequence[Keys], counts: Sequence[Int64]) -> tuple[Keys, Int64]:
    """Returns the distinct keys, ascending, and the sum of the counts of each.

    Args:
        keys: Lists of keys, best each ascending: those are merged faster than others are sorted.
        counts: The counts of each list.
    """
    together = np.concatenate(keys)
    order = np.argsort(together, kind="stable")
    together = together[order]
    first = np.flatnonzero(np.append(True, together[1:] != together[:-1])[: len(together)])
    return together[first], np.add.reduceat(np.concatenate(counts)[order], first)
