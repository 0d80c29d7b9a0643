"""One training with PyTorch, from its beginning to the diagnosis of its run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from mlflow_plateau.align.names import Split, read_name
from mlflow_plateau.history import Setup
from mlflow_plateau.recorder.ahead import import_what_a_diagnosis_needs
from mlflow_plateau.recorder.curves import curves_of, monitored, prefixed
from mlflow_plateau.recorder.datasets import log_datasets
from mlflow_plateau.recorder.describe.noting import OF_EXPERIMENTS, as_params, as_whole, noted
from mlflow_plateau.recorder.ending import diagnose_run, leave, outcome_of
from mlflow_plateau.recorder.measure.loss_growth import growth_before_non_finite
from mlflow_plateau.recorder.patience import AFTER_TRAINING, BEFORE_TRAINING, patience
from mlflow_plateau.recorder.pytorch.describe import FACTS
from mlflow_plateau.recorder.pytorch.rows import RowSource
from mlflow_plateau.recorder.pytorch.traceless import all_random_state_kept
from mlflow_plateau.recorder.pytorch.training import TorchTraining
from mlflow_plateau.recorder.pytorch.updates import UpdateWatch
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.settings import Settings
from mlflow_plateau.recorder.split_profiles import SplitProfiles
from mlflow_plateau.recorder.step_axis import COUNTER, StepAxis
from mlflow_plateau.recorder.study import Study
from mlflow_plateau.recorder.writer import Writer

PATIENT_EPOCHS = 3
"""This many epochs rows of both splits are waited for; then those of one have to do."""

MOST_BATCHES = 2048
"""Of longer epochs the losses of the first batches are kept."""

CONTEXTS = {"train": "train", "validation": "eval"}
"""What MLflow calls the splits."""


class TorchRecording:
    """Everything that is recorded of one training.

    Args:
        settings: What the user asked for.
        training: The training.
        source: Rows of its data.
        open_scope: Returns the run that it is recorded into.
        prefix: What is put before the curves' names.
    """

    def __init__(
        self,
        settings: Settings,
        training: TorchTraining,
        source: RowSource,
        open_scope: Callable[[], RunScope],
        prefix: str = "",
    ) -> None:
        self._settings = settings
        self._training = training
        self._source = source
        self._open_scope = open_scope
        self._prefix = prefix
        self._names: set[str] = set()
        self._setup = Setup()
        self._axis: StepAxis | None = None
        self._scope: RunScope | None = None
        self._writer: Writer | None = None
        self._profiles: SplitProfiles | None = None
        self._watch: UpdateWatch | None = None
        self._study: Study | None = None
        self._last_step: int | None = None
        self._batch_losses: list[Any] = []
        self._epochs = 0
        self._epoch_began = 0.0
        self.last_epoch: int | None = None
        """The last epoch that was recorded."""

    def begin(self) -> None:
        """Takes the run, describes the setup and begins to measure.

        Raises:
            TrackingServerError: If the tracking server does not answer.
        """
        with all_random_state_kept():
            self._scope = self._open_scope()
            self._writer = Writer(self._scope, silent=self._settings.silent)
            if self._settings.log_datasets:
                self._profiles = SplitProfiles(self._scope, silent=self._settings.silent)
            self._use_sample(patient=True)
            self._writer.meanwhile(self._meanwhile)
            self._describe()
        self._watch = UpdateWatch(self._training, silent=self._settings.silent)
        self._epoch_began = time.perf_counter()

    def take_batch_loss(self, loss: Any) -> None:
        """Takes the loss of a batch: a number, or a tensor, which is not waited for."""
        # With the other measurements or not at all: what is missing there is a finding.
        if self._watch is None or not self._watch.is_due:
            return
        if len(self._batch_losses) < MOST_BATCHES:
            self._batch_losses.append(loss.detach().clone() if hasattr(loss, "detach") else loss)

    def end_epoch(self, epoch: int, metrics: Mapping[str, Any]) -> None:
        """Takes what an epoch gave.

        Args:
            epoch: Its number, counted from 0 or 1 upwards.
            metrics: Its metrics by name: numbers, or tensors and arrays with one value.
        """
        if self._scope is None or self._writer is None or self._watch is None:
            return
        if self._axis is None:
            self._axis = self._open_axis(self._scope, self._writer, epoch)
        seconds = time.perf_counter() - self._epoch_began - self._watch.seconds
        self._count_what_passed(self._watch.updates)
        curves = curves_of({name: _number(value) for name, value in metrics.items()}, self._prefix)
        own = {"epoch_seconds": seconds, **self._measured_on_batches()}
        rate = self._watch.rate
        own.update(self._watch.end_epoch(epoch, seconds))
        if self._epochs == 0 or (self._training.sample is None and self._epochs < PATIENT_EPOCHS):
            self._look_closer(metrics)
        step = self._axis.use(epoch)
        values = {**curves, **prefixed(own), COUNTER: float(self._axis.training)}
        if self._study is not None:
            values.update(self._study.end_epoch())
        if rate is not None:
            values[self._prefix + "learning_rate"] = rate
        self._names.update(curves)
        self._writer.metrics(values, step)
        self._epochs += 1
        self._last_step = step
        self.last_epoch = epoch
        self._epoch_began = time.perf_counter()

    def end_training(self) -> None:
        """Makes the last experiments, before somebody changes the weights."""
        if self._study is None or self._writer is None or self._last_step is None:
            return
        found = self._study.end_training()
        if found:
            self._writer.metrics(found, self._last_step)

    def stop_measuring(self) -> None:
        """Takes off what was put between the updates."""
        if self._watch is not None:
            self._watch.remove()

    @property
    def run_id(self) -> str:
        """The run that it is recorded into; empty before ``begin``."""
        return self._scope.run_id if self._scope is not None else ""

    def end(
        self, error: BaseException | None, *, stopped: bool = False, diagnose: bool = True
    ) -> None:
        """Writes what is left, ends the run if it is the recorder's, and has it diagnosed.

        Args:
            error: What ended the training, if it was not its end.
            stopped: Whether it ended before its planned epochs without an error.
            diagnose: Whether to diagnose the run if the user asked for it.
        """
        self.stop_measuring()
        scope, writer = self._scope, self._writer
        if scope is None:
            return
        outcome = outcome_of(error, stopped=stopped)
        if writer is None:
            leave(scope, outcome, reachable=False)  # Taking the run was all that succeeded.
            return
        complete = False
        with all_random_state_kept():
            try:
                writer.params(as_whole(self._facts_of_experiments(), OF_EXPERIMENTS))
                writer.params({"plateau.outcome": outcome})
                complete = writer.close()
                if complete and self._profiles is not None:
                    with patience(AFTER_TRAINING):
                        self._profiles.log_what_streamed_by(self._source.profiles)
                undisturbed = complete and not isinstance(error, Exception)
                if undisturbed and self._study is not None and self._last_step is not None:
                    repairs = self._profiles.repairs if self._profiles is not None else ()
                    self._study.log_counterfactuals(scope, repairs, self._last_step)
            finally:
                # Also when the user interrupts once more.
                leave(scope, outcome, reachable=complete)
            if complete and diagnose and self._settings.diagnose and self._epochs:
                monitor = monitored(self._settings.monitor, self._prefix, self._names)
                diagnose_run(scope, monitor, silent=self._settings.silent)

    def _facts_of_experiments(self) -> Setup:
        if self._study is not None:
            return self._study.facts
        declined = self._training.declined or "no rows of the training data were seen"
        if self._settings.probe_budget <= 0:
            declined = "the recorder was told to make none"
        return Setup(experiments_declined=declined)

    def _open_axis(self, scope: RunScope, writer: Writer, epoch: int) -> StepAxis:
        client = None if scope.fresh else scope.client
        with patience(BEFORE_TRAINING):
            axis = StepAxis.open(scope.run_id, self._training.model, epoch, client)
        planned = self._training.planned_epochs
        if planned is not None:
            writer.params({"plateau.planned_epochs": str(axis.step(planned))})
        return axis

    def _count_what_passed(self, updates: int) -> None:
        training, observed = self._training, self._training.observed
        if self._epochs or not updates:
            return
        observed["updates_per_epoch"] = updates
        rows, batch = training.given_rows, training.batch_size or observed.get("batch_size")
        if rows is None or "training_rows" in observed:
            return
        if batch is None:
            observed["training_rows"] = rows
        else:
            # What was handed over may be all rows, the last few of which may be left out, or some.
            fits = updates in (rows // batch, -(-rows // batch))
            observed["training_rows"] = rows if fits else updates * batch

    def _measured_on_batches(self) -> Mapping[str, float]:
        """Returns how single batches' losses scatter, less the epoch's trend, and grew to NaN."""
        kept, self._batch_losses = self._batch_losses, []
        numbers = [_number(loss) for loss in kept[:-1]]
        losses = np.array([n for n in numbers if isinstance(n, Real)], dtype=np.float64)
        if len(losses) < 2:
            return {}
        # The last batch may be smaller. Successive differences: von Neumann, 1941.
        with np.errstate(all="ignore"):
            spread = float(np.sqrt(np.mean(np.diff(losses) ** 2) / 2))
        growth = growth_before_non_finite(losses)
        grown = {} if growth is None else {"batch_loss_growth": growth}
        return {"batch_loss_spread": spread, **grown}

    def _look_closer(self, metrics: Mapping[str, Any]) -> None:
        """Notes what can be said once an epoch, or rows of it, have gone by."""
        if self._training.has_validation is None:
            splits = {read_name(name).split for name in metrics}
            self._training.has_validation = Split.VALIDATION in splits
        with all_random_state_kept():
            self._use_sample(patient=self._epochs + 1 < PATIENT_EPOCHS)
            if self._training.trace is None and (
                self._training.sample is not None or self._epochs + 1 >= PATIENT_EPOCHS
            ):
                try:
                    self._training.look_at_outputs()
                except Exception as error:
                    # One fact less: models may be built in ways that nobody foresaw.
                    notice("the model's outputs are not looked at", error, silent=True)
            self._describe()

    def _use_sample(self, *, patient: bool) -> None:
        """Keeps a few rows for experiments, once there are some, if they are wanted."""
        training = self._training
        if self._settings.probe_budget <= 0 or training.sample is not None:
            return
        try:
            sample = self._source.sample(patient=patient)
        except Exception as error:
            # An extra: data may be of kinds that nobody foresaw.
            training.declined = training.declined or "the rows that came by do not fit together"
            notice("no experiments are made", error, silent=self._settings.silent)
            return
        if sample is None:
            return
        training.sample = sample
        for split, rows in (("training", sample.training), ("validation", sample.validation)):
            if rows is not None and rows.y is not None:
                training.targets.setdefault(split, rows.y)
        self._study = Study(sample, training.opened, self._loss_name, self._settings)
        if self._writer is not None and self._epochs:
            self._writer.meanwhile(self._ask_reference)

    def _meanwhile(self) -> None:
        """What the writer's thread does beside the training, once."""
        if self._scope is not None and self._profiles is not None:
            given = {CONTEXTS[name]: pair for name, pair in self._source.in_memory().items()}
            log_datasets(self._scope, given, silent=self._settings.silent)
            self._profiles.log_what_lies_in_memory(self._source.in_memory)
        self._ask_reference()
        if self._settings.diagnose:
            import_what_a_diagnosis_needs()

    def _ask_reference(self) -> None:
        if self._study is not None and self._writer is not None:
            self._study.ask_reference(self._writer)

    def _loss_name(self) -> str | None:
        sample, objective = self._training.sample, self._training.objective
        # Without a name the rows themselves say what kind of problem they are.
        return "" if objective is None or sample is None else objective.name(sample.training) or ""

    def _describe(self) -> None:
        """Logs what is known of the setup now and was not known before."""
        # What cannot be said is said once.
        silent = self._settings.silent or self._epochs > 0
        setup = noted(FACTS, self._training, self._setup, silent=silent)
        news = as_params(setup, besides=self._setup)
        self._setup = setup
        if news and self._writer is not None:
            self._writer.params(news)


def _number(value: Any) -> Any:
    """Returns what a tensor holds where that is one value, and everything else as it is."""
    if hasattr(value, "detach") and hasattr(value, "numel"):
        return float(value.detach()) if value.numel() == 1 else None
    return value
