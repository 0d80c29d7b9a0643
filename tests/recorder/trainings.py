"""Trainings so small that hundreds of them can be tried, and what was recorded of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import mlflow
import numpy as np
import pytest

ROWS = 20
BATCH = 8


def arrays(rows: int = ROWS, columns: int = 3) -> tuple[Any, Any]:
    """Returns inputs and binary targets, always the same."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((rows, columns)).astype("float32")
    return x, (x[:, 0] > 0).astype("float32")


def small_model(optimizer: Any = "sgd", *, columns: int = 3, **compiled: Any) -> Any:
    """Returns a model of two layers, which SGD trains: the fastest graph to build."""
    model = keras.Sequential(
        [
            keras.Input((columns,)),
            keras.layers.Dense(4, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer, **{"loss": "binary_crossentropy", **compiled})
    return model


def fit(model: Any, epochs: int = 2, **arguments: Any) -> Any:
    """Fits a model on ``arrays``, in three batches an epoch, the last of them smaller."""
    x, y = arrays()
    given = {"x": x, "y": y, "batch_size": BATCH, "epochs": epochs, "verbose": 0, **arguments}
    return model.fit(**given)


def runs() -> list[Any]:
    """Returns all runs of the store, the oldest first."""
    client = mlflow.MlflowClient()
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments, order_by=["attributes.start_time ASC"]))


def only_run() -> Any:
    """Returns the only run of the store."""
    found = runs()
    assert len(found) == 1
    return found[0]


def curve(run: Any, name: str) -> dict[int, float]:
    """Returns a metric's values by step; no step may have two."""
    points = mlflow.MlflowClient().get_metric_history(run.info.run_id, name)
    steps = [point.step for point in points]
    assert len(set(steps)) == len(steps), f"{name} has several values at a step: {steps}"
    return {point.step: point.value for point in sorted(points, key=lambda point: point.step)}


def setup(run: Any) -> Mapping[str, str]:
    """Returns what the recorder noted of the setup; the tag where a parameter could not change."""
    noted = {**run.data.params, **run.data.tags}
    return {
        key.removeprefix("plateau."): value
        for key, value in noted.items()
        if key.startswith("plateau.")
    }


def needs_short_executions() -> None:
    """Skips the test where Keras cannot execute more steps at once than there are batches."""
    if keras.__version__.startswith("3.3."):
        pytest.skip("Keras 3.3 fails by itself where an execution has more steps than batches")
