"""The summary of its model that MLflow's autologging leaves among a run's artifacts."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_plateau.align.setup import AUTOLOGGING, OURS
from mlflow_plateau.store.connection import answering, open_client
from mlflow_plateau.store.quiet import no_progress_bar

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

    from mlflow_plateau.tracked import TrackedRun

FILE = "model_summary.txt"
"""What MLflow's autologging of Keras, TensorFlow and PyTorch calls it."""

LARGEST_FILE = 1 << 20
"""No summary has more bytes; what a run holds may be anything."""

INTEGRATIONS = frozenset(("keras", "tensorflow", "pytorch"))
"""Those that leave a summary."""

LOGGED_WITH = frozenset(("opt_name", "optimizer_name"))
"""Parameters that they write also where somebody else began the run."""

DESCRIBED = f"{OURS}layers"
"""What the recorder says of the model is more than its summary."""


def expects_summary(run: TrackedRun) -> bool:
    """Returns whether a run looks like one that has a summary, and was not recorded."""
    if DESCRIBED in run.params or DESCRIBED in run.tags:
        return False
    return run.tags.get(AUTOLOGGING) in INTEGRATIONS or not LOGGED_WITH.isdisjoint(run.params)


def with_summary(run: TrackedRun, tracking_uri: str | None = None) -> TrackedRun:
    """Returns a run with the summary of its model, as it is where there is none to be expected.

    Args:
        run: The run.
        tracking_uri: The tracking store; MLflow's current one if left out.

    Raises:
        TrackingServerError: If the artifacts cannot be read.
        RunNotFoundError: If the artifact store says that there is no such run.
    """
    if not expects_summary(run):
        return run
    summary = read_summary(open_client(tracking_uri), run.run_id, tracking_uri)
    return replace(run, model_summary=summary)


def read_summary(client: MlflowClient, run_id: str, tracking_uri: str | None = None) -> str | None:
    """Reads the summary of a run's model: a request, and a second one where there is one.

    Args:
        client: MLflow's client of the tracking store.
        run_id: The run's id.
        tracking_uri: The tracking store, for what errors say.

    Returns:
        The summary, ``None`` where the run has none or one too large to be one.

    Raises:
        TrackingServerError: If the artifacts cannot be read.
        RunNotFoundError: If the artifact store says that there is no such run.
    """
    with answering(tracking_uri, run_id):
        # To ask for a file that is not there makes MLflow try again for minutes; to list does not.
        sizes = {item.path: item.file_size or 0 for item in client.list_artifacts(run_id)}
        if not 0 < sizes.get(FILE, 0) <= LARGEST_FILE:
            return None
        with tempfile.TemporaryDirectory(prefix="mlflow-plateau-") as folder, no_progress_bar():
            copy = client.download_artifacts(run_id, FILE, folder)
            return Path(copy).read_text(encoding="utf-8", errors="replace")
