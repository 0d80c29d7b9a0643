"""Hashes of strings and other objects: the same on every machine and in every process."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from mlflow_plateau.profiles.patterns import UInt64, mix
from mlflow_plateau.profiles.table import MISSING

LONGEST_LABEL = 60
"""Characters of a category that are kept to name it."""


def hashed(values: Any) -> tuple[UInt64, dict[int, str]]:
    """Returns the hash of each value's text, and the texts by their hash.

    Args:
        values: A series of objects; missing ones get ``MISSING``.
    """
    import pandas as pd

    places, distinct = pd.factorize(values, use_na_sentinel=True)
    texts = [text if isinstance(text, str) else _text(text) for text in distinct]
    marks = mix(np.array([zlib.crc32(_bytes(text)) for text in texts], dtype=np.uint32))
    codes = np.append(marks.astype(np.uint64), MISSING)[np.asarray(places, dtype=np.int64)]
    labels = {int(mark): text[:LONGEST_LABEL] for mark, text in zip(marks, texts, strict=True)}
    return codes, labels


def _text(value: object) -> str:
    """Returns an object as text; numbers that are equal have the same."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, float, np.number)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
