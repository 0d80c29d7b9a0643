"""What a check finds, and what it competes with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlflow_plateau.json_values import as_json

SEVERITIES = ("info", "warn", "fail")


@dataclass(frozen=True)
class Finding:
    """One way in which train and validation differ.

    Attributes:
        check: Name of the check.
        kind: One of ``KINDS``.
        columns: Names of the columns or channels; empty where it is about all or about rows.
        transformation: What was done differently, with its constants, as a formula.
        severity: ``info``, ``warn`` or ``fail``.
        message: The finding in a sentence.
        evidence: Sentences with the numbers that it stands on.
        fix: What to change, as code that runs when pasted (see ``fix.py`` for its names), or as a
            comment where no code can do it.
        constants: The numbers of the transformation by name, for programs.
        treated: The split that something was done to; empty where it is not known, or not one.
        function: What was done to it, as the check's own table calls it; empty where none does.
    """

    check: str
    kind: str
    columns: tuple[str, ...]
    transformation: str
    severity: str
    message: str
    evidence: tuple[str, ...] = ()
    fix: str = ""
    constants: dict[str, float] = field(default_factory=dict)
    treated: str = ""
    function: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Returns the finding as plain JSON values."""
        values: dict[str, Any] = as_json(self)
        return values


Place = tuple[str, int]
"""A column: the name of its input, and its number there."""

WHOLE_INPUT = -1
"""Stands for the number of a column where sequences are meant as a whole."""


@dataclass(frozen=True)
class Hypothesis:
    """A finding that competes for the columns that it explains.

    Attributes:
        finding: What is reported if it wins.
        explains: The columns whose difference it explains.
        cost: What it leaves unexplained, plus what so special a claim costs, in nats.
        certain: Whether it rests on a fingerprint that does not come about by chance.
    """

    finding: Finding
    explains: frozenset[Place] = frozenset()
    cost: float = 0.0
    certain: bool = False
