"""Builds a profile from batches as they stream by."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.convert import tables
from mlflow_plateau.profiles.input_profile import InputProfile
from mlflow_plateau.profiles.patterns import Float32, as_float32, scramble
from mlflow_plateau.profiles.profile import Coverage, Profile
from mlflow_plateau.profiles.rows import RowHashes
from mlflow_plateau.profiles.table import Table
from mlflow_plateau.profiles.workspace import Workspace

BLOCK_CELLS = 1 << 17
"""Cells that are measured together, so that they stay in the processor's cache."""


class ProfileBuilder:
    """Measures batch after batch; ``profile()`` may be asked for at any time.

        builder = ProfileBuilder()
        for x, y in batches:
            builder.add(x, y)
        profile = builder.profile(complete=True)

    A batch is added whole, or, with ``sample=False``, with its moments only, which costs about a
    third; ``skip`` counts rows that went by unmeasured. What was left out is on record in the
    profile's coverage.
    """

    def __init__(self) -> None:
        self._inputs: dict[str, InputProfile] = {}
        self._rows = RowHashes()
        self._seen = 0

    def add(self, x: Any, y: Any = None, *, sample: bool = True) -> None:
        """Adds a batch, as ``fit`` takes it.

        Args:
            x: An array, a frame, a tensor, or a dict or list of these.
            y: The targets, likewise.
            sample: Whether to measure everything, or the moments only.

        Raises:
            ProfileError: If the data is of a kind that cannot be measured, or the batch does not
                fit those before it.
        """
        batch = tables(x, y)
        if not batch:
            raise ProfileError("There is no data in this batch: x is None.")
        for table in batch:
            if table.layout.name not in self._inputs:
                if self._seen:
                    raise ProfileError(
                        f"A batch holds {table.layout.name!r}, which those before it did not."
                    )
                self._inputs[table.layout.name] = InputProfile.of(table.layout)
        rows = batch[0].rows
        if len(batch) != len(self._inputs):
            raise ProfileError("A batch lacks inputs that those before it had.")
        self._seen += rows
        step = max(1, BLOCK_CELLS // max(table.cells_per_row for table in batch))
        for start in range(0, rows, step):
            stop = min(start + step, rows)
            self._add_block([table.slice(start, stop) for table in batch], sample)

    def skip(self, rows: int) -> None:
        """Counts rows that went by without being measured."""
        self._seen += rows

    def _add_block(self, block: list[Table], sample: bool) -> None:
        targets = _one_target(block)
        together = np.zeros(block[0].rows, dtype=np.uint64)
        known = sample
        for table in block:
            hashes = self._inputs[table.layout.name].add(
                table, targets if table.layout.role == "input" else None, sample
            )
            if table.layout.role == "input":
                known &= hashes is not None
                if hashes is not None:
                    together = together + hashes
        if known:
            self._rows.add(scramble(together))

    def profile(self, *, complete: bool) -> Profile:
        """Returns the profile of what was added so far.

        Args:
            complete: Whether the whole split has gone by.
        """
        for state in self._inputs.values():
            state.settle()
        self._rows.settle()
        states = tuple(self._inputs.values())
        return Profile(
            inputs=states,
            row_hashes=self._rows,
            coverage=Coverage(
                rows=self._seen,
                measured=min((state.rows for state in states), default=0),
                sampled=min((state.sampled for state in states), default=0),
                complete=complete,
            ),
        )


def _one_target(block: list[Table]) -> Float32 | None:
    """Returns a target for each row: a single column, or the place of the greatest of several."""
    targets = [table for table in block if table.layout.role == "target"]
    if len(targets) != 1 or targets[0].lengths is not None or targets[0].layout.pooled:
        return None
    (target,) = targets
    if target.codes:
        if len(target.codes) != 1 or target.layout.numbers:
            return None
        (codes,) = target.codes.values()
        return (codes % np.uint64(1 << 24)).astype(np.float32)
    cells = target.cells(Workspace())
    if cells.shape[1] == 1:
        return cells[:, 0]
    return as_float32(cells.argmax(axis=1)) if cells.shape[1] > 1 else None
