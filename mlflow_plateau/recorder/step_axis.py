"""The steps at which a training's epochs are logged, so that no two of a run share one.

A run's first model is logged at its epochs, as Keras counts them. Fitting it again goes on where
it stopped, whether Keras is told so by ``initial_epoch`` or counts from 0 again. Another model in
the same run is another training: its steps go on after the last, and the metric
``plateau/training`` says which step belongs to which.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import Any

from mlflow.tracking import MlflowClient

COUNTER = "plateau/training"
"""Metric that is 1 for the first model fitted in a run, 2 for the next, at each of its steps."""


@dataclass
class _Trainings:
    """What a run has seen.

    Attributes:
        count: Models fitted in it.
        last_step: The last step used.
        model: The last model; ``None`` where another process fitted it.
        offset: The offset of its epochs.
    """

    count: int
    last_step: int
    model: weakref.ref[Any] | None
    offset: int = 0

    def is_continued_by(self, model: Any, first_epoch: int) -> bool:
        if self.model is None:
            # A model that begins at a later epoch was restored from where another process stopped.
            return first_epoch > 0
        return self.model() is model


_lock = threading.Lock()
_runs: dict[str, _Trainings] = {}


@dataclass(frozen=True)
class StepAxis:
    """Where one ``fit`` stands in its run.

    Attributes:
        run_id: The run.
        training: Which model of the run is fitted, counted from 1.
        offset: What is added to Keras' epoch to give the step.
    """

    run_id: str
    training: int
    offset: int

    @classmethod
    def open(
        cls, run_id: str, model: Any, first_epoch: int, client: MlflowClient | None
    ) -> StepAxis:
        """Finds the place of a ``fit`` in its run.

        Args:
            run_id: The run.
            model: The model that is fitted.
            first_epoch: The epoch that Keras begins with.
            client: Reads what another process logged into the run; ``None`` for a new run.
        """
        with _lock:
            seen = _runs.get(run_id)
        if seen is None and client is not None:
            seen = _read_from_store(run_id, client)
        if seen is None:
            axis = cls(run_id, 1, 0)
        elif seen.is_continued_by(model, first_epoch):
            axis = cls(run_id, seen.count, _offset_after(seen, first_epoch))
        else:
            axis = cls(run_id, seen.count + 1, max(0, seen.last_step + 1 - first_epoch))
        last_step = seen.last_step if seen else axis.step(first_epoch) - 1
        with _lock:
            _runs[run_id] = _Trainings(axis.training, last_step, weakref.ref(model), axis.offset)
        return axis

    def step(self, epoch: int) -> int:
        """Returns the step at which an epoch is logged."""
        return epoch + self.offset

    def use(self, epoch: int) -> int:
        """Returns the step of an epoch, and notes that it is taken."""
        step = self.step(epoch)
        with _lock:
            seen = _runs.get(self.run_id)
            if seen is not None:
                seen.last_step = max(seen.last_step, step)
        return step


def forget(run_id: str) -> None:
    """Drops what is known of a run that has ended."""
    with _lock:
        _runs.pop(run_id, None)


def _offset_after(seen: _Trainings, first_epoch: int) -> int:
    """Returns the offset with which the same model goes on."""
    # Keras may be told to begin after all epochs so far, or after those of the last ``fit``.
    for offset in (0, seen.offset):
        if first_epoch + offset > seen.last_step:
            return offset
    return seen.last_step + 1 - first_epoch


def _read_from_store(run_id: str, client: MlflowClient) -> _Trainings | None:
    """Returns what an earlier process logged into a run, or ``None`` if it logged nothing."""
    points = client.get_metric_history(run_id, COUNTER)
    if not points:
        return None
    count = max(int(point.value) for point in points)
    return _Trainings(count, max(int(point.step) for point in points), model=None)
