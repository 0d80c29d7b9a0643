"""The run that a training is recorded into: what is written there, at which steps, and its end.

Every framework's recording takes this course; what they measure, and when, is their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_plateau.history import Setup, Witnessed
from mlflow_plateau.recorder.ahead import import_what_a_diagnosis_needs
from mlflow_plateau.recorder.curves import curves_of, monitored, prefixed
from mlflow_plateau.recorder.datasets import log_datasets
from mlflow_plateau.recorder.describe.noting import OF_EXPERIMENTS, as_params, as_whole
from mlflow_plateau.recorder.ending import diagnose_run, leave
from mlflow_plateau.recorder.patience import BEFORE_TRAINING, patience
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.settings import Settings
from mlflow_plateau.recorder.split_profiles import InMemory, SplitProfiles
from mlflow_plateau.recorder.step_axis import COUNTER, StepAxis
from mlflow_plateau.recorder.study import Study
from mlflow_plateau.recorder.writer import Writer

if TYPE_CHECKING:
    from mlflow_plateau.profiles import Profile


@dataclass(frozen=True)
class Epoch:
    """What there is to write of an epoch.

    Attributes:
        step: Where it stands on the run's axis.
        logs: The training's metrics by name; may still grow.
        own: The recorder's metrics, by the names that they get in the run.
    """

    step: int
    logs: Mapping[str, Any]
    own: Mapping[str, float]


class RecordedRun:
    """What a recording writes into its run, from the first fact to the diagnosis.

    Args:
        settings: What the user asked for.
        scope: The run.
        prefix: What is put before the curves' names.
    """

    def __init__(self, settings: Settings, scope: RunScope, prefix: str = "") -> None:
        self._settings = settings
        self._scope = scope
        self._prefix = prefix
        self._writer = Writer(scope, silent=settings.silent)
        self._profiles = (
            SplitProfiles(scope, silent=settings.silent) if settings.log_datasets else None
        )
        self._setup = Setup()
        self._axis: StepAxis | None = None
        self._study: Study | None = None
        self._names: set[str] = set()
        self._last_step: int | None = None
        self.epochs = 0
        """How many epochs were taken."""

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._scope.run_id

    @property
    def setup(self) -> Setup:
        """What is known of the training's setup so far."""
        return self._setup

    @property
    def has_study(self) -> bool:
        """Whether experiments are made with some rows."""
        return self._study is not None

    def begin(
        self,
        given: Callable[[], Mapping[str, InMemory]] | None,
        in_memory: Callable[[], Mapping[str, InMemory]],
    ) -> None:
        """Begins to write, and has logged, beside the training, what data lies in memory.

        Args:
            given: Returns the data to note as the run's inputs, by what MLflow calls their context;
                ``None`` where MLflow notes it.
            in_memory: Returns the splits by name: ``train``, ``validation``.
        """

        def beside_the_training() -> None:
            if self._profiles is not None:
                if given is not None:
                    log_datasets(self._scope, given(), silent=self._settings.silent)
                self._profiles.log_what_lies_in_memory(in_memory)
            if self._settings.diagnose:
                import_what_a_diagnosis_needs()

        self._writer.begin()
        self._writer.meanwhile(beside_the_training)

    def begin_study(self, study: Study) -> None:
        """Has experiments made with some rows after epochs, and quick reference models fitted."""
        self._study = study
        self._writer.meanwhile(lambda: study.ask_reference(self._writer))

    def describe(self, setup: Setup) -> None:
        """Logs what is known of the setup now and was not known before."""
        news = as_params(setup, besides=self._setup)
        self._setup = setup
        if news:
            self._writer.params(news)

    def open_axis(self, model: Any, first_epoch: int, planned_epochs: int | None) -> None:
        """Finds the place of the training in its run; only asked at its first epoch.

        Args:
            model: The model that is trained.
            first_epoch: The epoch that the training begins with.
            planned_epochs: The epoch that it is to end before, as far as it is known.
        """
        if self._axis is not None:
            return
        client = None if self._scope.fresh else self._scope.client
        with patience(BEFORE_TRAINING):
            self._axis = StepAxis.open(self._scope.run_id, model, first_epoch, client)
        if planned_epochs is not None:
            self._writer.params({"plateau.planned_epochs": str(self._axis.step(planned_epochs))})

    def take(
        self, epoch: int, logs: Mapping[str, Any], measured: Mapping[str, float], rate: float | None
    ) -> Epoch | None:
        """Takes what an epoch gave, and makes the experiments that are due after it.

        Args:
            epoch: Its number, as the framework counts.
            logs: The training's metrics by name.
            measured: The recorder's own, by names without a prefix.
            rate: The learning rate of its last update; ``None`` where it could not be read.

        Returns:
            What ``write`` takes; ``None`` before ``open_axis``.
        """
        if self._axis is None:
            return None
        own = {**prefixed(measured), COUNTER: float(self._axis.training)}
        if rate is not None:
            own[self._prefix + "learning_rate"] = rate
        if self._study is not None:
            own.update(self._study.end_epoch())
        self._last_step = self._axis.use(epoch)
        self.epochs += 1
        return Epoch(self._last_step, logs, own)

    def write(self, epoch: Epoch | None) -> None:
        """Writes what an epoch gave."""
        if epoch is None:
            return
        curves = curves_of(epoch.logs, self._prefix)
        self._names.update(curves)
        self._writer.metrics({**curves, **epoch.own}, epoch.step)

    def end_training(self) -> None:
        """Makes the last experiments, before somebody changes the weights."""
        if self._study is not None and self._last_step is not None:
            self._writer.metrics(self._study.end_training(), self._last_step)

    def profile_what_streamed_by(self, profiles: Callable[[], Mapping[str, Profile]]) -> None:
        """Has the splits logged, beside the training, that were observed while it consumed them."""
        known = self._profiles
        if known is not None:
            self._writer.meanwhile(lambda: known.log_what_streamed_by(profiles))

    def end(
        self,
        error: BaseException | None,
        outcome: str,
        *,
        no_experiments: str,
        facts: Mapping[str, str] | None = None,
        last: Epoch | None = None,
        diagnose: bool = True,
    ) -> None:
        """Writes what is left, ends the run if it is the recorder's, and has it diagnosed.

        Args:
            error: What ended the training, if it was not its end.
            outcome: How it ended, in the words of ``Setup.outcome``.
            no_experiments: Why none were made, if there were none.
            facts: Further parameters.
            last: The last epoch, if it was not written yet.
            diagnose: Whether to diagnose the run if the user asked for it.
        """
        study, complete = self._study, False
        of_experiments = study.facts if study else Witnessed(experiments_declined=no_experiments)
        try:
            self.write(last)
            self._writer.params(as_whole(of_experiments, OF_EXPERIMENTS))
            self._writer.params({**(facts or {}), "plateau.outcome": outcome})
            complete = self._writer.close()
            undisturbed = complete and not isinstance(error, Exception)
            if undisturbed and study is not None and self._last_step is not None:
                repairs = self._profiles.repairs if self._profiles is not None else ()
                study.log_counterfactuals(self._scope, repairs, self._last_step)
        finally:
            # Also when the user interrupts once more.
            leave(self._scope, outcome, reachable=complete)
        if complete and diagnose and self._settings.diagnose and self.epochs:
            monitor = monitored(self._settings.monitor, self._prefix, self._names)
            diagnose_run(self._scope, monitor, silent=self._settings.silent)
