"""Writes into the run from a thread of its own, in batches, so that training never waits.

MLflow's own asynchronous logging starts two pools of ten threads and sends what it gets, a
transaction per call; what an epoch gives costs 8 ms there, of which in a batch 1 ms is left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from mlflow_plateau.recorder.patience import AFTER_TRAINING, patience
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import notice

SECONDS_BETWEEN_BATCHES = 3.0
"""How often a batch is sent while training; a person who watches the curves waits so long."""

LARGEST_BATCH = 1000
"""MLflow takes as many metrics in one call."""

MOST_PARAMS = 100
"""MLflow takes as many parameters or tags in one call."""

LONGEST_VALUE = 500
"""Longer values of parameters are cut; older stores take no more."""

MOST_POINTS = 100_000
"""This many values are kept while the store does not take them, about 20 MB; others are lost."""

ATTEMPTS_AT_THE_END = 3
"""How often ``close`` lets the rest be sent to a store that refuses it, such as a locked one."""

SECONDS_BEFORE_RETRY = 0.5
"""How long it lets pass in between."""

SECONDS_TO_FINISH = 30.0
"""How long ``close`` waits for a store that answers, but does not come to an end."""

SECONDS_BEFORE_ASKING = 2.0
"""How long ``close`` waits before it asks whether the store answers."""


class Writer:
    """Collects metrics and parameters of one run, and sends them from a thread of its own.

    What the store did not take is kept and sent with the next batch, so that a server may be
    restarted while the training goes on.

    Args:
        scope: The run.
        silent: Whether to keep failures to oneself.
    """

    def __init__(
        self,
        scope: RunScope,
        *,
        silent: bool = False,
    ) -> None:
        self._scope = scope
        self._tasks: list[Callable[[], None]] = []
        self._silent = silent
        self._metrics: list[tuple[str, float, int, int]] = []
        self._params: dict[str, str] = {}
        self._wake = threading.Condition()
        self._closing = False
        self._sent_all = False
        self._lost = False
        self._last_error: Exception | None = None
        # A daemon: a store that hangs must not keep the user's program from ending.
        self._thread = threading.Thread(
            target=self._work, name="mlflow-plateau-writer", daemon=True
        )

    def begin(self) -> None:
        """Starts the thread; what is taken before waits for it."""
        self._thread.start()

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Takes the metrics of one step."""
        now = int(time.time() * 1000)
        with self._wake:
            if len(self._metrics) < MOST_POINTS:
                self._metrics += [(key, value, now, step) for key, value in values.items()]
            else:
                self._lost = True

    def params(self, values: Mapping[str, str]) -> None:
        """Takes parameters; one that the run already has with another value becomes a tag."""
        with self._wake:
            self._params.update((key, value[:LONGEST_VALUE]) for key, value in values.items())

    def meanwhile(self, task: Callable[[], None]) -> None:
        """Has something done in the thread, once: after a while, at the latest in ``close``."""
        with self._wake:
            self._tasks.append(task)

    def close(self) -> bool:
        """Sends what is left, and waits for it.

        Returns:
            Whether everything was written.
        """
        if self._thread.ident is None:
            return False  # It never began, which has been said.
        with self._wake:
            self._closing = True
            self._wake.notify()
        begin = time.monotonic()
        self._thread.join(SECONDS_BEFORE_ASKING)
        while self._thread.is_alive() and time.monotonic() - begin < SECONDS_TO_FINISH:
            if not self._scope.answers():
                break
            self._thread.join(SECONDS_BEFORE_ASKING)
        complete = self._sent_all and not self._lost
        if not complete:
            notice(
                f"the tracking store did not take all of what run {self._scope.run_id} recorded",
                self._last_error,
                silent=self._silent,
            )
        return complete

    def _work(self) -> None:
        attempts = 0
        while True:
            with self._wake:
                if not self._closing:
                    self._wake.wait(SECONDS_BETWEEN_BATCHES)
                closing = self._closing
            sent = self._try_to_send()
            if closing:
                attempts += 1
                if sent:
                    with patience(AFTER_TRAINING):
                        self._do_meanwhile()
                    # It may have had something to say.
                    self._sent_all = sent = self._try_to_send()
                if sent or attempts == ATTEMPTS_AT_THE_END:
                    return
                time.sleep(SECONDS_BEFORE_RETRY)
            elif sent:
                # A store that takes no metrics takes nothing else; ``close`` says so, once.
                self._do_meanwhile()

    def _try_to_send(self) -> bool:
        with self._wake:
            if not (self._metrics or self._params or self._tasks):
                return True
        try:
            # Asked first: MLflow would try for minutes, and draw from Python's global generator
            # how long to wait in between.
            self._scope.check()
            self._send_all()
        except Exception as error:
            # Whatever a store may raise: what was not sent is kept and tried again.
            self._last_error = error
            return False
        return True

    def _do_meanwhile(self) -> None:
        with self._wake:
            tasks, self._tasks = self._tasks, []
        for task in tasks:
            _attempt(task)

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


def write_at_once(
    scope: RunScope, metrics: Mapping[str, float], params: Mapping[str, str], step: int
) -> None:
    """Writes the metrics of one step and parameters without a thread, after ``Writer.close``.

    Raises:
        MlflowException: If the store does not take them.
    """
    now = int(time.time() * 1000)
    points = [Metric(key, value, now, step) for key, value in metrics.items()]
    scope.client.log_batch(scope.run_id, metrics=points)
    _send_params(
        scope.client, scope.run_id, {key: value[:LONGEST_VALUE] for key, value in params.items()}
    )


def _attempt(task: Callable[[], None]) -> None:
    try:
        task()
    except Exception as error:
        # Whoever needs what it prepares will run into the same, and say so.
        notice("nothing was prepared", error, silent=True)


def _send_params(client: MlflowClient, run_id: str, values: Mapping[str, str]) -> None:
    """Writes parameters, and as tags those that were given another value before.

    MLflow's parameters cannot change, but a run may hold several trainings; the reader prefers the
    tag, which is that of the last one. Empty ones are written only over what is there.
    """
    data = client.get_run(run_id).data
    params = [
        Param(key, value) for key, value in values.items() if value and key not in data.params
    ]
    tags = [
        RunTag(key, value)
        for key, value in values.items()
        if key in data.params and data.tags.get(key, data.params[key]) != value
    ]
    for begin in range(0, max(len(params), len(tags)), MOST_PARAMS):
        end = begin + MOST_PARAMS
        client.log_batch(run_id, params=params[begin:end], tags=tags[begin:end])
