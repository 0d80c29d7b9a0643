"""One training with PyTorch, from its beginning to the diagnosis of its run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from mlflow_plateau.align.names import Split, read_name
from mlflow_plateau.recorder.describe.noting import noted
from mlflow_plateau.recorder.ending import outcome_of
from mlflow_plateau.recorder.measure.loss_growth import growth_before_non_finite
from mlflow_plateau.recorder.pytorch.describe import FACTS
from mlflow_plateau.recorder.pytorch.rows import RowSource
from mlflow_plateau.recorder.pytorch.traceless import all_random_state_kept
from mlflow_plateau.recorder.pytorch.training import TorchTraining
from mlflow_plateau.recorder.pytorch.updates import UpdateWatch
from mlflow_plateau.recorder.recorded_run import RecordedRun
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.settings import Settings
from mlflow_plateau.recorder.study import PATIENT_EPOCHS, Study

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
        self._run: RecordedRun | None = None
        self._watch: UpdateWatch | None = None
        self._batch_losses: list[Any] = []
        self._epoch_began = 0.0
        self.last_epoch: int | None = None
        """The last epoch that was recorded."""

    def begin(self) -> None:
        """Takes the run, describes the setup and begins to measure.

        Raises:
            TrackingServerError: If the tracking server does not answer.
        """
        with all_random_state_kept():
            self._run = RecordedRun(self._settings, self._open_scope(), self._prefix)
            self._run.begin(self._given, self._source.in_memory)
            self._use_sample(self._run, patient=True)
            self._describe(self._run)
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
        run, watch = self._run, self._watch
        if run is None or watch is None:
            return
        run.open_axis(self._training.model, epoch, self._training.planned_epochs)
        seconds = time.perf_counter() - self._epoch_began - watch.seconds
        if not run.epochs:
            self._count_what_passed(watch.updates)
        logs = {name: _number(value) for name, value in metrics.items()}
        own = {"epoch_seconds": seconds, **self._measured_on_batches()}
        rate = watch.rate
        own.update(watch.end_epoch(epoch, seconds))
        waits_for_rows = self._training.sample is None and run.epochs < PATIENT_EPOCHS
        if run.epochs == 0 or waits_for_rows:
            self._look_closer(run, metrics)
        run.write(run.take(epoch, logs, own, rate))
        self.last_epoch = epoch
        self._epoch_began = time.perf_counter()

    def end_training(self) -> None:
        """Makes the last experiments, before somebody changes the weights."""
        if self._run is not None:
            self._run.end_training()

    def stop_measuring(self) -> None:
        """Takes off what was put between the updates."""
        if self._watch is not None:
            self._watch.remove()

    @property
    def run_id(self) -> str:
        """The run that it is recorded into; empty before ``begin``."""
        return self._run.run_id if self._run is not None else ""

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
        run = self._run
        if run is None:
            return
        with all_random_state_kept():
            run.profile_what_streamed_by(self._source.profiles)
            run.end(
                error,
                outcome_of(error, stopped=stopped),
                no_experiments=self._why_no_experiments(),
                diagnose=diagnose,
            )

    def _why_no_experiments(self) -> str:
        if self._settings.probe_budget <= 0:
            return "the recorder was told to make none"
        return self._training.declined or "no rows of the training data were seen"

    def _count_what_passed(self, updates: int) -> None:
        training, observed = self._training, self._training.observed
        if not updates:
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

    def _look_closer(self, run: RecordedRun, metrics: Mapping[str, Any]) -> None:
        """Notes what can be said once an epoch, or rows of it, have gone by."""
        if self._training.has_validation is None:
            splits = {read_name(name).split for name in metrics}
            self._training.has_validation = Split.VALIDATION in splits
        with all_random_state_kept():
            is_last_wait = run.epochs + 1 >= PATIENT_EPOCHS
            self._use_sample(run, patient=not is_last_wait)
            if self._training.trace is None and (self._training.sample is not None or is_last_wait):
                try:
                    self._training.look_at_outputs()
                except Exception as error:
                    # One fact less: models may be built in ways that nobody foresaw.
                    notice("the model's outputs are not looked at", error, silent=True)
            self._describe(run)

    def _use_sample(self, run: RecordedRun, *, patient: bool) -> None:
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
        run.begin_study(Study(sample, training.opened, self._loss_name, self._settings))

    def _given(self) -> Mapping[str, Any]:
        """Returns what data lies in memory, by what MLflow calls its context."""
        return {CONTEXTS[name]: pair for name, pair in self._source.in_memory().items()}

    def _loss_name(self) -> str | None:
        sample, objective = self._training.sample, self._training.objective
        # Without a name the rows themselves say what kind of problem they are.
        return "" if objective is None or sample is None else objective.name(sample.training) or ""

    def _describe(self, run: RecordedRun) -> None:
        """Logs what is known of the setup now and was not known before."""
        # What cannot be said is said once.
        silent = self._settings.silent or run.epochs > 0
        run.describe(noted(FACTS, self._training, run.setup, silent=silent))


def _number(value: Any) -> Any:
    """Returns what a tensor holds where that is one value, and everything else as it is."""
    if hasattr(value, "detach") and hasattr(value, "numel"):
        return float(value.detach()) if value.numel() == 1 else None
    return value
