"""Runs in a tracking store."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import mlflow
from mlflow import MlflowClient

from mlflow_plateau.align import align
from mlflow_plateau.diagnosis import Diagnosis
from mlflow_plateau.store.read import read_run
from mlflow_plateau.weigh import diagnose_history


def log_overfitting(epochs: int = 60) -> str:
    """Logs a run whose validation loss rises while its training loss falls; returns its id."""
    with mlflow.start_run() as run:
        mlflow.log_params({"optimizer": "adam", "lr": "1e-3", "batch_size": "32"})
        for epoch in range(epochs):
            training = math.exp(-epoch / 10)
            validation = 0.02 + training + 0.008 * max(epoch - 20, 0)
            mlflow.log_metrics({"loss": training, "val_loss": validation}, step=epoch)
    return str(run.info.run_id)


def diagnosis_of(run_id: str, **changes: Any) -> Diagnosis:
    """Returns the diagnosis of a run, with changes, without logging it."""
    return replace(diagnose_history(align(read_run(run_id))), **changes)


def our_tags(run_id: str) -> dict[str, str]:
    """Returns the run's tags that a diagnosis wrote."""
    tags = MlflowClient().get_run(run_id).data.tags
    return {name: value for name, value in tags.items() if name.startswith("plateau.")}
