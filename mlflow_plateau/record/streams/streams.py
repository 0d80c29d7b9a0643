"""Puts reservoirs beside the streams that one ``fit`` draws from."""

from __future__ import annotations

import sys
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from types import GeneratorType
from typing import Any

import keras

from mlflow_plateau.record.streams.reservoir import Reservoir
from mlflow_plateau.record.witness.sample import TRAINING_ROWS, VALIDATION_ROWS, Sample


@dataclass
class Streams:
    """What is seen of the streams of one ``fit``.

    Attributes:
        training: Rows that were trained on; ``None`` where these are no stream.
        validation: Rows that were validated on, likewise.
    """

    training: Reservoir | None = None
    validation: Reservoir | None = None
    _ends: list[Callable[[], None]] = field(default_factory=list)

    def sample(self) -> Sample | None:
        """Returns what was seen, once rows of each observed split have come by."""
        if self.training is None:
            return None
        training = self.training.rows()
        validation = None if self.validation is None else self.validation.rows()
        if training is None or (self.validation is not None and validation is None):
            return None
        return Sample(training, validation)

    def close(self) -> None:
        """Looks no further."""
        for reservoir in (self.training, self.validation):
            if reservoir is not None:
                reservoir.close()
        ends, self._ends = self._ends, []
        for end in ends:
            end()


def observe(model: Any, arguments: MutableMapping[str, Any]) -> Streams:
    """Replaces streams among the arguments of a ``fit`` by ones that are seen.

    Args:
        model: The model.
        arguments: The arguments by name; ``x`` and ``validation_data`` are replaced.

    Returns:
        What will be seen; nothing where the data lies in memory, or in another process.
    """
    streams = Streams()
    strategy = type(getattr(model, "distribute_strategy", None)).__name__
    if keras.backend.backend() != "tensorflow" or strategy != "_DefaultDistributionStrategy":
        return streams
    seen: dict[int, Any] = {}
    for name, split, rows in (
        ("x", "training", TRAINING_ROWS),
        ("validation_data", "validation", VALIDATION_ROWS),
    ):
        data = arguments.get(name)
        reservoir = Reservoir(rows)
        found = None if id(data) in seen else _observed(data, reservoir)
        seen[id(data)] = data
        if found is not None:
            arguments[name], end = found
            setattr(streams, split, reservoir)
            streams._ends.append(end)
    return streams


def _observed(data: Any, reservoir: Reservoir) -> tuple[Any, Callable[[], None]] | None:
    if isinstance(data, GeneratorType):
        from mlflow_plateau.record.streams.py_dataset import observed_generator

        return observed_generator(data, reservoir), _nothing
    # The class of the adapters' own kind; subclasses may bring adapters of their own.
    if isinstance(data, keras.utils.PyDataset):
        from mlflow_plateau.record.streams.py_dataset import ObservedDataset

        # Batches of other processes do not come by here.
        return None if data.use_multiprocessing else (ObservedDataset(data, reservoir), _nothing)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(data, tensorflow.data.Dataset):
        from mlflow_plateau.record.streams.tf_dataset import observed

        return observed(data, reservoir)
    return None


def _nothing() -> None:
    """Ends nothing: a closed reservoir costs nothing."""
