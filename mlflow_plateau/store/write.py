"""Writes a diagnosis into its run: artifacts first, the tag with the cause last."""

from __future__ import annotations

import json
import math
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow.entities import Metric, RunTag

from mlflow_plateau.diagnosis import Diagnosis
from mlflow_plateau.errors import RunNotFoundError, TrackingServerError
from mlflow_plateau.store.connection import (
    answering,
    current_uri,
    open_client,
    reason_of,
    shown_uri,
)
from mlflow_plateau.store.note import merge_note
from mlflow_plateau.untrusted import quoted

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

    from mlflow_plateau.consistency import ConsistencyReport

FOLDER = "plateau"
"""Artifacts go there."""

NOTE = "mlflow.note.content"
"""MLflow's tag for a run's description."""

CAUSE = "plateau.cause"
"""Written last and taken away first: a run that carries it has the rest, of one diagnosis."""

TAGS = (
    "plateau.status",
    CAUSE,
    "plateau.confidence",
    "plateau.runner_up",
    "plateau.contributing",
    "plateau.level",
    "plateau.onset_epoch",
    "plateau.wasted_epochs",
    "plateau.consistency",
    "plateau.version",
)
"""Every tag that a diagnosis may write."""

_drawing = threading.Lock()
"""Matplotlib's text layout is not made for several threads."""


def write_diagnosis(
    diagnosis: Diagnosis,
    tracking_uri: str | None = None,
    consistency: ConsistencyReport | None = None,
) -> None:
    """Logs a diagnosis to its run, in place of an earlier one.

    Everything is rendered before anything is written; then come the artifacts, the metrics, the
    section of the description, and the tags, ``plateau.cause`` last. The run's status and end time
    stay as they are.

    Args:
        diagnosis: The diagnosis.
        tracking_uri: The tracking store; MLflow's current one if left out.
        consistency: How the two splits compare, where both are known.

    Raises:
        RunNotFoundError: If the store has no such run.
        TrackingServerError: If the store does not answer, or does not take what is written; the run
            then carries no ``plateau.cause``.
    """
    from mlflow_plateau.report.note import render_note

    artifacts = render_artifacts(diagnosis, consistency, _server(tracking_uri))
    if consistency is not None:
        artifacts |= render_consistency(consistency)
    section = render_note(diagnosis)
    tags = tags_of(diagnosis)
    cause = tags.pop(CAUSE)
    client = open_client(tracking_uri)
    with answering(tracking_uri, diagnosis.run_id):
        run = client.get_run(diagnosis.run_id)
        if run.info.lifecycle_stage == "deleted":
            raise RunNotFoundError(
                f"Run {quoted(diagnosis.run_id)} was deleted, so nothing was written into it."
            )
        if CAUSE in run.data.tags:
            client.delete_tag(diagnosis.run_id, CAUSE)
        _write_artifacts(client, diagnosis.run_id, artifacts, tracking_uri)
        for stale in sorted(set(TAGS) & set(run.data.tags) - {CAUSE, *tags}):
            client.delete_tag(diagnosis.run_id, stale)
        tags[NOTE] = merge_note(run.data.tags.get(NOTE, ""), section)
        client.log_batch(
            diagnosis.run_id,
            metrics=_changed_metrics(diagnosis, run),
            tags=[RunTag(name, value) for name, value in tags.items()],
        )
        client.set_tag(diagnosis.run_id, CAUSE, cause)


def _server(tracking_uri: str | None) -> str | None:
    """Returns the address of MLflow's user interface without user and password, if it has one."""
    parts = urllib.parse.urlsplit(current_uri(tracking_uri))
    if parts.scheme not in ("http", "https"):
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"


def render_artifacts(
    diagnosis: Diagnosis,
    consistency: ConsistencyReport | None = None,
    server: str | None = None,
) -> dict[str, bytes]:
    """Returns the diagnosis as files: their contents by name.

    Args:
        diagnosis: The diagnosis.
        consistency: How the two splits compare; its worst columns are drawn in the report.
        server: Address of MLflow's user interface, for links to other runs.
    """
    from mlflow_plateau.report.curves import render_png
    from mlflow_plateau.report.html import render_report

    document = json.dumps(diagnosis.to_dict(), indent=2, allow_nan=False)
    columns = () if consistency is None else consistency.worst_columns
    compared = "" if consistency is None else consistency.compared
    with _drawing:
        return {
            "diagnosis.json": document.encode(),
            "curves.png": render_png(diagnosis),
            "report.html": render_report(diagnosis, columns, server, compared).encode(),
        }


def render_consistency(consistency: ConsistencyReport) -> dict[str, bytes]:
    """Returns the comparison of the two splits as files: their contents by name."""
    document = json.dumps(consistency.to_dict(), indent=2, allow_nan=False)
    table = consistency.to_frame().to_csv(index=False)
    return {"consistency.json": document.encode(), "consistency.csv": table.encode()}


def tags_of(diagnosis: Diagnosis) -> dict[str, str]:
    """Returns the tags of a diagnosis; ``plateau.onset_epoch`` only where there is an onset."""
    tags = {
        "plateau.status": diagnosis.status,
        CAUSE: diagnosis.cause,
        "plateau.confidence": f"{diagnosis.confidence:.2f}",
        "plateau.runner_up": diagnosis.runner_up,
        "plateau.contributing": ",".join(diagnosis.contributing),
        "plateau.level": diagnosis.level,
        "plateau.wasted_epochs": f"{diagnosis.wasted_epochs:.6g}",
        "plateau.consistency": diagnosis.consistency,
        "plateau.version": diagnosis.version,
    }
    if diagnosis.onset_epoch is not None:
        tags["plateau.onset_epoch"] = f"{diagnosis.onset_epoch:.6g}"
    return tags


def metrics_of(diagnosis: Diagnosis) -> dict[str, float]:
    """Returns the metrics of a diagnosis; the onset is NaN where there is none."""
    onset = diagnosis.onset_epoch
    return {
        "plateau/confidence": float(diagnosis.confidence),
        "plateau/wasted_fraction": float(diagnosis.wasted_fraction),
        "plateau/onset_epoch": math.nan if onset is None else float(onset),
    }


def _write_artifacts(
    client: MlflowClient, run_id: str, artifacts: Mapping[str, bytes], tracking_uri: str | None
) -> None:
    with tempfile.TemporaryDirectory(prefix="mlflow-plateau-") as folder:
        for name, content in artifacts.items():
            (Path(folder) / name).write_bytes(content)
        try:
            client.log_artifacts(run_id, folder, FOLDER)
        except Exception as error:
            # Each kind of artifact store (S3, Azure, a folder, …) raises errors of its own.
            raise TrackingServerError(
                f"The artifacts of run {quoted(run_id)} in {shown_uri(tracking_uri)} could not be"
                f" written: {reason_of(error, tracking_uri)} No tags were set. Check that the"
                " artifact store can be written, or diagnose without logging (log=False, --no-log)."
            ) from None


def _changed_metrics(diagnosis: Diagnosis, run: Run) -> list[Metric]:
    """Returns the metrics whose latest value is another one.

    MLflow keeps every value that was ever logged and cannot delete one, so the same value is not
    logged again, and an onset that is no more becomes NaN.
    """
    now = int(time.time() * 1000)
    changed = []
    for name, value in metrics_of(diagnosis).items():
        latest = run.data.metrics.get(name, math.nan)
        same = latest == value or (math.isnan(latest) and math.isnan(value))
        if not same:
            changed.append(Metric(name, value, now, 0))
    return changed
