"""Notes training and validation data that lie in memory as inputs of the run."""

from __future__ import annotations

import warnings
from typing import Any

import mlflow
import numpy as np
from mlflow.utils import autologging_utils

from mlflow_plateau.record.describe.data import first_of
from mlflow_plateau.record.fit_arguments import FitArguments
from mlflow_plateau.record.safety import notice
from mlflow_plateau.record.settings import mlflow_session

MLFLOW_KERAS = frozenset(("tensorflow", "keras"))
"""MLflow's integrations that note the same data."""

LARGEST_COPY = 64 * 2**20
"""So many bytes of the inputs, from the first row on, go into their digest: MLflow copies them."""


def log_datasets(arguments: FitArguments | None, *, silent: bool = False) -> None:
    """Notes type, shape and digest of arrays and data frames in the active run.

    What is not in memory is left alone: MLflow's digest of a ``tf.data`` pipeline iterates it.

    Args:
        arguments: What ``fit`` was called with.
        silent: Whether to keep failures to oneself.
    """
    session = mlflow_session()
    if arguments is None or (
        session in MLFLOW_KERAS
        and autologging_utils.get_autologging_config(session, "log_datasets", True)
    ):
        return
    held_out = arguments.validation_data
    pairs = [("train", arguments.x, arguments.y)]
    if isinstance(held_out, (tuple, list)) and len(held_out) > 1:
        pairs.append(("eval", first_of(held_out), held_out[1]))
    for context, x, y in pairs:
        _log_dataset(context, x, y, silent=silent)


def _log_dataset(context: str, x: Any, y: Any, *, silent: bool) -> None:
    try:
        # MLflow warns of what its schema cannot hold, which is not the user's concern here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = _dataset(x, y)
            if dataset is not None:
                mlflow.log_input(dataset, context=context)
    except Exception as error:
        # An extra: MLflow refuses some types and shapes.
        notice(f"the {context} data is not noted in the run", error, silent=silent)


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
