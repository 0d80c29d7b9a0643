"""A tracking store that fails costs the record, never the training."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import keras
import mlflow
import numpy as np
import pytest

import mlflow_plateau
from mlflow_plateau.recorder import writer
from mlflow_plateau.recorder.ending import leave
from mlflow_plateau.recorder.patience import AFTER_TRAINING, patience
from mlflow_plateau.recorder.run_scope import RunScope
from tests.recorder.trainings import arrays, curve, fit, only_run, runs, small_model


class Does(keras.callbacks.Callback):
    """Does something at the end of an epoch."""

    def __init__(self, what: Callable[[], None], epoch: int = 1) -> None:
        super().__init__()
        self.what = what
        self.epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == self.epoch:
            self.what()


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Returns what the recorder warned of."""
    return [r.getMessage() for r in caplog.records if r.name == "mlflow_plateau"]


def trained(*callbacks: Any) -> list[Any]:
    """Returns the weights after a training with a fixed seed."""
    keras.utils.set_random_seed(3)
    model = small_model()
    fit(model, epochs=4, validation_split=0.2, callbacks=list(callbacks))
    return [np.array(weight) for weight in model.get_weights()]


@pytest.fixture
def unrecorded() -> list[Any]:
    """The weights after the same training without the recorder."""
    return trained()


@pytest.fixture
def listening() -> Iterator[int]:
    """A port on which connections are taken and nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def tracked_at(uri: str) -> Iterator[None]:
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def test_nobody_listens(unrecorded: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mlflow_plateau.autolog()
    with tracked_at(f"http://127.0.0.1:{port}"):
        weights = trained()

    (message,) = said(caplog)
    assert "does not answer" in message
    assert str(port) in message
    assert "the training goes on" in message
    np.testing.assert_equal(weights, unrecorded)


def test_nobody_answers(
    listening: int,
    unrecorded: list[Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    mlflow_plateau.autolog()
    with tracked_at(f"http://127.0.0.1:{listening}"):
        weights = trained()

    assert len(said(caplog)) == 1
    np.testing.assert_equal(weights, unrecorded)


def test_a_database_that_breaks_midway(
    tracking_uri: str, unrecorded: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    def break_it() -> None:
        with closing(sqlite3.connect(tracking_uri.removeprefix("sqlite:///"))) as database:
            database.execute("DROP TABLE metrics")

    mlflow_plateau.autolog()
    weights = trained(Does(break_it))

    (message,) = said(caplog)
    assert "did not take all" in message
    assert mlflow.active_run() is None
    np.testing.assert_equal(weights, unrecorded)


def test_a_run_that_is_deleted_midway(caplog: pytest.LogCaptureFixture) -> None:
    mlflow_plateau.autolog()
    trained(Does(lambda: mlflow.delete_run(mlflow.active_run().info.run_id)))

    assert len(said(caplog)) == 1
    assert runs() == []


class Server:
    """MLflow's own tracking server, which can be stopped and started."""

    def __init__(self) -> None:
        from werkzeug.serving import make_server

        self._make = make_server
        self.port = 0
        self.start()

    def start(self) -> None:
        from mlflow.server import app

        self._server = self._make("127.0.0.1", self.port, app, threaded=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A tracking server on the test's database, which MLflow's client is told to use."""
    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", tracking_uri)
    monkeypatch.setattr("mlflow.server.handlers._tracking_store", None)
    server = Server()
    uri = f"http://127.0.0.1:{server.port}"
    with tracked_at(uri):
        mlflow.set_experiment("here")
        mlflow.set_tracking_uri(uri)  # In one process the server, once asked, sets its own.
        yield server
    server.stop()


def test_a_server(server: Server) -> None:
    mlflow_plateau.autolog()
    trained()

    assert set(curve(only_run(), "loss")) == {0, 1, 2, 3}
    assert only_run().data.tags["plateau.status"]


def test_a_server_that_goes_away(
    server: Server, tracking_uri: str, unrecorded: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    mlflow_plateau.autolog()
    weights = trained(Does(server.stop))

    (message,) = said(caplog)
    assert "did not take all" in message
    assert mlflow.active_run() is None
    np.testing.assert_equal(weights, unrecorded)
    with tracked_at(tracking_uri):
        assert only_run().info.status == "RUNNING"
    server.start()


def test_a_server_that_comes_back(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlflow_plateau.recorder.writer.SECONDS_BETWEEN_BATCHES", 0.01)
    mlflow_plateau.autolog(diagnose=False)
    trained(Does(server.stop, epoch=0), Does(server.start, epoch=2))

    assert set(curve(only_run(), "loss")) == {0, 1, 2, 3}
    assert only_run().info.status == "FINISHED"


class OddRate(keras.optimizers.SGD):
    """Keeps its learning rate where nobody looks for it."""

    def _get_current_learning_rate(self) -> Any:
        self._learning_rate = object()
        return 0.1


def test_a_model_that_measuring_fails_on(caplog: pytest.LogCaptureFixture) -> None:
    def weights() -> list[Any]:
        keras.utils.set_random_seed(3)
        model = small_model(OddRate(), run_eagerly=True)
        fit(model)
        return list(model.get_weights())

    without = weights()
    mlflow_plateau.autolog(diagnose=False)
    np.testing.assert_equal(weights(), without)

    assert set(curve(only_run(), "loss")) == {0, 1}
    assert not curve(only_run(), "learning_rate")
    messages = said(caplog)
    assert len(set(messages)) == len(messages)


class Refuses(keras.Sequential):
    """Refuses to be looked into."""

    @property
    def outputs(self) -> Any:
        raise RuntimeError("private")


def test_a_model_that_cannot_be_described(recorder: None, caplog: pytest.LogCaptureFixture) -> None:
    model = Refuses([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    x, y = arrays()
    model.fit(x, y, epochs=2, verbose=0)

    assert set(curve(only_run(), "loss")) == {0, 1}
    assert len(said(caplog)) == 1
    assert "output_activation" in said(caplog)[0]


def test_a_run_that_cannot_be_recorded_is_ended(
    monkeypatch: pytest.MonkeyPatch, unrecorded: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("no thread can be started")

    mlflow_plateau.autolog()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", fails)
        weights = trained()

    assert any("no thread can be started" in message for message in said(caplog))
    assert mlflow.active_run() is None
    np.testing.assert_equal(weights, unrecorded)
    trained()
    assert [run.info.status for run in runs()].count("FINISHED") == 2


def test_what_hangs_beside_the_training_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "SECONDS_BEFORE_ASKING", 0.1)
    monkeypatch.setattr(writer, "SECONDS_TO_FINISH", 0.5)
    may_end, ended = threading.Event(), threading.Event()

    def hangs() -> None:
        may_end.wait()
        ended.set()

    scope = RunScope.open(None)
    try:
        hanging = writer.Writer(scope, silent=True)
        hanging.meanwhile(hangs)

        assert not hanging.close()
        with patience(AFTER_TRAINING):
            assert not ended.is_set()
    finally:
        may_end.set()
        leave(scope, "completed", reachable=True)
