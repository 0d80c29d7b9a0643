"""Brings a run back from the tracking store as it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from mlflow_plateau.errors import RunNotFoundError
from mlflow_plateau.store.connection import answering, open_client, shown_uri
from mlflow_plateau.tracked import Points, TrackedRun
from mlflow_plateau.untrusted import quoted

if TYPE_CHECKING:
    from mlflow.entities import Metric, Run
    from mlflow.tracking import MlflowClient

SYSTEM = "system/"
"""MLflow's metrics of the machine: many, long, and no part of a diagnosis."""


def read_run(run_id: str, tracking_uri: str | None = None) -> TrackedRun:
    """Reads one run with the whole history of each of its metrics.

    Args:
        run_id: The run's id.
        tracking_uri: The tracking store; MLflow's current one if left out.

    Returns:
        The run as the store holds it, nothing cleaned; MLflow's system metrics are left out.

    Raises:
        RunNotFoundError: If the store has no such run, or it was deleted.
        TrackingServerError: If the store does not answer.
    """
    client = open_client(tracking_uri)
    with answering(tracking_uri, run_id):
        run = client.get_run(run_id)
        if run.info.lifecycle_stage == "deleted":
            raise RunNotFoundError(
                f"Run {quoted(run_id)} in {shown_uri(tracking_uri)} was deleted. Restore it first:"
                f" mlflow runs restore --run-id {quoted(run_id)}"
            )
        return _tracked(client, run)


def _tracked(client: MlflowClient, run: Run) -> TrackedRun:
    names = [name for name in run.data.metrics if not name.startswith(SYSTEM)]
    return TrackedRun(
        run_id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        name=run.info.run_name or "",
        status=run.info.status,
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        metrics={n: _points(client.get_metric_history(run.info.run_id, n)) for n in names},
    )


def _points(history: Iterable[Metric]) -> Points:
    rows = [(metric.step, metric.value, metric.timestamp) for metric in history]
    steps, values, timestamps = zip(*rows, strict=True) if rows else ((), (), ())
    return Points(
        steps=np.array(steps, dtype=np.int64),
        values=np.array(values, dtype=np.float64),
        timestamps=np.array(timestamps, dtype=np.int64),
    )
