"""All experiments of one training, and when they are made."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mlflow_plateau.history import Witnessed
from mlflow_plateau.recorder.safety import global_random_state_kept, notice, warnings_dropped
from mlflow_plateau.recorder.witness.arrangements import Arrangement, arrangement
from mlflow_plateau.recorder.witness.broadcast import targets_are_broadcast
from mlflow_plateau.recorder.witness.budget import Budget
from mlflow_plateau.recorder.witness.counterfactuals import counterfactuals
from mlflow_plateau.recorder.witness.differentiable import (
    DeclinedError,
    Differentiable,
    NextUpdate,
)
from mlflow_plateau.recorder.witness.gradient_statistics import gradient_statistics, kernels_of
from mlflow_plateau.recorder.witness.gradients import Gradients, gradients_of
from mlflow_plateau.recorder.witness.layers import facts_of_layers, layers_of
from mlflow_plateau.recorder.witness.rows import Rows, Sample
from mlflow_plateau.recorder.witness.saturation import saturation
from mlflow_plateau.recorder.witness.sharpness import ITERATIONS, sharpness
from mlflow_plateau.recorder.witness.step_probe import step_probe

if TYPE_CHECKING:
    from mlflow_plateau.checks import Repair
    from mlflow_plateau.reference import Reference

Result = TypeVar("Result")

ROWS = 256
"""Rows of each split that experiments are made with."""

FEWEST = 64
"""With fewer rows gradients say too little."""

FREE_TO_BUILD = 2.0
"""This many seconds of compiling are not held against the budget: a small share of what Keras takes
to compile the training itself."""

COST = 6.0
"""All but the sharpness takes about so many times as long as the losses of both splits."""

PROBES = frozenset(("gradients", "steps", "sharpness"))
"""What experiments consist of, besides the losses."""

NO_TIME = "the time budget (probe_budget) was spent"
"""Why a probe is left out that would have been possible."""

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
        self._granted: tuple[float, float] | None = None
        self._built_free = 0.0
        self._measured_last = False
        self._asked = 0
        self._skipped = 0
        self._rows: list[float] = []
        self._made: set[str] = set()
        self._left_out: dict[str, str] = {}
        self._found: Found | None = None
        self._first: Found | None = None
        self._broadcast: bool | None = None
        self.declined = ""

    @property
    def facts(self) -> Witnessed:
        """What there is to say in words of the experiments that were made, and of those not."""
        if self.declined and not self._made:
            return Witnessed(experiments_declined=self.declined)
        left_out = {p: why for p, why in self._left_out.items() if p not in self._made}
        return replace(
            facts_of_layers(self._first, self._found),
            targets_broadcast=self._broadcast or None,
            experiments_declined=self.declined or None,
            experiments_shortened=self._shortened(),
            gradients_declined=left_out.get("gradients"),
            steps_declined=left_out.get("steps"),
            sharpness_declined=left_out.get("sharpness"),
        )

    def _shortened(self) -> str | None:
        """Returns in words what the time budget did not allow."""
        wanted = min(ROWS, len(self._sample.training))
        fewer = [rows for rows in self._rows if FEWEST <= rows < wanted]
        parts = []
        if self._skipped:
            parts.append(f"{self._skipped} of {self._asked} were skipped")
        if fewer:
            parts.append(
                f"{len(fewer)} of {self._asked} were made with fewer rows"
                f" ({min(fewer):.0f} instead of {wanted})"
            )
        return " and ".join(parts) or None

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
            reference: What quick reference models found in the sample.
        """
        return self._trying(
            lambda opened, seconds: counterfactuals(
                opened[0], self._sample, repairs, reference, seconds
            ),
            self._seconds_at_end(),
            {},
        )

    def arrangement(self) -> Arrangement | None:
        """Returns the order in which the model knows the validation rows, if it is another."""
        return self._trying(
            lambda opened, seconds: arrangement(opened[0], self._sample, seconds),
            self._seconds_at_end(),
            None,
        )

    def _seconds_at_end(self) -> float:
        """Returns what is left of the time after the training, which is granted once."""
        if self._granted is None:
            self._granted = self._budget.seconds_at_end(self._elapsed), self._budget.spent
        granted, spent_before = self._granted
        return max(granted - (self._budget.spent - spent_before), 0.0)

    @property
    def _elapsed(self) -> float:
        return time.perf_counter() - self._began

    def _measure(self) -> Mapping[str, float]:
        seconds = self._budget.seconds_left(self._elapsed)
        if not self.declined:
            self._asked += 1
            self._skipped += not seconds
        nothing: Mapping[str, float] = {}
        found = self._trying(self._make_all, seconds, nothing)
        self._measured_last = bool(found)
        return found

    def _make_all(self, opened: Opened, seconds: float) -> Mapping[str, float]:
        found = make_experiments(*opened, self._sample, seconds)
        self._rows.append(found.measured["experiment_rows"])
        self._made.update(PROBES - found.declined.keys())
        self._left_out.update(found.declined)
        if found.layers:
            self._found = found
            self._first = self._first or found
        if self._broadcast is None and NO_TIME not in found.declined.values():
            self._broadcast = targets_are_broadcast(opened[0], self._sample.training)
        return found.measured

    def _trying(
        self, experiment: Callable[[Opened, float], Result], seconds: float, otherwise: Result
    ) -> Result:
        """Makes an experiment if there is time for it, and declines all others if it fails."""
        begin = time.perf_counter()
        if self.declined or not seconds:
            return otherwise
        found = otherwise
        try:
            with global_random_state_kept(), warnings_dropped(), np.errstate(all="ignore"):
                if self._opened is None:
                    self._opened = self._open_model()
                found = experiment(self._opened, seconds)
        except DeclinedError as reason:
            self.declined = str(reason)
        except Exception as error:
            # Models may be built in ways that nobody foresaw; the training goes on.
            self.declined = f"an experiment failed ({type(error).__name__})"
            notice("no more experiments are made with the model", error, silent=self._silent)
        self._budget.spent += time.perf_counter() - begin
        if self._opened is not None:
            built = min(self._opened[0].building, FREE_TO_BUILD)
            self._budget.spent -= built - self._built_free
            self._built_free = built
        return found


@dataclass(frozen=True)
class Found:
    """What experiments brought to light, once.

    Attributes:
        measured: What was measured, by name; all of it is finite.
        declined: Why a probe was not made, in words, by its name in ``PROBES``.
        layers: Which layers a measurement is about, by its name.
    """

    measured: Mapping[str, float]
    declined: Mapping[str, str]
    layers: Mapping[str, tuple[str, ...]]


def experiments(
    model: Differentiable, next_update: NextUpdate, sample: Sample, seconds: float = math.inf
) -> Mapping[str, float]:
    """Makes all experiments once, and returns what was measured; see ``make_experiments``."""
    return make_experiments(model, next_update, sample, seconds).measured


def make_experiments(
    model: Differentiable, next_update: NextUpdate, sample: Sample, seconds: float = math.inf
) -> Found:
    """Makes all experiments once.

    Besides those of ``gradient_statistics``, ``saturation``, ``step_probe`` and, with the time that
    is left, ``sharpness``:

    - ``clean_fit``, ``clean_held_out``: losses of the sample's rows as the model
      predicts them, without dropout, noise and penalty.
    - ``penalty_share``: the penalty's share of penalty and clean training loss.
    - ``experiment_rows``: with how many rows; fewer than ``ROWS`` where time is short.

    Args:
        model: The model.
        next_update: What its optimiser would do.
        sample: Rows of its data.
        seconds: How long it may take.

    Raises:
        DeclinedError: If none can be made.
    """
    if sample.training.y is None and model.needs_targets:
        raise DeclinedError("the training rows have no targets that could be read")
    training = sample.training.part(0, ROWS)
    validation = sample.validation
    has_losses = validation is not None and (validation.y is not None or not model.needs_targets)
    held_out = validation.part(0, ROWS) if validation is not None and has_losses else None
    to_come = model.prepare(training, *(() if held_out is None else (held_out,)))
    if to_come > 0:
        seconds -= max(0.0, model.building + to_come - FREE_TO_BUILD)

    def clock() -> float:
        return time.perf_counter() - model.building

    begin = clock()
    measured = dict(_clean_losses(model, training, held_out))
    expected = COST * (clock() - begin)
    rows = len(training) if expected <= seconds else _halved(len(training), expected, seconds)
    measured["experiment_rows"] = float(rows)
    declined: dict[str, str] = {}
    layers: Mapping[str, tuple[str, ...]] = {}
    began = clock()
    try:
        gradients = _gradients(model, training, rows)
        taken = clock() - began
        weights = model.weights
        kernels = kernels_of(gradients, weights)
        measured.update(gradient_statistics(gradients, weights, kernels))
        layers = layers_of(gradients, kernels, model.names)
        with suppress(Exception):  # An extra: layers may be called in ways that nobody foresaw.
            shares, saturated = saturation(model, training)
            measured.update(shares)
            layers = {**layers, **saturated}
    except DeclinedError as reason:
        declined = dict.fromkeys(PROBES, str(reason))
    else:
        try:
            measured.update(step_probe(model, next_update, gradients, training))
        except DeclinedError as reason:
            declined["steps"] = str(reason)
        try:
            # Two gradients of half the rows in each iteration.
            if clock() - begin + ITERATIONS * taken > seconds:
                raise DeclinedError(NO_TIME)
            half = training.part(0, gradients.rows * len(gradients.squared_norms) // 2)
            measured.update(sharpness(model, next_update, half, gradients.first_half))
        except DeclinedError as reason:
            declined["sharpness"] = str(reason)
    finite = {name: value for name, value in measured.items() if np.isfinite(value)}
    return Found(finite, declined, layers)


def _gradients(model: Differentiable, training: Rows, rows: int) -> Gradients:
    if not model.names:
        raise DeclinedError("the model has no trainable weights")
    if rows < FEWEST:
        few = len(training) < FEWEST
        raise DeclinedError(f"{FEWEST} rows are needed, the sample has fewer" if few else NO_TIME)
    return gradients_of(model, training.part(0, rows))


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
