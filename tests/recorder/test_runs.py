"""Which run a training goes into, and at which steps: no two curves mix."""

from __future__ import annotations

from typing import Any

import keras
import mlflow
import pytest

import mlflow_plateau
from mlflow_plateau.recorder import step_axis
from tests.recorder.trainings import arrays, curve, fit, only_run, runs, setup, small_model


def test_each_fit_outside_a_run_is_a_run(recorder: None) -> None:
    model = small_model(keras.optimizers.SGD(1e-3))
    fit(model)
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    fit(model, epochs=3)

    first, second = runs()
    assert set(curve(first, "loss")) == {0, 1}
    assert set(curve(second, "loss")) == {0, 1, 2}
    assert setup(first)["learning_rate"] == "0.001"
    assert setup(second)["learning_rate"] == "0.1"


def test_own_run_carries_tags(tracking_uri: str) -> None:
    mlflow_plateau.autolog(diagnose=False, extra_tags={"team": "blue"})
    fit(small_model())

    assert only_run().data.tags["team"] == "blue"
    assert only_run().data.tags["mlflow.autologging"] == "mlflow_plateau"


def test_callbacks_log_into_our_run(recorder: None) -> None:
    class Notes(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            mlflow.log_param("mine", 1)

        def on_train_end(self, logs: Any = None) -> None:
            mlflow.set_tag("done", "yes")

    fit(small_model(), callbacks=[Notes()])

    assert only_run().data.params["mine"] == "1"
    assert only_run().data.tags["done"] == "yes"


def test_the_innermost_active_run_is_used(recorder: None) -> None:
    with mlflow.start_run(run_name="outer"):
        fit(small_model())
        with mlflow.start_run(run_name="inner", nested=True):
            fit(small_model(), epochs=3)
        fit(small_model())

    outer, inner = runs()
    assert curve(inner, "plateau/training") == {0: 1, 1: 1, 2: 1}
    assert curve(outer, "plateau/training") == {0: 1, 1: 1, 2: 2, 3: 2}
    assert set(curve(outer, "loss")) == {0, 1, 2, 3}


def test_the_same_model_goes_on(recorder: None) -> None:
    model = small_model()
    with mlflow.start_run():
        fit(model)
        fit(model)
        fit(model, epochs=6, initial_epoch=4)

    run = only_run()
    assert curve(run, "plateau/training") == dict.fromkeys(range(6), 1)
    assert set(curve(run, "loss")) == set(range(6))
    assert setup(run)["planned_epochs"] == "6"


def test_initial_epoch_begins_where_it_says(recorder: None) -> None:
    model = small_model()
    with mlflow.start_run():
        fit(model, epochs=5, initial_epoch=3)
        fit(model, epochs=7, initial_epoch=5)
        fit(model, epochs=6, initial_epoch=5)

    assert set(curve(only_run(), "loss")) == {3, 4, 5, 6, 7}


def test_the_setup_is_that_of_the_last_training(recorder: None) -> None:
    with mlflow.start_run():
        fit(small_model(keras.optimizers.Adam(0.25)))
        fit(small_model(keras.optimizers.SGD(0.5)))
        fit(small_model(keras.optimizers.Adam(0.25)))

    noted = setup(only_run())
    assert (noted["optimizer"], noted["learning_rate"]) == ("adam", "0.25")
    assert noted["planned_epochs"] == "6"


def test_a_run_that_another_process_left(recorder: None) -> None:
    with mlflow.start_run() as run:
        fit(small_model())
    step_axis.forget(run.info.run_id)  # As if this were another process.
    with mlflow.start_run(run_id=run.info.run_id):
        fit(small_model(), epochs=4, initial_epoch=2)
    step_axis.forget(run.info.run_id)
    with mlflow.start_run(run_id=run.info.run_id):
        fit(small_model())

    assert curve(only_run(), "plateau/training") == {0: 1, 1: 1, 2: 1, 3: 1, 4: 2, 5: 2}


class FitsInside(keras.callbacks.Callback):
    """Fits a model at the end of the first epoch."""

    def __init__(self, other: Any = None) -> None:
        super().__init__()
        self.other = other

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == 0:
            fit(self.other or self.model, epochs=3)


def test_a_fit_inside_a_fit_is_a_nested_run(recorder: None) -> None:
    fit(small_model(), callbacks=[FitsInside(small_model())])

    outer, inner = sorted(runs(), key=lambda run: len(curve(run, "loss")))
    assert set(curve(outer, "loss")) == {0, 1}
    assert set(curve(inner, "loss")) == {0, 1, 2}
    assert inner.data.tags["mlflow.parentRunId"] == outer.info.run_id
    assert {outer.info.status, inner.info.status} == {"FINISHED"}


def test_a_fit_of_the_same_model_inside_is_left_alone(recorder: None) -> None:
    fit(small_model(), callbacks=[FitsInside()])

    assert set(curve(only_run(), "loss")) == {0, 1}


def test_exclusive_leaves_the_users_runs_alone(tracking_uri: str) -> None:
    mlflow_plateau.autolog(diagnose=False, exclusive=True)
    with mlflow.start_run():
        fit(small_model())
    fit(small_model())

    mine, theirs = sorted(runs(), key=lambda run: bool(setup(run)))
    assert not setup(mine)
    assert set(curve(theirs, "loss")) == {0, 1}


def test_mlflow_run_names_the_run_to_go_on_with(
    recorder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = mlflow.MlflowClient().create_run(experiment_id="1")
    monkeypatch.setenv("MLFLOW_RUN_ID", prepared.info.run_id)
    fit(small_model())

    assert only_run().info.run_id == prepared.info.run_id
    assert only_run().info.status == "FINISHED"


def test_data_in_memory_is_noted(tracking_uri: str) -> None:
    mlflow_plateau.autolog(diagnose=False)
    x, y = arrays()
    fit(small_model(), validation_data=(x[:5], y[:5]))

    noted = only_run().inputs.dataset_inputs
    assert sorted(item.tags[0].value for item in noted) == ["eval", "train"]


def test_data_is_not_noted_on_request(tracking_uri: str) -> None:
    mlflow_plateau.autolog(diagnose=False, log_datasets=False)
    fit(small_model())

    assert only_run().inputs.dataset_inputs == []


def test_seeded_programs_give_their_runs_different_names(recorder: None) -> None:
    for _ in range(2):
        keras.utils.set_random_seed(7)
        fit(small_model(), epochs=1)

    first, second = runs()
    assert first.info.run_name != second.info.run_name
