"""What is found out with a few rows of a training's data, and logged beside its curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mlflow_plateau.history import Witnessed
from mlflow_plateau.recorder.curves import prefixed
from mlflow_plateau.recorder.describe.noting import OF_REFERENCE, as_params, as_whole
from mlflow_plateau.recorder.patience import AFTER_TRAINING, patience
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.settings import Settings
from mlflow_plateau.recorder.witness.counterfactuals import repair_made
from mlflow_plateau.recorder.witness.reference_facts import facts_of, reference_of, why_not
from mlflow_plateau.recorder.witness.rows import Sample
from mlflow_plateau.recorder.witness.witness import OpenModel, Witness
from mlflow_plateau.recorder.writer import Writer, write_at_once

if TYPE_CHECKING:
    from mlflow_plateau.checks import Repair
    from mlflow_plateau.reference import Reference

PATIENT_EPOCHS = 3
"""This many epochs rows of both splits are waited for; then those of one have to do."""


class Study:
    """Experiments with the model, quick reference models, and a last look; nothing raises.

    Args:
        sample: Rows of the training's data.
        open_model: Returns the model and what its optimiser would do.
        loss: Returns the name of the training's one loss; ``None`` where there is another number.
        settings: What the user asked for.
    """

    def __init__(
        self,
        sample: Sample,
        open_model: OpenModel,
        loss: Callable[[], str | None],
        settings: Settings,
    ) -> None:
        self.sample = sample
        self._loss = loss
        self._silent = settings.silent
        self._witness = Witness(open_model, sample, settings.probe_budget, silent=settings.silent)
        self._reference: Reference | None = None

    @property
    def facts(self) -> Witnessed:
        """What there is to say in words of the experiments: which were not made, and why."""
        return self._witness.facts

    def end_epoch(self) -> Mapping[str, float]:
        """Returns the metrics of experiments after an epoch; none where they were not due."""
        return prefixed(self._witness.end_epoch())

    def end_training(self) -> Mapping[str, float]:
        """Returns the metrics of experiments at the end, unless the last epoch had some."""
        return prefixed(self._witness.end_training())

    def ask_reference(self, writer: Writer) -> None:
        """Has quick reference models fitted to the sample, and logs how they did."""
        try:
            self._reference = reference_of(self._loss(), self.sample)
            facts = facts_of(self._reference)
            if self._reference is None:
                facts = Witnessed(reference_declined=why_not(self._loss(), self.sample))
            writer.params(as_whole(facts, OF_REFERENCE))
        except Exception as error:
            # An extra: data may be of kinds that nobody foresaw.
            notice("no reference model was fitted", error, silent=self._silent)

    def log_counterfactuals(self, scope: RunScope, repairs: Sequence[Repair], step: int) -> None:
        """Tries the model on validation rows as they might have been, now that all is known.

        With the weights that the training left behind, whatever callbacks made of them.

        Args:
            scope: The run.
            repairs: How to treat validation as train was treated.
            step: The last step on the run's axis.
        """
        try:
            found = self._witness.counterfactuals(repairs, self._reference)
            repair = repair_made(found, repairs)
            # Where the checks found nothing to undo, the columns may hide another order.
            ordered = None if repairs else self._witness.arrangement()
            if ordered is not None:
                found = {**found, **ordered.losses}
                repair = Witnessed(repair=ordered.done)
            if found:
                with patience(AFTER_TRAINING):
                    write_at_once(scope, prefixed(found), as_params(repair), step)
        except Exception as error:
            # An extra, and the training is over.
            notice("no repaired validation rows were tried", error, silent=self._silent)
