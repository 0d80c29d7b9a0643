"""However ``fit`` ends, what was recorded is kept, and the user sees what Keras raised."""

from __future__ import annotations

from typing import Any

import keras
import mlflow
import numpy as np
import pytest

import mlflow_plateau
from tests.recorder.trainings import arrays, curve, fit, only_run, runs, setup, small_model


class Raises(keras.callbacks.Callback):
    """Raises at the end of an epoch."""

    def __init__(self, error: BaseException, epoch: int = 1) -> None:
        super().__init__()
        self.error = error
        self.epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == self.epoch:
            raise self.error


class Stops(keras.callbacks.Callback):
    """Stops after an epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = epoch == 1


def test_completed(recorder: None) -> None:
    fit(small_model())

    assert only_run().info.status == "FINISHED"
    assert setup(only_run())["outcome"] == "completed"
    assert setup(only_run())["planned_epochs"] == "2"


def test_an_exception_is_the_users(recorder: None) -> None:
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught:
        fit(small_model(), epochs=5, callbacks=[Raises(error)])

    assert caught.value is error
    run = only_run()
    assert run.info.status == "FAILED"
    assert setup(run)["outcome"] == "failed"
    assert set(curve(run, "loss")) == {0, 1}
    assert mlflow.active_run() is None


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_an_interrupt(recorder: None, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        fit(small_model(), epochs=5, callbacks=[Raises(error)])

    assert caught.value is error
    run = only_run()
    assert run.info.status == "KILLED"
    assert setup(run)["outcome"] == "interrupted"
    assert set(curve(run, "loss")) == {0, 1}


def test_a_callback_stops(recorder: None) -> None:
    fit(small_model(), epochs=5, callbacks=[Stops()])

    assert only_run().info.status == "FINISHED"
    assert setup(only_run())["outcome"] == "stopped"
    assert set(curve(only_run(), "loss")) == {0, 1}


def test_the_users_own_run_is_left_open(recorder: None) -> None:
    with mlflow.start_run() as run:
        with pytest.raises(KeyboardInterrupt):
            fit(small_model(), epochs=5, callbacks=[Raises(KeyboardInterrupt())])
        active = mlflow.active_run()
        assert active is not None
        assert active.info.run_id == run.info.run_id
        assert only_run().info.status == "RUNNING"
    assert only_run().info.status == "FINISHED"


def test_a_call_that_keras_refuses_leaves_no_run(recorder: None) -> None:
    model = small_model()
    with pytest.raises(TypeError):
        model.fit(no_such_argument=1)
    with pytest.raises(ValueError, match="compile"):
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]).fit(*arrays())

    assert runs() == []
    assert mlflow.active_run() is None


def test_data_that_keras_refuses_leaves_no_run(recorder: None) -> None:
    x, y = arrays()
    with pytest.raises(ValueError, match="ardinality"):
        small_model().fit(x, y[:-1], verbose=0)

    assert runs() == []


def test_restored_weights_stay_restored(recorder: None) -> None:
    model = small_model(keras.optimizers.SGD(0.5))
    x, y = arrays()
    stopping = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    fit(model, epochs=30, validation_data=(x, 1 - y), callbacks=[stopping])

    run = only_run()
    assert setup(run)["outcome"] == "stopped"
    losses = curve(run, "val_loss")
    assert model.evaluate(x, 1 - y, verbose=0) == pytest.approx(min(losses.values()), rel=1e-4)
    assert len(losses) < 30


def test_losses_that_are_not_finite_are_logged(recorder: None) -> None:
    _, y = arrays()
    y = y.copy()
    y[3] = np.nan
    fit(small_model(), y=y)

    run = only_run()
    assert all(np.isnan(value) for value in curve(run, "loss").values())
    assert np.isnan(curve(run, "plateau/update_ratio")[1])


def test_the_run_is_diagnosed_after_an_interrupt(capsys: pytest.CaptureFixture[str]) -> None:
    mlflow_plateau.autolog()
    with pytest.raises(KeyboardInterrupt):
        fit(small_model(), epochs=20, callbacks=[Raises(KeyboardInterrupt(), epoch=12)])

    run = only_run()
    assert run.info.status == "KILLED"
    assert run.data.tags["plateau.status"] == "inconclusive"
    assert "no validation" in capsys.readouterr().err.lower()


def test_silence(capfd: pytest.CaptureFixture[str]) -> None:
    mlflow_plateau.autolog(silent=True)
    fit(small_model(), epochs=3, validation_split=0.2)

    assert only_run().data.tags["plateau.status"]
    assert capfd.readouterr() == ("", "")


def test_a_diagnosis_is_printed_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    mlflow_plateau.autolog()
    fit(small_model(), epochs=3, validation_split=0.2)

    printed = capsys.readouterr()
    assert only_run().info.run_id in printed.err
    assert printed.out == ""
