"""A tracking store of its own for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Lets other people's packages warn each other; warnings about our own code are errors."""
    for module in ("mlflow", "sqlalchemy", "alembic", "pydantic", "google", "keras", "tensorflow"):
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
