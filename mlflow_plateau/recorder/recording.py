"""One training, from ``on_train_begin`` to the diagnosis of its run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import keras

from mlflow_plateau.history import Witnessed
from mlflow_plateau.recorder.curves import prefix_beside
from mlflow_plateau.recorder.datasets import mlflow_logs_datasets
from mlflow_plateau.recorder.describe.facts import describe
from mlflow_plateau.recorder.describe.loss import single_loss
from mlflow_plateau.recorder.describe.noting import OF_MEASUREMENTS, as_whole
from mlflow_plateau.recorder.describe.optimizer import rate_of_last_update
from mlflow_plateau.recorder.describe.training import Training
from mlflow_plateau.recorder.ending import outcome_of
from mlflow_plateau.recorder.fit_arguments import FitArguments
from mlflow_plateau.recorder.fit_splits import given_data, splits_in_memory
from mlflow_plateau.recorder.measure.measurements import Measurements, measurements_for
from mlflow_plateau.recorder.recorded_run import Epoch, RecordedRun
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import global_random_state_kept, notice
from mlflow_plateau.recorder.settings import Settings
from mlflow_plateau.recorder.streams.watch import StreamWatch
from mlflow_plateau.recorder.study import PATIENT_EPOCHS, Study
from mlflow_plateau.recorder.witness.keras_model import open_keras_model
from mlflow_plateau.recorder.witness.rows import Rows, Sample
from mlflow_plateau.recorder.witness.sample import rows_in_memory


class Recording:
    """Everything that is recorded of one ``fit``.

    Args:
        settings: What the user asked for.
        model: The model.
        arguments: What ``fit`` was called with; ``None`` where only a callback list was called.
        params: Keras' parameters of the callback: ``epochs``, ``steps``, ``verbose``.
        streams: Watches the data that does not lie in memory, if there may be any.
    """

    def __init__(
        self,
        settings: Settings,
        model: Any,
        arguments: FitArguments | None,
        params: Mapping[str, Any],
        streams: StreamWatch | None = None,
    ) -> None:
        self._settings = settings
        self._streams = streams
        self._model = model
        self._training = Training(model, arguments, params)
        self._prefix = prefix_beside(arguments.callbacks if arguments else ())
        self._run: RecordedRun | None = None
        self._measurements: Measurements | None = None
        self._in_memory: Mapping[str, Rows] = {}
        self._reads_rate = True
        self._last_epoch: int | None = None
        self._epoch_began = 0.0
        self._pending: Epoch | None = None
        self._streams_to_profile = settings.log_datasets

    def begin(self) -> None:
        """Takes the run, describes the setup and begins to measure.

        Raises:
            TrackingServerError: If the tracking server does not answer.
        """
        if not _is_chief(self._model):
            return
        with global_random_state_kept():
            scope = RunScope.open(self._settings.extra_tags)
            self._run = RecordedRun(self._settings, scope, self._prefix)
            self._begin_to_write(self._run)
            self._use_rows_in_memory(self._run)
            self._describe(self._run)
        self._measurements = measurements_for(self._training, silent=self._settings.silent)

    def begin_epoch(self, epoch: int) -> None:
        """Notes when an epoch begins, and prepares its measurements."""
        if self._run is None:
            return
        pending, self._pending = self._pending, None
        self._run.write(pending)
        self._run.open_axis(self._model, epoch, self._training.planned_epochs)
        if self._measurements is not None:
            self._measurements.begin_epoch(epoch)
        if self._streams is not None:
            self._streams.begin_epoch()
        self._epoch_began = time.perf_counter()

    def begin_validation(self) -> None:
        """Notes that the training part of the epoch is over."""
        if self._streams is not None:
            self._streams.end_training_part(cut_short=bool(self._model.stop_training))
            self._streams.begin_validation()
        if self._measurements is not None:
            self._measurements.end_training_part()

    def end_validation(self) -> None:
        """Notes that the validation of the epoch is over."""
        if self._streams is not None:
            self._streams.end_validation()
        if self._measurements is not None:
            self._measurements.end_validation()

    def end_epoch(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Takes what an epoch gave."""
        if self._streams is not None:
            self._streams.end_training_part(cut_short=bool(self._model.stop_training))
        if self._run is None:
            return
        seconds = time.perf_counter() - self._epoch_began
        measured: dict[str, float] = {}
        if self._measurements is not None:
            measured.update(self._measurements.end_epoch(seconds))
            seconds -= self._measurements.seconds_in_epoch
        measured["epoch_seconds"] = seconds
        # Callbacks that come after this one add to the logs; they are read when all have run.
        self._pending = self._run.take(epoch, logs, measured, self._learning_rate())
        self._last_epoch = epoch
        if not self._run.has_study:
            self._use_rows_of_streams(self._run)
        if self._streams is not None and self._streams.has_seen_all:
            self._profile_streams(self._run)
        if self._run.epochs == 1:
            self._describe(self._run)

    def end_training(self) -> None:
        """Makes the last experiments, before other callbacks may change the weights."""
        if self._run is not None:
            self._run.end_training()

    def _begin_to_write(self, run: RecordedRun) -> None:
        arguments = self._training.arguments
        if arguments is None:
            run.begin(None, dict)
            return
        given = None if mlflow_logs_datasets() else lambda: given_data(arguments)
        run.begin(given, lambda: splits_in_memory(arguments))

    def _use_rows_in_memory(self, run: RecordedRun) -> None:
        """Makes experiments with a few rows of data in memory, if they are wanted."""
        if self._settings.probe_budget <= 0 or self._training.arguments is None:
            return
        try:
            self._in_memory = rows_in_memory(self._training.arguments)
        except Exception as error:
            # An extra: data may be of kinds that nobody foresaw.
            notice("no experiments are made", error, silent=self._settings.silent)
        if self._streams is None or not self._streams.expects_data:
            training = self._in_memory.get("train")
            if training is not None:
                held_out = self._in_memory.get("validation")
                run.begin_study(self._study_of(Sample(training, held_out)))

    def _use_rows_of_streams(self, run: RecordedRun) -> None:
        """Makes them with rows of pipelines and generators, once there are some that came by."""
        if self._streams is None or self._settings.probe_budget <= 0:
            return
        try:
            sample = self._streams.sample(self._in_memory, patient=run.epochs < PATIENT_EPOCHS)
        except Exception as error:
            # An extra: data may be of kinds that nobody foresaw.
            notice("no experiments are made", error, silent=self._settings.silent)
            return
        if sample is not None:
            self._training.keep_targets(sample)
            run.begin_study(self._study_of(sample))

    def _profile_streams(self, run: RecordedRun) -> None:
        """Has the profiles of what streamed by logged, once."""
        if self._streams is not None and self._streams_to_profile:
            self._streams_to_profile = False
            run.profile_what_streamed_by(self._streams.profiles)

    def _study_of(self, sample: Sample) -> Study:
        return Study(
            sample,
            lambda: open_keras_model(self._training),
            lambda: single_loss(self._model),
            self._settings,
        )

    def _learning_rate(self) -> float | None:
        """Returns the learning rate of the epoch's last update, where it can be read."""
        found = self._training.optimizer_in_use if self._reads_rate else None
        try:
            return None if found is None else rate_of_last_update(found)
        except Exception as error:
            # One curve less: an optimiser may keep its learning rate in ways nobody foresaw.
            self._reads_rate = False
            notice("the learning rate is not recorded", error, silent=self._settings.silent)
            return None

    def stop_measuring(self) -> None:
        """Puts back what was put between Keras and its batches."""
        if self._measurements is not None:
            self._measurements.remove()
            self._measurements = None

    def end(self, error: BaseException | None) -> None:
        """Writes what is left, ends the run if it is the recorder's, and has it diagnosed.

        Args:
            error: What ``fit`` raised, if anything.
        """
        measured = self._facts_of_measurements()
        self.stop_measuring()
        run = self._run
        if run is None:
            return
        with global_random_state_kept():
            self._profile_streams(run)
            run.end(
                error,
                self._outcome(error),
                no_experiments=self._why_no_experiments(),
                facts=as_whole(measured, OF_MEASUREMENTS),
                last=self._pending,
            )

    def _facts_of_measurements(self) -> Witnessed:
        if self._measurements is None:
            return Witnessed()
        try:
            return self._measurements.facts
        except Exception as error:
            # Some names less; what was put between Keras and its batches still has to come off.
            notice("no layers are named", error, silent=self._settings.silent)
            return Witnessed()

    def _why_no_experiments(self) -> str:
        if self._settings.probe_budget <= 0:
            return "the recorder was told to make none"
        if self._training.arguments is None:
            return "the recorder did not see what fit was given"
        return "no rows of the training data could be kept"

    def _describe(self, run: RecordedRun) -> None:
        """Logs what is known of the setup now and was not known before."""
        # What cannot be said is said once.
        silent = self._settings.silent or run.epochs > 0
        run.describe(describe(self._training, known=run.setup, silent=silent))

    def _outcome(self, error: BaseException | None) -> str:
        planned = self._training.planned_epochs
        early = planned is not None and (self._last_epoch is None or self._last_epoch + 1 < planned)
        return outcome_of(error, stopped=early and bool(self._model.stop_training))


def _is_chief(model: Any) -> bool:
    """Returns whether this process speaks for all that train the model."""
    # Imported here: with another backend they may not be there.
    if keras.backend.backend() == "jax":
        import jax

        return bool(jax.process_index() == 0)
    if keras.backend.backend() == "torch":
        from mlflow_plateau.recorder.pytorch.training import is_chief

        return is_chief()
    strategy = getattr(model, "distribute_strategy", None)
    return bool(getattr(getattr(strategy, "extended", None), "should_checkpoint", True))
