"""What a threshold of the confidence would cost, on the part that is there to choose it on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.faults.answers import Answer, is_healthy
from mlflow_plateau.causes import NONE

CANDIDATES = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
"""Thresholds that are tried."""


def trade_off(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields a line per candidate: top-1 and false alarms on a plateau, and while improving."""
    yield "threshold   flat: top-1  false alarms   improving: top-1  false alarms"
    courses = {
        "flat": [a for a in answers if a.status in ("stalled", "converged", "inconclusive")],
        "improving": [a for a in answers if a.status == "improving"],
    }
    for candidate in CANDIDATES:
        parts = [f"{candidate:9.2f}"]
        for own in courses.values():
            named = [(a, _leading(a, candidate)) for a in own]
            faulty = [cause == a.run.truth for a, cause in named if not is_healthy(a)]
            alarms = [cause != NONE for a, cause in named if is_healthy(a)]
            parts.append(f"{_mean(faulty):12.3f} {_mean(alarms):13.3f}")
        yield "  ".join(parts)


def _leading(answer: Answer, threshold: float) -> str:
    """Returns the cause that would be named with another threshold."""
    leading = answer.ranked[0]
    if leading == NONE:
        return NONE
    # An answer that was not given holds the confidence that it is wrong.
    sure = answer.confidence if answer.cause == leading else 1.0 - answer.confidence
    return leading if sure >= threshold else NONE


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / max(len(values), 1)
