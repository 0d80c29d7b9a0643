"""A tracking server that refuses part of what it is asked, in front of a real one."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import keras
import mlflow
import pytest

import mlflow_plateau
from tests.recorder.trainings import curve, fit, small_model

PATIENCE = 60.0
"""Seconds after which a refusal is given to a training that waits for it."""


class Front(ThreadingHTTPServer):
    """Passes requests on, but answers 503 to those for ``refused``, once the training is over.

    Attributes:
        events: What happened, in order: a refusal, or what a test adds.
        trained: Set when the training is over.
    """

    def __init__(self, behind: str, refused: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind
        self.refused = refused
        self.events: list[str] = []
        self.trained = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        front: Any = self.server
        if front.refused in self.path:
            front.trained.wait(PATIENCE)
            front.events.append("refused")
            self.send_error(503)
            return
        length = int(self.headers.get("Content-Length") or 0)
        request = urllib.request.Request(
            front.behind + self.path,
            data=self.rfile.read(length) if length else None,
            headers={"Content-Type": self.headers.get("Content-Type") or "application/json"},
            method=self.command,
        )
        try:
            with urllib.request.urlopen(request) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, *arguments: Any) -> None:
        """Says nothing."""


class Notes(keras.callbacks.Callback):
    def __init__(self, front: Front) -> None:
        super().__init__()
        self.front = front

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.front.events.append(f"epoch {epoch}")

    def on_train_end(self, logs: Any = None) -> None:
        self.front.trained.set()


@pytest.fixture
def front(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """Refuses to take note of data sets."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    before = mlflow.get_tracking_uri()
    with Front(server, "log-inputs") as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        mlflow.set_tracking_uri(f"http://127.0.0.1:{served.server_port}")
        mlflow.set_experiment("behind a front")
        yield served
        served.shutdown()
    mlflow.set_tracking_uri(before)


def test_no_epoch_waits_for_what_the_server_refuses(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    mlflow_plateau.autolog()
    fit(small_model(), epochs=6, validation_split=0.4, callbacks=[Notes(front)])

    assert front.events[:6] == [f"epoch {epoch}" for epoch in range(6)]
    assert "refused" in front.events
    (run,) = mlflow.search_runs(experiment_names=["behind a front"], output_format="list")
    assert len(curve(run, "val_loss")) == 6
    assert "plateau.status" in run.data.tags
    assert any("data could not be logged" in r.getMessage() for r in caplog.records)


def test_a_folder_that_is_not_there_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Newer versions of MLflow want to be asked before they keep runs in folders.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    try:
        mlflow.set_experiment("in a folder")
        mlflow_plateau.autolog()
        fit(small_model(), epochs=6, validation_split=0.4)
        found = mlflow.search_runs(experiment_names=["in a folder"])
    finally:
        mlflow.set_tracking_uri(before)

    assert list(found["tags.plateau.status"]) == ["improving"]
    assert [r for r in caplog.records if r.name == "mlflow_plateau"] == []
