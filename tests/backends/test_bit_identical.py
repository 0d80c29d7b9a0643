"""The recorder changes nothing under JAX and PyTorch either: same seed, same bits."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import mlflow_plateau
from tests.backends.data import BATCH, Batches, arrays, generated, loader, network, pipeline
from tests.recorder.trainings import curve, only_run, setup

BACKEND = keras.backend.backend()
pytestmark = [
    pytest.mark.skipif(BACKEND == "tensorflow", reason="tests/recorder has these for TensorFlow"),
    pytest.mark.filterwarnings("ignore:.*Your input ran out of data"),
]
EPOCHS = 3


def from_arrays() -> dict[str, Any]:
    x, y = arrays()
    return {"x": x, "y": y, "batch_size": BATCH, "validation_split": 0.2}


def from_tensors() -> dict[str, Any]:
    x, y = (keras.ops.convert_to_tensor(part) for part in arrays())
    return {"x": x, "y": y, "batch_size": BATCH, "validation_data": (x, y)}


def from_dataset() -> dict[str, Any]:
    return {"x": Batches(shuffled=True), "validation_data": Batches()}


def from_workers() -> dict[str, Any]:
    return {"x": Batches(workers=2), "shuffle": False, "validation_data": arrays()}


def from_generator() -> dict[str, Any]:
    return {"x": generated(), "steps_per_epoch": 8}


def from_loader() -> dict[str, Any]:
    return {"x": loader(), "validation_data": loader(shuffle=False)}


def from_pipeline() -> dict[str, Any]:
    return {"x": pipeline(), "validation_data": pipeline()}


def momentum() -> Any:
    return keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)


def decayed() -> Any:
    return keras.optimizers.AdamW(keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.9))


CASES: dict[str, tuple[Callable[[], dict[str, Any]], Callable[[], Any], dict[str, Any]]] = {
    "arrays, Adam": (from_arrays, lambda: "adam", {}),
    "tensors, SGD with momentum": (from_tensors, momentum, {}),
    "PyDataset, AdamW with a schedule": (from_dataset, decayed, {}),
    "PyDataset with workers, SGD": (from_workers, lambda: "sgd", {}),
    "generator, RMSprop": (from_generator, lambda: "rmsprop", {}),
    "DataLoader, Adam": (from_loader, lambda: "adam", {}),
    "tf.data, Adam": (from_pipeline, lambda: "adam", {}),
    # PyTorch runs eagerly anyway, and takes one step at a time.
    "arrays, Lion": (
        *(from_arrays, lambda: "lion"),
        {"steps_per_execution": 2} if BACKEND == "jax" else {"run_eagerly": True},
    ),
}


def random_states() -> list[Any]:
    """Returns what the generators give next: Python's, NumPy's, Keras' and PyTorch's."""
    drawn = [
        np.asarray(random.random()),
        np.random.default_rng(np.random.randint(1 << 30)).random(2),  # noqa: NPY002
        keras.ops.convert_to_numpy(keras.random.uniform((3,))),
    ]
    if "torch" in sys.modules:
        drawn.append(sys.modules["torch"].get_rng_state().numpy())
    return drawn


def trained(
    data: Callable[[], dict[str, Any]], optimizer: Callable[[], Any], compiled: dict[str, Any]
) -> list[Any]:
    """Returns everything that a training leaves behind and that the recorder could change."""
    keras.utils.set_random_seed(7)
    model = network(optimizer(), **compiled)
    given = data()
    history = model.fit(epochs=EPOCHS, verbose=0, **given)
    left = [v.value.grad for v in model.trainable_variables] if BACKEND == "torch" else []
    return [
        *(keras.ops.convert_to_numpy(variable) for variable in model.variables),
        *(keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables),
        *(keras.ops.convert_to_numpy(variable) for variable in model.metrics_variables),
        *(keras.ops.convert_to_numpy(gradient) for gradient in left),
        *(np.asarray(values) for values in history.history.values()),
        np.asarray(getattr(given["x"], "asked", ())),
        *random_states(),
    ]


@pytest.mark.parametrize("case", CASES)
def test_same_bits_with_and_without(case: str, caplog: pytest.LogCaptureFixture) -> None:
    without = trained(*CASES[case])
    # So large a share that experiments are made however slow the machine is.
    mlflow_plateau.autolog(diagnose=False, probe_budget=100.0)
    recorded = trained(*CASES[case])

    run = only_run()
    assert len(curve(run, "loss")) == EPOCHS
    assert "experiments_declined" not in setup(run)
    # It did what could have left a trace, and had nothing to complain of.
    names = ("update_ratio", "epoch_displacement", "batch_loss_spread", "clean_fit", "idle_units")
    assert {f"plateau/{name}" for name in names} <= set(run.data.metrics)
    assert not [r for r in caplog.records if r.name == "mlflow_plateau"]
    assert len(recorded) == len(without)
    for mine, theirs in zip(recorded, without, strict=True):
        np.testing.assert_array_equal(mine, theirs)
