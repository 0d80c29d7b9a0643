"""The recorder as Keras sees it: a callback that only passes on what happens."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import keras

from mlflow_plateau.recorder.fit_arguments import FitArguments
from mlflow_plateau.recorder.recording import Recording
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.settings import Settings
from mlflow_plateau.recorder.streams.watch import StreamWatch
from mlflow_plateau.recorder.witness.budget import PROBE_BUDGET

Method = TypeVar("Method", bound=Callable[..., None])


def _never_raises(method: Method) -> Method:
    """Lets the training go on, unrecorded from there, when the recorder fails."""

    @functools.wraps(method)
    def guarded(self: PlateauCallback, *args: Any, **kwargs: Any) -> None:
        if self._failed:
            return
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            # The user's training is worth more than its record.
            self._give_up(error)

    return guarded  # type: ignore[return-value]  # the same signature, which wraps cannot say


class PlateauCallback(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Records one training, or one after the other, and diagnoses each run when ``fit`` ends.

    The same recorder as ``mlflow_plateau.autolog()``, for those who want it in one ``fit`` only::

        model.fit(x, y, callbacks=[mlflow_plateau.PlateauCallback()])

    It records into the active MLflow run, or into a run of its own. It never raises, changes
    nothing about the training, and sees how ``fit`` ends: a training that fails or is interrupted
    is diagnosed as well.

    Args:
        diagnose: Whether to diagnose the run when ``fit`` ends, write the diagnosis into the run
            and print it to standard error.
        monitor: The validation metric that the diagnosis is about, as Keras names it; recognised
            by its name if left out.
        log_datasets: Whether to note training and validation data that are held in memory as the
            run's inputs.
        silent: Whether to print nothing.
        extra_tags: Tags for the run if the recorder starts it.
        probe_budget: Share of the training time that experiments on a sample of the rows may take,
            besides half a second; 0 for none.
    """

    def __init__(
        self,
        diagnose: bool = True,
        monitor: str | None = None,
        log_datasets: bool = True,
        silent: bool = False,
        extra_tags: Mapping[str, str] | None = None,
        probe_budget: float = PROBE_BUDGET,
    ) -> None:
        super().__init__()
        self._settings = Settings(diagnose, monitor, log_datasets, silent, extra_tags, probe_budget)
        self._recording: Recording | None = None
        self._arguments: FitArguments | None = None
        self._streams: StreamWatch | None = None
        self._inner_fits = 0
        self._failed = False
        self._stand_around_fit()

    @classmethod
    def with_settings(cls, settings: Settings) -> PlateauCallback:
        """Returns a recorder with these settings."""
        recorder = cls()
        recorder._settings = settings
        return recorder

    @_never_raises
    def _stand_around_fit(self) -> None:
        # Imported here: the bracket makes callbacks of this class.
        from mlflow_plateau.recorder.bracket import recorded_fit
        from mlflow_plateau.recorder.fit_hook import install

        install(recorded_fit)

    def enter_fit(self, arguments: FitArguments) -> None:
        """Takes the arguments of the ``fit`` that is about to begin."""
        self._failed = False
        self._inner_fits = 0
        self._arguments = arguments
        self._watch_streams(arguments)

    @_never_raises
    def _watch_streams(self, arguments: FitArguments) -> None:
        settings = self._settings
        self._streams = StreamWatch(
            arguments,
            profiles=settings.log_datasets,
            rows=settings.probe_budget > 0,
            silent=settings.silent,
        )
        self._streams.begin()

    def leave_fit(self, error: BaseException | None) -> None:
        """Ends the recording with the ``fit``; ``error`` is what it raised, if anything."""
        self._arguments = None
        self._leave_streams()
        self._finish(error)

    @_never_raises
    def _leave_streams(self) -> None:
        if self._streams is not None:
            self._streams.end()

    @_never_raises
    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Takes the run, describes the setup and begins to measure."""
        if self._recording is not None:
            self._inner_fits += 1
            return
        self._recording = Recording(
            self._settings, self.model, self._arguments, self.params or {}, self._streams
        )
        self._recording.begin()

    @_never_raises
    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Begins an epoch."""
        if self._recording is not None and not self._inner_fits:
            self._recording.begin_epoch(epoch)

    @_never_raises
    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Notes that the training part of an epoch is over."""
        if self._recording is not None and not self._inner_fits:
            self._recording.begin_validation()

    @_never_raises
    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Notes how much validation data there was."""
        if self._recording is not None and not self._inner_fits:
            self._recording.end_validation()

    @_never_raises
    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Takes what the epoch gave."""
        if self._recording is not None and not self._inner_fits:
            self._recording.end_epoch(epoch, logs if logs is not None else {})

    @_never_raises
    def _end_training(self) -> None:
        if self._recording is not None:
            self._recording.end_training()

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Ends the recording, unless ``fit`` goes on: other callbacks may still log."""
        if self._inner_fits:
            self._inner_fits -= 1
            return
        self._end_training()
        if self._arguments is None:
            self._finish(None)

    def _finish(self, error: BaseException | None) -> None:
        recording, self._recording = self._recording, None
        if recording is None:
            return
        try:
            recording.end(error)
        except Exception as own_error:
            # Also what goes wrong at the end is not the user's.
            notice("the recording could not be finished", own_error, silent=self._settings.silent)

    def _give_up(self, error: Exception) -> None:
        self._failed = True
        notice("recording stopped, the training goes on", error, silent=self._settings.silent)
        if self._recording is not None:
            self._recording.stop_measuring()
