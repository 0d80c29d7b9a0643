"""Profiles of the data that ``fit`` was given, so that the two splits can be compared later."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from mlflow_plateau.record.describe.data import row_count, rows_before_split
from mlflow_plateau.record.fit_arguments import FitArguments
from mlflow_plateau.record.run_scope import RunScope
from mlflow_plateau.record.safety import notice
from mlflow_plateau.store.profiles import FILES, FOLDER, PRESENT

if TYPE_CHECKING:
    from mlflow_plateau.profiles import Profile

MOST_CELLS = 100_000_000
"""Of a larger split only the first rows are measured, so that it stays a matter of a second."""


class SplitProfiles:
    """Measures the training and the validation split once, and logs what was measured.

    Only data that lies in memory is measured: a pipeline or a generator is never iterated again.

    Args:
        scope: The run.
        arguments: What ``fit`` was called with; ``None`` where that is not known.
        silent: Whether to keep failures to oneself.
    """

    def __init__(
        self, scope: RunScope, arguments: FitArguments | None, *, silent: bool = False
    ) -> None:
        self._scope = scope
        self._arguments = arguments
        self._silent = silent
        self._lock = threading.Lock()

    def log(self) -> None:
        """Measures and logs both splits, unless that was done; never raises."""
        with self._lock:
            arguments, self._arguments = self._arguments, None
            if arguments is None:
                return
            try:
                self._log(_profiles(_splits(arguments)))
            except Exception as error:
                # An extra: data may be of kinds that nobody foresaw.
                notice("the data is not profiled", error, silent=self._silent)

    def _log(self, profiles: Mapping[str, Profile]) -> None:
        if len(profiles) < len(FILES):
            return
        client, run_id = self._scope.client, self._scope.run_id
        with tempfile.TemporaryDirectory(prefix="mlflow-plateau-") as folder:
            for split, profile in profiles.items():
                profile.save(Path(folder) / FILES[split])
            client.log_artifacts(run_id, folder, FOLDER)
        client.set_tag(run_id, PRESENT, "true")


def _splits(arguments: FitArguments) -> dict[str, tuple[Any, Any]]:
    """Returns inputs and targets of each split that lies in memory."""
    rows = row_count(arguments.x)
    if rows is None:
        return {}
    if arguments.validation_data is None:
        if not arguments.validation_split:
            return {}
        first = rows_before_split(rows, arguments.validation_split)
        return {
            "train": _rows((arguments.x, arguments.y), slice(0, first)),
            "validation": _rows((arguments.x, arguments.y), slice(first, rows)),
        }
    held_out = arguments.validation_data
    if not isinstance(held_out, (tuple, list)) or row_count(held_out[0]) is None:
        return {}
    y = held_out[1] if len(held_out) > 1 else None
    return {"train": (arguments.x, arguments.y), "validation": (held_out[0], y)}


def _profiles(splits: Mapping[str, tuple[Any, Any]]) -> dict[str, Profile]:
    from mlflow_plateau.profiles import ProfileBuilder

    profiles = {}
    for split, pair in splits.items():
        rows = row_count(pair[0]) or 0
        few = min(rows, max(1, MOST_CELLS // _cells_per_row(pair)))
        x, y = pair if few == rows else _rows(pair, slice(0, few))
        builder = ProfileBuilder()
        builder.add(x, y)
        builder.skip(rows - few)
        profiles[split] = builder.profile(complete=True)
    return profiles


def _rows(pair: tuple[Any, Any], which: slice) -> tuple[Any, Any]:
    def some(part: Any) -> Any:
        return part.iloc[which] if hasattr(part, "iloc") else part[which]

    x, y = pair
    return keras.tree.map_structure(some, x), (
        None if y is None else keras.tree.map_structure(some, y)
    )


def _cells_per_row(pair: tuple[Any, Any]) -> int:
    cells = 1
    for part in keras.tree.flatten(pair):
        if part is not None and part.shape[0]:
            size = 1
            for length in part.shape[1:]:
                size *= int(length)
            cells += size
    return cells
