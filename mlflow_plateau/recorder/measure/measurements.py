"""All probes of one training, and when they are asked."""

from __future__ import annotations

import time
from collections.abc import Mapping

import keras
import numpy as np

from mlflow_plateau.history import Witnessed
from mlflow_plateau.recorder.describe.training import Training
from mlflow_plateau.recorder.measure.batch_losses import BatchLosses
from mlflow_plateau.recorder.measure.lost_weights import LostWeights
from mlflow_plateau.recorder.measure.pace import Pace
from mlflow_plateau.recorder.measure.probe import Guarded
from mlflow_plateau.recorder.measure.row_counts import RowCounts
from mlflow_plateau.recorder.measure.step_watch import StepWatch
from mlflow_plateau.recorder.measure.variables import READERS, on_several_devices
from mlflow_plateau.recorder.measure.weight_movement import WeightMovement
from mlflow_plateau.recorder.safety import notice

LOCAL_STRATEGIES = frozenset(
    ("NoneType", "_DefaultDistributionStrategy", "OneDeviceStrategy", "MirroredStrategy")
)
"""Distribution strategies whose variables this process may read without asking others."""


def measurements_for(training: Training, *, silent: bool = False) -> Measurements | None:
    """Returns the measurements of a training, or ``None`` where batches cannot be watched.

    Reading weights that several workers or devices share would wait for all of them.
    """
    model = training.model
    strategy = type(getattr(model, "distribute_strategy", None)).__name__
    if strategy not in LOCAL_STRATEGIES or on_several_devices():
        return None
    if keras.backend.backend() not in READERS:
        return None
    return Measurements(training, silent=silent)


class Measurements:
    """Runs the probes of one training.

    Attributes:
        seconds_in_epoch: What measuring cost since the epoch began.
    """

    def __init__(self, training: Training, *, silent: bool = False) -> None:
        model = training.model
        planned = training.planned_epochs
        self._silent = silent
        self._row_counts = RowCounts(training)
        self._movement = WeightMovement(model)
        self._lost = LostWeights(model)
        self._probes = [
            Guarded(probe, silent=silent)
            for probe in (BatchLosses(model), self._movement, self._lost, self._row_counts)
        ]
        self._watch = StepWatch(model, self._probes, silent=silent)
        self._pace = Pace(planned - 1 if planned else None)
        self._found: dict[str, float] = {}
        self._due = False
        self._in_training_part = False
        self.seconds_in_epoch = 0.0

    @property
    def facts(self) -> Witnessed:
        """What there is to say in words of what was measured."""
        return Witnessed(
            unmoved_layers=self._movement.unmoved or None, lost_weights=self._lost.layers or None
        )

    def begin_epoch(self, epoch: int) -> None:
        """Prepares an epoch; leaves one alone that is not due."""
        self._found = {}
        self._due = self._in_training_part = self._pace.is_due(epoch)
        if self._due:
            for probe in self._probes:
                probe.begin_epoch()
            self._watch.put()
        else:
            self._watch.remove()
        self.seconds_in_epoch = 0.0

    def end_training_part(self) -> None:
        """Takes the results before validation or callbacks change weights and metrics."""
        if not self._in_training_part:
            return
        self._in_training_part = False
        begin = time.perf_counter()
        with np.errstate(all="ignore"):  # NaN and infinity are findings here.
            for probe in self._probes:
                self._found.update(probe.end_training_part())
        self.seconds_in_epoch = self._watch.seconds + time.perf_counter() - begin

    def end_validation(self) -> None:
        """Counts the validation rows, once."""
        try:
            self._row_counts.end_validation()
        except Exception as error:
            # One fact less.
            notice("the validation rows are not counted", error, silent=self._silent)

    def end_epoch(self, seconds: float) -> Mapping[str, float]:
        """Returns what was measured in the epoch.

        Args:
            seconds: How long the epoch took in all.
        """
        self.end_training_part()
        if self._due:
            self._pace.note(self.seconds_in_epoch, seconds)
        return self._found

    def remove(self) -> None:
        """Takes the watch off the model."""
        self._watch.remove()
