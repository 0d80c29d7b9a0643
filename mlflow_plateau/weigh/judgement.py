"""What is decided about a run, before anything is put into words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from mlflow_plateau.causes import NONE, cause_by_id
from mlflow_plateau.causes.non_finite_values import NON_FINITE_VALUES
from mlflow_plateau.history import History
from mlflow_plateau.signals import SIGNALS, Measurement, View
from mlflow_plateau.tracked import FloatArray
from mlflow_plateau.weigh.course import Course, Kind, possible_answers, read_course
from mlflow_plateau.weigh.odds import (
    ANSWERS,
    confidence_in,
    contributions,
    log_odds,
    presence,
    probabilities,
    supported,
)

DECISION_THRESHOLD = 0.55
"""A cause less probable than this is not named; on a plateau the answer is then inconclusive …"""

SAMPLED_THRESHOLD = 0.65
"""… and than this where the recorder tried the model on a sample of the rows: that leaves a true
cause seldom in doubt, so that doubt is a sign of none."""

CONVERGED_THRESHOLD = 0.5
"""On a plateau, “nothing to improve” less probable than this is not said either."""

CONTRIBUTING_THRESHOLD = 0.55
"""Another cause is named as contributing from this probability of being present on."""

LEAST_PRESENCE = 0.3
"""A cause less likely to be present is not named, though nothing else be likelier: that all others
are excluded is no evidence for it."""

RUNNER_UP_THRESHOLD = 0.02
"""A cause less likely to be present is not worth naming as the next likely one."""

LEAST_HEALTH = 0.0
"""That a run is not healthy, however surely, says nothing about which other causes are present: in
judging these, health is at least this likely, in nats."""

AT_ONCE = 256
"""This many runs are measured and weighed together: more take more memory and no less time each."""


@dataclass(frozen=True)
class Judgement:
    """The answer for one run, in ids and numbers; the fields are those of ``Diagnosis``.

    Attributes:
        run_id: The run.
        course: What its curves do.
        status: One of ``diagnosis.STATUSES``.
        cause: Id of the named cause, or ``none``.
        confidence: Probability that the answer is right; 0 where there is none.
        runner_up: Id of the next likely cause, or ``none``.
        contributing: Ids of other causes judged present.
        causes: The probability of every possible answer.
        onset_epoch: The first epoch of the plateau, or ``None``.
        wasted_epochs: Epochs after the onset.
        wasted_fraction: Those epochs as a share of all.
        level: The highest level of evidence that the history holds.
    """

    run_id: str
    course: Course
    status: str
    cause: str
    confidence: float
    runner_up: str
    contributing: tuple[str, ...]
    causes: Mapping[str, float]
    onset_epoch: float | None
    wasted_epochs: float
    wasted_fraction: float
    level: str


def measure(view: View) -> dict[str, Measurement]:
    """Measures every signal."""
    # A value that is not finite is said to be none; numpy need not warn of it.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return {signal.name: signal.measure(view) for signal in SIGNALS}


def judge_histories(histories: Iterable[History]) -> Iterator[Judgement]:
    """Decides about many runs: the same answers as ``diagnose_history``, without the words.

    What was measured is a table with a row for each run, which is weighed as a whole.

    Args:
        histories: The histories; no more than ``AT_ONCE`` of them are kept.
    """
    remaining = iter(histories)
    while batch := list(islice(remaining, AT_ONCE)):
        views = View.of_all(batch)
        values = [[signal.measure(view).value for signal in SIGNALS] for view in views]
        yield from judge(views, contributions(np.array(values)))


def judge(views: Sequence[View], added: FloatArray) -> list[Judgement]:
    """Returns a judgement for each run.

    Args:
        views: The runs, n of them.
        added: What each clue adds to its answer's log-odds, shape ``(n, k)``.
    """
    ids = [answer.id for answer in ANSWERS]
    rows = zip(views, log_odds(added).tolist(), supported(added).tolist(), strict=True)
    return [
        _judged(
            view,
            dict(zip(ids, odds, strict=True)),
            frozenset(answer for answer, speaks in zip(ids, own, strict=True) if speaks),
        )
        for view, odds, own in rows
    ]


def _judged(view: View, odds: Mapping[str, float], backed: frozenset[str]) -> Judgement:
    course = read_course(view)
    possible = possible_answers(course)
    backed_ones = tuple(answer for answer in possible if answer in backed or answer == NONE)
    chances = probabilities(odds, backed_ones or possible)
    level = _level(view.history)
    present = presences(odds, chances)
    status, cause, confidence = _decide(course, chances, present, _threshold(view.history))
    others = sorted((c for c in present if c != cause), key=lambda c: -odds[c])
    readable = course.kind is not Kind.UNREADABLE
    likely = readable and others and present[others[0]] > RUNNER_UP_THRESHOLD
    plateau = view.plateau if course.kind is Kind.FLAT else None
    return Judgement(
        run_id=view.history.run_id,
        course=course,
        status=status,
        cause=cause,
        confidence=confidence,
        runner_up=others[0] if likely else NONE,
        contributing=_contributing(status, cause, present),
        causes=chances,
        onset_epoch=plateau.onset_epoch if plateau else None,
        wasted_epochs=plateau.length if plateau else 0.0,
        wasted_fraction=plateau.share if plateau else 0.0,
        level=level,
    )


def _level(history: History) -> str:
    """Returns the highest level of evidence that the history holds."""
    if history.recorded or history.comparison:
        return "recorded"
    return "compared" if history.siblings else "history"


def _threshold(history: History) -> float:
    sampled = "clean_fit" in history.recorded or history.witnessed.learnable_share is not None
    return SAMPLED_THRESHOLD if sampled else DECISION_THRESHOLD


def leading_answer(chances: Mapping[str, float], present: Mapping[str, float]) -> tuple[str, float]:
    """Returns the most probable answer and the confidence in it.

    Args:
        chances: The probability of every answer.
        present: That of every cause to be present at all, alone or beside others.
    """
    leading = max(chances, key=lambda answer: chances[answer])
    if leading == NONE:
        return leading, chances[leading]
    beside = {cause for cause, chance in present.items() if chance >= CONTRIBUTING_THRESHOLD}
    return leading, confidence_in(cause_by_id(leading), chances, beside)


def presences(odds: Mapping[str, float], answers: Iterable[str]) -> dict[str, float]:
    """Returns the probability of each cause among some answers to be present at all.

    Args:
        odds: The log-odds of every answer, health among them.
        answers: Those that can be given.
    """
    health = max(odds[NONE], LEAST_HEALTH)
    return {cause: presence(odds[cause] - health) for cause in answers if cause != NONE}


def _decide(
    course: Course, chances: Mapping[str, float], present: Mapping[str, float], threshold: float
) -> tuple[str, str, float]:
    """Returns status, cause and confidence."""
    leading, confidence = leading_answer(chances, present)
    is_named = leading != NONE and confidence >= threshold and present[leading] >= LEAST_PRESENCE
    if course.kind is Kind.UNREADABLE:
        return "inconclusive", NONE, 0.0
    if course.kind is Kind.DIVERGED:
        return "diverged", leading, confidence
    if course.kind is Kind.FALLING:
        if is_named:
            return "improving", leading, confidence
        return "improving", NONE, chances[NONE]
    if leading == NONE and confidence >= CONVERGED_THRESHOLD:
        return "converged", NONE, confidence
    if is_named:
        return "stalled", leading, confidence
    return "inconclusive", NONE, 0.0


def _contributing(status: str, cause: str, present: Mapping[str, float]) -> tuple[str, ...]:
    if status in ("inconclusive", "converged") or (status == "improving" and cause == NONE):
        return ()
    if cause == NON_FINITE_VALUES.id:
        return ()  # What was measured on a model of NaN says nothing about anything else.
    others = [
        other
        for other, chance in present.items()
        if chance >= CONTRIBUTING_THRESHOLD
        and other != cause
        and not (cause != NONE and cause_by_id(cause).is_confused_with(cause_by_id(other)))
    ]
    return tuple(sorted(others, key=lambda other: -present[other]))
