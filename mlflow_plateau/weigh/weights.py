"""The fitted numbers: what each declared clue weighs, and how sure the sum of them makes.

``weights.json`` is written by ``python -m benchmarks.faults fit``. The declarations in ``causes/``
say what speaks for a cause and which way; the file says how much. A weight is never negative, so
evidence cannot weigh against its meaning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from mlflow_plateau.causes import Cause, Clue

FILE = "weights.json"


@dataclass(frozen=True)
class Weight:
    """What a clue weighs, in nats.

    Attributes:
        presence: Added to the cause's log-odds where the sign is clearly there; taken off if it
            contradicts the cause.
        absence: Taken off where an expected sign is clearly not there.
    """

    presence: float
    absence: float = 0.0


@dataclass(frozen=True)
class Weights:
    """All fitted numbers.

    Attributes:
        temperature: Divides the log-odds before the softmax.
        priors: Log-odds of each cause before any evidence, by its id.
        clues: The weight of each clue, by the cause's id and the clue's name.
        provenance: What they were fitted on, and how.
    """

    temperature: float
    priors: Mapping[str, float]
    clues: Mapping[tuple[str, str], Weight]
    provenance: Mapping[str, Any]

    def contribution(self, cause: Cause, clue: Clue, value: float) -> float:
        """Returns what a measured value adds to a cause's log-odds, in nats."""
        weight = self.clues[cause.id, clue.name]
        membership = clue.membership(value)
        signed = weight.presence if clue.supports else -weight.presence
        return signed * membership - weight.absence * (1.0 - membership)


def from_document(document: Mapping[str, Any]) -> Weights:
    """Returns the weights that a JSON document holds.

    Raises:
        KeyError: If a part of the document is missing.
    """
    causes = document["causes"]
    return Weights(
        temperature=float(document["temperature"]),
        priors={cause: float(fitted["prior"]) for cause, fitted in causes.items()},
        clues={
            (cause, clue): Weight(*map(float, weights))
            for cause, fitted in causes.items()
            for clue, weights in fitted["clues"].items()
        },
        provenance=document["provenance"],
    )


@cache
def fitted_weights() -> Weights:
    """Returns the weights that come with the package."""
    text = files("mlflow_plateau.weigh").joinpath(FILE).read_text(encoding="utf-8")
    return from_document(json.loads(text))
