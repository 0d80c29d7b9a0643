"""The kinds of faults in two halves, so that weights fitted with one are judged by the other."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from benchmarks.faults.injected import FAULTS

HALVES = (0, 1)


@cache
def half_of(fault: str) -> int:
    """Returns the half of a fault, ``cause/variant``: of a cause's variants every second one."""
    cause = fault.partition("/")[0]
    variants = sorted(f"{item.cause}/{item.variant}" for item in FAULTS if item.cause == cause)
    return variants.index(fault) % len(HALVES)


def lies_in(faults: Collection[str], half: int) -> bool:
    """Returns whether all faults of a run belong to a half; those of a healthy run do to both."""
    return all(half_of(fault) == half for fault in faults)
