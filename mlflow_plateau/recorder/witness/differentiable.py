"""What an experiment needs to know of a model: its loss at given weights, and its gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mlflow_plateau.recorder.witness.rows import Rows
from mlflow_plateau.tracked import FloatArray

MOST_WEIGHTS = 20_000_000
"""Larger models are left alone: experiments hold up to four copies of the weights."""

WARM_UP = 8
"""Rows of the first call of a model, where nothing is compiled for a number of rows."""

Weights = Sequence[FloatArray]
"""One array for each trainable variable, in the model's order."""

NextUpdate = Callable[[Weights], Weights]
"""What the optimiser would subtract from the weights for a gradient.

Raises ``DeclinedError`` where nobody knows."""


@dataclass(frozen=True)
class Losses:
    """The loss of some rows as the model makes predictions: without dropout and noise.

    Attributes:
        data: Mean loss of the rows, without penalties.
        penalty: What penalties on weights and activities add.
    """

    data: float
    penalty: float


@dataclass(frozen=True)
class Bounded:
    """What a layer whose activation is flat at both ends made of some rows.

    Attributes:
        values: The outputs, of any shape.
        ends: What they lie between.
    """

    values: FloatArray
    ends: tuple[float, float]


ENDS: Mapping[str, tuple[float, float]] = {
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
}
"""Activations that are flat at both ends, by Keras' names, and what they approach there."""


class Differentiable(Protocol):
    """A model that can be tried at weights other than its own, which it keeps."""

    @property
    def weights(self) -> Weights:
        """The trainable weights now."""

    @property
    def names(self) -> Sequence[str]:
        """What each of the weights is called, with its layer: ``dense/kernel``."""

    @property
    def needs_targets(self) -> bool:
        """Whether its loss takes targets beside the inputs."""

    @property
    def aligns_targets(self) -> bool:
        """Whether its loss itself gives targets the column that they lack beside predictions."""

    def prepare(self, *parts: Rows) -> float:
        """Builds what the losses of so many rows need and the next calls find.

        Returns:
            Seconds that compiling gradients is going to take, where they are compiled.
        """

    @property
    def building(self) -> float:
        """Seconds that compiling has taken so far."""

    def losses(self, rows: Rows, weights: Weights | None = None) -> Losses:
        """Returns the loss of some rows at given weights, or at the model's own."""

    def gradient(self, rows: Rows, weights: Weights | None = None) -> Weights:
        """Returns the gradient of the mean loss without penalties, at given weights or its own.

        Weights that the loss does not depend on have a gradient of zero.

        Raises:
            DeclinedError: If the training may follow another gradient.
        """

    def predictions(self, rows: Rows) -> FloatArray | None:
        """Returns what it predicts for some rows in inference, or ``None`` if not in one array."""

    def bounded_outputs(self, rows: Rows) -> Mapping[str, Bounded]:
        """Returns what hidden layers with an activation of ``ENDS`` make of some rows, by name.

        Empty where there are none, or they cannot be looked into.
        """


class DeclinedError(Exception):
    """Why an experiment, or all of them, cannot be made with a model, in words."""
