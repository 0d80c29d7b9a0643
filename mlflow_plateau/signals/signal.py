"""What a signal is: one measured quantity with a name, a unit and a sentence."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mlflow_plateau.signals.view import View


@dataclass(frozen=True)
class Measurement:
    """What a signal found in one history.

    Attributes:
        value: The measured value in the signal's unit; NaN where the history cannot say.
        epochs: First and last epoch that the value rests on, ``None`` where it rests on the setup.
        facts: Further numbers and names that the signal's sentence mentions.
        reason: Why there is no value, in words; empty where there is one.
    """

    value: float
    epochs: tuple[float, float] | None = None
    facts: Mapping[str, float | str] = field(default_factory=dict)
    reason: str = ""

    @property
    def known(self) -> bool:
        """Whether the history could say."""
        return not math.isnan(self.value)


class Missing(str):
    """A reason: the run does not say what it could. A reader should hear of it.

    Other reasons say that a history has nothing of what a signal measures, or that it is told
    elsewhere why nobody tried.
    """

    __slots__ = ()


@lru_cache(maxsize=1024, typed=True)
def cannot_say(reason: str) -> Measurement:
    """Returns the answer of a signal whose history does not hold what it needs.

    Of a hundred signals most cannot say anything about a run that nobody recorded, for a few
    reasons.
    """
    return Measurement(math.nan, reason=reason)


def listed(names: Sequence[str]) -> str:
    """Returns names in a sentence: ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


OUT_OF_RANGE = "the numbers that were logged are out of range"
"""What others logged may be any number, and what is calculated from it none."""

MOST_SAID = 10.0
"""Shares beyond this, a thousand percent, are not said to the last digit."""


@dataclass(frozen=True)
class Signal:
    """One quantity that can be measured on a history.

    Attributes:
        name: Its name, by which the causes refer to it.
        unit: The unit of its value, in words.
        sentence: What a person reads: a format string over ``value``, ``axis`` and the
            measurement's facts.
        needs: The level of evidence that it takes: ``history``, ``compared`` or ``recorded``.
        fact: What it is about: signals that measure one fact in several ways make one piece of
            evidence. Its own name where nothing else measures the same.
        documentation: Formula and source.
        function: The measurement itself.
    """

    name: str
    unit: str
    sentence: str
    needs: str
    fact: str
    documentation: str
    function: Callable[[View], Measurement]

    def measure(self, view: View) -> Measurement:
        """Measures the signal; a value that is not finite counts as not known."""
        try:
            measurement = self.function(view)
        except ArithmeticError:
            return cannot_say(OUT_OF_RANGE)
        if not (math.isfinite(measurement.value) or measurement.reason):
            return cannot_say(OUT_OF_RANGE)
        return measurement

    def say(self, measurement: Measurement, axis: str = "epoch") -> str:
        """Returns the measurement as a sentence without the full stop.

        Args:
            measurement: What ``measure`` returned, with a known value.
            axis: What a unit of the history's axis is: ``epoch`` or ``step``.
        """
        facts = {"value": measurement.value, "axis": axis, **measurement.facts}
        said = self.sentence
        if "%}" in said and any(
            isinstance(v, float) and abs(v) > MOST_SAID for v in facts.values()
        ):
            said = _WithoutHugePercents().vformat(said, (), facts)
        else:
            said = said.format(**facts)
        return said.replace("-0%", "0%") if "-0%" in said else said


class _WithoutHugePercents(string.Formatter):
    """Says of a share that is a large multiple only that it is one."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec.endswith("%") and abs(value) > MOST_SAID:
            return f"{'more than ' if value > 0 else 'less than -'}{MOST_SAID:,.0%}"
        return str(super().format_field(value, format_spec))


def signal(
    unit: str, sentence: str, needs: str = "history", fact: str = ""
) -> Callable[[Callable[[View], Measurement]], Signal]:
    """Declares the decorated function a signal; its docstring becomes the documentation."""

    def declare(function: Callable[[View], Measurement]) -> Signal:
        return Signal(
            name=function.__name__,
            unit=unit,
            sentence=sentence,
            needs=needs,
            fact=fact or function.__name__,
            documentation=(function.__doc__ or "").strip(),
            function=function,
        )

    return declare
