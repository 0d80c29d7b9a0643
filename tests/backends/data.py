"""Rows, and the kinds of streams that Keras takes under JAX and PyTorch."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

ROWS, BATCH = 160, 16


def arrays(rows: int = ROWS) -> tuple[Any, Any]:
    """Returns inputs and binary targets, always the same."""
    x = np.random.default_rng(0).standard_normal((rows, 3)).astype("float32")
    return x, (x[:, 0] > 0).astype("float32")


class Batches(keras.utils.PyDataset):
    """Batches by index, in an order that Python's global generator decides."""

    def __init__(self, *, shuffled: bool = False, unit: float = 1.0, **how: Any) -> None:
        super().__init__(**how)
        self.shuffled, self.unit = shuffled, unit
        self.order = list(range(ROWS // BATCH))
        self.asked: list[int] = []

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        self.asked.append(index)
        x, y = arrays()
        rows = slice(self.order[index] * BATCH, (self.order[index] + 1) * BATCH)
        return x[rows] * np.float32(self.unit), y[rows]

    def on_epoch_end(self) -> None:
        if self.shuffled:
            random.shuffle(self.order)


def generated() -> Iterator[tuple[Any, Any]]:
    """Batches without end."""
    generator = np.random.default_rng(1)
    while True:
        x = generator.standard_normal((BATCH, 3)).astype("float32")
        yield x, (x[:, 0] > 0).astype("float32")


def loader(*, shuffle: bool = True) -> Any:
    """Returns a loader of PyTorch's, whose order PyTorch's generator decides."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(5)  # Keras seeds it only where it is the backend.
    rows = torch.utils.data.TensorDataset(*(torch.from_numpy(part) for part in arrays()))
    return torch.utils.data.DataLoader(rows, batch_size=BATCH, shuffle=shuffle)


def pipeline() -> Any:
    """Returns a shuffled pipeline of TensorFlow's, which Keras takes on every backend."""
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices(arrays()).shuffle(ROWS, seed=3).batch(BATCH)


def network(optimizer: Any = "adam", activation: str = "relu", **compiled: Any) -> Any:
    """Returns a model with everything that keeps state beside the weights."""
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(8, activation=activation, kernel_regularizer="l2"),
            keras.layers.BatchNormalization(momentum=0.5),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"], **compiled)
    return model
