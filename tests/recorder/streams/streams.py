"""Data that streams, and the profiles that a training leaves of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import mlflow
import numpy as np
import tensorflow as tf

from mlflow_plateau.profiles import Profile
from tests.recorder.trainings import only_run

GENERATOR = np.random.default_rng(1)
RAW = GENERATOR.normal(50.0, 20.0, (200, 3)).astype("float32")
SCALED = (RAW - RAW[:120].mean(axis=0)) / RAW[:120].std(axis=0)
TARGETS = (RAW[:, 0] > 50).astype("float32")
BATCH = 16


class Batches(keras.utils.PyDataset):
    """Batches of arrays by index, and how often each was asked for."""

    def __init__(self, x: Any, y: Any, **how: Any) -> None:
        super().__init__(**how)
        self.x, self.y = x, y

    def __len__(self) -> int:
        return -(-len(self.x) // BATCH)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = slice(index * BATCH, (index + 1) * BATCH)
        return self.x[rows], self.y[rows]


def generator(x: Any, y: Any) -> Iterator[tuple[Any, Any]]:
    """Yields batches without end."""
    while True:
        for first in range(0, len(x), BATCH):
            yield x[first : first + BATCH], y[first : first + BATCH]


def pipeline(x: Any, y: Any) -> Any:
    """Returns a shuffled pipeline."""
    rows = tf.data.Dataset.from_tensor_slices((x, y))
    return rows.shuffle(len(y), seed=3).batch(BATCH).prefetch(2)


def recorded(folder: Path) -> dict[str, Profile]:
    """Returns the profiles of the only run, by split."""
    run = only_run().info.run_id
    client = mlflow.MlflowClient()
    return {
        Path(item.path).stem: Profile.load(client.download_artifacts(run, item.path, str(folder)))
        for item in client.list_artifacts(run, "plateau/profiles")
    }
