"""What is measured, against the same training computed by hand in double precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest

from tests.recorder.trainings import curve, only_run

Array = npt.NDArray[np.float64]

ROWS, BATCH = 20, 4
RATE = 0.05


def data() -> tuple[Array, Array]:
    """Returns inputs of shape ``(20, 3)`` and what a line makes of them, with noise."""
    generator = np.random.default_rng(5)
    x = generator.standard_normal((ROWS, 3))
    return x, x @ np.array([1.0, -2.0, 0.5]) + 0.3 * generator.standard_normal(ROWS)


@dataclass
class Sgd:
    """``w ← w − lr g``."""

    def step(self, gradient: Array) -> Array:
        return -RATE * gradient


@dataclass
class Momentum:
    """``v ← 0.9 v − lr g``, ``w ← w + v``."""

    velocity: Any = 0.0

    def step(self, gradient: Array) -> Array:
        self.velocity = 0.9 * self.velocity - RATE * gradient
        return np.asarray(self.velocity)


@dataclass
class Adam:
    """Kingma and Ba, 2014."""

    first: Any = 0.0
    second: Any = 0.0
    updates: int = 0

    def step(self, gradient: Array) -> Array:
        self.updates += 1
        self.first = 0.9 * self.first + 0.1 * gradient
        self.second = 0.999 * self.second + 0.001 * gradient**2
        rate = RATE * np.sqrt(1 - 0.999**self.updates) / (1 - 0.9**self.updates)
        return np.asarray(-rate * self.first / (np.sqrt(self.second) + 1e-7))


@dataclass
class ByHand:
    """Linear regression with a mean squared error, an epoch at a time."""

    weights: Array
    optimizer: Any
    measured: dict[str, list[float]] = field(default_factory=dict)

    def epoch(self) -> None:
        x, y = data()
        x = np.column_stack([x, np.ones(ROWS)])
        start, losses = self.weights, []
        for begin in range(0, ROWS, BATCH):
            rows = slice(begin, begin + BATCH)
            error = x[rows] @ self.weights - y[rows]
            gradient = 2 / BATCH * x[rows].T @ error
            step = self.optimizer.step(gradient)
            if begin == 0:
                self.note("gradient_norm", np.linalg.norm(gradient))
                self.note("update_ratio", np.linalg.norm(step) / np.linalg.norm(self.weights))
            losses.append(float(np.mean(error**2)))
            self.weights = self.weights + step
        moved = np.linalg.norm(self.weights - start)
        self.note("epoch_displacement", moved / np.linalg.norm(start))
        whole = np.array(losses[:-1])  # The last batch may be a smaller one.
        self.note("batch_loss_spread", np.sqrt(np.mean(np.diff(whole) ** 2) / 2))

    def note(self, name: str, value: Any) -> None:
        self.measured.setdefault(name, []).append(float(value))


OPTIMIZERS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "SGD": (lambda: keras.optimizers.SGD(RATE), Sgd),
    "SGD with momentum": (lambda: keras.optimizers.SGD(RATE, momentum=0.9), Momentum),
    "Adam": (lambda: keras.optimizers.Adam(RATE), Adam),
}


@pytest.mark.parametrize("case", OPTIMIZERS)
def test_against_a_training_by_hand(case: str, recorder: None) -> None:
    theirs, mine = OPTIMIZERS[case]
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(theirs(), "mse")
    start = np.array([0.4, 0.3, -0.2, 0.1])
    model.set_weights([start[:3, None], start[3:]])
    x, y = data()
    model.fit(x, y, batch_size=BATCH, epochs=3, shuffle=False, verbose=0)

    hand = ByHand(start, mine())
    for _ in range(3):
        hand.epoch()
    for name, values in hand.measured.items():
        measured = curve(only_run(), f"plateau/{name}")
        assert list(measured.values()) == pytest.approx(values, rel=1e-3), name
