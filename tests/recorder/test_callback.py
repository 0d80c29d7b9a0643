"""The recorder by hand, and the switch that puts it into every ``fit``."""

from __future__ import annotations

import copy
import threading
from typing import Any

import keras
import mlflow
import mlflow.keras
import pytest

import mlflow_plateau
from mlflow_plateau import PlateauCallback
from tests.recorder.trainings import arrays, curve, fit, only_run, runs, setup, small_model


def by_hand(**settings: Any) -> PlateauCallback:
    return PlateauCallback(**{"diagnose": False, **settings})


def test_by_hand_in_one_fit_only(tracking_uri: str) -> None:
    fit(small_model(), validation_split=0.2, callbacks=[by_hand(extra_tags={"team": "red"})])
    fit(small_model())

    run = only_run()
    assert set(curve(run, "val_loss")) == {0, 1}
    assert set(curve(run, "plateau/update_ratio")) == {0, 1}
    assert setup(run)["training_rows"] == "16"
    assert setup(run)["framework"] == "keras"
    assert run.data.tags["team"] == "red"
    assert run.info.status == "FINISHED"


def test_by_hand_the_run_is_diagnosed(capsys: pytest.CaptureFixture[str]) -> None:
    recorder = PlateauCallback(monitor="val_accuracy")
    model = small_model(metrics=["accuracy"])
    fit(model, epochs=3, validation_split=0.2, callbacks=[recorder])

    assert only_run().data.tags["plateau.status"]
    assert only_run().info.run_id in capsys.readouterr().err


def test_recorded_once_beside_autolog(recorder: None) -> None:
    callback = by_hand(extra_tags={"by": "hand"})
    fit(small_model(), callbacks=[callback])

    assert set(curve(only_run(), "loss")) == {0, 1}
    assert only_run().data.tags["by"] == "hand"


@pytest.mark.parametrize("times", [1, 2])
def test_one_for_several_fits(times: int, tracking_uri: str) -> None:
    callback = by_hand()
    for _ in range(2):
        fit(small_model(), callbacks=[callback] * times)

    assert [set(curve(run, "loss")) for run in runs()] == [{0, 1}] * 2


def test_in_a_list_of_keras_own_kind(recorder: None) -> None:
    model = small_model()
    others = keras.callbacks.CallbackList(
        [keras.callbacks.Callback()], add_history=True, model=model, epochs=2
    )
    before = list(others.callbacks)
    fit(model, callbacks=others)

    assert set(curve(only_run(), "loss")) == {0, 1}
    assert list(others.callbacks) == before


def test_the_users_list_stays_as_it_is(recorder: None) -> None:
    callbacks: list[Any] = [keras.callbacks.Callback()]
    fit(small_model(), callbacks=callbacks)
    fit(small_model(), callbacks=callbacks[0])

    assert len(callbacks) == 1
    assert len(runs()) == 2


def test_copied_and_passed_to_evaluate(tracking_uri: str) -> None:
    callback = copy.deepcopy(by_hand())
    model = small_model()
    model.evaluate(*arrays(), verbose=0, callbacks=[callback])
    assert runs() == []
    fit(model, callbacks=[callback])

    assert set(curve(only_run(), "loss")) == {0, 1}


def test_switched_on_twice_records_once(tracking_uri: str) -> None:
    mlflow_plateau.autolog(diagnose=False)
    mlflow_plateau.autolog(diagnose=False, extra_tags={"asked": "twice"})
    fit(small_model())

    assert set(curve(only_run(), "loss")) == {0, 1}
    assert only_run().data.tags["asked"] == "twice"


def test_switched_off_while_another_fit_goes_on(recorder: None) -> None:
    class SwitchesOff(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            mlflow_plateau.autolog(disable=True)

    fit(small_model(), callbacks=[SwitchesOff()])
    fit(small_model())

    assert set(curve(only_run(), "loss")) == {0, 1}


def test_evaluation_inside_a_training_is_not_its_validation(recorder: None) -> None:
    class Evaluates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            x, y = arrays(5)
            self.model.evaluate(x, y, verbose=0)

    fit(small_model(), callbacks=[Evaluates()])

    assert setup(only_run())["has_validation"] == "false"
    assert "validation_rows" not in setup(only_run())
    assert not curve(only_run(), "val_loss")


def test_the_metric_to_diagnose_may_stand_beside_mlflows(tracking_uri: str) -> None:
    mlflow.keras.autolog(log_models=False, log_datasets=False, silent=True)
    mlflow_plateau.autolog(monitor="val_loss", silent=True)
    fit(small_model(), validation_split=0.2, callbacks=[])

    assert only_run().data.tags["plateau.status"]


def test_models_on_several_threads(recorder: None) -> None:
    models = [small_model(run_eagerly=True) for _ in range(2)]
    threads = [threading.Thread(target=fit, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [set(curve(run, "loss")) for run in runs()] == [{0, 1}] * 2
