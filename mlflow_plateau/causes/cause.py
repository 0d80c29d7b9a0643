"""What a cause is: a declaration of what it looks like and what speaks for or against it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Clue:
    """How one signal speaks for or against one cause.

    The measured value x is squashed to a membership p = 1 / (1 + exp(∓(x − threshold) / scale)).
    How much a full membership weighs is fitted, not declared: see ``weigh/weights.py``.

    Attributes:
        signal: Name of the signal.
        threshold: Value at which it begins to count, in the signal's unit.
        scale: Width of the transition, in the signal's unit.
        above: Whether values above the threshold count, or those below.
        supports: Whether it speaks for the cause, or against it.
        expected: Whether the cause always shows this sign, so that its absence speaks against it.
        decisive: Whether hardly anything else can be meant where this sign is there (or the cause
            hardly be meant, where it contradicts): the fit gives it a large weight however few
            examples there are.
    """

    signal: str
    threshold: float
    scale: float
    above: bool
    supports: bool
    expected: bool = False
    decisive: bool = False

    @property
    def name(self) -> str:
        """The clue in a few characters, such as ``rise_from_best > 0.05``; unique in its cause."""
        return f"{self.signal} {'>' if self.above else '<'} {self.threshold:g}"

    def membership(self, value: float) -> float:
        """Returns how clearly a measured value shows the sign, from 0 to 1."""
        argument = (value - self.threshold) / self.scale
        argument = min(max(argument if self.above else -argument, -40.0), 40.0)
        return 1.0 / (1.0 + math.exp(-argument))


def supports(
    signal: str,
    *,
    above: float | None = None,
    below: float | None = None,
    scale: float,
    expected: bool = False,
    decisive: bool = False,
) -> Clue:
    """Declares that a signal above (or below) a threshold speaks for the cause."""
    threshold, is_above = _threshold(signal, above, below)
    return Clue(signal, threshold, scale, is_above, True, expected, decisive)


def contradicts(
    signal: str,
    *,
    above: float | None = None,
    below: float | None = None,
    scale: float,
    decisive: bool = False,
) -> Clue:
    """Declares that a signal above (or below) a threshold speaks against the cause."""
    threshold, is_above = _threshold(signal, above, below)
    return Clue(signal, threshold, scale, is_above, False, decisive=decisive)


def _threshold(signal: str, above: float | None, below: float | None) -> tuple[float, bool]:
    if above is not None and below is None:
        return above, True
    if below is not None and above is None:
        return below, False
    raise ValueError(f"the clue on {signal!r} needs either above= or below=")


_VALUE = re.compile(r"\{(\w+)[^}]*\}")


@dataclass(frozen=True, init=False)
class Remedy:
    """Something to try.

    Attributes:
        wordings: Instructions with the run's own values, as format strings over what
            ``weigh/remedies.py`` and ``weigh/idioms.py`` know, the most particular first: that one
            is said whose values are all known, and nothing where there is none.
    """

    wordings: tuple[str, ...]

    def __init__(self, *wordings: str) -> None:
        object.__setattr__(self, "wordings", wordings)


@dataclass(frozen=True)
class Cause:
    """Why a validation loss stops improving.

    Attributes:
        id: What people query by; never changes.
        title: The cause in a few words.
        looks_like: What one sees, in a sentence or two.
        not_to_confuse_with: Causes that look alike, each with how to tell them apart.
        evidence: The clues.
        remedies: What to try, best first.
        experiment: What an experiment would show if this is the cause, and not otherwise: a clause
            that follows "whether".
        references: Where this is known from.
        while_improving: Whether it is named also while the loss still improves: it slows the
            training so much that it passes for a plateau, or is a fault whatever the curve does.
        when_diverged: Whether it can make a loss diverge.
    """

    id: str
    title: str
    looks_like: str
    not_to_confuse_with: Mapping[str, str]
    evidence: tuple[Clue, ...]
    remedies: tuple[Remedy, ...]
    experiment: str
    references: tuple[str, ...] = field(default=())
    while_improving: bool = False
    when_diverged: bool = False

    @property
    def remedies_in_general(self) -> tuple[str, ...]:
        """What to try in any run; values that only a run knows are named in angle brackets."""
        said = (remedy.wordings[-1] for remedy in self.remedies)
        return tuple(
            _VALUE.sub(lambda found: f"<{found[1].replace('_', ' ')}>", text) for text in said
        )

    def is_confused_with(self, other: Cause) -> bool:
        """Whether the two look alike, so that at most one of them is meant."""
        return other.id in self.not_to_confuse_with or self.id in other.not_to_confuse_with
