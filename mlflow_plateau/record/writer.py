"""Writes into the run from a thread of its own, in batches, so that training never waits.

MLflow's own asynchronous logging starts two pools of ten threads and sends what it gets, a
transaction per call; what an epoch gives costs 8 ms there, of which in a batch 1 ms is left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from mlflow_plateau.record.run_scope import RunScope
from mlflow_plateau.record.safety import notice

SECONDS_BETWEEN_BATCHES = 3.0
"""How often a batch is sent while training; a person who watches the curves waits so long."""

LARGEST_BATCH = 1000
"""MLflow takes as many metrics in one call."""

MOST_PARAMS = 100
"""MLflow takes as many parameters or tags in one call."""

LONGEST_VALUE = 500
"""Longer values of parameters are cut; older stores take no more."""

FAILURES_IN_A_ROW = 3
"""So many batches may fail before the recorder stops writing."""

SECONDS_BEFORE_RETRY = 0.5
"""How long ``close`` lets pass after a batch that failed, such as on a locked database."""

SECONDS_TO_FINISH = 60.0
"""How long ``close`` waits for a store that answers."""

SECONDS_BEFORE_ASKING = 5.0
"""How long ``close`` waits before it asks whether the store answers."""


class Writer:
    """Collects metrics and parameters of one run, and sends them from a thread of its own."""

    def __init__(self, scope: RunScope, *, silent: bool = False) -> None:
        self._scope = scope
        self._silent = silent
        self._metrics: list[tuple[str, float, int, int]] = []
        self._params: dict[str, str] = {}
        self._wake = threading.Condition()
        self._closing = False
        self._gave_up = False
        self._last_error: Exception | None = None
        # A daemon: a store that hangs must not keep the user's program from ending.
        self._thread = threading.Thread(
            target=self._work, name="mlflow-plateau-writer", daemon=True
        )
        self._thread.start()

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Takes the metrics of one step."""
        now = int(time.time() * 1000)
        if not self._gave_up:
            with self._wake:
                self._metrics += [(key, value, now, step) for key, value in values.items()]

    def params(self, values: Mapping[str, str]) -> None:
        """Takes parameters; one that the run already has with another value becomes a tag."""
        with self._wake:
            self._params.update((key, value[:LONGEST_VALUE]) for key, value in values.items())

    def close(self) -> bool:
        """Sends what is left, and waits for it.

        Returns:
            Whether everything was written.
        """
        with self._wake:
            self._closing = True
            self._wake.notify()
        begin = time.monotonic()
        self._thread.join(SECONDS_BEFORE_ASKING)
        while self._thread.is_alive() and time.monotonic() - begin < SECONDS_TO_FINISH:
            if not self._scope.answers():
                break
            self._thread.join(SECONDS_BEFORE_ASKING)
        complete = not self._thread.is_alive() and not self._gave_up
        if not complete:
            notice(
                f"the tracking store did not take all of what run {self._scope.run_id} recorded",
                self._last_error,
                silent=self._silent,
            )
        return complete

    def _work(self) -> None:
        failures = 0
        while True:
            with self._wake:
                if not self._closing:
                    self._wake.wait(SECONDS_BETWEEN_BATCHES)
                closing = self._closing
            try:
                self._send_all()
                failures = 0
                if closing:
                    return
            except Exception as error:
                # Whatever a store may raise: what was not sent is kept and tried again.
                self._last_error = error
                failures += 1
                if failures == FAILURES_IN_A_ROW:
                    self._gave_up = True
                    return
                time.sleep(SECONDS_BEFORE_RETRY)

    def _send_all(self) -> None:
        with self._wake:
            metrics, params = self._metrics[:], dict(self._params)
        for begin in range(0, len(metrics), LARGEST_BATCH):
            batch = [Metric(*point) for point in metrics[begin : begin + LARGEST_BATCH]]
            self._scope.client.log_batch(self._scope.run_id, metrics=batch)
            with self._wake:
                del self._metrics[: len(batch)]
        if params:
            _send_params(self._scope.client, self._scope.run_id, params)
            with self._wake:
                for key, value in params.items():
                    if self._params.get(key) == value:
                        del self._params[key]


def _send_params(client: MlflowClient, run_id: str, values: Mapping[str, str]) -> None:
    """Writes parameters, and as tags those that were given another value before.

    MLflow's parameters cannot change, but a run may hold several trainings; the reader prefers the
    tag, which is that of the last one.
    """
    data = client.get_run(run_id).data
    params = [Param(key, value) for key, value in values.items() if key not in data.params]
    tags = [
        RunTag(key, value)
        for key, value in values.items()
        if key in data.params and data.tags.get(key, data.params[key]) != value
    ]
    for begin in range(0, max(len(params), len(tags)), MOST_PARAMS):
        end = begin + MOST_PARAMS
        client.log_batch(run_id, params=params[begin:end], tags=tags[begin:end])
