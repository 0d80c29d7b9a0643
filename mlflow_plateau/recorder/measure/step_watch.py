"""Stands between Keras and its compiled train function, without touching either.

``fit`` looks ``model.train_function`` up for every batch. Keras' batch callbacks would do as well,
but a callback that has them makes Keras wait for each batch's logs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from mlflow_plateau.recorder.measure.probe import Probe
from mlflow_plateau.recorder.measure.variables import variables
from mlflow_plateau.recorder.safety import notice


class StepWatch:
    """Tells the probes each time that a model's train function runs.

    Args:
        model: The model.
        probes: Who is told; they do not raise.
        silent: Whether to keep failures to oneself.

    Attributes:
        seconds: Time that the probes took since ``put``.
    """

    def __init__(self, model: Any, probes: Sequence[Probe], *, silent: bool = False) -> None:
        self._model = model
        self._variables = variables()
        self._probes = probes
        self._silent = silent
        self._told: list[Probe] = []
        self._index = 0
        self._watched: _Watched | None = None
        self.seconds = 0.0

    def put(self) -> None:
        """Takes the place of the model's train function, which may be a new one by now."""
        self.seconds = 0.0
        self._index = 0
        self._told = list(self._probes)
        current = self._model.train_function
        if current is not None and current is not self._watched:
            self._watched = _Watched(current, self)
            self._model.train_function = self._watched

    def remove(self) -> None:
        """Puts the model's train function back, unless somebody else replaced it."""
        watched, self._watched = self._watched, None
        if watched is not None and self._model.train_function is watched:
            self._model.train_function = watched.function

    def run(self, watched: _Watched, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Runs a train function between the probes."""
        if watched is not self._watched:
            # Somebody put another around it and goes on calling it.
            return watched.function(*args, **kwargs)
        if self._index == 0:
            self._tell_before(args)
        returned = watched.function(*args, **kwargs)
        if self._told:
            self._tell_after(returned)
        self._index += 1
        return returned

    def _tell_before(self, args: tuple[Any, ...]) -> None:
        begin = time.perf_counter()
        try:
            with self._variables.before(self._model, args):
                for probe in self._probes:
                    probe.before_first_execution()
        except Exception as error:
            self._give_up(error)
        self.seconds += time.perf_counter() - begin

    def _tell_after(self, returned: Any) -> None:
        begin = time.perf_counter()
        try:
            with self._variables.after(self._model, returned) as logs:
                self._told = [p for p in self._told if p.after_execution(self._index, logs)]
        except Exception as error:
            self._give_up(error)
        self.seconds += time.perf_counter() - begin

    def _give_up(self, error: Exception) -> None:
        # Somebody else's function around the model's may take and return anything.
        self._told, self._probes = [], ()
        notice("batches are not watched", error, silent=self._silent)


class _Watched:
    """A train function that calls the model's own by way of the watch.

    A new one each time: whoever wraps the model's train function may wrap this one.
    """

    def __init__(self, function: Any, watch: StepWatch) -> None:
        self.function = function
        self._watch = watch

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._watch.run(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        # Whoever asks the train function for something means the model's own.
        return getattr(self.__dict__.get("function"), name)
