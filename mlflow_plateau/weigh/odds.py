"""The arithmetic: measurements add up to log-odds, log-odds to probabilities.

A run is a row, a signal, a clue or an answer a column: one run is a table of one row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from mlflow_plateau.causes import CAUSES, HEALTHY, NONE, Cause, cause_by_id
from mlflow_plateau.diagnosis import Evidence
from mlflow_plateau.signals import SIGNALS, Measurement, signal_by_name
from mlflow_plateau.tracked import BoolArray, FloatArray, IntArray
from mlflow_plateau.weigh.weights import fitted_weights

_LOSS = re.compile(r"\b(training|validation) loss\b")

NEGLIGIBLE = 0.05
"""Contributions below this many nats are not worth a sentence."""

ANSWERS: tuple[Cause, ...] = (HEALTHY, *CAUSES)
"""What a diagnosis chooses from."""


@dataclass(frozen=True)
class Clues:
    """The clues of all answers with their fitted weights: k clues, a answers.

    Attributes:
        signals: Index in ``SIGNALS`` of each clue's signal, shape ``(k,)``.
        thresholds: Value at which a clue begins to count, shape ``(k,)``.
        scales: Width of the transition, negative where values below count, shape ``(k,)``.
        presence: What a full membership adds, negative where it contradicts, shape ``(k,)``.
        absence: What a membership of 0 takes off, shape ``(k,)``.
        begins: Index of each answer's first clue, shape ``(a + 1,)``, closed by k.
        priors: Log-odds of each answer before any evidence, shape ``(a,)``.
    """

    signals: IntArray
    thresholds: FloatArray
    scales: FloatArray
    presence: FloatArray
    absence: FloatArray
    begins: IntArray
    priors: FloatArray


@cache
def all_clues() -> Clues:
    """Returns the declared clues with the weights that come with the package."""
    weights = fitted_weights()
    index = {signal.name: position for position, signal in enumerate(SIGNALS)}
    declared = [(answer, clue) for answer in ANSWERS for clue in answer.evidence]
    fitted = [weights.clues[answer.id, clue.name] for answer, clue in declared]
    clues = [clue for _, clue in declared]
    counts = [len(answer.evidence) for answer in ANSWERS]
    return Clues(
        signals=np.array([index[clue.signal] for clue in clues], dtype=np.int64),
        thresholds=np.array([clue.threshold for clue in clues]),
        scales=np.array([clue.scale if clue.above else -clue.scale for clue in clues]),
        presence=np.array(
            [w.presence if c.supports else -w.presence for c, w in zip(clues, fitted, strict=True)]
        ),
        absence=np.array([weight.absence for weight in fitted]),
        begins=np.cumsum([0, *counts]),
        priors=np.array([weights.priors[answer.id] for answer in ANSWERS]),
    )


def contributions(values: FloatArray) -> FloatArray:
    """Returns what each clue adds to its answer's log-odds, in nats.

    The same as ``Weights.contribution`` for many clues and runs at once.

    Args:
        values: What was measured, NaN where the history could not say, shape ``(n, signals)``.

    Returns:
        Shape ``(n, k)``; 0 where the history could not say.
    """
    clues = all_clues()
    arguments = (np.take(values, clues.signals, axis=1) - clues.thresholds) / clues.scales
    memberships = 1.0 / (1.0 + np.exp(-np.clip(arguments, -40.0, 40.0)))
    added = clues.presence * memberships - clues.absence * (1.0 - memberships)
    return np.where(np.isnan(added), 0.0, added)


def log_odds(added: FloatArray) -> FloatArray:
    """Returns each answer's log-odds against a healthy run before any evidence.

    Args:
        added: What the clues add, shape ``(n, k)``.

    Returns:
        Shape ``(n, a)``, in the order of ``ANSWERS``.
    """
    clues = all_clues()
    sums = np.zeros((len(added), len(ANSWERS)))
    for answer, (begin, end) in enumerate(zip(clues.begins[:-1], clues.begins[1:], strict=True)):
        sums[:, answer] = added[:, begin:end].sum(axis=1)
    return clues.priors + sums


def supported(added: FloatArray) -> BoolArray:
    """Returns for which answers anything speaks at all, shape ``(n, a)``.

    Where the usual answers are excluded, what is left of the probability falls to some other; one
    that has nothing but evidence against it is none.

    Args:
        added: What the clues add, shape ``(n, k)``.
    """
    begins = all_clues().begins
    favour = np.maximum(added, 0.0)
    sums = [favour[:, begin:end].sum(axis=1) for begin, end in pairwise(begins)]
    return np.asarray(np.stack(sums, axis=1) >= NEGLIGIBLE)


def evidence_on(
    answer: Cause,
    measurements: Mapping[str, Measurement],
    added: FloatArray,
    axis: str = "epoch",
    *,
    of_scores: bool = False,
) -> list[Evidence]:
    """Returns what an answer's log-odds are made of, strongest first.

    Args:
        answer: The answer.
        measurements: What was measured, by the signal's name.
        added: What the clues of all answers add for this run, shape ``(k,)``.
        axis: What a unit of the history's axis is: ``epoch`` or ``step``.
        of_scores: Whether the curves are scores, which are measured with their sign turned.
    """
    begin = int(all_clues().begins[ANSWERS.index(answer)])
    by_signal: dict[str, float] = {}
    for clue, weight in zip(answer.evidence, added[begin:].tolist(), strict=False):
        if measurements[clue.signal].known:
            by_signal[clue.signal] = by_signal.get(clue.signal, 0.0) + weight
    evidence = []
    for names in _by_fact(by_signal, measurements, axis):
        contribution = sum(by_signal[name] for name in names)
        if abs(contribution) >= NEGLIGIBLE:
            # The sentence is that of what makes the sum what it is.
            name = max(names, key=lambda name: math.copysign(1.0, contribution) * by_signal[name])
            evidence.append(
                Evidence(
                    cause=answer.id,
                    signal=name,
                    value=measurements[name].value,
                    unit=signal_by_name(name).unit,
                    epochs=measurements[name].epochs,
                    weight=contribution,
                    sentence=_said(signal_by_name(name).say(measurements[name], axis), of_scores),
                )
            )
    return sorted(evidence, key=lambda item: -abs(item.weight))


def _said(sentence: str, of_scores: bool) -> str:
    """Returns a sentence, saying of scores what they are: turned, so that lower is better."""
    return _LOSS.sub(r"negated \1 score", sentence) if of_scores else sentence


def _by_fact(
    names: Iterable[str], measurements: Mapping[str, Measurement], axis: str
) -> list[list[str]]:
    """Returns the signals in groups that make one piece of evidence each.

    Signals are about one fact where they are declared to be, or say it in the same words.
    """
    groups: dict[str, list[str]] = {}
    facts: dict[str, str] = {}
    for name in names:
        signal = signal_by_name(name)
        fact = facts.setdefault(signal.say(measurements[name], axis), signal.fact)
        groups.setdefault(fact, []).append(name)
    return list(groups.values())


def probabilities(odds: Mapping[str, float], allowed: Sequence[str]) -> dict[str, float]:
    """Returns the softmax of the allowed answers' log-odds."""
    temperature = fitted_weights().temperature
    scaled = {answer: odds[answer] / temperature for answer in allowed}
    highest = max(scaled.values())
    weights = {answer: math.exp(value - highest) for answer, value in scaled.items()}
    total = sum(weights.values())
    return {answer: weight / total for answer, weight in weights.items()}


def confidence_in(
    cause: Cause, chances: Mapping[str, float], beside: Collection[str] = ()
) -> float:
    """Returns the probability of a cause against all answers but those that are right beside it.

    A learning rate that is too large stays as sure as it is where the data hold nothing to learn
    as well.

    Args:
        cause: The cause.
        chances: The probability of every answer.
        beside: Causes judged present; one that the cause is confused with cannot be so beside it.
    """
    rivals = _rivals(cause.id)
    against = sum(
        chance
        for answer, chance in chances.items()
        if answer != cause.id and (answer in rivals or answer not in beside)
    )
    return chances[cause.id] / (chances[cause.id] + against)


@cache
def _rivals(cause_id: str) -> tuple[str, ...]:
    """Returns the answers that a cause excludes."""
    cause = cause_by_id(cause_id)
    return (NONE, *(other.id for other in CAUSES if cause.is_confused_with(other)))


def presence(against_health: float) -> float:
    """Probability that a cause is present at all, alone or beside others.

    Args:
        against_health: The cause's log-odds less those of a healthy run, in nats.
    """
    return 1.0 / (
        1.0 + math.exp(-min(max(against_health / fitted_weights().temperature, -40.0), 40.0))
    )
