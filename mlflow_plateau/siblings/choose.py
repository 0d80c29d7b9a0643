"""Which runs of an experiment are worth reading: the nearest, and those that did best."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mlflow_plateau.align.names import OURS, read_name
from mlflow_plateau.siblings.facts import Candidate
from mlflow_plateau.siblings.levers import differences
from mlflow_plateau.siblings.sibling import Difference
from mlflow_plateau.tracked import TrackedRun

MOST_READ = 24
"""This many curves are read for a diagnosis: a request each."""

MOST_OF_A_KIND = 6
"""This many of them are moved the same way on the same lever."""


Describe = Callable[[TrackedRun], TrackedRun | None]
"""Returns a run with what only its artifacts say of its model, ``None`` if none can be read."""


@dataclass(frozen=True)
class Chosen:
    """A run that is worth reading.

    Attributes:
        candidate: The run.
        differences: What differs from the diagnosed run.
        metric: The metric to compare, by its name in the diagnosed run.
        their_metric: Its name in this run.
    """

    candidate: Candidate
    differences: tuple[Difference, ...]
    metric: str
    their_metric: str

    @property
    def levers(self) -> frozenset[str]:
        """What the differences are about."""
        return frozenset(difference.lever for difference in self.differences)

    @property
    def distance(self) -> float:
        """How far away it is, by the logarithms of what was moved."""
        return sum(abs(difference.change) or 1.0 for difference in self.differences)

    @property
    def kind(self) -> tuple[tuple[str, bool], ...]:
        """Which levers were moved, and which way."""
        moved = {(d.lever, d.change > 0) for d in self.differences}
        return tuple(sorted(moved))


def choose(
    ours: Candidate, candidates: Iterable[Candidate], metrics: Sequence[str]
) -> tuple[Chosen, ...]:
    """Returns the runs to read, at most ``MOST_READ``.

    Runs that differ in one lever come before those that differ in two. Of every lever and direction
    some are taken, by turns the best by their last value and the nearest: the best shows what could
    be gained, the nearest is the surest to be the same otherwise.

    Args:
        ours: The diagnosed run.
        candidates: Other runs of the experiment.
        metrics: The metrics that can be compared, the first one if there is a choice. The loss is
            left out where the losses themselves differ.
    """
    kinds: dict[tuple[tuple[str, bool], ...], list[Chosen]] = {}
    for candidate in candidates:
        chosen = _chosen(ours, candidate, metrics)
        if chosen is not None:
            kinds.setdefault(chosen.kind, []).append(chosen)
    ranked = [_by_turns(kind, ours)[:MOST_OF_A_KIND] for _, kind in sorted(kinds.items())]
    turns = itertools.zip_longest(*sorted(ranked, key=lambda kind: len(kind[0].levers)))
    in_turn = [chosen for turn in turns for chosen in turn if chosen is not None]
    return tuple(sorted(in_turn, key=lambda chosen: len(chosen.levers))[:MOST_READ])


def described(ours: Candidate, chosen: Iterable[Chosen], describe: Describe) -> Iterator[Chosen]:
    """Yields those of the chosen runs that can be compared once their models are known, too.

    Autologging writes no parameter about the model: another one would pass for the same.

    Args:
        ours: The diagnosed run.
        chosen: The runs to read.
        describe: Looks up the model of a run; those that it returns ``None`` for are left out.
    """
    is_known = ours.facts.knows_model
    for item in chosen:
        if not is_known or item.candidate.facts.knows_model:
            yield item
            continue
        run = describe(item.candidate.run)
        if run is None:
            continue
        known = _chosen(ours, replace(item.candidate, run=run), (item.metric,))
        if known is not None:
            yield known


def _chosen(ours: Candidate, candidate: Candidate, metrics: Sequence[str]) -> Chosen | None:
    """Returns a run as one to compare with, ``None`` where too much differs or no metric fits."""
    found = differences(ours.facts, candidate.facts)
    if found is None:
        return None
    other_loss = any(difference.lever == "loss" for difference in found)
    names = _comparable(candidate, metrics, other_loss)
    return None if names is None else Chosen(candidate, found, *names)


def _comparable(
    candidate: Candidate, metrics: Sequence[str], other_loss: bool
) -> tuple[str, str] | None:
    """Returns the metric to compare by its names in both runs."""
    for name in metrics:
        if other_loss and not read_name(name).higher_is_better:
            continue
        # The recorder writes its own curves beside those of others.
        plain = name.removeprefix(OURS)
        for theirs in dict.fromkeys((name, plain, OURS + plain)):
            if theirs in candidate.last:
                return name, theirs
    return None


def _by_turns(kind: list[Chosen], ours: Candidate) -> list[Chosen]:
    """Returns the best, the nearest, the second best, …, each once."""

    def badness(chosen: Chosen) -> float:
        last = chosen.candidate.last[chosen.their_metric]
        if not math.isfinite(last):
            return math.inf
        return -last if read_name(chosen.metric).higher_is_better else last

    def remoteness(chosen: Chosen) -> tuple[float, float]:
        return chosen.distance, abs(chosen.candidate.run.start_time - ours.run.start_time)

    best, nearest = sorted(kind, key=badness), sorted(kind, key=remoteness)
    taken: dict[str, Chosen] = {}
    for pair in zip(best, nearest, strict=True):
        for chosen in pair:
            taken.setdefault(chosen.candidate.run.run_id, chosen)
    return list(taken.values())
