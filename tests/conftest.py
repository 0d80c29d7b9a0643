"""A tracking store of its own for each test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Lets other people's packages warn each other; warnings about our own code are errors."""
    for module in (
        *("mlflow", "sqlalchemy", "alembic", "pydantic", "google", "keras", "tensorflow"),
        *("lightning", "lightning_utilities", "pytorch_lightning", "transformers", "accelerate"),
        *("torch", "torchmetrics", "pyspark", "py4j", "dask", "distributed", "ray"),
    ):
        config.addinivalue_line("filterwarnings", f"ignore::Warning:{module}(\\..*)?")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a database that MLflow has already created its tables in, which takes seconds."""
    folder = tmp_path_factory.mktemp("store")
    file = folder / "empty.db"
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{file}")
    client.create_experiment("here", artifact_location=(folder / "artifacts").as_uri())
    return file


@pytest.fixture
def tracking_uri(
    empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Sets MLflow's tracking store to a fresh SQLite database, and returns its URI.

    The working directory is a fresh one, so that artifacts of new experiments go there.
    """
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("here")
    yield uri
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[str]:
    """A tracking server on a free port that keeps artifacts itself; returns its URI."""
    folder = tmp_path_factory.mktemp("server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    database = folder / "mlflow.db"
    database.write_bytes(empty_database.read_bytes())
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{database}", "--workers", "1"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            start_new_session=True,
        )
    uri = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{uri}/health", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
        yield uri
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=30)
