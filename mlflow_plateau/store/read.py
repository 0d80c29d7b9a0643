"""Brings a run back from the tracking store as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlflow_plateau.errors import RunNotFoundError
from mlflow_plateau.store.connection import answering, open_client, shown_uri
from mlflow_plateau.tracked import Points, TrackedRun
from mlflow_plateau.untrusted import quoted

if TYPE_CHECKING:
    from mlflow.entities import Dataset, Metric, Run

SYSTEM = "system/"
"""MLflow's metrics of the machine: many, long, and no part of a diagnosis."""

DATA_CONTEXT = "mlflow.data.context"
"""MLflow's tag of a data set that says what it was used for."""

MOST_ROWS = 10**15
"""No data set has more."""


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
        names = [name for name in run.data.metrics if not name.startswith(SYSTEM)]
        return tracked(run, {n: points_of(client.get_metric_history(run_id, n)) for n in names})


def tracked(run: Run, metrics: Mapping[str, Points]) -> TrackedRun:
    """Returns MLflow's run as the rest of the house knows it.

    Args:
        run: The run as MLflow returns it.
        metrics: The points of its metrics, as far as they were read.
    """
    data_sets = _data_sets(run)
    return TrackedRun(
        run_id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        name=run.info.run_name or "",
        status=run.info.status,
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        metrics=metrics,
        data={use: _digest(several) for use, several in data_sets.items()},
        rows={use: rows for use, several in data_sets.items() if (rows := _rows(several))},
        start_time=run.info.start_time or 0,
    )


def _data_sets(run: Run) -> dict[str, list[Dataset]]:
    """Returns the logged data sets by what they were used for."""
    found: dict[str, list[Dataset]] = {}
    for item in run.inputs.dataset_inputs if run.inputs else ():
        uses = [tag.value for tag in item.tags if tag.key == DATA_CONTEXT]
        found.setdefault(uses[0] if uses else "", []).append(item.dataset)
    return found


def _digest(data_sets: Iterable[Dataset]) -> str:
    """Returns one digest of all data sets of one use, whatever the order they were logged in."""
    return " ".join(sorted(data.digest or "" for data in data_sets))


def _rows(data_sets: Sequence[Dataset]) -> int:
    """Returns the rows of the only data set of one use, 0 where nobody says how many.

    MLflow's profiles say it of arrays and frames; of TensorFlow's data sets they count batches.
    """
    return _rows_by_profile(data_sets[0].profile) if len(data_sets) == 1 else 0


def _rows_by_profile(text: str | None) -> int:
    """Returns the number of rows that a profile of MLflow's tells, 0 where it tells none."""
    try:
        profile = json.loads(text or "")
    except (ValueError, RecursionError):
        return 0
    if not isinstance(profile, dict):
        return 0
    shape = profile.get("features_shape")
    if isinstance(shape, dict):  # Several inputs have as many rows.
        shape = next(iter(shape.values()), None)
    rows = shape[0] if isinstance(shape, list) and shape else profile.get("num_rows")
    return rows if type(rows) is int and 0 < rows <= MOST_ROWS else 0


def points_of(history: Iterable[Metric]) -> Points:
    """Returns the points of one metric as the store returned them."""
    rows = [(metric.step, metric.value, metric.timestamp) for metric in history]
    steps, values, timestamps = zip(*rows, strict=True) if rows else ((), (), ())
    return Points(
        steps=np.array(steps, dtype=np.int64),
        values=np.array(values, dtype=np.float64),
        timestamps=np.array(timestamps, dtype=np.int64),
    )
