"""From the runs of an experiment to what they say about one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mlflow_plateau.align.names import Split, read_name
from mlflow_plateau.curve import MAD_TO_DEVIATION, Curve
from mlflow_plateau.errors import NoLossError
from mlflow_plateau.history import History
from mlflow_plateau.siblings.choose import Chosen, Describe, choose, described
from mlflow_plateau.siblings.facts import Candidate
from mlflow_plateau.siblings.levers import differences
from mlflow_plateau.siblings.outcome import Course, Pair, course_of, pair
from mlflow_plateau.siblings.sibling import Sibling, Siblings
from mlflow_plateau.siblings.words import BATCH_SIZE
from mlflow_plateau.tracked import Points, TrackedRun

LEAST_NOISE = 0.01
"""No two trainings are closer than this share of their progress …"""

UNREPEATED = 2.0
"""… and seeds scatter more than epochs do: so many times, where no setup was repeated."""

LEAST_PROGRESS = 0.05
"""Where no run came further than this share of where they began, gains are shares of that: among
runs that learned nothing the best one is best by chance."""

LEARNED = 0.1
"""A run that made less of the progress than this share learned nothing."""

STRANGE = 10.0
"""Repetitions begin within this factor of each other, whatever their seeds."""

FEWEST_POINTS = 3
"""A shorter curve has no best value worth comparing."""

Compared = tuple[Chosen, Course, Pair]
"""A run that was chosen, its course, and what both reached."""

Read = Callable[[str, str], Points]
"""Returns the points of a run's metric, by the run's id and the metric's name."""


def find_siblings(
    run: TrackedRun,
    history: History,
    candidates: Iterable[Candidate],
    read: Read,
    describe: Describe = lambda run: run,
) -> Siblings | None:
    """Compares a run with those of its experiment that differ from it in one or two settings.

    Args:
        run: The run with its metrics.
        history: Its aligned history, which says what is compared.
        candidates: The other runs of the experiment.
        read: Reads one curve; whatever it raises is passed on.
        describe: Looks up the model of a run whose parameters do not name it, where that of the
            diagnosed run is known; runs that it returns ``None`` for are left out.

    Returns:
        The comparison, or ``None`` where the run has no validation curve or no other run can be
        compared with it.
    """
    metrics = _metrics(run, history)
    if not metrics:
        return None
    candidates = [other for other in candidates if other.run.run_id != run.run_id]
    last = {name: float(points.values[-1]) for name, points in run.metrics.items() if len(points)}
    ours = Candidate(run, last)
    broke = _was_thrown_off(history)
    courses = {name: _course(run, name, run.metrics[name], broke) for name in metrics}
    compared: list[Compared] = []
    for chosen in described(ours, choose(ours, candidates, metrics), describe):
        our_course = courses[chosen.metric]
        if our_course is None:
            continue
        if our_course.unit == "step" and BATCH_SIZE in chosen.levers:
            continue  # As many steps of larger batches are more epochs.
        other = chosen.candidate.run
        theirs = _course(other, chosen.their_metric, read(other.run_id, chosen.their_metric))
        both = pair(our_course, theirs) if theirs is not None else None
        if theirs is not None and both is not None:
            compared.append((chosen, theirs, both))
    compared = _without_other_scales(courses, compared)
    if not compared:
        return None
    # The loss and a score, where losses differ, have units of their own.
    judged = [
        _judged(course, of_metric)
        for name, course in courses.items()
        if course and (of_metric := [item for item in compared if item[0].metric == name])
    ]
    siblings = [sibling for found, _, _ in judged for sibling in found]
    _, noise, noise_from = judged[0]
    return Siblings(
        experiment_id=run.experiment_id,
        compared=tuple(sorted(siblings, key=lambda sibling: -sibling.gain)),
        noise=noise,
        noise_from=noise_from,
        seen=len(candidates),
    )


def _without_other_scales(
    courses: Mapping[str, Course | None], compared: Sequence[Compared]
) -> list[Compared]:
    """Leaves out what begins far from ours if a repetition does.

    No seed does that: what differs was not logged, such as a penalty, and the others may differ in
    it as well.
    """
    apart = [
        ours is not None and _begin_apart(ours, theirs)
        for chosen, theirs, _ in compared
        for ours in (courses[chosen.metric],)
    ]
    repeated = any(
        is_apart and not chosen.differences
        for (chosen, _, _), is_apart in zip(compared, apart, strict=True)
    )
    if not repeated:
        return list(compared)
    return [item for item, is_apart in zip(compared, apart, strict=True) if not is_apart]


def _begin_apart(ours: Course, theirs: Course) -> bool:
    """Whether the first losses of two runs are of different orders."""
    low, high = sorted((ours.first, theirs.first))
    return ours.sign > 0 and low > 0 and high > STRANGE * low


def _metrics(run: TrackedRun, history: History) -> list[str]:
    """Returns what can be compared: the monitored metric, then scores on validation data."""
    monitored = history.names.validation_loss
    if monitored is None or monitored not in run.metrics:
        return []
    readings = [read_name(name) for name in sorted(run.metrics) if len(run.metrics[name])]
    scores = [
        reading.name
        for reading in readings
        if reading.higher_is_better and reading.split in (Split.VALIDATION, Split.TEST)
    ]
    return list(dict.fromkeys((monitored, *scores)))


def _was_thrown_off(history: History) -> bool:
    """Whether the training ended not finite, or above where it began.

    Overfitting does not count: there the validation loss may end as high, the training loss not.
    """
    logged = history.training_loss[history.training_logged]
    if not len(logged):
        return False
    finite = Curve.of(
        history.epochs, (-1.0 if history.higher_is_better else 1.0) * history.training_loss
    )
    return not np.isfinite(logged[-1]) or (
        len(finite) >= FEWEST_POINTS and finite.end > finite.start
    )


def _course(run: TrackedRun, metric: str, points: Points, broke: bool = False) -> Course | None:
    """Returns the course of a metric, ``None`` where there is too little of it."""
    try:
        course = course_of(run, metric, points)
    except NoLossError:  # Nothing logged under that name after all.
        return None
    if course is None or (len(course.curve) < FEWEST_POINTS and not course.broke):
        return None
    return replace(course, broke=course.broke or broke)


def _judged(ours: Course, compared: Sequence[Compared]) -> tuple[list[Sibling], float, str]:
    """Returns the siblings with their gains, the noise in the same unit, and where it is from."""
    values = [both.ours for _, _, both in compared] + [both.theirs for _, _, both in compared]
    firsts = [ours.first, *(theirs.first for _, theirs, _ in compared)]
    best = min(values)
    # Where runs begin; the lower one of two, since the first epoch of a diverging run says nothing.
    start = float(np.quantile(firsts, 0.5, method="lower"))
    progress = max(start - best, LEAST_PROGRESS * abs(start))
    progress = progress if progress > 0 else ours.curve.scale
    noise, noise_from = _noise(ours, compared, start, progress)
    siblings = [
        Sibling(
            run_id=chosen.candidate.run.run_id,
            name=chosen.candidate.run.name,
            differences=chosen.differences,
            gain=float(np.clip((both.ours - both.theirs) / progress, -1.0, 1.0)),
            ours=ours.sign * both.ours,
            theirs=ours.sign * both.theirs,
            epochs=both.epochs,
            metric=chosen.metric,
        )
        for chosen, _, both in compared
    ]
    return siblings, noise, noise_from


def _noise(
    ours: Course, compared: Sequence[Compared], start: float, progress: float
) -> tuple[float, str]:
    """Returns the standard deviation of what a setup reaches, and where it was taken from.

    Repetitions of any setup among the compared runs count, ours included: their distances from the
    median of their setup, which bear some runs that differ for a reason that nobody logged. A run
    that learned nothing is no noisy repetition of one that did, and a shorter one none at all.
    """
    distances: list[float] = []
    whole = [item for item in compared if item[2].epochs >= ours.end]
    for reached in _repeated(whole, worst=start - LEARNED * progress):
        from_median = np.sort(np.abs(np.array(reached) - np.median(reached)))
        # One of them is the median, or a half of the same difference.
        distances.extend(from_median[1:] * np.sqrt(len(reached) / (len(reached) - 1)))
    scatter = [ours.curve.smooth_noise, *(theirs.curve.smooth_noise for _, theirs, _ in compared)]
    least = max(LEAST_NOISE, min(ours.curve.smooth_noise, float(np.median(scatter))) / progress)
    if distances:
        return max(least, MAD_TO_DEVIATION * float(np.median(distances)) / progress), "repetitions"
    return UNREPEATED * least, "curves"


def _repeated(compared: Sequence[Compared], worst: float) -> list[list[float]]:
    """Returns what the runs of each repeated setup reached, those above the worst left out."""
    left = [(chosen, both.theirs) for chosen, _, both in compared]
    # Ours stands beside its repetitions as one of them.
    left += [(chosen, both.ours) for chosen, _, both in compared if not chosen.differences][:1]
    left = [item for item in left if item[1] <= worst]
    setups: list[list[float]] = []
    while left:
        first = left[0][0].candidate.facts
        same = [differences(first, other.candidate.facts) == () for other, _ in left]
        setups.append([value for (_, value), is_same in zip(left, same, strict=True) if is_same])
        left = [item for item, is_same in zip(left, same, strict=True) if not is_same]
    return [reached for reached in setups if len(reached) > 1]
