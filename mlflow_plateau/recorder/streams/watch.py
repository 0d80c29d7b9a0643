"""Watches the streams of one ``fit``: which split is one, from when to when it is observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

from mlflow_plateau.recorder.describe.data import first_of, row_count
from mlflow_plateau.recorder.fit_arguments import FitArguments
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.streams import epoch_iterators
from mlflow_plateau.recorder.witness.rows import TRAINING_ROWS, VALIDATION_ROWS, Rows, Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_plateau.profiles import Profile
    from mlflow_plateau.recorder.streams.gate import Gate
    from mlflow_plateau.recorder.streams.observer import Observer, ObserverOf
    from mlflow_plateau.recorder.streams.reservoir import Reservoir


@dataclass
class _Stream:
    """One observed split.

    Attributes:
        observer: Measures it.
        reservoir: Keeps some of its rows.
        gate: The gate in its pipeline.
        ends: Whether an epoch goes through all of it.
        begun: Whether it was observed already: the first epoch is.
        over: Whether that is over.
        complete: Whether the epoch was not cut short.
    """

    observer: Observer
    reservoir: Reservoir
    gate: Gate
    ends: bool
    begun: bool = False
    over: bool = False
    complete: bool = False

    def open(self) -> None:
        if not self.begun:
            self.begun = True
            self.observer.start()
            self.gate.open()

    def close(self, *, complete: bool) -> None:
        if self.begun and not self.over:
            self.over = True
            self.gate.close()
            self.complete = complete and self.ends
            self.observer.close()


class StreamWatch:
    """Observes training and validation data of a ``fit`` that do not lie in memory.

    Args:
        arguments: What ``fit`` was called with.
        profiles: Whether to measure the data.
        rows: Whether to keep some of its rows.
        silent: Whether to keep failures to oneself.
    """

    def __init__(
        self,
        arguments: FitArguments,
        *,
        profiles: bool = True,
        rows: bool = False,
        silent: bool = False,
    ) -> None:
        self._profiles = profiles
        self._rows = rows
        self._silent = silent
        self._streams: dict[str, _Stream] = {}
        given = {"train": arguments.x, "validation": first_of(arguments.validation_data)}
        self._expected = {
            split: data
            for split, data in given.items()
            if data is not None and row_count(data) is None
        }

    def begin(self) -> None:
        """Waits for Keras to make its iterators; never raises."""
        if not self._expected or not (self._profiles or self._rows):
            return
        try:
            epoch_iterators.begin(self._look_at)
        except Exception as error:
            # Keras' inside may change; recording goes on without the data.
            self._decline(error)

    def end(self) -> None:
        """Observes no more."""
        epoch_iterators.end(self._look_at)
        for stream in self._streams.values():
            stream.close(complete=False)

    def begin_epoch(self) -> None:
        """Observes the training data of the first epoch."""
        if "train" in self._streams:
            self._streams["train"].open()

    def end_training_part(self, *, cut_short: bool) -> None:
        """Has seen the training data of an epoch.

        Args:
            cut_short: Whether somebody stopped the training before the data ended.
        """
        if "train" in self._streams:
            self._streams["train"].close(complete=not cut_short)

    def begin_validation(self) -> None:
        """Observes the validation data the first time."""
        if "validation" in self._streams:
            self._streams["validation"].open()

    def end_validation(self) -> None:
        """Has seen the validation data."""
        if "validation" in self._streams:
            self._streams["validation"].close(complete=True)

    @property
    def expects_data(self) -> bool:
        """Whether any of the data is a stream."""
        return bool(self._expected or self._streams)

    @property
    def has_seen_all(self) -> bool:
        """Whether nothing is left to be observed."""
        return not self._expected and all(stream.over for stream in self._streams.values())

    def sample(self, in_memory: Mapping[str, Rows], *, patient: bool) -> Sample | None:
        """Returns rows of both splits, or ``None`` as long as they have not come by.

        Args:
            in_memory: Rows of the splits that lie in memory, by ``train`` and ``validation``.
            patient: Whether to wait for rows of a validation stream.
        """
        training, validation = in_memory.get("train"), in_memory.get("validation")
        if "train" in self._streams:
            training = self._streams["train"].reservoir.rows()
        if "validation" in self._streams:
            validation = self._streams["validation"].reservoir.rows()
            if validation is None and patient:
                return None
        return None if training is None else Sample(training, validation)

    def profiles(self) -> dict[str, Profile]:
        """Returns the profile of each split that could be observed; waits for the last of them."""
        found = {}
        for split, stream in self._streams.items():
            profile = stream.observer.profile(complete=stream.complete)
            if profile is not None:
                found[split] = profile
            elif stream.observer.error is not None:
                self._decline(stream.observer.error, split)
        return found

    def _look_at(self, data: Any, iterator: Any) -> None:
        """Puts an observer into the pipeline of a split that is waited for; never raises."""
        split = next((name for name, item in self._expected.items() if item is data), None)
        if split is None:
            return
        del self._expected[split]
        try:
            self._observe(split, iterator)
        except Exception as error:
            # Keras' inside may change; the training then takes the pipeline as it was.
            self._decline(error, split)

    def _observe(self, split: str, iterator: Any) -> None:
        from mlflow_plateau.recorder.streams.budget import Budget
        from mlflow_plateau.recorder.streams.observer import Observer
        from mlflow_plateau.recorder.streams.reservoir import Reservoir

        observe: Callable[[Any, ObserverOf], tuple[Observer, Gate]]
        # Imported here: with another backend there may be no TensorFlow.
        if keras.backend.backend() == "tensorflow":
            from mlflow_plateau.recorder.streams.in_graph import observe
        else:
            from mlflow_plateau.recorder.streams.in_python import observe
        steps, batches = iterator.steps_per_epoch, iterator.data_adapter.num_batches
        reservoir = Reservoir(TRAINING_ROWS if split == "train" else VALIDATION_ROWS)
        budget = Budget(steps or batches) if self._profiles else None
        observer, gate = observe(
            iterator, lambda parts: Observer(parts, budget, reservoir if self._rows else None)
        )
        ends = not steps or (batches is not None and steps >= batches)
        self._streams[split] = _Stream(observer, reservoir, gate, ends)

    def _decline(self, error: Exception, split: str | None = None) -> None:
        which = f"the {split} data is" if split else "data that is not in memory is"
        notice(f"{which} not profiled", error, silent=self._silent)
