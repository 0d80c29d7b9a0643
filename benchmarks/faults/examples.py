"""The data set as the fit sees it: a table of memberships for each cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.faults.dataset import Run, at_level
from mlflow_plateau.causes import Cause
from mlflow_plateau.history import History, Setup, Witnessed
from mlflow_plateau.signals import Measurement, View
from mlflow_plateau.signals.model import reads_arrangement
from mlflow_plateau.weigh import measure
from mlflow_plateau.weigh.course import Kind, possible_answers, read_course
from mlflow_plateau.weigh.odds import ANSWERS

POSITION: Mapping[str, int] = {answer.id: index for index, answer in enumerate(ANSWERS)}

FloatTable = npt.NDArray[np.float64]

VIEWS: Mapping[str, float] = {
    "recorded": 1.0,
    "unarranged": 0.5,
    "unsampled": 0.5,
    "compared": 1.0,
    "history": 1.0,
    "sparse": 0.7,
    "curves": 0.7,
}
"""What of each run is shown to the fit, and how much the example counts. ``sparse`` stands for runs
that MLflow's autologging logged: optimiser, rate, batch size, loss, epochs. ``unarranged`` stands
for images and sequences whose single pixels and steps tell nothing: there the reference models
learn nothing, whatever the model does."""

UNARRANGED = Witnessed(
    learnable_share=0.0,
    learnable_share_error=0.02,
    learnable_share_validation=0.0,
    learnable_share_validation_error=0.03,
)
"""What the reference models find in such data."""

SPARSE_FIELDS = ("optimizer", "learning_rate", "momentum", "batch_size", "loss", "planned_epochs")


@dataclass(frozen=True)
class Examples:
    """Runs as the fit sees them; n of them.

    Attributes:
        memberships: For each answer a table of shape ``(n, parameters)``: a column of ones for the
            prior, then for each clue what its weights are multiplied with.
        possible: Whether an answer can be given at all, shape ``(n, answers)``.
        truth: The share that each answer has in the truth, shape ``(n, answers)``.
        importance: How much an example counts, shape ``(n,)``.
        tasks: The task of each example, shape ``(n,)``.
        faults: The injected faults of each example, ``cause/variant``; n of them.
        signals: What each signal measured, NaN where it could not, shape ``(n, signals)``.
    """

    memberships: tuple[FloatTable, ...]
    possible: npt.NDArray[np.bool_]
    truth: FloatTable
    importance: FloatTable
    tasks: npt.NDArray[np.str_]
    faults: tuple[frozenset[str], ...]
    signals: FloatTable

    def of(self, chosen: npt.NDArray[np.bool_]) -> Examples:
        """Returns some of the examples."""
        return Examples(
            tuple(table[chosen] for table in self.memberships),
            self.possible[chosen],
            self.truth[chosen],
            self.importance[chosen],
            self.tasks[chosen],
            tuple(own for own, kept in zip(self.faults, chosen, strict=True) if kept),
            self.signals[chosen],
        )


def parameters_of(answer: Cause) -> tuple[tuple[str, str], ...]:
    """Returns the fitted numbers of an answer: clue and ``prior``, ``presence`` or ``absence``."""
    names = [("", "prior")]
    for clue in answer.evidence:
        names.append((clue.name, "presence"))
        if clue.expected:
            names.append((clue.name, "absence"))
    return tuple(names)


def _row(answer: Cause, measurements: Mapping[str, Measurement]) -> list[float]:
    row = [1.0]
    for clue in answer.evidence:
        measured = measurements[clue.signal]
        membership = clue.membership(measured.value) if measured.known else None
        sign = 1.0 if clue.supports else -1.0
        row.append(0.0 if membership is None else sign * membership)
        if clue.expected:
            row.append(0.0 if membership is None else -(1.0 - membership))
    return row


def seen(run: Run, view: str) -> History:
    """Returns the history of a run as a view shows it."""
    if view == "unarranged":
        history = at_level(run, "recorded")
        found = {name: value for name, value in asdict(UNARRANGED).items() if value is not None}
        constant = history.setup.validation_constant_loss or history.setup.constant_loss
        witnessed = replace(history.witnessed, reference_loss=constant, **found)
        return replace(history, witnessed=witnessed)
    if view != "sparse":
        return at_level(run, view)
    history = at_level(run, "history")
    setup = Setup(**{name: getattr(history.setup, name) for name in SPARSE_FIELDS})
    return replace(history, setup=setup, learning_rate=np.full(len(history), np.nan))


def examples(runs: Iterable[Run], views: Sequence[str] = tuple(VIEWS)) -> Examples:
    """Returns the examples that runs make, leaving out those that no fit could help."""
    rows: list[tuple[Any, ...]] = []
    for run in runs:
        for view in views:
            looked = View(seen(run, view))
            if view == "unarranged" and not reads_arrangement(looked):
                continue
            course = read_course(looked)
            possible = [answer.id in possible_answers(course) for answer in ANSWERS]
            truth = _truth(run)
            if course.kind is Kind.UNREADABLE or not any(np.array(truth) * possible):
                continue
            measurements = measure(looked)
            table = [_row(answer, measurements) for answer in ANSWERS]
            values = [m.value if m.known else np.nan for m in measurements.values()]
            faults = frozenset(run.faults)
            rows.append((table, possible, truth, VIEWS[view], run.task, faults, values))
    tables, possible_rows, truths, importances, tasks, faults_of, signals = zip(*rows, strict=True)
    return Examples(
        memberships=tuple(
            np.array([table[index] for table in tables]) for index in range(len(ANSWERS))
        ),
        possible=np.array(possible_rows),
        truth=np.array(truths),
        importance=np.array(importances),
        tasks=np.array(tasks),
        faults=faults_of,
        signals=np.array(signals),
    )


def _truth(run: Run) -> list[float]:
    """Returns the truth: the cause that costs most, with others beside it a little less."""
    shares = [0.0] * len(ANSWERS)
    harmful = run.harmful or ("none",)
    for cause, part in zip(harmful, (0.7, 0.3) if len(harmful) > 1 else (1.0,), strict=False):
        shares[POSITION[cause]] += part
    return shares
