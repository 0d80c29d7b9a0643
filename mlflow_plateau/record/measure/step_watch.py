"""Stands between Keras and its compiled train function, without touching either.

``fit`` looks ``model.train_function`` up for every batch. Keras' batch callbacks would do as well,
but a callback that has them makes Keras wait for each batch's logs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from mlflow_plateau.record.measure.probe import Probe


class StepWatch:
    """A train function that calls the model's own, and tells the probes before and after.

    Args:
        model: The model.
        probes: Who is told; they do not raise.

    Attributes:
        seconds: Time that the probes took since ``put``.
    """

    def __init__(self, model: Any, probes: Sequence[Probe]) -> None:
        self._model = model
        self._probes = probes
        self._told: list[Probe] = []
        self._function: Any = None
        self._index = 0
        self.seconds = 0.0

    def put(self) -> None:
        """Takes the place of the model's train function, which may be a new one by now."""
        self.seconds = 0.0
        self._index = 0
        self._told = list(self._probes)
        current = self._model.train_function
        if current is not None and current is not self:
            self._function = current
            self._model.train_function = self

    def remove(self) -> None:
        """Puts the model's train function back, unless somebody else replaced it."""
        if self._function is not None and self._model.train_function is self:
            self._model.train_function = self._function
        # Who took it over meanwhile may go on calling it.
        self._told = []
        self._index = 1

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the model's own train function between the probes."""
        if self._index == 0:
            begin = time.perf_counter()
            for probe in self._probes:
                probe.before_first_execution()
            self.seconds += time.perf_counter() - begin
        logs = self._function(*args, **kwargs)
        if self._told:
            begin = time.perf_counter()
            self._told = [probe for probe in self._told if probe.after_execution(self._index, logs)]
            self.seconds += time.perf_counter() - begin
        self._index += 1
        return logs

    def __getattr__(self, name: str) -> Any:
        # Whoever asks the train function for something means the model's own.
        return getattr(self.__dict__.get("_function"), name)
