"""How often the diagnosis is right, and whether it knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from benchmarks.faults.answers import Answer, is_healthy
from mlflow_plateau.causes import CAUSES, NONE

RESAMPLES = 200
"""Bootstrap resamples for the calibration error."""

BINS = 10
"""Bins of the confidence, equally wide."""

Answers = Sequence[Answer]


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval.

    Attributes:
        value: The share.
        low: Lower end.
        high: Upper end.
        count: Number of runs that it rests on.
    """

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.count}"


def share(values: Sequence[bool]) -> Share:
    """Returns the share of true values, with Wilson's interval: none of 50 is not surely none."""
    count = len(values)
    if not count:
        return Share(np.nan, np.nan, np.nan, 0)
    interval = binomtest(sum(values), count).proportion_ci(method="wilson")
    return Share(sum(values) / count, float(interval.low), float(interval.high), count)


def top_1(answers: Answers) -> Share:
    """Share of faulty runs whose cause is named."""
    return share([a.right for a in answers if not is_healthy(a)])


def top_2(answers: Answers) -> Share:
    """Share of faulty runs whose cause is named or among the two most probable answers."""
    return share([a.among_two for a in answers if not is_healthy(a)])


def false_alarms(answers: Answers) -> Share:
    """Share of healthy runs in which a cause is named."""
    return share([a.cause != NONE for a in answers if is_healthy(a)])


def coverage(answers: Answers) -> Share:
    """Share of all runs on which the diagnosis commits itself."""
    return share([a.decided for a in answers])


@dataclass(frozen=True)
class Reliability:
    """Confidence against the share that is right, by bins of the confidence.

    Attributes:
        confidence: Mean confidence, shape ``(bins,)``.
        right: Share that is right, shape ``(bins,)``.
        count: Answers in the bin, shape ``(bins,)``.
    """

    confidence: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]

    @property
    def error(self) -> float:
        """The expected calibration error: Σ count |right − confidence| / Σ count."""
        return float((self.count * np.abs(self.right - self.confidence)).sum() / self.count.sum())


def reliability(answers: Answers) -> Reliability:
    """Returns the reliability of the answers to which the diagnosis commits itself."""
    decided = [a for a in answers if a.decided]
    confidence = np.array([a.confidence for a in decided])
    right = np.array([a.right for a in decided], dtype=float)
    index = np.minimum((confidence * BINS).astype(int), BINS - 1)
    filled = np.unique(index)
    return Reliability(
        confidence=np.array([confidence[index == k].mean() for k in filled]),
        right=np.array([right[index == k].mean() for k in filled]),
        count=np.array([(index == k).sum() for k in filled]),
    )


def calibration_error(answers: Answers) -> Share:
    """Returns the expected calibration error with its bootstrap interval."""
    decided = [a for a in answers if a.decided]
    generator = np.random.default_rng(0)
    resampled = [
        reliability([decided[i] for i in generator.integers(len(decided), size=len(decided))]).error
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(resampled, (0.025, 0.975))
    return Share(reliability(decided).error, float(low), float(high), len(decided))


def confusion(answers: Answers) -> Mapping[tuple[str, str], int]:
    """Returns how often a truth got an answer; ``inconclusive`` is an answer of its own."""
    return Counter((a.run.truth, a.cause if a.decided else "inconclusive") for a in answers)


@dataclass(frozen=True)
class PerCause:
    """How one cause fares.

    Attributes:
        cause: Its id.
        count: Runs that have it.
        precision: Share of the runs that are said to have it that do.
        recall: Share of the runs that have it that are said to.
    """

    cause: str
    count: int
    precision: float
    recall: float


def per_cause(answers: Answers) -> tuple[PerCause, ...]:
    """Returns precision and recall of every cause."""
    rows = []
    for cause in CAUSES:
        named = [a for a in answers if a.cause == cause.id]
        having = [a for a in answers if a.run.truth == cause.id]
        right = sum(a.run.truth == cause.id for a in named)
        rows.append(
            PerCause(
                cause.id,
                len(having),
                right / len(named) if named else np.nan,
                sum(a.right for a in having) / len(having) if having else np.nan,
            )
        )
    return tuple(rows)


FIGURES: Mapping[str, Callable[[Answers], Share]] = {
    "top-1": top_1,
    "top-2": top_2,
    "false alarms": false_alarms,
    "coverage": coverage,
    "calibration error": calibration_error,
}
"""The figures of the report, by their names."""
