"""All experiments of one training, and when they are made."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

import numpy as np

from mlflow_plateau.record.safety import global_random_state_kept, notice
from mlflow_plateau.record.witness.budget import Budget
from mlflow_plateau.record.witness.differentiable import (
    DeclinedError,
    Differentiable,
    NextUpdate,
)
from mlflow_plateau.record.witness.gradient_statistics import gradient_statistics
from mlflow_plateau.record.witness.gradients import gradients_of
from mlflow_plateau.record.witness.rows import Rows, Sample
from mlflow_plateau.record.witness.step_probe import step_probe

ROWS = 256
"""Rows of each split that experiments are made with."""

WARM_UP = 8
"""Rows of the first try."""

FEWEST = 64
"""With fewer rows gradients say too little."""

COST = 6.0
"""All experiments take about so many times as long as the losses of both splits."""

OpenModel = Callable[[], tuple[Differentiable, NextUpdate]]
"""Raises ``DeclinedError`` where no experiment can be made without the risk of leaving a trace."""


class Witness:
    """Makes experiments with a model on a sample of its data.

    Args:
        open_model: Returns the model and what its optimiser would do; called when it is built.
        sample: Rows of its data.
        share: Share of the training time that experiments may take.
        silent: Whether to keep failures to oneself.

    Attributes:
        declined: Why no experiments are made; empty if they are.
    """

    def __init__(
        self, open_model: OpenModel, sample: Sample, share: float, *, silent: bool = False
    ) -> None:
        self._open_model = open_model
        self._sample = sample
        self._silent = silent
        self._budget = Budget(share)
        self._began = time.perf_counter()
        self._opened: tuple[Differentiable, NextUpdate] | None = None
        self._measured_last = False
        self.declined = ""

    def end_epoch(self) -> Mapping[str, float]:
        """Returns what was measured after an epoch, by name; nothing where it was not due."""
        self._measured_last = False
        return self._measure() if self._budget.is_due() else {}

    def end_training(self) -> Mapping[str, float]:
        """Returns what was measured at the end, unless that was done after the last epoch."""
        return {} if self._measured_last else self._measure()

    def _measure(self) -> Mapping[str, float]:
        begin = time.perf_counter()
        seconds = self._budget.seconds_left(begin - self._began)
        if self.declined or not seconds:
            return {}
        found: dict[str, float] = {}
        try:
            with global_random_state_kept(), np.errstate(all="ignore"):
                if self._opened is None:
                    self._opened = self._open_model()
                found = experiments(*self._opened, self._sample, seconds)
            self._measured_last = True
        except DeclinedError as reason:
            self.declined = str(reason)
        except Exception as error:
            # Models may be built in ways that nobody foresaw; the training goes on.
            self.declined = "an experiment failed"
            notice("no more experiments are made with the model", error, silent=self._silent)
        self._budget.spent += time.perf_counter() - begin
        return found


def experiments(
    model: Differentiable, next_update: NextUpdate, sample: Sample, seconds: float = math.inf
) -> dict[str, float]:
    """Makes all experiments once, and returns what was found, by name.

    Besides those of ``gradient_statistics`` and ``step_probe``:

    - ``clean_fit``, ``clean_held_out``: losses of the sample's rows as the model
      predicts them, without dropout, noise and penalty.
    - ``penalty_share``: the penalty's share of penalty and clean training loss.
    - ``experiment_rows``: with how many rows; fewer than ``ROWS`` where time is short.

    Args:
        model: The model.
        next_update: What its optimiser would do.
        sample: Rows of its data.
        seconds: How long it may take.
    """
    if sample.training.y is None:
        return {}
    # The first time something is built that the next times find.
    model.losses(sample.training.part(0, WARM_UP))
    begin = time.perf_counter()
    training = sample.training.part(0, ROWS)
    found = dict(_clean_losses(model, training, sample.validation))
    expected = COST * (time.perf_counter() - begin)
    rows = len(training) if expected <= seconds else int(len(training) * seconds / expected)
    found["experiment_rows"] = float(rows)
    gradients = gradients_of(model, training.part(0, rows)) if rows >= FEWEST else None
    if gradients is not None:
        found.update(gradient_statistics(gradients, model.weights))
        found.update(step_probe(model, next_update, gradients, training))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _clean_losses(
    model: Differentiable, training: Rows, validation: Rows | None
) -> Mapping[str, float]:
    losses = model.losses(training)
    found = {"clean_fit": losses.data}
    if losses.data + losses.penalty > 0:
        found["penalty_share"] = losses.penalty / (losses.data + losses.penalty)
    if validation is not None and validation.y is not None:
        found["clean_held_out"] = model.losses(validation.part(0, ROWS)).data
    return found
