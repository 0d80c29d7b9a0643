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


def multiple(decades: float) -> str:
    """Returns a power of ten in words that stand before what it is a multiple of.

    Args:
        decades: The exponent: ``2`` is ``100 times``, ``-2`` is ``1/100 of``.
    """
    factor = 10.0 ** abs(decades)
    if factor < WHOLE_FROM:
        size = f"{factor:.2g}"
    else:
        size = f"{factor:,.0f}" if factor < LONG_FROM else f"{factor:.0e}"
    return f"1/{size} of" if decades < 0 else f"{size} times"


WHOLE_FROM = 9.5
"""Larger factors are said without digits after the point, …"""

LONG_FROM = 1e7
"""… and these as a power of ten."""
