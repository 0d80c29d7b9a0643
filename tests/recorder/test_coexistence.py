"""Together with MLflow's own autologging, in any order: nobody's metrics are lost or doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import mlflow
import mlflow.keras
import mlflow.tensorflow
import pytest

import mlflow_plateau
from tests.recorder.trainings import arrays, curve, fit, only_run, runs, setup, small_model

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's autologging warns of much.


def everything(**settings: Any) -> None:
    mlflow.autolog(log_models=False, log_datasets=False, silent=True, **settings)


def tensorflow(**settings: Any) -> None:
    mlflow.tensorflow.autolog(log_models=False, log_datasets=False, silent=True, **settings)


def keras_only(**settings: Any) -> None:
    mlflow.keras.autolog(log_models=False, log_datasets=False, silent=True, **settings)


def ours(**settings: Any) -> None:
    mlflow_plateau.autolog(diagnose=False, **settings)


THEIRS = {"mlflow": everything, "mlflow.tensorflow": tensorflow, "mlflow.keras": keras_only}

ORDERS: dict[str, Callable[[Callable[..., None]], list[Callable[[], None]]]] = {
    "ours first": lambda theirs: [ours, theirs],
    "theirs first": lambda theirs: [theirs, ours],
    "ours again": lambda theirs: [ours, theirs, lambda: ours(disable=True), ours],
    "theirs again": lambda theirs: [theirs, ours, lambda: theirs(disable=True), theirs],
    "all again": lambda theirs: [
        *(theirs, ours, lambda: theirs(disable=True), lambda: ours(disable=True)),
        *(ours, theirs),
    ],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("theirs", THEIRS)
def test_everybody_logs_once(theirs: str, order: str) -> None:
    for enable in ORDERS[order](THEIRS[theirs]):
        enable()
    fit(small_model(), validation_split=0.2, callbacks=[])
    mlflow.flush_async_logging()

    run = only_run()
    assert run.info.status == "FINISHED"
    assert set(curve(run, "plateau/loss")) == {0, 1}
    assert set(curve(run, "plateau/val_loss")) == {0, 1}
    assert set(curve(run, "loss")) == {0, 1}  # MLflow's
    assert curve(run, "loss") == pytest.approx(curve(run, "plateau/loss"), abs=1e-5)
    assert set(curve(run, "plateau/update_ratio")) == {0, 1}


@pytest.mark.parametrize("theirs", THEIRS)
def test_only_ours_once_theirs_is_disabled(theirs: str) -> None:
    ours()
    THEIRS[theirs]()
    THEIRS[theirs](disable=True)
    fit(small_model(), callbacks=[])

    run = only_run()
    assert set(curve(run, "loss")) == {0, 1}
    assert not curve(run, "plateau/loss")
    assert run.data.tags["mlflow.autologging"] == "mlflow_plateau"


@pytest.mark.parametrize("theirs", THEIRS)
def test_only_theirs_once_ours_is_disabled(theirs: str) -> None:
    THEIRS[theirs]()
    ours()
    ours(disable=True)
    fit(small_model(), callbacks=[])
    mlflow.flush_async_logging()

    run = only_run()
    assert set(curve(run, "loss")) == {0, 1}
    assert not setup(run)


def test_no_trace_once_disabled() -> None:
    ours()
    ours(disable=True)
    fit(small_model())

    assert runs() == []


def test_a_callback_that_logs_to_mlflow_keeps_its_names() -> None:
    class Logger(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            mlflow.log_metric("loss", logs["loss"], step=epoch)

    ours()
    fit(small_model(), callbacks=[Logger()])

    run = only_run()
    assert curve(run, "loss") == pytest.approx(curve(run, "plateau/loss"))


def test_what_others_add_to_the_logs_is_a_curve_too() -> None:
    class Scorer(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["val_f1"] = 0.5 + epoch

    ours()
    fit(small_model(), callbacks=[Scorer()])

    assert curve(only_run(), "val_f1") == {0: 0.5, 1: 1.5}


def test_data_is_noted_once_beside_mlflow() -> None:
    mlflow.keras.autolog(log_models=False, silent=True)
    ours()
    fit(small_model(), callbacks=[])
    mlflow.flush_async_logging()

    assert len(only_run().inputs.dataset_inputs) == 1


def test_models_of_our_own_are_no_runs_of_the_users() -> None:
    """The reference models are scikit-learn's, which MLflow's autologging watches too."""
    mlflow.sklearn.autolog(log_models=False, silent=True)
    try:
        mlflow_plateau.autolog(silent=True)
        x, y = arrays(80)
        fit(small_model(), x=x, y=y, validation_split=0.5)
    finally:
        mlflow.sklearn.autolog(disable=True)

    assert "plateau.learnable_share" in only_run().data.params
