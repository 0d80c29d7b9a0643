"""What a cause is: a declaration of what it looks like and what speaks for or against it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Clue:
    """How one signal weighs on one cause.

    The measured value x is squashed to a membership p = 1 / (1 + exp(∓(x − threshold) / scale)),
    and contributes ``weight``·p − ``absence``·(1 − p) to the cause's log-odds, in nats.

    Attributes:
        signal: Name of the signal.
        threshold: Value at which it begins to count, in the signal's unit.
        scale: Width of the transition, in the signal's unit.
        above: Whether values above the threshold count, or those below.
        weight: Contribution where the signal is clearly present; negative for a contradiction.
        absence: What is taken off where it is clearly absent, for a sign that is always there.
    """

    signal: str
    threshold: float
    scale: float
    above: bool
    weight: float
    absence: float = 0.0

    def contribution(self, value: float) -> float:
        """Returns what a measured value adds to the cause's log-odds, in nats."""
        argument = (value - self.threshold) / self.scale
        argument = min(max(argument if self.above else -argument, -40.0), 40.0)
        membership = 1.0 / (1.0 + math.exp(-argument))
        return self.weight * membership - self.absence * (1.0 - membership)


def supports(
    signal: str,
    *,
    above: float | None = None,
    below: float | None = None,
    scale: float,
    weight: float,
    absence: float = 0.0,
) -> Clue:
    """Declares that a signal above (or below) a threshold speaks for the cause."""
    if above is not None and below is None:
        return Clue(signal, above, scale, True, weight, absence)
    if below is not None and above is None:
        return Clue(signal, below, scale, False, weight, absence)
    raise ValueError(f"the clue on {signal!r} needs either above= or below=")


def contradicts(
    signal: str,
    *,
    above: float | None = None,
    below: float | None = None,
    scale: float,
    weight: float,
) -> Clue:
    """Declares that a signal above (or below) a threshold speaks against the cause."""
    return supports(signal, above=above, below=below, scale=scale, weight=-weight)


@dataclass(frozen=True)
class Remedy:
    """Something to try.

    Attributes:
        action: A sentence with the run's own values, as a format string over ``remedies.facts``.
        otherwise: The sentence where these values are not known; empty to leave the remedy out.
    """

    action: str
    otherwise: str = ""


@dataclass(frozen=True)
class Cause:
    """Why a validation loss stops improving.

    Attributes:
        id: What people query by; never changes.
        title: The cause in a few words.
        looks_like: What one sees, in a sentence or two.
        not_to_confuse_with: Causes that look alike, each with how to tell them apart.
        prior: Log-odds against a healthy run before any evidence, in nats.
        evidence: The clues.
        remedies: What to try, best first.
        experiment: The experiment that would prove or refute it.
        references: Where this is known from.
        while_improving: Whether it is named also while the loss still improves: it slows the
            training so much that it passes for a plateau, or is a fault whatever the curve does.
        when_diverged: Whether it can make a loss diverge.
    """

    id: str
    title: str
    looks_like: str
    not_to_confuse_with: Mapping[str, str]
    prior: float
    evidence: tuple[Clue, ...]
    remedies: tuple[Remedy, ...]
    experiment: str
    references: tuple[str, ...] = field(default=())
    while_improving: bool = False
    when_diverged: bool = False

    def is_confused_with(self, other: Cause) -> bool:
        """Whether the two look alike, so that at most one of them is meant."""
        return other.id in self.not_to_confuse_with or self.id in other.not_to_confuse_with
