"""Evaluation data against what the model was trained on."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow_plateau.consistency import ConsistencyReport

ARTIFACT = "evaluation_consistency.json"
"""Name of the file among the run's artifacts."""

TAG = "plateau.evaluation_consistency"
"""Verdict of the comparison: ``pass``, ``warn``, ``fail`` or ``unknown``."""


def compare_evaluation_data(
    run_id: str, x: Any, y: Any = None, tracking_uri: str | None = None
) -> ConsistencyReport | None:
    """Compares data with the profile of a run's training data, and logs the result to the run.

    Args:
        run_id: The run in which the model was trained.
        x: The inputs that the model is evaluated on, a row for each example.
        y: The targets, a row for each example.
        tracking_uri: The tracking store; MLflow's current one if left out.

    Returns:
        The comparison, the evaluation data in the place of validation; ``None`` where the run
        holds no profile of its training data.

    Raises:
        ProfileError: If the data cannot be measured, or the profile cannot be read.
        TrackingServerError: If the store does not answer.
    """
    from mlflow_plateau.consistency import report
    from mlflow_plateau.profiles import profile
    from mlflow_plateau.store.connection import answering, open_client
    from mlflow_plateau.store.profiles import read_training_profile
    from mlflow_plateau.store.write import FOLDER

    train = read_training_profile(run_id, tracking_uri)
    if train is None:
        return None
    found = report(train, profile((x, y)))
    client = open_client(tracking_uri)
    with answering(tracking_uri, run_id), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ARTIFACT
        file.write_text(json.dumps(found.to_dict(), indent=2, allow_nan=False), encoding="utf-8")
        client.log_artifact(run_id, str(file), FOLDER)
        client.set_tag(run_id, TAG, found.verdict)
    return found
