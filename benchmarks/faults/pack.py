"""From finished trainings to the data set: what each fault cost is worked out here."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.faults.arrays import Arrays
from benchmarks.faults.cases import Case
from benchmarks.faults.controls import MEANT_TO_IMPROVE
from benchmarks.faults.dataset import FILES, Run, save, short
from benchmarks.faults.generate import cases_in, finished
from benchmarks.faults.parts import part_of
from benchmarks.faults.truth import margin
from mlflow_plateau import check_consistency
from mlflow_plateau.history import SplitComparison

Results = Mapping[Case, dict[str, Any]]

LEARNED_BY_HEART = "overfitting/learned_by_heart"
"""What trainings on noise do as well, without anybody injecting it."""

LEAST_GAP = 0.1
"""A training loss lower than the validation loss by this share is a sign of memorising …"""

LEAST_RISE = 0.05
"""… and so is a validation loss that lost this share of what it had gained."""

_COMPARED: dict[bytes, SplitComparison] = {}
"""Most faults leave the rows as they are."""


def pack(framework: str = "keras") -> int:
    """Writes the data set of a framework and returns the number of its runs."""
    results = finished(cases_in(framework), framework)
    runs = [_run(case, results) for case in results if _is_judged(case, results)]
    save(
        [replace(run, metrics=_as_logged(run.metrics, framework)) for run in runs], FILES[framework]
    )
    return len(runs)


def _as_logged(
    metrics: Mapping[str, list[float | None]], framework: str
) -> Mapping[str, list[float | None]]:
    """Returns metrics under the names that people give them in a framework."""
    if framework == "keras":
        return metrics
    from benchmarks.faults.pytorch import NAMES

    return {NAMES[name]: values for name, values in metrics.items()}


def compared(case: Case) -> SplitComparison:
    """Returns how the rows compare that a case trains and validates on, as the recorder does it."""
    data = Arrays(case.recipe())
    splits = ((data.x, data.y), (data.x_validation, data.y_validation))
    digest = hashlib.sha256(b"".join(array.tobytes() for pair in splits for array in pair))
    known = _COMPARED.get(digest.digest())
    if known is None:
        known = check_consistency(*splits).comparison
        _COMPARED[digest.digest()] = known
    return known


def _is_judged(case: Case, results: Results) -> bool:
    """Whether the trainings that a case is compared with have finished."""
    return all(case.without(name) in results for name in case.faults)


def _run(case: Case, results: Results) -> Run:
    result = results[case]
    margins = {name: _margin(case, case.without(name), results) for name in case.faults}
    if not case.faults:
        margins[""] = _margin_of_control(case, results)
    if any(item.cause == "no_learnable_signal" for item in case.injected):
        margins[LEARNED_BY_HEART] = _lost_by_heart(case, results)
    return Run(
        name=case.name,
        task=case.task,
        part=part_of(case.task),
        seed=case.seed,
        faults=case.faults,
        control=case.control,
        margins={name: round(value, 3) for name, value in margins.items()},
        params=result["params"],
        metrics={name: [short(v) for v in values] for name, values in result["metrics"].items()},
        comparison=compared(case),
    )


def _margin(case: Case, undone: Case, results: Results) -> float:
    """What undoing one fault brought.

    A head that does not belong to the targets is judged by the error, since its loss is another.
    """
    by_error = any(item.cause == "loss_mismatch" for item in case.injected)
    what = "error" if by_error else "loss"
    ours, theirs = results[case], results[undone]
    if any(item.cause == "overfitting" for item in case.injected) and not _memorises(ours):
        return 0.0
    if any(item.variant == "nan_in_validation" for item in case.injected):
        # What the metrics swallow is no harm that anybody could see.
        ours = {what: _end(ours) - _end(theirs) + theirs[what]}
    return margin(ours[what], theirs[what], theirs[f"constant_{what}"])


def _memorises(result: Mapping[str, Any]) -> bool:
    """Whether a model ends up better on its training rows than on others, or got worse on those.

    Wrong labels may cost accuracy without being learned by heart, and then are no overfitting.
    """
    tail = max(1, len(result["metrics"]["loss"]) // 10)
    losses = [np.median(result["metrics"][name][-tail:]) for name in ("loss", "val_loss")]
    return bool(losses[0] < (1 - LEAST_GAP) * losses[1]) or _rise(result) >= LEAST_RISE


def _lost_by_heart(case: Case, results: Results) -> float:
    """What stopping at the best epoch would have brought a model that learned noise by heart."""
    healthy = results[replace(case, faults=())]
    losses = np.array(results[case]["metrics"]["val_loss"])
    lost = _end(results[case]) - float(losses.min()) if np.isfinite(losses).all() else 0.0
    return float(lost / max(healthy["constant_loss"] - healthy["loss"], 1e-9))


def _end(result: Mapping[str, Any]) -> float:
    """Returns the reported validation loss at the end, the median of the last epochs."""
    losses = result["metrics"]["val_loss"]
    return float(np.median(losses[-max(1, len(losses) // 10) :]))


def _margin_of_control(case: Case, results: Results) -> float:
    """What the best other control had ahead, or what stopping at the best epoch would have brought.

    Runs that are meant to improve with more epochs are healthy whatever a longer run reaches; they
    still must not have got worse.
    """
    usual = Case(case.task, case.seed, (), "usual")
    result = results[case]
    others = [
        results[other]["loss"]
        for other in results
        if not other.faults and (other.task, other.seed) == (case.task, case.seed)
    ]
    ahead = margin(result["loss"], min(others), results[usual]["constant_loss"])
    risen = _rise(result)
    return risen if case.control in MEANT_TO_IMPROVE else max(ahead, risen)


def _rise(result: Mapping[str, Any]) -> float:
    """Rise of the validation loss from its best to its end, as a share of what was gained."""
    losses = np.array(result["metrics"]["val_loss"])
    if not np.isfinite(losses).all():
        return math.inf
    window = max(3, len(losses) // 10)
    levels = np.array([np.median(losses[i : i + window]) for i in range(len(losses) - window + 1)])
    gained = max(result["constant_loss"] - levels.min(), 1e-9)
    return float((levels[-1] - levels.min()) / gained)
