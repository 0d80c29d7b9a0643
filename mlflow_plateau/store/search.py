"""Finds runs by their diagnosis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlflow_plateau.causes import NONE, cause_by_id
from mlflow_plateau.diagnosis import STATUSES
from mlflow_plateau.errors import PlateauError
from mlflow_plateau.store.connection import answering, open_client, shown_uri
from mlflow_plateau.untrusted import quoted_list

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

PAGE = 1000
"""Runs fetched at a time."""

COLUMNS = (
    "run_id",
    "experiment",
    "run_name",
    "status",
    "cause",
    "confidence",
    "runner_up",
    "contributing",
    "level",
    "onset_epoch",
    "wasted_epochs",
    "start_time",
)


def search_runs(
    cause: str | None = None,
    status: str | None = None,
    min_confidence: float = 0.0,
    experiment_names: Sequence[str] | None = None,
    *,
    tracking_uri: str | None = None,
) -> pd.DataFrame:
    """Finds diagnosed runs.

    The same search in MLflow's own words is ``mlflow.search_runs(filter_string=…)`` with what
    ``filter_for`` returns.

    Args:
        cause: Id of the cause, ``none`` for runs without one; any if left out.
        status: ``improving``, ``converged``, ``stalled``, ``diverged`` or ``inconclusive``.
        min_confidence: The least confidence, 0 to 1.
        experiment_names: The experiments; all active ones if left out.
        tracking_uri: The tracking store; MLflow's current one if left out.

    Returns:
        A row for each run, newest first, with the columns ``run_id``, ``experiment``, ``run_name``,
        ``status``, ``cause``, ``confidence``, ``runner_up``, ``contributing`` (ids separated by
        commas), ``level``, ``onset_epoch`` (NaN without a plateau), ``wasted_epochs`` and
        ``start_time`` (UTC).

    Raises:
        ValueError: If there is no such cause or status, or the confidence is not within 0 and 1.
        PlateauError: If there is no such experiment.
        TrackingServerError: If the store does not answer.
    """
    filter_string = filter_for(cause, status, min_confidence)
    client = open_client(tracking_uri)
    with answering(tracking_uri):
        experiments = find_experiments(client, experiment_names, tracking_uri)
        runs = list(find_runs(client, list(experiments), filter_string))
    frame = pd.DataFrame([_row(run, experiments) for run in runs], columns=list(COLUMNS))
    for column in ("confidence", "onset_epoch", "wasted_epochs"):
        frame[column] = pd.to_numeric(frame[column], errors="coerce").astype("float64")
    frame["start_time"] = pd.to_datetime(frame["start_time"], unit="ms", utc=True)
    return frame


def filter_for(
    cause: str | None = None, status: str | None = None, min_confidence: float = 0.0
) -> str:
    """Returns MLflow's filter string for diagnosed runs.

    Raises:
        ValueError: If there is no such cause or status, or the confidence is not within 0 and 1.
    """
    if cause is not None and cause != NONE:
        cause_by_id(cause)
    if status is not None and status not in STATUSES:
        raise ValueError(f"There is no status {status!r}; it is one of: {', '.join(STATUSES)}.")
    if not 0.0 <= min_confidence <= 1.0:
        raise ValueError(f"min_confidence is {min_confidence}; it has to be within 0 and 1.")
    conditions = [f"tags.`plateau.cause` = '{cause}'" if cause else "tags.`plateau.cause` LIKE '%'"]
    if status is not None:
        conditions.append(f"tags.`plateau.status` = '{status}'")
    if min_confidence > 0:
        conditions.append(f"metrics.`plateau/confidence` >= {min_confidence:.6f}")
    return " AND ".join(conditions)


def find_experiments(
    client: MlflowClient, names: Sequence[str] | None, tracking_uri: str | None
) -> dict[str, str]:
    """Returns the names of active experiments by id.

    Raises:
        PlateauError: If one of the names is not there.
    """
    found: dict[str, str] = {}
    token: str | None = None
    while True:
        page = client.search_experiments(max_results=PAGE, page_token=token)
        found.update((experiment.experiment_id, experiment.name) for experiment in page)
        token = page.token
        if not token:
            break
    if names is None:
        return found
    names = [names] if isinstance(names, str) else list(names)
    missing = [name for name in names if name not in found.values()]
    if missing:
        raise PlateauError(
            f"There is no experiment {quoted_list(missing)} in the tracking store at"
            f" {shown_uri(tracking_uri)}; there are: {quoted_list(sorted(found.values()))}."
        )
    return {key: name for key, name in found.items() if name in names}


def find_runs(
    client: MlflowClient, experiment_ids: Sequence[str], filter_string: str
) -> Iterator[Run]:
    """Yields the active runs that a filter string selects, newest first."""
    token: str | None = None
    while experiment_ids:
        page = client.search_runs(
            list(experiment_ids), filter_string, max_results=PAGE, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            break


def _row(run: Run, experiments: dict[str, str]) -> dict[str, Any]:
    tags = run.data.tags
    return {
        "run_id": run.info.run_id,
        "experiment": experiments.get(run.info.experiment_id, run.info.experiment_id),
        "run_name": run.info.run_name,
        "status": tags.get("plateau.status"),
        "cause": tags.get("plateau.cause"),
        "confidence": run.data.metrics.get("plateau/confidence", tags.get("plateau.confidence")),
        "runner_up": tags.get("plateau.runner_up"),
        "contributing": tags.get("plateau.contributing", ""),
        "level": tags.get("plateau.level"),
        "onset_epoch": tags.get("plateau.onset_epoch"),
        "wasted_epochs": tags.get("plateau.wasted_epochs"),
        "start_time": run.info.start_time,
    }
