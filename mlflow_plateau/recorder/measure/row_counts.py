"""How many rows went through the model, where the data could not say so beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from mlflow_plateau.recorder.describe.number import number_in
from mlflow_plateau.recorder.describe.optimizer import updates_made
from mlflow_plateau.recorder.describe.training import Training


class RowCounts:
    """Reads off Keras' own loss metric, which weighs batches by their rows, how many there were.

    Once, in the first epoch; nothing is iterated. What it finds is noted with the training.
    """

    def __init__(self, training: Training) -> None:
        self._training = training
        self._model = training.model
        self._epoch_done = False
        self._validation_done = False
        self._first_update = 0

    def begin_epoch(self) -> None:
        """Nothing is to be forgotten: only the first epoch counts."""

    def before_first_execution(self) -> None:
        """Notes how many updates there were before."""
        if not self._epoch_done:
            self._first_update = updates_made(self._model.optimizer)

    def after_execution(self, index: int, logs: Any) -> bool:
        """Counts the rows of the first batch."""
        if not self._epoch_done:
            rows = self._rows()
            if rows:
                batches = max(1, int(self._model.steps_per_execution))
                self._training.observed["batch_size"] = max(1, round(rows / batches))
        return False

    def end_training_part(self) -> Mapping[str, float]:
        """Counts the rows and updates of the first epoch."""
        if not self._epoch_done:
            self._epoch_done = True
            observed = self._training.observed
            observed["training_rows"] = rows = self._rows()
            observed["updates_per_epoch"] = updates_made(self._model.optimizer) - self._first_update
            first, batches = observed.get("batch_size", 0), observed["updates_per_epoch"]
            if 0 < first * batches < rows and batches > 1:
                # Shuffled batches: the first was the smaller one that is left over.
                observed["batch_size"] = round((rows - first) / (batches - 1))
        return {}

    def end_validation(self) -> None:
        """Notes the rows of the first validation."""
        if not self._validation_done:
            self._validation_done = True
            self._training.observed["validation_rows"] = self._rows()

    def _rows(self) -> int:
        tracker = getattr(self._model, "_loss_tracker", None)
        return int(number_in(tracker.count)) if isinstance(tracker, keras.metrics.Mean) else 0
