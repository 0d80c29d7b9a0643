"""What a threshold of the confidence would cost, on the tasks that are there to choose it on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.faults.dataset import Run, load
from benchmarks.faults.examples import FloatTable, examples, seen
from benchmarks.faults.fit import ALONE, Regularization, log_odds, minimise
from mlflow_plateau.causes import NONE
from mlflow_plateau.signals import View
from mlflow_plateau.weigh.course import Kind, possible_answers, read_course
from mlflow_plateau.weigh.judgement import leading_answer, presences
from mlflow_plateau.weigh.odds import ANSWERS, probabilities
from mlflow_plateau.weigh.weights import fitted_weights

CANDIDATES = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9)
"""Thresholds that are tried."""


@dataclass(frozen=True)
class LeftOut:
    """What weights say of a run of a task that they were not fitted on.

    Attributes:
        kind: What the run's curves do at their end.
        truth: Its cause, or ``none``.
        leading: The most probable answer.
        confidence: The confidence in it.
    """

    kind: Kind
    truth: str
    leading: str
    confidence: float


def asked_left_out(level: str) -> list[LeftOut]:
    """Asks about each task of the parts ``fit`` and ``tune`` with weights from all the others."""
    runs = [run for run in load() if run.counts and run.part != "test"]
    fitted = fitted_weights().provenance
    regularization = Regularization(fitted["penalty"], fitted["declared"])
    known = examples(runs, ALONE)
    found: list[LeftOut] = []
    for task in np.unique(known.tasks):
        numbers = minimise(known.of(known.tasks != task), regularization)
        for run in (run for run in runs if run.task == task):
            found.extend(_asked(run, level, numbers))
    return found


def _asked(run: Run, level: str, numbers: FloatTable) -> Iterator[LeftOut]:
    try:
        (odds,) = log_odds(numbers, examples([run], (level,)))
    except ValueError:
        return  # A run that no weights could tell.
    course = read_course(View(seen(run, level)))
    by_answer = {answer.id: float(value) for answer, value in zip(ANSWERS, odds, strict=True)}
    chances = probabilities(by_answer, possible_answers(course))
    present = presences(by_answer, chances)
    yield LeftOut(course.kind, run.truth, *leading_answer(chances, present))


def trade_off(asked: Sequence[LeftOut]) -> Iterator[str]:
    """Yields a line per candidate: top-1 and false alarms on a plateau, and while improving."""
    yield "threshold   flat: top-1  false alarms   improving: top-1  false alarms"
    for candidate in CANDIDATES:
        parts = [f"{candidate:9.2f}"]
        for kind in (Kind.FLAT, Kind.FALLING):
            own = [
                (run.truth, run.leading if run.confidence >= candidate else NONE)
                for run in asked
                if run.kind is kind
            ]
            right = [named == truth for truth, named in own if truth != NONE]
            alarms = [named != NONE for truth, named in own if truth == NONE]
            parts.append(f"{_mean(right):12.3f} {_mean(alarms):13.3f}")
        yield "  ".join(parts)


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / max(len(values), 1)
