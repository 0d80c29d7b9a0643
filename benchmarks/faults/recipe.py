"""All that matters of one training, so that a fault is a recipe with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Schedule = Callable[[int, Sequence[float]], float]
"""From the epoch and the validation losses so far to a factor of the learning rate."""

MSE = "mean_squared_error"
MAE = "mean_absolute_error"
BINARY = "binary_crossentropy"
CATEGORICAL = "sparse_categorical_crossentropy"


@dataclass(frozen=True)
class Split:
    """Training and validation rows as the model gets them.

    Attributes:
        x_training: Inputs, transformed.
        y_training: Targets.
        x_validation: Inputs, transformed.
        y_validation: Targets.
        raw_training: Inputs before the transformation.
        raw_validation: Inputs before the transformation.
    """

    x_training: Array
    y_training: Array
    x_validation: Array
    y_validation: Array
    raw_training: Array
    raw_validation: Array

    def first(self, rows: int) -> Split:
        """Returns the split with that many training rows."""
        return replace(
            self,
            x_training=self.x_training[:rows],
            y_training=self.y_training[:rows],
            raw_training=self.raw_training[:rows],
        )


@dataclass(frozen=True)
class Pool:
    """All rows of a task, in random order.

    Attributes:
        x: Inputs before any transformation.
        y: Targets.
        training_rows: Rows in the training split.
        validation_rows: Rows in the validation split.
        fit_transform: Given raw training inputs, returns the transformation of inputs.
        features: Returns the inputs as a matrix, for clustering and principal components.
    """

    x: Array
    y: Array
    training_rows: int
    validation_rows: int
    fit_transform: Callable[[Array], Callable[[Array], Array]]
    features: Callable[[Array], Array]

    def split(self, order: Array | None = None) -> Split:
        """Returns the split by an order of rows: training from the front, validation the end.

        The rows between are left out. Without an order the rows are taken as they are.
        """
        rows = np.arange(len(self.x)) if order is None else np.asarray(order)
        validation = rows[len(rows) - self.validation_rows :]
        training = rows[: len(rows) - self.validation_rows]
        # Any order is for choosing the rows; training must not depend on it.
        training = np.random.default_rng(0).permutation(training)[: self.training_rows]
        transform = self.fit_transform(self.x[training])
        return Split(
            transform(self.x[training]),
            self.y[training],
            transform(self.x[validation]),
            self.y[validation],
            self.x[training],
            self.x[validation],
        )


@dataclass(frozen=True)
class Recipe:
    """One training.

    Attributes:
        task: The task's name.
        pool: All rows.
        split: The rows that are used.
        kind: The body of the model: ``dense``, ``convolution``, ``recurrent`` or ``attention``.
        widths: Units of the hidden layers.
        output_units: Width of the last layer.
        output_activation: Activation of the last layer.
        loss: Name of the loss.
        binary: Whether the targets are two classes.
        classes: Number of classes where there are more than two, otherwise 0.
        vocabulary: Number of token ids; 0 where the inputs are numbers.
        activation: Activation of the hidden layers.
        from_logits: Whether the loss takes logits.
        half_precision_log: Whether the loss takes the logarithm of a half-precision probability.
        dropout: Dropout rate before the last layer.
        l2: L2 penalty factor of every kernel.
        initial_kernel: Standard deviation or constant of the hidden kernels; see ``model``.
        initial_bias: Value of the hidden biases.
        optimizer: ``adam``, ``sgd``, ``rmsprop`` or ``adamw``.
        learning_rate: The learning rate at the first update.
        momentum: Momentum of SGD.
        weight_decay: Decoupled decay of AdamW.
        batch_size: Rows per update.
        epochs: Planned epochs.
        schedule: Factor of the learning rate by epoch.
        patience: Epochs without improvement after which training stops.
        frozen: Whether no layer is trainable.
        disconnected: Whether no gradient reaches the weights.
        shape: Shape of one row.
    """

    task: str
    pool: Pool
    split: Split
    kind: str
    widths: tuple[int, ...]
    output_units: int
    output_activation: str
    loss: str
    binary: bool = False
    classes: int = 0
    vocabulary: int = 0
    activation: str = "relu"
    from_logits: bool = False
    half_precision_log: bool = False
    dropout: float = 0.0
    l2: float = 0.0
    initial_kernel: tuple[str, float] | None = None
    initial_bias: float | None = None
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.0
    weight_decay: float = 0.0
    batch_size: int = 32
    epochs: int = 50
    schedule: Schedule | None = None
    patience: int | None = None
    frozen: bool = False
    disconnected: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input row."""
        return tuple(self.split.x_training.shape[1:])

    @property
    def classifies(self) -> bool:
        """Whether the targets are classes."""
        return self.binary or self.classes > 0

    @property
    def rows(self) -> int:
        """Training rows."""
        return len(self.split.x_training)

    def unregularised(self) -> Recipe:
        """Returns the recipe without dropout and penalty."""
        return replace(self, dropout=0.0, l2=0.0)

    def with_split(self, **changes: Any) -> Recipe:
        """Returns the recipe with some arrays of its split replaced."""
        return replace(self, split=replace(self.split, **changes))
