"""Numbers of things in words."""

from __future__ import annotations


def counted(count: float, noun: str, several: str = "") -> str:
    """Returns a number of things in words: ``1 row``, ``1,200 rows``.

    Args:
        count: The number, which is rounded.
        noun: What is counted, in the singular.
        several: The plural where it is not made by an s.
    """
    return f"{count:,.0f} {noun if round(count) == 1 else several or noun + 's'}"
