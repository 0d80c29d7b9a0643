"""Profiles of the data that ``fit`` was given, so that the two splits can be compared later."""

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
    from mlflow_plateau.profiles import Profile
    from mlflow_plateau.record.witness.sample import Sample

MOST_CELLS = 100_000_000
"""Of a larger split only the first rows are measured, so that it stays a matter of a second."""


def log_profiles(scope: RunScope, arguments: FitArguments, *, silent: bool = False) -> None:
    """Measures the training and the validation split, and logs what was measured; never raises.

    Only data that lies in memory is measured: a pipeline or a generator is never iterated again.

    Args:
        scope: The run.
        arguments: What ``fit`` was called with.
        silent: Whether to keep failures to oneself.
    """
    try:
        _log(scope, _profiles(_splits(arguments)))
    except Exception as error:
        # An extra: data may be of kinds that nobody foresaw.
        notice("the data is not profiled", error, silent=silent)


def log_sampled_profiles(
    scope: RunScope, sample: Sample, counted: Mapping[str, int], *, silent: bool = False
) -> None:
    """Measures rows that were taken from streams, and logs what was measured; never raises.

    The profiles say that they are of a part.

    Args:
        scope: The run.
        sample: The rows.
        counted: Rows of each split: ``training_rows``, ``validation_rows``.
        silent: Whether to keep failures to oneself.
    """
    from mlflow_plateau.profiles import ProfileBuilder

    try:
        profiles = {}
        for split, rows, count in (
            ("train", sample.training, counted.get("training_rows", 0)),
            ("validation", sample.validation, counted.get("validation_rows", 0)),
        ):
            if rows is not None:
                builder = ProfileBuilder()
                builder.add(rows.x, rows.y)
                builder.skip(max(0, count - len(rows)))
                profiles[split] = builder.profile(complete=count == len(rows))
        _log(scope, profiles)
    except Exception as error:
        # An extra: data may be of kinds that nobody foresaw.
        notice("the data is not profiled", error, silent=silent)


def _log(scope: RunScope, profiles: Mapping[str, Profile]) -> None:
    if len(profiles) < len(FILES):
        return
    with tempfile.TemporaryDirectory(prefix="mlflow-plateau-") as folder:
        for split, profile in profiles.items():
            profile.save(Path(folder) / FILES[split])
        scope.client.log_artifacts(scope.run_id, folder, FOLDER)
    scope.client.set_tag(scope.run_id, PRESENT, "true")


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
