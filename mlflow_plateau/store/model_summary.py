"""The summary of its model that MLflow's autologging leaves among a run's artifacts."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_plateau.store.connection import answering, open_client
from mlflow_plateau.store.quiet import no_progress_bar

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

    from mlflow_plateau.tracked import TrackedRun

FILE = "model_summary.txt"
"""What MLflow's autologging of Keras, TensorFlow and PyTorch calls it."""

LARGEST_FILE = 1 << 20
"""No summary has more bytes; what a run holds may be anything."""

AUTOLOGGING = "mlflow.autologging"
"""MLflow's tag for which of its integrations began the run."""

INTEGRATIONS = frozenset(("keras", "tensorflow", "pytorch"))
"""Those that leave a summary."""

LOGGED_WITH = frozenset(("opt_name", "optimizer_name"))
"""Parameters that they write also where somebody else began the run."""

DESCRIBED = "plateau.layers"
"""What the recorder says of the model is more than its summary."""


def with_summary(run: TrackedRun, tracking_uri: str | None = None) -> TrackedRun:
    """Returns a run with the summary of its model, as it is where there is none to be expected.

    Costs nothing where the run does not look like one that has a summary or was recorded, which
    says more; otherwise a request, and a second one to read it.

    Args:
        run: The run.
        tracking_uri: The tracking store; MLflow's current one if left out.

    Raises:
        TrackingServerError: If the artifacts cannot be read.
        RunNotFoundError: If the artifact store says that there is no such run.
    """
    if DESCRIBED in run.params or DESCRIBED in run.tags:
        return run
    if run.tags.get(AUTOLOGGING) not in INTEGRATIONS and LOGGED_WITH.isdisjoint(run.params):
        return run
    client = open_client(tracking_uri)
    with answering(tracking_uri, run.run_id):
        return replace(run, model_summary=_read(client, run.run_id))


def _read(client: MlflowClient, run_id: str) -> str | None:
    # To ask for a file that is not there makes MLflow try again for minutes; to list does not.
    sizes = {item.path: item.file_size or 0 for item in client.list_artifacts(run_id)}
    if not 0 < sizes.get(FILE, 0) <= LARGEST_FILE:
        return None
    with tempfile.TemporaryDirectory(prefix="mlflow-plateau-") as folder, no_progress_bar():
        copy = client.download_artifacts(run_id, FILE, folder)
        return Path(copy).read_text(encoding="utf-8", errors="replace")
