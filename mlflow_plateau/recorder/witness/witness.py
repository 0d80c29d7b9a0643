"""All experiments of one training, and when they are made."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlflow_plateau.recorder.safety import global_random_state_kept, notice
from mlflow_plateau.recorder.witness.budget import Budget
from mlflow_plateau.recorder.witness.counterfactuals import counterfactuals
from mlflow_plateau.recorder.witness.differentiable import (
    DeclinedError,
    Differentiable,
    NextUpdate,
)
from mlflow_plateau.recorder.witness.gradient_statistics import gradient_statistics
from mlflow_plateau.recorder.witness.gradients import gradients_of
from mlflow_plateau.recorder.witness.rows import Rows, Sample
from mlflow_plateau.recorder.witness.sharpness import ITERATIONS, sharpness
from mlflow_plateau.recorder.witness.step_probe import step_probe

if TYPE_CHECKING:
    from mlflow_plateau.checks import Repair
    from mlflow_plateau.reference import Reference

ROWS = 256
"""Rows of each split that experiments are made with."""

FEWEST = 64
"""With fewer rows gradients say too little."""

FREE_TO_BUILD = 2.0
"""So many seconds of compiling are not held against the budget: a small share of what Keras takes
to compile the training itself."""

COST = 6.0
"""All but the sharpness takes about so many times as long as the losses of both splits."""

Opened = tuple[Differentiable, NextUpdate]
"""A model, and what its optimiser would do."""

OpenModel = Callable[[], Opened]
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
        self._opened: Opened | None = None
        self._built_free = 0.0
        self._measured_last = False
        self.declined = ""

    def end_epoch(self) -> Mapping[str, float]:
        """Returns what was measured after an epoch, by name; nothing where it was not due."""
        self._measured_last = False
        return self._measure() if self._budget.is_due() else {}

    def end_training(self) -> Mapping[str, float]:
        """Returns what was measured at the end, unless that was done after the last epoch."""
        return {} if self._measured_last else self._measure()

    def counterfactuals(
        self, repairs: Sequence[Repair], reference: Reference | None
    ) -> Mapping[str, float]:
        """Returns what the validation loss would be on other rows, by name.

        Args:
            repairs: How to treat validation as train was treated.
            reference: What quick models of another make found in the sample.
        """
        return self._trying(
            lambda opened, seconds: counterfactuals(
                opened[0], self._sample, repairs, reference, seconds
            ),
            self._budget.seconds_at_end(self._elapsed),
        )

    @property
    def _elapsed(self) -> float:
        return time.perf_counter() - self._began

    def _measure(self) -> Mapping[str, float]:
        found = self._trying(
            lambda opened, seconds: experiments(*opened, self._sample, seconds),
            self._budget.seconds_left(self._elapsed),
        )
        self._measured_last = bool(found)
        return found

    def _trying(
        self, experiment: Callable[[Opened, float], Mapping[str, float]], seconds: float
    ) -> Mapping[str, float]:
        """Makes an experiment if there is time for it, and declines all others if it fails."""
        begin = time.perf_counter()
        if self.declined or not seconds:
            return {}
        found: Mapping[str, float] = {}
        try:
            with global_random_state_kept(), np.errstate(all="ignore"):
                if self._opened is None:
                    self._opened = self._open_model()
                found = experiment(self._opened, seconds)
        except DeclinedError as reason:
            self.declined = str(reason)
        except Exception as error:
            # Models may be built in ways that nobody foresaw; the training goes on.
            self.declined = "an experiment failed"
            notice("no more experiments are made with the model", error, silent=self._silent)
        self._budget.spent += time.perf_counter() - begin
        if self._opened is not None:
            built = min(self._opened[0].building, FREE_TO_BUILD)
            self._budget.spent -= built - self._built_free
            self._built_free = built
        return found


def experiments(
    model: Differentiable, next_update: NextUpdate, sample: Sample, seconds: float = math.inf
) -> dict[str, float]:
    """Makes all experiments once, and returns what was found, by name.

    Besides those of ``gradient_statistics``, ``step_probe`` and, with the time that is left,
    ``sharpness``:

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
    training = sample.training.part(0, ROWS)
    validation = sample.validation
    has_losses = validation is not None and validation.y is not None
    held_out = validation.part(0, ROWS) if validation is not None and has_losses else None
    to_come = model.prepare(training, *(() if held_out is None else (held_out,)))
    if to_come > 0:
        seconds -= max(0.0, model.building + to_come - FREE_TO_BUILD)

    def clock() -> float:
        return time.perf_counter() - model.building

    begin = clock()
    found = dict(_clean_losses(model, training, held_out))
    expected = COST * (clock() - begin)
    rows = len(training) if expected <= seconds else _halved(len(training), expected, seconds)
    found["experiment_rows"] = float(rows)
    began = clock()
    gradients = gradients_of(model, training.part(0, rows)) if rows >= FEWEST else None
    if gradients is not None:
        taken = clock() - began
        found.update(gradient_statistics(gradients, model.weights))
        found.update(step_probe(model, next_update, gradients, training))
        # Two gradients of half the rows in each iteration.
        if clock() - begin + ITERATIONS * taken <= seconds:
            half = training.part(0, gradients.rows * len(gradients.squared_norms) // 2)
            found.update(sharpness(model, next_update, half, gradients.first_half))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _clean_losses(
    model: Differentiable, training: Rows, validation: Rows | None
) -> Mapping[str, float]:
    losses = model.losses(training)
    found = {"clean_fit": losses.data}
    if losses.data + losses.penalty > 0:
        found["penalty_share"] = losses.penalty / (losses.data + losses.penalty)
    if validation is not None:
        found["clean_held_out"] = model.losses(validation).data
    return found


def _halved(rows: int, expected: float, seconds: float) -> int:
    """Returns ½, ¼, … of the rows, as many as there is time for: so few sizes are built."""
    while rows and expected > seconds:
        rows, expected = rows // 2, expected / 2
    return rows
