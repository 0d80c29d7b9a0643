"""Data of each kind that ``fit`` takes: curves and sizes are recorded, nothing is iterated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import mlflow_plateau
from tests.recorder.trainings import BATCH, arrays, curve, fit, only_run, setup, small_model

HELD_OUT = 6
"""Rows to validate on."""


class Batches(keras.utils.PyDataset):
    """Batches by index; the last is smaller."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.x, self.y = arrays(rows)

    def __len__(self) -> int:
        return -(-len(self.x) // BATCH)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = slice(index * BATCH, (index + 1) * BATCH)
        return self.x[rows], self.y[rows]


def as_numpy(rows: int) -> tuple[Any, Any]:
    return arrays(rows)


def as_pandas(rows: int) -> tuple[Any, Any]:
    x, y = arrays(rows)
    return pd.DataFrame(x, columns=["a", "b", "c"]), pd.Series(y)


def as_pipeline(rows: int) -> Any:
    return tf.data.Dataset.from_tensor_slices(arrays(rows)).batch(BATCH)


def as_generator(rows: int) -> Iterator[tuple[Any, Any]]:
    while True:
        yield from (Batches(rows)[index] for index in range(len(Batches(rows))))


def fitted(
    training: Callable[[int], Any], held_out: Callable[[int], Any] | None, **arguments: Any
) -> tuple[Any, Any]:
    """Trains on 20 rows and validates on 6; returns what Keras says, and the run."""
    data = training(20)
    x, y = data if isinstance(data, tuple) else (data, None)
    if held_out is not None:
        arguments["validation_data"] = held_out(HELD_OUT)
    if y is not None:
        arguments = {"batch_size": BATCH, "y": y, **arguments}
    history = small_model().fit(x, epochs=2, verbose=0, **arguments)
    return history.history, only_run()


CASES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "numpy": (as_numpy, as_numpy, {}),
    "pandas": (as_pandas, as_pandas, {}),
    "tf.data": (as_pipeline, as_pipeline, {}),
    "PyDataset": (Batches, Batches, {}),
    "generator": (as_generator, as_generator, {"steps_per_epoch": 3, "validation_steps": 1}),
    "numpy, tf.data": (as_numpy, as_pipeline, {}),
    "tf.data, numpy": (as_pipeline, as_numpy, {}),
    "pandas, PyDataset": (as_pandas, Batches, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_each_kind(case: str, recorder: None) -> None:
    training, held_out, arguments = CASES[case]
    history, run = fitted(training, held_out, **arguments)

    for name in ("loss", "val_loss"):
        assert list(curve(run, name).values()) == pytest.approx(history[name])
    noted = setup(run)
    assert noted["training_rows"] == "20"
    assert noted["batch_size"] == str(BATCH)
    assert noted["updates_per_epoch"] == "3"
    assert noted["validation_rows"] == str(HELD_OUT)
    assert noted["has_validation"] == "true"
    assert set(curve(run, "plateau/update_ratio")) == {0, 1}


@pytest.mark.parametrize("kind", [as_numpy, as_pandas])
def test_a_share_held_out(kind: Callable[[int], Any], recorder: None) -> None:
    _, run = fitted(kind, None, validation_split=0.3)

    assert set(curve(run, "val_loss")) == {0, 1}
    noted = setup(run)
    assert (noted["training_rows"], noted["validation_rows"]) == ("14", "6")
    assert noted["updates_per_epoch"] == "2"


def test_a_pipeline_without_end(recorder: None) -> None:
    history, run = fitted(lambda rows: as_pipeline(16).repeat(), as_numpy, steps_per_epoch=4)

    assert list(curve(run, "loss").values()) == pytest.approx(history["loss"])
    assert setup(run)["updates_per_epoch"] == "4"
    assert setup(run)["training_rows"] == "32"


@pytest.mark.filterwarnings("ignore:.*Your input ran out of data")  # Of old versions of Keras.
def test_a_pipeline_is_iterated_by_keras_only(recorder: None) -> None:
    drawn = []

    def rows() -> Iterator[tuple[Any, Any]]:
        drawn.append(1)
        yield from zip(*arrays(), strict=True)

    shapes = (tf.TensorSpec((3,), tf.float32), tf.TensorSpec((), tf.float32))
    pipeline = tf.data.Dataset.from_generator(rows, output_signature=shapes).batch(BATCH)
    small_model().fit(pipeline, epochs=2, verbose=0)

    # Once for the shapes in some versions of Keras, then once an epoch.
    assert len(drawn) <= 3
    assert setup(only_run())["training_rows"] == "20"


def test_validation_in_every_second_epoch(recorder: None) -> None:
    fit(small_model(), epochs=4, validation_split=0.2, validation_freq=2)

    assert set(curve(only_run(), "loss")) == {0, 1, 2, 3}
    assert set(curve(only_run(), "val_loss")) == {1, 3}


@pytest.mark.parametrize(
    "weights", [{"class_weight": {0: 1.0, 1: 5.0}}, {"sample_weight": np.linspace(0, 2, 20)}]
)
def test_weights(weights: dict[str, Any], recorder: None) -> None:
    history = fit(small_model(), **weights).history

    run = only_run()
    assert list(curve(run, "loss").values()) == pytest.approx(history["loss"])
    assert setup(run)["training_rows"] == "20"
    assert "constant_loss" not in setup(run)  # A weighted loss is in other units.


def test_weights_of_validation_rows(recorder: None) -> None:
    x, y = arrays()
    fit(small_model(), validation_data=(x, y, np.ones(len(x))))

    assert set(curve(only_run(), "val_loss")) == {0, 1}
    assert setup(only_run())["validation_rows"] == "20"


def test_what_a_constant_would_reach_is_noted(recorder: None) -> None:
    x, y = arrays()
    fit(small_model(), validation_data=(x, 1 - y))

    share = float(y.mean())
    best = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    noted = setup(only_run())
    assert float(noted["constant_loss"]) == pytest.approx(best)
    held_out = -((1 - share) * np.log(share) + share * np.log(1 - share))
    assert float(noted["validation_constant_loss"]) == pytest.approx(held_out)
    assert (noted["target_minimum"], noted["target_maximum"]) == ("0.0", "1.0")
    assert noted["target_classes"] == "2"


def test_without_validation_the_diagnosis_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    mlflow_plateau.autolog()
    fit(small_model(), epochs=3)

    run = only_run()
    assert setup(run)["has_validation"] == "false"
    assert run.data.tags["plateau.status"] == "inconclusive"
    assert "no validation" in capsys.readouterr().err.lower()
