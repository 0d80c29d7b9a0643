"""What the recorder notes under JAX and PyTorch is what it notes under TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import mlflow
import numpy as np
import pytest

import mlflow_plateau
from mlflow_plateau.profiles import Profile, profile
from tests.backends.data import BATCH, ROWS, Batches, arrays, generated, loader, network
from tests.recorder.trainings import curve, only_run, setup

pytestmark = pytest.mark.skipif(
    keras.backend.backend() == "tensorflow", reason="tests/recorder has these for TensorFlow"
)


def profiles(folder: Path) -> dict[str, Profile]:
    """Returns the profiles of the only run, by split."""
    run, client = only_run().info.run_id, mlflow.MlflowClient()
    return {
        Path(item.path).stem: Profile.load(client.download_artifacts(run, item.path, str(folder)))
        for item in client.list_artifacts(run, "plateau/profiles")
    }


@pytest.mark.parametrize("kind", [Batches, lambda: loader(shuffle=True)], ids=["dataset", "loader"])
def test_a_stream_has_the_profile_of_its_rows(kind: Any, tmp_path: Path) -> None:
    mlflow_plateau.autolog(silent=True, probe_budget=100.0)
    network().fit(kind(), validation_data=Batches(unit=1000.0), epochs=2, verbose=0)

    run, found, expected = only_run(), profiles(tmp_path)["train"], profile(arrays())
    assert found.coverage == expected.coverage
    np.testing.assert_array_equal(found.row_hashes.hashes, expected.row_hashes.hashes)
    assert run.data.tags["plateau.consistency"] == "fail"
    assert run.data.metrics["plateau/repaired_held_out"] > 0
    noted = setup(run)
    assert (noted["training_rows"], noted["batch_size"]) == (str(ROWS), str(BATCH))


def test_each_batch_is_drawn_once(tmp_path: Path) -> None:
    data = Batches()
    network().fit(data, epochs=2, verbose=0, shuffle=False)
    plain = list(data.asked)
    mlflow_plateau.autolog(silent=True)
    data = Batches()
    network().fit(data, epochs=2, verbose=0, shuffle=False)

    assert data.asked == plain
    assert "train" in profiles(tmp_path)


@pytest.mark.filterwarnings("ignore:.*Your input ran out of data")
def test_of_an_endless_stream_the_first_epoch_is_known(tmp_path: Path) -> None:
    mlflow_plateau.autolog(silent=True)
    network().fit(generated(), steps_per_epoch=3, epochs=2, verbose=0)

    coverage = profiles(tmp_path)["train"].coverage
    assert coverage.rows == 3 * BATCH
    assert not coverage.complete


def test_batches_of_other_kinds_are_said_to_be_left_out(caplog: pytest.LogCaptureFixture) -> None:
    def nested_otherwise() -> Any:
        x, y = arrays()
        while True:
            yield x, y
            yield [x], y

    mlflow_plateau.autolog(diagnose=False)
    network().fit(nested_otherwise(), steps_per_epoch=4, epochs=1, verbose=0)

    assert "the train data is not profiled" in caplog.text
    assert len(curve(only_run(), "loss")) == 1


def test_the_last_losses_are_those_of_the_weights_that_fit_leaves_behind() -> None:
    """So weights and statistics are read at the right moment, whoever holds them while it runs."""
    mlflow_plateau.autolog(diagnose=False, probe_budget=100.0)
    x, y = arrays()
    model = network()
    model.fit(x, y, epochs=4, verbose=0)

    measured = curve(only_run(), "plateau/clean_fit")
    assert list(measured) == [0, 3]
    penalty = 0.01 * float(np.sum(model.layers[0].get_weights()[0] ** 2))
    loss = model.evaluate(x, y, batch_size=ROWS, verbose=0)[0]
    assert measured[3] == pytest.approx(loss - penalty, rel=1e-5)


def test_a_training_step_of_the_users_own_is_measured_as_far_as_it_can_be() -> None:
    class Own(keras.Model):
        def train_step(self, *given: Any) -> Any:
            return super().train_step(*given)

    inputs = keras.Input((3,))
    model = Own(inputs, keras.layers.Dense(1, activation="sigmoid")(inputs))
    model.compile("sgd", "binary_crossentropy")
    mlflow_plateau.autolog(diagnose=False, probe_budget=100.0)
    model.fit(*arrays(), epochs=2, verbose=0)

    run = only_run()
    assert setup(run)["gradients_declined"] == "the model has a train_step of its own"
    assert run.data.metrics["plateau/clean_fit"] > 0
    assert run.data.metrics["plateau/update_ratio"] > 0
    assert run.data.metrics["plateau/batch_loss_spread"] > 0


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="only JAX distributes variables")
def test_of_a_distributed_model_weights_are_not_read() -> None:
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    try:
        mlflow_plateau.autolog(diagnose=False)
        network().fit(*arrays(), epochs=1, verbose=0)
    finally:
        keras.distribution.set_distribution(None)

    run = only_run()
    assert setup(run)["experiments_declined"] == "the model is distributed over several devices"
    assert "loss" in run.data.metrics
    assert "plateau/update_ratio" not in run.data.metrics
