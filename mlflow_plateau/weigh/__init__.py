"""From a history to a diagnosis: measure, weigh, decide, say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from mlflow_plateau.causes import NONE, cause_by_id
from mlflow_plateau.diagnosis import Diagnosis, Evidence
from mlflow_plateau.history import History
from mlflow_plateau.signals import Measurement, View
from mlflow_plateau.signals.signal import listed
from mlflow_plateau.tracked import FloatArray
from mlflow_plateau.weigh.course import Course, Kind
from mlflow_plateau.weigh.judgement import (
    CONVERGED_THRESHOLD,
    DECISION_THRESHOLD,
    SAMPLED_THRESHOLD,
    Judgement,
    judge,
    judge_histories,
    measure,
)
from mlflow_plateau.weigh.left_out import left_out
from mlflow_plateau.weigh.odds import contributions, evidence_on
from mlflow_plateau.weigh.remedies import (
    follow_best,
    mend_rows,
    remedies_for,
    train_longer,
    treat_alike,
)
from mlflow_plateau.weigh.shown import shown_curves
from mlflow_plateau.weigh.unmeasured import unmeasured
from mlflow_plateau.weigh.wording import headline, what_would_settle

__all__ = [
    "CONVERGED_THRESHOLD",
    "DECISION_THRESHOLD",
    "SAMPLED_THRESHOLD",
    "diagnose_history",
    "judge_histories",
    "measure",
]


def diagnose_history(history: History) -> Diagnosis:
    """Says why the validation loss of a history stopped improving.

    Pure arithmetic on the history: each signal is measured, adds to each cause's log-odds what the
    cause's clues say, and the softmax over the causes that are possible for the run's course gives
    their probabilities.

    Args:
        history: The run's curves and setup.

    Returns:
        The diagnosis, with everything that was weighed.
    """
    view = View(history)
    measurements = measure(view)
    added = contributions(np.array([[m.value for m in measurements.values()]]))
    (judgement,) = judge([view], added)
    course, status, cause = judgement.course, judgement.status, judgement.cause
    if status == "inconclusive" and course.kind is Kind.FLAT:
        course = Course(course.kind, _ambiguity(course, judgement.causes))
    diagnosis = Diagnosis(
        run_id=history.run_id,
        status=status,
        cause=cause,
        confidence=judgement.confidence,
        headline=headline(view, course, status, cause),
        reason=course.reason,
        runner_up=judgement.runner_up,
        contributing=judgement.contributing,
        causes=judgement.causes,
        evidence=_evidence(judgement, measurements, added[0], history),
        remedies=_remedies(judgement, view),
        onset_epoch=judgement.onset_epoch,
        best_epoch=view.best[1] if view.best else None,
        wasted_epochs=judgement.wasted_epochs,
        wasted_fraction=judgement.wasted_fraction,
        level=judgement.level,
        consistency=history.comparison.verdict if history.comparison else "unknown",
        findings=history.comparison.findings if history.comparison else (),
        siblings=history.siblings,
        unknown={name: str(m.reason) for name, m in measurements.items() if not m.known},
        unmeasured=unmeasured(measurements, judgement.level),
        left_out=left_out(history.witnessed),
        notes=(*history.notes, *_never_moved(history)),
        curves=shown_curves(history),
        version=_version(),
    )
    next_level = what_would_settle(diagnosis.level, status, cause, diagnosis.rival)
    return replace(diagnosis, next_level=next_level)


def _never_moved(history: History) -> tuple[str, ...]:
    """Returns that some layers never learned, whatever else the run suffers from."""
    layers = history.witnessed.unmoved_layers
    return (f"No update ever moved a weight of {listed(layers)}",) if layers else ()


def _ambiguity(course: Course, chances: Mapping[str, float]) -> str:
    ranked = sorted(chances, key=lambda answer: -chances[answer])[:2]
    names = [
        "nothing to improve" if answer == NONE else cause_by_id(answer).title.lower()
        for answer in ranked
    ]
    return (
        f"{course.reason}, but the evidence does not decide between {names[0]}"
        f" ({chances[ranked[0]]:.0%}) and {names[1]} ({chances[ranked[1]]:.0%})"
    )


def _evidence(
    judgement: Judgement,
    measurements: Mapping[str, Measurement],
    added: FloatArray,
    history: History,
) -> tuple[Evidence, ...]:
    """Returns the evidence on the causes that the answer mentions: the named cause's first."""
    mentioned = dict.fromkeys((judgement.cause, *judgement.contributing, judgement.runner_up))
    return tuple(
        item
        for answer in mentioned
        if answer != NONE
        for item in evidence_on(
            cause_by_id(answer),
            measurements,
            added,
            history.axis,
            of_scores=history.higher_is_better,
        )
    )


def _remedies(judgement: Judgement, view: View) -> tuple[str, ...]:
    said: list[str] = []
    for answer in (judgement.cause, *judgement.contributing):
        if answer != NONE:
            said.extend(remedies_for(cause_by_id(answer), view))
    alike = treat_alike(view)
    if alike and "inconsistent_preprocessing" not in (judgement.cause, *judgement.contributing):
        said.append(alike)
    mended = mend_rows(view)
    if mended and "non_finite_values" not in (judgement.cause, *judgement.contributing):
        said.append(mended)
    if judgement.cause == NONE and (best := follow_best(view)):
        said.append(best)
    if not said and judgement.status == "improving":
        said.append(train_longer(view))
    return tuple(dict.fromkeys(said))


@cache
def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("mlflow-plateau")
    except PackageNotFoundError:
        return "unknown"
