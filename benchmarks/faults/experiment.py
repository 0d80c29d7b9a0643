"""The benchmark as a tracking server holds it: the runs of a task are an experiment."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from benchmarks.faults.dataset import Run, load, plain
from benchmarks.faults.digests import digests_of
from mlflow_plateau.history import History
from mlflow_plateau.siblings.facts import Candidate
from mlflow_plateau.siblings.find import find_siblings
from mlflow_plateau.siblings.sibling import Siblings
from mlflow_plateau.tracked import Points, TrackedRun

KEPT = 0.5
"""Share of the other runs that an experiment holds: who looks for a cause has not tried all."""


@cache
def _all_runs() -> tuple[Run, ...]:
    return load()


@dataclass(frozen=True)
class Experiment:
    """The runs of one task, as anybody might have logged them, data sets included.

    Attributes:
        runs: Each run, by the name in the benchmark.
        candidates: The same without their curves. Their ids say nothing of what was injected.
    """

    runs: Mapping[str, TrackedRun]
    candidates: Mapping[str, Candidate]

    @classmethod
    def of(cls, task: str) -> Experiment:
        """Returns the experiment of a task."""
        runs: dict[str, TrackedRun] = {}
        candidates: dict[str, Candidate] = {}
        for number, run in enumerate(run for run in _all_runs() if run.task == task):
            tracked = replace(
                plain(run), run_id=f"run-{number}", name="", data=digests_of(run.name)
            )
            last = {name: float(p.values[-1]) for name, p in tracked.metrics.items() if len(p)}
            runs[run.name] = tracked
            candidates[run.name] = Candidate(replace(tracked, metrics={}), last)
        return cls(runs, candidates)


@cache
def experiment(task: str) -> Experiment:
    """Returns the experiment of a task, made once."""
    return Experiment.of(task)


def is_kept(run: str, other: str) -> bool:
    """Whether the experiment of a run holds another one: as good as random, the same always."""
    return zlib.crc32(f"{run} beside {other}".encode()) < KEPT * 2**32


def siblings_of(run: Run, history: History) -> Siblings | None:
    """Returns how a run compares with what its experiment holds."""
    of_task = experiment(run.task)
    kept = [candidate for name, candidate in of_task.candidates.items() if is_kept(run.name, name)]
    points = {tracked.run_id: tracked.metrics for tracked in of_task.runs.values()}

    def read(run_id: str, metric: str) -> Points:
        return points[run_id][metric]

    return find_siblings(of_task.runs[run.name], history, kept, read)
