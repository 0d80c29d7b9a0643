"""Where the rows come from that a recording needs: given beforehand, or kept as they pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from mlflow_plateau.recorder.pytorch.splits import Split, as_array, on_the_cpu
from mlflow_plateau.recorder.split_profiles import InMemory
from mlflow_plateau.recorder.streams.reservoir import MOST_OF_A_BATCH, Join, Reservoir
from mlflow_plateau.recorder.witness.rows import (
    TRAINING_ROWS,
    VALIDATION_ROWS,
    Rows,
    Sample,
    each_array,
)

if TYPE_CHECKING:
    from mlflow_plateau.profiles import Profile


class RowSource(Protocol):
    """Rows of a training's data."""

    def sample(self, *, patient: bool) -> Sample | None:
        """Returns a few rows of both splits, or ``None`` as long as there are none.

        Args:
            patient: Whether to wait for rows of the validation split.
        """

    def in_memory(self) -> Mapping[str, InMemory]:
        """Returns the splits that lie in memory whole, by name: ``train``, ``validation``."""

    def profiles(self) -> Mapping[str, Profile]:
        """Returns the profiles of the splits of which only some rows are known."""


class GivenRows:
    """Splits that the user has handed over.

    Args:
        training: The training split, if it could be read.
        validation: The validation split, if there is one.
    """

    def __init__(self, training: Split | None, validation: Split | None) -> None:
        self._splits = {"train": training, "validation": validation}

    def sample(self, *, patient: bool) -> Sample | None:
        """Returns a few rows of both splits."""
        training, validation = self._splits["train"], self._splits["validation"]
        if training is None:
            return None
        return Sample(training.rows, None if validation is None else validation.rows)

    def in_memory(self) -> Mapping[str, InMemory]:
        """Returns the splits that lie in memory whole."""
        return {
            name: (on_the_cpu(split.x), on_the_cpu(split.y))
            for name, split in self._splits.items()
            if split is not None and split.whole
        }

    def profiles(self) -> Mapping[str, Profile]:
        """Returns the profiles of the splits of which only some rows were read."""
        return {
            name: _profile(split.rows, split.count)
            for name, split in self._splits.items()
            if split is not None and not split.whole
        }


class PassingRows:
    """Keeps some rows of the batches that a framework's loop shows, and counts them all.

    Args:
        join: Puts arrays of several batches together; one after the other if left out.
    """

    def __init__(self, join: Join | None = None) -> None:
        self._kept = {
            "train": Reservoir(TRAINING_ROWS, join),
            "validation": Reservoir(VALIDATION_ROWS, join),
        }
        self.counts = {"train": 0, "validation": 0}

    def offer(self, split: str, x: Any, y: Any, rows: int) -> None:
        """Takes some rows of a batch, as copies.

        Args:
            split: ``train`` or ``validation``.
            x: Inputs, nested tensors.
            y: Targets, likewise, or ``None``.
            rows: How many there are.
        """

        def some(tensor: Any) -> Any:
            # Cut first: from a GPU no more is fetched than may be kept.
            return as_array(tensor[:MOST_OF_A_BATCH])

        self._kept[split].offer((each_array(some, x), each_array(some, y)))
        self.count(split, rows)

    def count(self, split: str, rows: int) -> None:
        """Counts rows that are not kept."""
        self.counts[split] += rows

    def close(self, split: str) -> None:
        """Keeps no more rows of a split."""
        self._kept[split].close()

    def is_open(self, split: str) -> bool:
        """Returns whether rows of a split are still kept."""
        return self._kept[split].open

    def sample(self, *, patient: bool) -> Sample | None:
        """Returns the rows that were kept."""
        training, validation = self._kept["train"].rows(), self._kept["validation"].rows()
        if training is None or (validation is None and patient):
            return None
        return Sample(training, validation)

    def in_memory(self) -> Mapping[str, InMemory]:
        """Returns nothing: what passes is not held."""
        return {}

    def profiles(self) -> Mapping[str, Profile]:
        """Returns the profiles of the rows that were kept."""
        kept = {name: reservoir.rows() for name, reservoir in self._kept.items()}
        return {
            name: _profile(rows, self.counts[name])
            for name, rows in kept.items()
            if rows is not None
        }


def _profile(rows: Rows, count: int) -> Profile:
    from mlflow_plateau.profiles import ProfileBuilder

    builder = ProfileBuilder()
    builder.add(rows.x, rows.y)
    left_out = max(0, count - len(rows))
    builder.skip(left_out)
    return builder.profile(complete=not left_out)
