"""From a history to a diagnosis: measure, weigh, decide, say it."""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_plateau.causes import CAUSES, HEALTHY, NONE, cause_by_id
from mlflow_plateau.diagnosis import Diagnosis, Evidence
from mlflow_plateau.history import History
from mlflow_plateau.signals import SIGNALS, Measurement, View
from mlflow_plateau.signals.signal import listed
from mlflow_plateau.weigh.course import Course, Kind, possible_answers, read_course
from mlflow_plateau.weigh.left_out import left_out
from mlflow_plateau.weigh.odds import confidence_in, presence, probabilities, weigh
from mlflow_plateau.weigh.remedies import remedies_for, train_longer
from mlflow_plateau.weigh.shown import shown_curves
from mlflow_plateau.weigh.wording import headline, what_would_settle

__all__ = ["diagnose_history"]

DECISION_THRESHOLD = 0.55
"""On a plateau, a cause less probable than this is not named: the answer is inconclusive."""

CONVERGED_THRESHOLD = 0.5
"""On a plateau, “nothing to improve” less probable than this is not said either."""

IMPROVING_THRESHOLD = 0.6
"""While the loss still improves, a cause has to be at least this probable to be named."""

CONTRIBUTING_THRESHOLD = 0.55
"""Another cause is named as contributing from this probability of being present on."""


LEAST_HEALTH = -2.0
"""That a run is not healthy, however surely, says nothing about which other causes are present: in
judging these, health is at least this likely, in nats."""


def measure(view: View) -> dict[str, Measurement]:
    """Measures every signal."""
    return {signal.name: signal.measure(view) for signal in SIGNALS}


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
    course = read_course(view)
    weighed = {c.id: weigh(c, measurements, history.axis) for c in (HEALTHY, *CAUSES)}
    log_odds = {answer: odds for answer, (odds, _) in weighed.items()}
    chances = probabilities(log_odds, possible_answers(course))
    health = max(log_odds[NONE], LEAST_HEALTH)
    against_health = {c: log_odds[c] - health for c in chances if c != NONE}
    status, cause, confidence = _decide(course, chances)
    if status == "inconclusive" and course.kind is Kind.FLAT:
        course = Course(course.kind, _ambiguity(course, chances))
    others = sorted((c for c in against_health if c != cause), key=lambda c: -against_health[c])
    runner_up = others[0] if others and presence(against_health[others[0]]) > 0.02 else NONE
    contributing = _contributing(status, cause, against_health)
    level = _level(history)
    plateau = view.plateau
    return Diagnosis(
        run_id=history.run_id,
        status=status,
        cause=cause,
        confidence=confidence,
        headline=headline(view, course, status, cause),
        reason=course.reason,
        runner_up=runner_up,
        contributing=contributing,
        causes=chances,
        evidence=_evidence(cause, runner_up, contributing, weighed),
        remedies=_remedies(status, cause, contributing, view),
        next_level=what_would_settle(level, status, cause, runner_up),
        onset_epoch=plateau.onset_epoch if plateau and course.kind is Kind.FLAT else None,
        best_epoch=view.best[1] if view.best else None,
        wasted_epochs=plateau.length if plateau and course.kind is Kind.FLAT else 0.0,
        wasted_fraction=plateau.share if plateau and course.kind is Kind.FLAT else 0.0,
        level=level,
        consistency=history.comparison.verdict if history.comparison else "unknown",
        findings=history.comparison.findings if history.comparison else (),
        siblings=history.siblings,
        unknown={name: m.reason for name, m in measurements.items() if not m.known},
        left_out=left_out(history.setup),
        notes=(*history.notes, *_never_moved(history)),
        curves=shown_curves(history),
        version=_version(),
    )


def _never_moved(history: History) -> tuple[str, ...]:
    """Returns that some layers never learned, whatever else the run suffers from."""
    layers = history.setup.unmoved_layers
    return (f"No update ever moved a weight of {listed(layers)}",) if layers else ()


def _level(history: History) -> str:
    """Returns the highest level of evidence that the history holds."""
    if history.recorded or history.comparison:
        return "recorded"
    return "compared" if history.siblings else "history"


def _decide(course: Course, chances: Mapping[str, float]) -> tuple[str, str, float]:
    """Returns status, cause and confidence."""
    leading = max(chances, key=lambda answer: chances[answer])
    confidence = chances[leading]
    if leading != NONE:
        confidence = confidence_in(cause_by_id(leading), chances)
    if course.kind is Kind.UNREADABLE:
        return "inconclusive", NONE, 0.0
    if course.kind is Kind.DIVERGED:
        return "diverged", leading, confidence
    if course.kind is Kind.FALLING:
        if leading != NONE and confidence >= IMPROVING_THRESHOLD:
            return "improving", leading, confidence
        return "improving", NONE, 1.0 - confidence if leading != NONE else confidence
    if leading == NONE and confidence >= CONVERGED_THRESHOLD:
        return "converged", NONE, confidence
    if leading != NONE and confidence >= DECISION_THRESHOLD:
        return "stalled", leading, confidence
    return "inconclusive", NONE, 1.0 - confidence


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


def _contributing(status: str, cause: str, against_health: Mapping[str, float]) -> tuple[str, ...]:
    if status in ("inconclusive", "converged") or (status == "improving" and cause == NONE):
        return ()
    present = [
        other
        for other, odds in against_health.items()
        if presence(odds) >= CONTRIBUTING_THRESHOLD
        and other != cause
        and not (cause != NONE and cause_by_id(cause).is_confused_with(cause_by_id(other)))
    ]
    return tuple(sorted(present, key=lambda other: -against_health[other]))


def _evidence(
    cause: str,
    runner_up: str,
    contributing: tuple[str, ...],
    weighed: Mapping[str, tuple[float, list[Evidence]]],
) -> tuple[Evidence, ...]:
    """Returns the evidence on the causes that the answer mentions: the named cause's first."""
    mentioned = dict.fromkeys((cause, *contributing, runner_up))
    return tuple(item for answer in mentioned if answer != NONE for item in weighed[answer][1])


def _remedies(
    status: str, cause: str, contributing: tuple[str, ...], view: View
) -> tuple[str, ...]:
    said: list[str] = []
    for answer in (cause, *contributing):
        if answer != NONE:
            said.extend(remedies_for(cause_by_id(answer), view))
    if not said and status == "improving":
        said.append(train_longer(view))
    return tuple(dict.fromkeys(said))


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("mlflow-plateau")
    except PackageNotFoundError:
        return "unknown"
