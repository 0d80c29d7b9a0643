"""Profiles of the data that ``fit`` consumed, so that the two splits can be compared later."""

from __future__ import annotations

import tempfile
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
    from mlflow_plateau.checks import Repair
    from mlflow_plateau.profiles import Profile
    from mlflow_plateau.record.streams.watch import StreamWatch

MOST_CELLS = 100_000_000
"""Of a larger split only the first rows are measured, so that it stays a matter of a second."""


class SplitProfiles:
    """The profiles of a run's splits, logged as they become known; nothing here raises.

    Args:
        scope: The run.
        silent: Whether to keep failures to oneself.

    Attributes:
        repairs: How to treat validation as train was treated; empty as long as not both are known.
    """

    def __init__(self, scope: RunScope, *, silent: bool = False) -> None:
        self._scope = scope
        self._silent = silent
        self._known: dict[str, Profile] = {}
        self.repairs: tuple[Repair, ...] = ()

    def log_what_lies_in_memory(self, arguments: FitArguments) -> None:
        """Measures and logs the splits that ``fit`` was given as arrays or frames."""
        try:
            self._log(_profiles(_splits(arguments)))
        except Exception as error:
            # An extra: data may be of kinds that nobody foresaw.
            notice("the data is not profiled", error, silent=self._silent)

    def log_what_streamed_by(self, streams: StreamWatch) -> None:
        """Logs the splits that were observed while ``fit`` consumed them."""
        try:
            self._log(streams.profiles())
        except Exception as error:
            # An extra, and the training is over.
            notice("the data is not profiled", error, silent=self._silent)

    def _log(self, profiles: Mapping[str, Profile]) -> None:
        if not profiles:
            return
        with tempfile.TemporaryDirectory(prefix="mlflow-plateau-") as folder:
            for split, profile in profiles.items():
                profile.save(Path(folder) / FILES[split])
            self._scope.client.log_artifacts(self._scope.run_id, folder, FOLDER)
        self._known.update(profiles)
        if self._known.keys() >= FILES.keys():
            self._scope.client.set_tag(self._scope.run_id, PRESENT, "true")
            self._find_repairs()

    def _find_repairs(self) -> None:
        # Imported here: it takes SciPy, which the training does not wait for.
        from mlflow_plateau.checks import repairs

        try:
            self.repairs = repairs(self._known["train"], self._known["validation"])
        except Exception as error:
            # An extra; the diagnosis reads the profiles again.
            notice("no difference between the splits is undone", error, silent=self._silent)


def _splits(arguments: FitArguments) -> dict[str, tuple[Any, Any]]:
    """Returns inputs and targets of each split that lies in memory."""
    splits: dict[str, tuple[Any, Any]] = {}
    rows, held_out = row_count(arguments.x), arguments.validation_data
    if rows is not None:
        splits["train"] = (arguments.x, arguments.y)
        if held_out is None and arguments.validation_split:
            first = rows_before_split(rows, arguments.validation_split)
            splits["train"] = _rows((arguments.x, arguments.y), slice(0, first))
            splits["validation"] = _rows((arguments.x, arguments.y), slice(first, rows))
    if isinstance(held_out, (tuple, list)) and row_count(held_out[0]) is not None:
        splits["validation"] = (held_out[0], held_out[1] if len(held_out) > 1 else None)
    return splits


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
