"""What a run was trained with, as far as its parameters, tags and data sets say."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mlflow_plateau.align.names import Kind, read_name
from mlflow_plateau.align.setup import is_setup_parameter, setup_of
from mlflow_plateau.history import Setup
from mlflow_plateau.layer_line import BETWEEN_LAYERS
from mlflow_plateau.siblings.words import OTHER, lever_of
from mlflow_plateau.tracked import TrackedRun

OURS = "plateau."
"""Prefix of what the recorder writes, which the setup holds."""

MLFLOW = "mlflow."
"""Prefix of MLflow's own tags."""

LEAST_DECAY = 1e-9
"""A rate that fell further is as good as zero."""

NO_SHAPE = ("Dropout", "Cell")
"""Kinds of layers that a model has beside those which give it its shape."""

_ACTIVATION = re.compile(r", [a-z_]\w*(?=\))")


@dataclass(frozen=True)
class Candidate:
    """A run of the experiment before any of its curves was read.

    Attributes:
        run: The run, without metrics.
        last: The last value of each metric, which a search brings along for nothing.
    """

    run: TrackedRun
    last: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def facts(self) -> Facts:
        """What it was trained with."""
        return facts_of(self.run, self.last)


@dataclass(frozen=True)
class Facts:
    """What a run was trained with.

    Attributes:
        setup: What is understood of its parameters.
        layers: The layers without those that only regularise, and without their activations.
        decay: Decades by which the learning rate fell; ``None`` where it was not logged.
        others: Further parameters and tags that may matter: name to lever and value.
        data: Digests of the data sets by what they were used for: ``training``, ``eval``, ….
    """

    setup: Setup
    layers: str | None
    decay: float | None
    others: Mapping[str, tuple[str, str]]
    data: Mapping[str, str]

    @property
    def dropout(self) -> float | None:
        """The largest dropout rate; ``None`` where something is dropped and nobody says how much.

        Who names no rate has none, unless the layers tell otherwise.
        """
        if self.setup.dropout is None and self.setup.layers and "Dropout" in self.setup.layers:
            return None
        return self.setup.dropout or 0.0

    @property
    def knows_model(self) -> bool:
        """Whether anything is known of the model."""
        return self.layers is not None or self.setup.parameter_count is not None


def facts_of(run: TrackedRun, last: Mapping[str, float]) -> Facts:
    """Returns what a run was trained with.

    Args:
        run: The run; its metrics are not looked at.
        last: The last value of each of its metrics.
    """
    setup = setup_of(run)
    others = {}
    for name, value in run.params.items():
        if not name.startswith(OURS) and not is_setup_parameter(name):
            lever = lever_of(name)
            if lever is not None:
                others[name] = (lever, value)
    for name, value in run.tags.items():
        # Tags are for finding runs; only those that name a model, data, … say what differs.
        if not name.startswith((OURS, MLFLOW)):
            lever = lever_of(name)
            if lever not in (None, OTHER):
                others[f"tag {name}"] = (str(lever), value)
    return Facts(
        setup=setup,
        layers=None if setup.layers is None else _shape(setup.layers),
        decay=_decay(setup, last),
        others=others,
        data=run.data,
    )


def _shape(layers: str) -> str:
    """Returns kinds and widths of the layers: ``Dense(64) > Dense(1)``."""
    kept = (
        layer
        for layer in layers.split(BETWEEN_LAYERS)
        if not any(word in layer.partition("(")[0] for word in NO_SHAPE)
    )
    return _ACTIVATION.sub("", BETWEEN_LAYERS.join(kept))


def _decay(setup: Setup, last: Mapping[str, float]) -> float | None:
    rates = [v for n, v in last.items() if read_name(n).kind is Kind.LEARNING_RATE]
    if not rates or not setup.learning_rate or not all(map(math.isfinite, rates)):
        return None
    return math.log10(setup.learning_rate / max(min(rates), LEAST_DECAY * setup.learning_rate))
