"""Profiles of the data that was trained on, so that the two splits can be compared later."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.witness.rows import arrays_in, each_array
from mlflow_plateau.store.profiles import FILES, FOLDER, PRESENT

if TYPE_CHECKING:
    from mlflow_plateau.checks import Repair
    from mlflow_plateau.profiles import Profile

MOST_CELLS = 100_000_000
"""Of a larger split only the first rows are measured, so that it stays a matter of a second."""

InMemory = tuple[Any, Any]
"""Inputs and targets of a split: nested arrays, frames or tensors, or ``None``."""


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

    def log_what_lies_in_memory(self, splits: Callable[[], Mapping[str, InMemory]]) -> None:
        """Measures and logs splits that are held as arrays or frames.

        Args:
            splits: Returns them by name: ``train``, ``validation``.
        """
        try:
            self._log({split: _profile(pair) for split, pair in splits().items()})
        except Exception as error:
            # An extra: data may be of kinds that nobody foresaw.
            notice("the data is not profiled", error, silent=self._silent)

    def log_what_streamed_by(self, profiles: Callable[[], Mapping[str, Profile]]) -> None:
        """Logs the splits that were observed while they were consumed.

        Args:
            profiles: Returns their profiles by name: ``train``, ``validation``.
        """
        try:
            self._log(profiles())
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


def some_rows(pair: InMemory, which: slice) -> InMemory:
    """Returns some rows of inputs and targets, without copying where that can be."""

    def some(part: Any) -> Any:
        return part.iloc[which] if hasattr(part, "iloc") else part[which]

    x, y = pair
    return each_array(some, x), each_array(some, y)


def _profile(pair: InMemory) -> Profile:
    from mlflow_plateau.profiles import ProfileBuilder

    rows = next((int(part.shape[0]) for part in arrays_in(pair[0])), 0)
    few = min(rows, max(1, MOST_CELLS // _cells_per_row(pair)))
    x, y = pair if few == rows else some_rows(pair, slice(0, few))
    builder = ProfileBuilder()
    builder.add(x, y)
    builder.skip(rows - few)
    return builder.profile(complete=True)


def _cells_per_row(pair: InMemory) -> int:
    cells = 1
    for part in arrays_in(pair):
        if part.shape[0]:
            cells += math.prod(int(length) for length in part.shape[1:])
    return cells
