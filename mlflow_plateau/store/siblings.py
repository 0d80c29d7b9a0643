"""The other runs of an experiment, read with few requests however many they are."""

from __future__ import annotations

import bisect
import threading
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from mlflow_plateau.errors import PlateauError
from mlflow_plateau.siblings.facts import Candidate
from mlflow_plateau.siblings.find import find_siblings
from mlflow_plateau.store.connection import answering, open_client, reason_of
from mlflow_plateau.store.model_summary import expects_summary, read_summary
from mlflow_plateau.store.read import points_of, tracked
from mlflow_plateau.store.search import find_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

    from mlflow_plateau.history import History
    from mlflow_plateau.siblings.sibling import Siblings
    from mlflow_plateau.tracked import Points, TrackedRun

EITHER_SIDE = 500
"""This many runs started before a run, and as many started after it, are looked through: those of a
sweep lie close together, and were made by the same code."""

MOST_CURVES = 2000
"""This many curves, and summaries of models, are kept while many runs are diagnosed."""


class Neighbours:
    """The runs beside a run: their parameters from a page or two, some of their curves."""

    def __init__(self, tracking_uri: str | None = None, *, whole: bool = False) -> None:
        """Prepares reading; nothing is read yet.

        Args:
            tracking_uri: The tracking store; MLflow's current one if left out.
            whole: Whether many runs will be asked for: each experiment is then read once, as a
                whole, and curves are kept.
        """
        self._tracking_uri = tracking_uri
        self._whole = whole
        self._experiments: dict[str, list[Candidate]] = {}
        self._reading = threading.Lock()
        self._client: MlflowClient | None = None
        kept = MOST_CURVES if whole else 0
        self._curve = lru_cache(kept)(self._read_curve)
        self._summary = lru_cache(kept)(self._read_summary)

    def add_to(self, history: History, run: TrackedRun) -> History:
        """Returns the history with the run's siblings; with a note where they cannot be read."""
        try:
            with answering(self._tracking_uri):
                found = self.siblings_of(run, history)
        except Exception as error:
            # What others logged, however odd, must not cost a run its diagnosis.
            reason = reason_of(error, self._tracking_uri)
            note = f"The run could not be compared with others of its experiment: {reason}"
            return replace(history, notes=(*history.notes, note))
        return replace(history, siblings=found)

    def siblings_of(self, run: TrackedRun, history: History) -> Siblings | None:
        """Returns how a run compares with others of its experiment, ``None`` where it cannot be.

        Args:
            run: The run with its metrics.
            history: Its aligned history.

        Raises:
            TrackingServerError: If the store does not answer.
        """
        if not run.experiment_id or history.names.validation_loss is None:
            return None
        candidates = self._among_all(run) if self._whole else self._around(run)
        return find_siblings(run, history, candidates, self._curve, self._described)

    def _opened(self) -> MlflowClient:
        """Returns a client, opened once: to open one is to ask the server for its health."""
        if self._client is None:
            self._client = open_client(self._tracking_uri)
        return self._client

    def _around(self, run: TrackedRun) -> list[Candidate]:
        client = self._opened()
        found: list[Candidate] = []
        for comparison, order in (("<=", "DESC"), (">", "ASC")):
            page = client.search_runs(
                [run.experiment_id],
                f"attributes.start_time {comparison} {run.start_time}",
                max_results=EITHER_SIDE,
                order_by=[f"attributes.start_time {order}"],
            )
            found.extend(map(_candidate, page))
        return found

    def _among_all(self, run: TrackedRun) -> Sequence[Candidate]:
        with self._reading:
            runs = self._experiments.get(run.experiment_id)
            if runs is None:
                client = self._opened()
                runs = [_candidate(item) for item in find_runs(client, [run.experiment_id], "")]
                runs.sort(key=_started)
                self._experiments[run.experiment_id] = runs
        middle = bisect.bisect_right(runs, run.start_time, key=_started)
        return runs[max(middle - EITHER_SIDE, 0) : middle + EITHER_SIDE]

    def _read_curve(self, run_id: str, metric: str) -> Points:
        with answering(self._tracking_uri, run_id):
            return points_of(self._opened().get_metric_history(run_id, metric))

    def _described(self, run: TrackedRun) -> TrackedRun | None:
        if not expects_summary(run):
            return run
        try:
            return replace(run, model_summary=self._summary(run.run_id))
        except PlateauError:
            return None

    def _read_summary(self, run_id: str) -> str | None:
        return read_summary(self._opened(), run_id, self._tracking_uri)


def _candidate(run: Run) -> Candidate:
    return Candidate(tracked(run, {}), dict(run.data.metrics))


def _started(candidate: Candidate) -> int:
    return candidate.run.start_time
