"""One training, from ``on_train_begin`` to the diagnosis of its run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import keras

from mlflow_plateau.history import Setup
from mlflow_plateau.recorder.ahead import import_what_a_diagnosis_needs
from mlflow_plateau.recorder.curves import curves_of, monitored, prefix_beside, prefixed
from mlflow_plateau.recorder.datasets import log_datasets, mlflow_logs_datasets
from mlflow_plateau.recorder.describe.facts import describe
from mlflow_plateau.recorder.describe.loss import single_loss
from mlflow_plateau.recorder.describe.noting import (
    OF_EXPERIMENTS,
    OF_MEASUREMENTS,
    as_params,
    as_whole,
)
from mlflow_plateau.recorder.describe.optimizer import rate_of_last_update
from mlflow_plateau.recorder.describe.training import Training
from mlflow_plateau.recorder.ending import diagnose_run, leave, outcome_of
from mlflow_plateau.recorder.fit_arguments import FitArguments
from mlflow_plateau.recorder.fit_splits import given_data, splits_in_memory
from mlflow_plateau.recorder.measure.measurements import Measurements, measurements_for
from mlflow_plateau.recorder.patience import BEFORE_TRAINING, patience
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import global_random_state_kept, notice
from mlflow_plateau.recorder.settings import Settings
from mlflow_plateau.recorder.split_profiles import SplitProfiles
from mlflow_plateau.recorder.step_axis import COUNTER, StepAxis
from mlflow_plateau.recorder.streams.watch import StreamWatch
from mlflow_plateau.recorder.study import Study
from mlflow_plateau.recorder.witness.keras_model import open_keras_model
from mlflow_plateau.recorder.witness.rows import Rows, Sample
from mlflow_plateau.recorder.witness.sample import rows_in_memory
from mlflow_plateau.recorder.writer import Writer

PATIENT_EPOCHS = 3
"""This many epochs rows of both splits are waited for; then those of one have to do."""


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
        self._profiles: SplitProfiles | None = None
        self._model = model
        self._training = Training(model, arguments, params)
        self._prefix = prefix_beside(arguments.callbacks if arguments else ())
        self._names: set[str] = set()
        self._setup = Setup()
        self._axis: StepAxis | None = None
        self._epochs = 0
        self._reads_rate = True
        self._last_epoch: int | None = None
        self._epoch_began = 0.0
        self._pending: tuple[int, Mapping[str, Any], dict[str, float]] | None = None
        self._scope: RunScope | None = None
        self._writer: Writer | None = None
        self._measurements: Measurements | None = None
        self._in_memory: Mapping[str, Rows] = {}
        self._study: Study | None = None
        self._last_step: int | None = None
        self._notes_datasets = False
        self._profiles_streams = False

    def begin(self) -> None:
        """Takes the run, describes the setup and begins to measure.

        Raises:
            TrackingServerError: If the tracking server does not answer.
        """
        if not _is_chief(self._model):
            return
        with global_random_state_kept():
            self._scope = RunScope.open(self._settings.extra_tags)
            self._notes_datasets = self._settings.log_datasets and not mlflow_logs_datasets()
            self._take_sample()
            self._writer = Writer(self._scope, silent=self._settings.silent)
            self._writer.meanwhile(self._meanwhile)
            if self._settings.log_datasets:
                self._profiles = SplitProfiles(self._scope, silent=self._settings.silent)
            self._describe()
        self._measurements = measurements_for(self._training, silent=self._settings.silent)

    def begin_epoch(self, epoch: int) -> None:
        """Notes when an epoch begins, and prepares its measurements."""
        if self._scope is None:
            return
        self._write_pending()
        if self._axis is None:
            client = None if self._scope.fresh else self._scope.client
            with patience(BEFORE_TRAINING):
                self._axis = StepAxis.open(self._scope.run_id, self._model, epoch, client)
            self._log_planned_epochs(self._axis)
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
        if self._axis is None:
            return
        seconds = time.perf_counter() - self._epoch_began
        measured: dict[str, float] = {}
        if self._measurements is not None:
            measured.update(self._measurements.end_epoch(seconds))
            seconds -= self._measurements.seconds_in_epoch
        measured["epoch_seconds"] = seconds
        own = prefixed(measured)
        own[COUNTER] = float(self._axis.training)
        rate = self._learning_rate()
        if rate is not None:
            own[self._prefix + "learning_rate"] = rate
        if self._study is not None:
            own.update(self._study.end_epoch())
        # Callbacks that come after this one add to the logs; they are read when all have run.
        self._pending = (self._axis.use(epoch), logs, own)
        self._epochs += 1
        self._last_epoch = epoch
        if self._study is None:
            self._take_rows_of_streams()
        if self._streams is not None and self._streams.has_seen_all:
            self._profile_streams()
        if self._epochs == 1:
            self._describe()

    def end_training(self) -> None:
        """Makes the last experiments, before other callbacks may change the weights."""
        if self._study is None or self._pending is None:
            return
        step, logs, own = self._pending
        self._pending = step, logs, {**own, **self._study.end_training()}

    def _take_sample(self) -> None:
        """Keeps a few rows of data in memory for experiments, if they are wanted."""
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
                self._study = self._study_of(Sample(training, held_out))

    def _take_rows_of_streams(self) -> None:
        """Keeps the rows of pipelines and generators that have come by, once there are some."""
        if self._streams is None or self._writer is None or self._settings.probe_budget <= 0:
            return
        try:
            sample = self._streams.sample(self._in_memory, patient=self._epochs < PATIENT_EPOCHS)
        except Exception as error:
            # An extra: data may be of kinds that nobody foresaw.
            notice("no experiments are made", error, silent=self._settings.silent)
            return
        if sample is None:
            return
        self._training.keep_targets(sample)
        study, writer = self._study_of(sample), self._writer
        self._study = study
        writer.meanwhile(lambda: study.ask_reference(writer))

    def _profile_streams(self) -> None:
        """Has the writer's thread log the profiles of what streamed by, once."""
        profiles, streams = self._profiles, self._streams
        if profiles is None or streams is None or self._writer is None or self._profiles_streams:
            return
        self._profiles_streams = True
        self._writer.meanwhile(lambda: profiles.log_what_streamed_by(streams.profiles))

    def _study_of(self, sample: Sample) -> Study:
        return Study(
            sample,
            lambda: open_keras_model(self._training),
            lambda: single_loss(self._model),
            self._settings,
        )

    def _meanwhile(self) -> None:
        """What the writer's thread does beside the training, once."""
        arguments, scope, silent = self._training.arguments, self._scope, self._settings.silent
        if arguments is not None and scope is not None:
            if self._notes_datasets:
                log_datasets(scope, given_data(arguments), silent=silent)
            if self._profiles is not None:
                self._profiles.log_what_lies_in_memory(lambda: splits_in_memory(arguments))
        if self._study is not None and self._writer is not None:
            self._study.ask_reference(self._writer)
        if self._settings.diagnose:
            import_what_a_diagnosis_needs()

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
        scope, writer = self._scope, self._writer
        if scope is None:
            return
        outcome = self._outcome(error)
        if writer is None:
            leave(scope, outcome, reachable=False)  # Taking the run was all that succeeded.
            return
        complete = False
        with global_random_state_kept():
            try:
                self._write_pending()
                facts = (
                    self._study.facts
                    if self._study
                    else Setup(experiments_declined=self._why_no_experiments())
                )
                writer.params(as_whole(facts, OF_EXPERIMENTS))
                writer.params(as_whole(measured, OF_MEASUREMENTS))
                writer.params({"plateau.outcome": outcome})
                self._profile_streams()
                complete = writer.close()
                undisturbed = complete and not isinstance(error, Exception)
                if undisturbed and self._study is not None and self._last_step is not None:
                    repairs = self._profiles.repairs if self._profiles is not None else ()
                    self._study.log_counterfactuals(scope, repairs, self._last_step)
            finally:
                # Also when the user interrupts once more.
                leave(scope, outcome, reachable=complete)
            if complete and self._settings.diagnose and self._epochs:
                monitor = monitored(self._settings.monitor, self._prefix, self._names)
                diagnose_run(scope, monitor, silent=self._settings.silent)

    def _facts_of_measurements(self) -> Setup:
        if self._measurements is None:
            return Setup()
        try:
            return self._measurements.facts
        except Exception as error:
            # Some names less; what was put between Keras and its batches still has to come off.
            notice("no layers are named", error, silent=self._settings.silent)
            return Setup()

    def _why_no_experiments(self) -> str:
        if self._settings.probe_budget <= 0:
            return "the recorder was told to make none"
        if self._training.arguments is None:
            return "the recorder did not see what fit was given"
        return "no rows of the training data could be kept"

    def _describe(self) -> None:
        """Logs what is known of the setup now and was not known before."""
        # What cannot be said is said once.
        silent = self._settings.silent or self._epochs > 0
        setup = describe(self._training, known=self._setup, silent=silent)
        news = as_params(setup, besides=self._setup)
        self._setup = setup
        if news and self._writer is not None:
            self._writer.params(news)

    def _log_planned_epochs(self, axis: StepAxis) -> None:
        """Logs where the run's epochs will end, on the axis on which they are logged."""
        planned = self._training.planned_epochs
        if planned is not None and self._writer is not None:
            self._writer.params({"plateau.planned_epochs": str(axis.step(planned))})

    def _write_pending(self) -> None:
        if self._pending is None or self._writer is None:
            return
        (step, logs, own), self._pending = self._pending, None
        self._last_step = step
        curves = curves_of(logs, self._prefix)
        self._names.update(curves)
        self._writer.metrics({**curves, **own}, step)

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
