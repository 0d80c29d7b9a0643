"""Notes training and validation data that lie in memory as inputs of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.utils import autologging_utils
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import notice, warnings_dropped
from mlflow_plateau.recorder.settings import mlflow_session

MLFLOW_KERAS = frozenset(("tensorflow", "keras"))
"""MLflow's integrations that note the same data."""

LARGEST_COPY = 64 * 2**20
"""This many bytes of the inputs, from the first row on, go into the digest: MLflow copies them."""


def mlflow_logs_datasets() -> bool:
    """Returns whether MLflow's own autologging notes the data of the ``fit`` that is running."""
    session = mlflow_session()
    return session in MLFLOW_KERAS and bool(
        autologging_utils.get_autologging_config(session, "log_datasets", True)
    )


def log_datasets(
    scope: RunScope, given: Mapping[str, tuple[Any, Any]], *, silent: bool = False
) -> None:
    """Notes type, shape and digest of arrays and data frames in a run.

    What is not in memory is left alone: MLflow's digest of a ``tf.data`` pipeline iterates it.

    Args:
        scope: The run.
        given: Inputs and targets, by what MLflow calls their context: ``train``, ``eval``.
        silent: Whether to keep failures to oneself.
    """
    for context, (x, y) in given.items():
        _log_dataset(scope, context, x, y, silent=silent)


def _log_dataset(scope: RunScope, context: str, x: Any, y: Any, *, silent: bool) -> None:
    try:
        # MLflow warns of what its schema cannot hold, which is not the user's concern here.
        with warnings_dropped():
            dataset = _dataset(x, y)
            if dataset is not None:
                noted = DatasetInput(
                    Dataset(**dataset.to_dict()), [InputTag(MLFLOW_DATASET_CONTEXT, context)]
                )
                scope.client.log_inputs(scope.run_id, [noted])
    except Exception as error:
        # An extra: MLflow refuses some types and shapes.
        notice(f"the {context} data could not be logged to the run", error, silent=silent)


def _dataset(x: Any, y: Any) -> Any:
    from mlflow.data import from_numpy, from_pandas

    if hasattr(x, "iloc") and hasattr(x, "columns"):
        return from_pandas(x)
    parts = list(x.values()) if isinstance(x, dict) else [x]
    if not all(isinstance(part, np.ndarray) for part in parts):
        return None
    targets = y if isinstance(y, np.ndarray) else None
    if sum(part.nbytes for part in parts) <= LARGEST_COPY:
        return from_numpy(x, targets=targets)
    rows = max(1, LARGEST_COPY * len(parts[0]) // sum(part.nbytes for part in parts))
    few = {name: part[:rows] for name, part in x.items()} if isinstance(x, dict) else x[:rows]
    some_targets = None if targets is None else targets[:rows]
    return from_numpy(x, targets=targets, digest=from_numpy(few, targets=some_targets).digest)
