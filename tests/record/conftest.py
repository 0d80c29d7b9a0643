"""The recorder switched off, and MLflow's own autologging too, before and after each test."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import mlflow
import mlflow.keras
import mlflow.tensorflow
import pytest

import mlflow_plateau


@pytest.fixture(autouse=True)
def everything_off(tracking_uri: str) -> Iterator[None]:
    keras.utils.set_random_seed(0)
    yield
    mlflow_plateau.autolog(disable=True)
    mlflow.tensorflow.autolog(disable=True)
    mlflow.keras.autolog(disable=True)


@pytest.fixture
def recorder() -> None:
    """Records without the diagnosis, which has tests of its own."""
    mlflow_plateau.autolog(diagnose=False)
