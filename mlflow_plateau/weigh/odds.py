"""The arithmetic: measurements add up to log-odds, log-odds to probabilities."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mlflow_plateau.causes import CAUSES, NONE, Cause
from mlflow_plateau.diagnosis import Evidence
from mlflow_plateau.signals import Measurement, signal_by_name
from mlflow_plateau.weigh.weights import fitted_weights

NEGLIGIBLE = 0.05
"""Contributions below this many nats are not worth a sentence."""


def weigh(
    cause: Cause, measurements: Mapping[str, Measurement], axis: str = "epoch"
) -> tuple[float, list[Evidence]]:
    """Returns a cause's log-odds against a healthy run, and the evidence that they are made of."""
    weights = fitted_weights()
    contributions: dict[str, float] = {}
    for clue in cause.evidence:
        measurement = measurements[clue.signal]
        if measurement.known:
            added = weights.contribution(cause, clue, measurement.value)
            contributions[clue.signal] = contributions.get(clue.signal, 0.0) + added
    # Two signals may measure the same fact, which is then one piece of evidence.
    facts: dict[str, list[str]] = {}
    for name in contributions:
        facts.setdefault(signal_by_name(name).say(measurements[name], axis), []).append(name)
    evidence = []
    for sentence, names in facts.items():
        contribution = sum(contributions[name] for name in names)
        if abs(contribution) >= NEGLIGIBLE:
            name = max(names, key=lambda name: abs(contributions[name]))
            evidence.append(
                Evidence(
                    cause=cause.id,
                    signal=name,
                    value=measurements[name].value,
                    unit=signal_by_name(name).unit,
                    epochs=measurements[name].epochs,
                    weight=contribution,
                    sentence=sentence,
                )
            )
    log_odds = weights.priors[cause.id] + sum(contributions.values())
    return log_odds, sorted(evidence, key=lambda item: -abs(item.weight))


def probabilities(log_odds: Mapping[str, float], allowed: Sequence[str]) -> dict[str, float]:
    """Returns the softmax of the allowed answers' log-odds."""
    temperature = fitted_weights().temperature
    scaled = {answer: log_odds[answer] / temperature for answer in allowed}
    highest = max(scaled.values())
    weights = {answer: math.exp(value - highest) for answer, value in scaled.items()}
    total = sum(weights.values())
    return {answer: weight / total for answer, weight in weights.items()}


def confidence_in(cause: Cause, chances: Mapping[str, float]) -> float:
    """Returns the probability of a cause against health and the causes that it is confused with.

    Causes that can be present together do not compete: a learning rate that is too large stays as
    sure as it is where the data hold nothing to learn as well.
    """
    rivals = {NONE, *(c.id for c in CAUSES if cause.is_confused_with(c))}
    against = sum(chances.get(answer, 0.0) for answer in rivals)
    return chances[cause.id] / (chances[cause.id] + against)


def presence(against_health: float) -> float:
    """Probability that a cause is present at all, alone or beside others.

    Args:
        against_health: The cause's log-odds less those of a healthy run, in nats.
    """
    return 1.0 / (
        1.0 + math.exp(-min(max(against_health / fitted_weights().temperature, -40.0), 40.0))
    )
