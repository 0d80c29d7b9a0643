"""What MLflow's autologging leaves of models and data, and what comes of it."""

from __future__ import annotations

import os
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

import mlflow_plateau
from mlflow_plateau.align.setup import setup_of
from mlflow_plateau.errors import TrackingServerError
from mlflow_plateau.store import model_summary
from mlflow_plateau.store.model_summary import with_summary
from mlflow_plateau.store.read import read_run

keras = pytest.importorskip("keras")

pytestmark = pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow",
    reason="MLflow's autologging of Keras needs TensorFlow",
)


def train(units: int, rate: float, epochs: int = 12) -> str:
    """Trains under MLflow's autologging alone, and returns the run's id."""
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 5)).astype("float32")
    y = np.abs(x[:, 0])
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dropout(0.0),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), "mse")
    mlflow.tensorflow.autolog(log_models=False)
    try:
        with mlflow.start_run() as run:
            model.fit(x, y, validation_data=(x[:50], y[:50]), epochs=epochs, verbose=0)
    finally:
        mlflow.tensorflow.autolog(disable=True)
    return str(run.info.run_id)


def test_an_autologged_run_tells_its_model_and_the_size_of_its_data(tracking_uri: str) -> None:
    setup = setup_of(with_summary(read_run(train(16, 0.01, epochs=2))))
    assert setup.layers == "Dense(16) > Dropout > Dense(1)"
    assert setup.parameter_count == 5 * 16 + 16 + 17
    assert (setup.training_rows, setup.validation_rows) == (200, 50)
    assert setup.output_units == 1


def test_another_model_is_not_taken_for_another_learning_rate(tracking_uri: str) -> None:
    """Autologging writes no parameter about the model, so only the rate seems to differ."""
    narrow, wide = train(1, 0.02), train(32, 0.01)
    found = mlflow_plateau.diagnose(narrow, log=False)
    assert found.siblings is not None
    (sibling,) = found.siblings.compared
    assert sibling.run_id == wide
    assert {item.lever for item in sibling.differences} == {"learning_rate", "model"}
    frame = mlflow_plateau.diagnose_runs(log=False)
    assert set(frame["error"]) == {""}


class Refusing(MlflowClient):
    """A client whose artifact store does not answer."""

    def list_artifacts(self, *args: Any, **more: Any) -> Any:
        """Raises what a store without credentials raises."""
        raise PermissionError("no credentials")


def test_artifacts_that_cannot_be_read_cost_only_what_they_would_have_said(
    tracking_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = train(16, 0.01)
    monkeypatch.setattr(model_summary, "open_client", lambda uri: Refusing(uri))
    with pytest.raises(TrackingServerError, match="no credentials"):
        with_summary(read_run(run_id))
    found = mlflow_plateau.diagnose(run_id, log=False)
    assert any("made of could not be read" in note for note in found.notes)
    assert found.status != "inconclusive"


def test_a_run_whose_artifacts_cannot_be_read_is_left_out_of_the_comparison(
    tracking_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow, wide, other = train(1, 0.02), train(32, 0.01), train(32, 0.04)
    listed = MlflowClient.list_artifacts

    def list_artifacts(self: MlflowClient, run_id: str, *args: Any) -> Any:
        if run_id == wide:
            raise PermissionError("no credentials")
        return listed(self, run_id, *args)

    monkeypatch.setattr(MlflowClient, "list_artifacts", list_artifacts)
    found = mlflow_plateau.diagnose(narrow, log=False)
    assert found.siblings is not None
    assert [sibling.run_id for sibling in found.siblings.compared] == [other]


@pytest.mark.parametrize("profile", ["[" * 3000, '{"num_rows": true}', "[]", "none", "{}"])
def test_odd_profiles_of_data_sets_tell_no_rows(profile: str) -> None:
    from mlflow_plateau.store.read import _rows_by_profile

    assert _rows_by_profile(profile) == 0


def test_runs_that_have_none_are_not_asked(
    tracking_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_summary, "open_client", lambda uri: Refusing(uri))
    with mlflow.start_run() as run:
        mlflow.log_params({"lr": 0.1, "optimizer": "adam"})
    tracked = read_run(run.info.run_id)
    assert with_summary(tracked) == tracked
    with mlflow.start_run() as run:
        mlflow.log_params({"opt_name": "adam", "plateau.layers": "Dense(1)"})
    tracked = read_run(run.info.run_id)
    assert with_summary(tracked) == tracked


def test_an_autologged_run_without_a_summary_is_as_it_is(tracking_uri: str) -> None:
    with mlflow.start_run() as run:
        mlflow.log_param("opt_name", "adam")
    tracked = read_run(run.info.run_id)
    assert with_summary(tracked) == tracked
