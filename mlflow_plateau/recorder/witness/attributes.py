"""Attributes that a model's own code may rebind while it is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def rebound_put_back(tables: Sequence[dict[str, Any]]) -> Iterator[None]:
    """Puts back afterwards whatever was added to, taken from or rebound in some tables.

    Args:
        tables: What objects keep their attributes in, such as ``vars(layer)``.
    """
    kept = [(table, dict(table)) for table in tables]
    try:
        yield
    finally:
        for table, before in kept:
            _put_back(table, before)


def _put_back(table: dict[str, Any], before: dict[str, Any]) -> None:
    for name in [name for name in table if name not in before]:
        del table[name]
    for name, value in before.items():
        if name not in table or table[name] is not value:
            table[name] = value
