"""Which MLflow run a training is recorded into, and who ends it."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import mlflow
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_AUTOLOGGING

from mlflow_plateau.errors import TrackingServerError
from mlflow_plateau.recorder.patience import BEFORE_TRAINING, NONE_LEFT, patience
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.settings import INTEGRATION
from mlflow_plateau.store.connection import is_local, open_client

_lock = threading.Lock()
_being_recorded: set[str] = set()


@dataclass(frozen=True)
class RunScope:
    """The run that a training is recorded into.

    Attributes:
        run_id: The run's id.
        tracking_uri: Where it is tracked.
        client: A client for that store.
        owned: Whether the recorder started the run and has to end it.
        fresh: Whether nothing can have been logged into the run before.
    """

    run_id: str
    tracking_uri: str
    client: MlflowClient
    owned: bool
    fresh: bool

    @classmethod
    def open(cls, extra_tags: Mapping[str, str] | None) -> RunScope:
        """Takes the active run, or starts one.

        The run that is started is MLflow's active run until ``close``, so that what callbacks log
        lands in it. A ``fit`` inside another recorded ``fit`` gets a nested run: their curves would
        mix in one.

        Raises:
            TrackingServerError: If the tracking server does not answer.
        """
        uri = mlflow.get_tracking_uri()
        # A database or a folder is created by MLflow on first use; a server can fail to answer.
        client = MlflowClient(tracking_uri=uri) if is_local(uri) else open_client(uri)
        with patience(BEFORE_TRAINING):
            return cls._open(uri, client, extra_tags)

    @classmethod
    def of(cls, run_id: str, tracking_uri: str) -> RunScope:
        """Takes a run that somebody else started and will end, such as a logger of a framework.

        Raises:
            TrackingServerError: If the tracking server does not answer.
        """
        local = is_local(tracking_uri)
        client = MlflowClient(tracking_uri=tracking_uri) if local else open_client(tracking_uri)
        with _lock:
            _being_recorded.add(run_id)
        return cls(run_id, tracking_uri, client, owned=False, fresh=False)

    @classmethod
    def _open(
        cls, uri: str, client: MlflowClient, extra_tags: Mapping[str, str] | None
    ) -> RunScope:
        active = mlflow.active_run()
        with _lock:
            taken = active is not None and active.info.run_id in _being_recorded
        owned = active is None or taken
        # ``mlflow run`` names the run to go on with in the environment.
        fresh = owned and not os.environ.get("MLFLOW_RUN_ID")
        if owned:
            tags = {**(extra_tags or {}), MLFLOW_AUTOLOGGING: INTEGRATION}
            active = mlflow.start_run(nested=taken, tags=tags)
        run_id = str(active.info.run_id)
        with _lock:
            _being_recorded.add(run_id)
        return cls(run_id, uri, client, owned, fresh)

    def release(self) -> None:
        """Lets others record into the run."""
        with _lock:
            _being_recorded.discard(self.run_id)

    def end(self, status: str, *, reachable: bool = True) -> None:
        """Ends the run if the recorder started it; leaves it alone otherwise.

        Args:
            status: MLflow's status of the run: ``FINISHED``, ``FAILED`` or ``KILLED``.
            reachable: Whether the tracking store still takes what it is given.
        """
        if not self.owned:
            return
        if reachable:
            self._end(status)
            return
        try:
            with patience(NONE_LEFT):
                self._end(status)
        except Exception as error:
            # That the store does not answer has been said.
            notice(f"run {self.run_id} could not be ended", error, silent=True)

    def _end(self, status: str) -> None:
        active = mlflow.active_run()
        if active is not None and active.info.run_id == self.run_id:
            mlflow.end_run(status)
        else:
            # Somebody started another run inside and left it open, or ended this one.
            self.client.set_terminated(self.run_id, status)

    def check(self) -> None:
        """Asks a server whether it answers; a local store is trusted.

        Raises:
            TrackingServerError: If it does not.
        """
        if not is_local(self.tracking_uri):
            open_client(self.tracking_uri)

    def answers(self) -> bool:
        """Returns whether the tracking store answers."""
        try:
            self.check()
        except TrackingServerError:
            return False
        return True
