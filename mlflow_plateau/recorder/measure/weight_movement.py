"""How far the weights move in one update and in an epoch, and under which gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlflow_plateau.recorder.describe.names import layer_in, name_in, named
from mlflow_plateau.recorder.describe.optimizer import current_rate, inner_optimizer, updates_made
from mlflow_plateau.recorder.measure.by_layer import Layers, is_due
from mlflow_plateau.recorder.measure.gradients import Formula, Update, formula_for, slots_of
from mlflow_plateau.recorder.measure.variables import every_nth
from mlflow_plateau.recorder.measure.weight_sample import WeightSample
from mlflow_plateau.tracked import FloatArray

LONGEST_WAIT = 1000
"""This many executions without an update (accumulated gradients, skipped steps) are waited for."""

SINGLE_PRECISION = frozenset(("float32", "float64"))
"""Types of weights whose differences are worth computing with."""

NOTHING: FloatArray = np.empty(0)


class WeightMovement:
    """Measures ``update_ratio``, ``epoch_displacement`` and ``gradient_norm``.

    - ``update_ratio``: ‖Δw‖ / ‖w‖ of the epoch's first update; where one execution of the train
      function holds several (``steps_per_execution``), of them together, divided by their number.
    - ``epoch_displacement``: ‖w(end of epoch) − w(start)‖ / ‖w(start)‖.
    - ``gradient_norm``: ‖g‖ of the gradient in that update; see ``gradients``.

    All over a fixed sample of the trainable weights; see ``weight_sample``. After 1, 2, 3, 4, 6, 8,
    11, … epochs the ratio and the norm of each layer as well, as ``layer_update_ratio/layer``.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._optimizer = inner_optimizer(model.optimizer)
        # Elsewhere one execution is one update, and need not be counted.
        self._counts = (
            model.steps_per_execution > 1
            or self._optimizer is not model.optimizer
            or bool(getattr(self._optimizer, "gradient_accumulation_steps", None))
        )
        self._sample: WeightSample | None = None
        self._first: FloatArray | None = None
        self._last: FloatArray | None = None
        self._layers: Layers | None = None
        self._epoch = -1
        self._forget()

    @property
    def unmoved(self) -> tuple[str, ...]:
        """The layers with trainable weights of which none is other than at first, by name."""
        if self._sample is None or self._first is None or self._last is None:
            return ()
        parts = zip(
            self._sample.variables,
            self._sample.parts(self._first),
            self._sample.parts(self._last),
            strict=True,
        )
        still: dict[str, bool] = {}
        for variable, first, last in parts:
            layer = layer_in(name_in(self._model, variable))
            still[layer] = still.get(layer, True) and np.array_equal(first, last, equal_nan=True)
        return named(layer for layer, is_still in still.items() if is_still)

    def begin_epoch(self) -> None:
        """Forgets the last epoch."""
        self._epoch += 1
        self._forget()

    def _forget(self) -> None:
        self._start: FloatArray | None = None
        self._formula: Formula | None = None
        self._slots: FloatArray = NOTHING
        self._rate = math.nan
        self._updates_before = 0
        self._found: dict[str, float] = {}

    def before_first_execution(self) -> None:
        """Reads weights and moments, after all callbacks."""
        variables = [v for v in self._model.trainable_variables if _is_weight(v)]
        if not variables:
            return  # None at all, or none yet: then from the next epoch on.
        if self._sample is None or not self._sample.is_of(variables):
            self._sample = WeightSample(variables, every_nth)
            self._first = self._last = None
            self._layers = Layers([layer_in(name_in(self._model, v)) for v in variables])
        self._start = self._sample.read()
        if self._first is None:
            self._first = self._start
        if self._counts:
            self._updates_before = updates_made(self._optimizer)
        self._prepare_gradient(self._sample)

    def _prepare_gradient(self, sample: WeightSample) -> None:
        if not all(variable.dtype in SINGLE_PRECISION for variable in sample.variables):
            return
        formula = formula_for(self._optimizer, self._model.steps_per_execution == 1)
        if formula is None or (not formula.slot and any(v.constraint for v in sample.variables)):
            return
        if formula.slot:
            self._slots = self._read_slots(sample, formula)
        self._rate = current_rate(self._optimizer)
        self._formula = formula

    def after_execution(self, index: int, logs: Any) -> bool:
        """Reads them again after the first update."""
        if self._sample is None or self._start is None:
            return False
        updates = updates_made(self._optimizer) - self._updates_before if self._counts else 1
        if updates == 0:
            return index < LONGEST_WAIT
        with np.errstate(all="ignore"):  # NaN and infinity are findings here.
            self._take(self._sample, self._start, updates)
        return False

    def _take(self, sample: WeightSample, before: FloatArray, updates: int) -> None:
        after = sample.read()
        size = sample.norm(before)
        if size != 0:
            self._found["update_ratio"] = sample.norm(after - before) / size / updates
        layers = self._layers if is_due(self._epoch) else None
        if layers is not None:
            moved = sample.norms(after - before) / updates
            self._found.update(layers.ratios("update_ratio", moved, sample.norms(before)))
        if self._formula is None:
            return
        slots = self._read_slots(sample, self._formula) if self._formula.slot else NOTHING
        squares = self._formula.squares(
            Update(self._optimizer, updates, self._rate, (before, after), (self._slots, slots))
        )
        if squares is not None:
            self._found["gradient_norm"] = sample.norm(np.sqrt(squares))
            if layers is not None:
                norms = sample.norms(np.sqrt(squares))
                self._found.update(layers.norms("gradient_norm", norms))

    def end_training_part(self) -> Mapping[str, float]:
        """Returns what was measured; nothing where there is no weight to train."""
        if self._sample is not None and self._start is not None:
            self._last = self._sample.read()
            size = self._sample.norm(self._start)
            if size != 0:
                moved = self._sample.norm(self._last - self._start)
                self._found["epoch_displacement"] = moved / size
        return self._found

    def _read_slots(self, sample: WeightSample, formula: Formula) -> FloatArray:
        slots = slots_of(self._optimizer, formula, sample.variables)
        if slots is None:  # They are made by the first update.
            return np.full_like(sample.read(), formula.first_value(self._optimizer))
        return sample.read(slots)


def _is_weight(variable: Any) -> bool:
    """Returns whether a variable holds numbers that an optimiser moves."""
    return "float" in str(variable.dtype) and not getattr(
        variable, "overwrite_with_gradient", False
    )
