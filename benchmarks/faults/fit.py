"""Fits the weights of the clues on one part of the tasks, and the temperature on another.

The model is the one of ``weigh/odds.py``: log-odds are linear in the memberships of the clues. The
fit minimises

    Σ cross-entropy of the softmax                             which cause it is
    + PRESENCE · Σ cross-entropy of each cause against health  whether a cause is there at all
    + penalty · Σ (weight − DECLARED)²                         what was declared has a meaning

over weights that are not negative, so that no clue weighs against its meaning. Penalty and DECLARED
are chosen by what they do for faults of kinds, on tasks, that were both left out.

What siblings say is fitted after all else, on runs that are seen with siblings, while the other
weights stay as they are: what a run without siblings is told does not depend on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise, product, starmap
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar

import mlflow_plateau
from benchmarks.faults.dataset import FILE, Run, load
from benchmarks.faults.examples import VIEWS, Examples, FloatTable, examples, parameters_of
from benchmarks.faults.kinds import HALVES, lies_in
from benchmarks.faults.parts import PARTS
from mlflow_plateau.causes import NONE, Cause
from mlflow_plateau.signals import signal_by_name
from mlflow_plateau.weigh.judgement import LEAST_HEALTH
from mlflow_plateau.weigh.odds import ANSWERS

WEIGHTS = Path(mlflow_plateau.__file__).parent / "weigh" / "weights.json"
"""Where the fitted numbers are stored."""

PENALTIES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Candidates of the penalty, in nats per squared nat and summed example weight of one."""

DECLARED = (0.8, 1.2, 1.6, 2.2)
"""Candidates of what a clue weighs that the data say nothing about, in nats: it was declared for a
reason."""

PRESENCE = 0.15
"""How much the one-per-cause part of the loss counts."""

LARGEST_WEIGHT = 12.0
"""No single clue decides beyond this many nats."""

LEAST_IF_DECISIVE = 10.0
"""What a sign weighs at least, in nats, that a declaration calls decisive …"""

LEAST_ABSENCE_IF_DECISIVE = 1.5
"""… and what its absence does, where it is expected."""

SMALLEST_PRIOR = -8.0
"""A cause without any evidence is at least this likely against health, in nats …"""

LARGEST_PRIOR = -1.0
"""… and at most this likely."""

SHARES = {NONE: 0.4, "overfitting": 0.1}
"""How much of the loss is about these answers; the others have equal shares of the rest. The data
set holds about as many runs of each cause, which no tracking server does."""


BESIDE_SIBLINGS = "compared"
"""The view that knows siblings …"""

ALONE = tuple(view for view in VIEWS if view != BESIDE_SIBLINGS)
"""… and those that do not."""


@dataclass(frozen=True)
class Regularization:
    """What keeps the weights in bounds.

    Attributes:
        penalty: How strongly weights are pulled, one of ``PENALTIES``.
        declared: Where to, one of ``DECLARED``.
    """

    penalty: float
    declared: float


def fit() -> str:
    """Fits, writes ``weights.json`` and returns a summary."""
    runs = [run for run in load() if run.counts]
    first = [run for run in runs if run.part == "fit"]
    fitted = examples(first, ALONE)
    tuned = examples([run for run in runs if run.part == "tune"], ALONE)
    losses = {
        tried: _left_out(fitted, tried)
        for tried in starmap(Regularization, product(PENALTIES, DECLARED))
    }
    best = min(losses, key=lambda tried: losses[tried])
    numbers = minimise(fitted, best)
    numbers = minimise(examples(first, (BESIDE_SIBLINGS,)), best, known=numbers)
    temperature, _ = _best_temperature(
        log_odds(numbers, tuned), tuned.truth * tuned.possible, tuned.possible, tuned.importance
    )
    WEIGHTS.write_text(_document(numbers, temperature, best, runs), encoding="utf-8")
    lines = [
        f"penalty {tried.penalty:g}, declared {tried.declared:g}: loss left out {loss:.4f}"
        for tried, loss in losses.items()
    ]
    return "\n".join((*lines, f"chosen: {best}, temperature {temperature:.3f}"))


def _sizes() -> list[int]:
    return [len(parameters_of(answer)) for answer in ANSWERS]


def _slices() -> list[slice]:
    ends = np.cumsum([0, *_sizes()])
    return [slice(a, b) for a, b in pairwise(ends)]


def log_odds(numbers: FloatTable, of: Examples) -> FloatTable:
    """Returns the log-odds, shape ``(n, answers)``."""
    columns = [table @ numbers[part] for table, part in zip(of.memberships, _slices(), strict=True)]
    return np.stack(columns, axis=1)


def _importance(of: Examples) -> FloatTable:
    rest = (1.0 - sum(SHARES.values())) / (len(ANSWERS) - len(SHARES))
    shares = np.array([SHARES.get(answer.id, rest) for answer in ANSWERS])
    present = of.importance @ of.truth
    weights = of.importance * (of.truth @ (shares / np.maximum(present, 1.0)))
    return np.asarray(weights / weights.sum())


def _softmax(odds: FloatTable, possible: npt.NDArray[np.bool_]) -> FloatTable:
    masked = np.where(possible, odds, -np.inf)
    weights = np.exp(masked - masked.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _loss(
    numbers: FloatTable,
    of: Examples,
    regularization: Regularization | None,
    presence: float = PRESENCE,
    weights: FloatTable | None = None,
    open_numbers: npt.NDArray[np.bool_] | None = None,
) -> tuple[float, FloatTable]:
    """Returns the loss and its gradient."""
    odds = log_odds(numbers, of)
    weights = _importance(of) if weights is None else weights
    chances = _softmax(odds, of.possible)
    truth = of.truth * of.possible
    truth = truth / truth.sum(axis=1, keepdims=True)
    loss = -float((weights[:, None] * truth * np.log(chances + 1e-300)).sum())
    slope = weights[:, None] * (chances - truth)
    healthy = odds[:, :1] > LEAST_HEALTH
    against = odds[:, 1:] - np.where(healthy, odds[:, :1], LEAST_HEALTH)
    present = 1 / (1 + np.exp(-np.clip(against, -40, 40)))
    has = of.truth[:, 1:] > 0
    share = presence * weights[:, None]
    loss -= float((share * np.log(np.where(has, present, 1 - present) + 1e-12)).sum())
    difference = share * (present - has)
    slope[:, 1:] += difference
    slope[:, 0] -= difference.sum(axis=1) * healthy[:, 0]
    gradient = np.concatenate(
        [table.T @ slope[:, index] for index, table in enumerate(of.memberships)]
    )
    if regularization is None:
        return loss, gradient
    open_numbers = ~_of_siblings() if open_numbers is None else open_numbers
    shrunk = np.where(open_numbers & ~_is_prior(), numbers - regularization.declared, 0.0)
    strength = regularization.penalty / open_numbers.sum()
    loss += strength * float(shrunk @ shrunk)
    return loss, gradient + 2 * strength * shrunk


def _is_prior() -> npt.NDArray[np.bool_]:
    return np.array([kind == "prior" for answer in ANSWERS for _, kind in parameters_of(answer)])


def _of_siblings() -> npt.NDArray[np.bool_]:
    """Returns which numbers belong to clues that only siblings give."""
    signals = {c.name: c.signal for answer in ANSWERS for c in answer.evidence}
    return np.array(
        [
            kind != "prior" and signal_by_name(signals[clue]).needs == "compared"
            for answer in ANSWERS
            for clue, kind in parameters_of(answer)
        ]
    )


def _bounds() -> list[tuple[float, float]]:
    return [
        _bound(answer, clue, kind) for answer in ANSWERS for clue, kind in parameters_of(answer)
    ]


def _bound(answer: Cause, clue: str, kind: str) -> tuple[float, float]:
    """Returns between what a fitted number has to lie."""
    if kind == "prior":
        return (0.0, 0.0) if answer.id == NONE else (SMALLEST_PRIOR, LARGEST_PRIOR)
    least = 0.0
    if any(item.decisive for item in answer.evidence if item.name == clue):
        least = LEAST_IF_DECISIVE if kind == "presence" else LEAST_ABSENCE_IF_DECISIVE
    return least, LARGEST_WEIGHT


def minimise(
    of: Examples, regularization: Regularization, known: FloatTable | None = None
) -> FloatTable:
    """Returns the fitted numbers.

    Args:
        of: The examples.
        regularization: What keeps the weights in bounds.
        known: Numbers that stay, those of the siblings apart; if left out, these apart are fitted.
    """
    bounds = _bounds()
    start = np.array([min(max(1.0, low), high) for low, high in bounds])
    is_open = ~_of_siblings()
    if known is not None:
        is_open = ~is_open
        start = np.where(is_open, start, known)
    limits = [
        pair if free else (x, x) for pair, free, x in zip(bounds, is_open, start, strict=True)
    ]
    found = minimize(
        _loss,
        start,
        args=(of, regularization, PRESENCE, None, is_open),
        jac=True,
        method="L-BFGS-B",
        bounds=limits,
        options={"maxiter": 2000},
    )
    return np.asarray(found.x)


def _left_out(of: Examples, regularization: Regularization) -> float:
    """Returns the cross-entropy on tasks and kinds of faults that were both left out of the fit.

    It is that at the best temperature: how sure to be is another question. Every run counts the
    same there: a task has too few runs of a cause to weigh them up.
    """
    odds, truth, possible, importance = [], [], [], []
    for task, half in product(np.unique(of.tasks), HALVES):
        known = np.array([lies_in(faults, half) for faults in of.faults])
        healthy = np.array([not faults for faults in of.faults])
        numbers = minimise(of.of((of.tasks != task) & known), regularization)
        left_out = of.of((of.tasks == task) & (~known | healthy))
        odds.append(log_odds(numbers, left_out))
        truth.append(left_out.truth * left_out.possible)
        possible.append(left_out.possible)
        importance.append(left_out.importance)
    all_odds, all_possible = np.concatenate(odds), np.concatenate(possible)
    return _best_temperature(
        all_odds, np.concatenate(truth), all_possible, np.concatenate(importance)
    )[1]


def _best_temperature(
    odds: FloatTable, truth: FloatTable, possible: npt.NDArray[np.bool_], importance: FloatTable
) -> tuple[float, float]:
    """Returns the temperature at which the softmax is least surprised, and how much it then is."""
    truth = truth / truth.sum(axis=1, keepdims=True)
    weights = importance / importance.sum()

    def surprise(logarithm: float) -> float:
        chances = _softmax(odds / np.exp(logarithm), possible)
        return -float((weights[:, None] * truth * np.log(chances + 1e-300)).sum())

    found = minimize_scalar(surprise, bounds=(-1.0, 1.5), method="bounded")
    return float(np.exp(found.x)), float(found.fun)


def _document(
    numbers: FloatTable,
    temperature: float,
    regularization: Regularization,
    runs: Sequence[Run],
) -> str:
    causes: dict[str, Any] = {}
    for answer, part in zip(ANSWERS, _slices(), strict=True):
        values = [round(float(value), 2) for value in numbers[part]]
        named = list(zip(parameters_of(answer), values, strict=True))
        clues: dict[str, list[float]] = {}
        for (clue, kind), value in named:
            if kind != "prior":
                clues.setdefault(clue, []).append(value)
        causes[answer.id] = {"prior": values[0], "clues": clues}
    document = {
        "provenance": {
            "command": "python -m benchmarks.faults fit",
            "data": f"sha256 {hashlib.sha256(FILE.read_bytes()).hexdigest()}",
            "weights_from": {task: _count(runs, task) for task in PARTS["fit"]},
            "temperature_from": {task: _count(runs, task) for task in PARTS["tune"]},
            **asdict(regularization),
        },
        "temperature": round(temperature, 3),
        "causes": causes,
    }
    # A clue a line: that is what a person compares.
    text = json.dumps(document, indent=1)
    for cause in causes.values():
        for weights in cause["clues"].values():
            text = text.replace(json.dumps(weights, indent=1).replace("\n", "\n    "), str(weights))
    return text + "\n"


def _count(runs: Sequence[Run], task: str) -> int:
    return sum(run.task == task for run in runs)
