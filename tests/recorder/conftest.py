"""The recorder switched off, and MLflow's own autologging too, before and after each test."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import mlflow
import pytest
from mlflow.utils import autologging_utils

keras = pytest.importorskip("keras")

import mlflow_plateau  # noqa: E402

HAS_TENSORFLOW = find_spec("tensorflow") is not None
"""Elsewhere MLflow's own autologging for Keras cannot be imported, and is off."""


@pytest.fixture(autouse=True)
def everything_off(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # With a buffer MLflow's own logging stops when it is told to, not at the end of a second.
    monkeypatch.setenv("MLFLOW_ASYNC_LOGGING_BUFFERING_SECONDS", "1")
    keras.utils.set_random_seed(0)
    yield
    mlflow_plateau.autolog(disable=True)
    if HAS_TENSORFLOW:
        mlflow.tensorflow.autolog(disable=True)
    mlflow.keras.autolog(disable=True)
    # What is asked of one integration would stand when ``mlflow.autolog`` enables all.
    for integration in ("mlflow", "tensorflow", "keras"):
        autologging_utils.AUTOLOGGING_INTEGRATIONS[integration] = {}


@pytest.fixture
def recorder() -> None:
    """Records without the diagnosis, which has tests of its own."""
    mlflow_plateau.autolog(diagnose=False)
