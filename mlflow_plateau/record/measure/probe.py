"""What a probe is, and how it is kept from stopping anybody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from mlflow_plateau.record.safety import notice


class Probe(Protocol):
    """Measures something about an epoch's training."""

    def begin_epoch(self) -> None:
        """Forgets the last epoch."""

    def before_execution(self, index: int) -> None:
        """Is called before the train function runs for the ``index``-th time in the epoch."""

    def after_execution(self, index: int, logs: Any) -> None:
        """Is called after it, with what it returned."""

    def end_training_part(self) -> Mapping[str, float]:
        """Returns what was measured, by name, before the epoch's validation begins."""


class Guarded:
    """A probe that says nothing more once it has failed, instead of failing."""

    def __init__(self, probe: Probe, *, silent: bool = False) -> None:
        self._probe: Probe | None = probe
        self._silent = silent

    def begin_epoch(self) -> None:
        """Forgets the last epoch."""
        try:
            if self._probe is not None:
                self._probe.begin_epoch()
        except Exception as error:
            self._drop(error)

    def before_execution(self, index: int) -> None:
        """Is called before the train function runs for the ``index``-th time in the epoch."""
        try:
            if self._probe is not None:
                self._probe.before_execution(index)
        except Exception as error:
            self._drop(error)

    def after_execution(self, index: int, logs: Any) -> None:
        """Is called after it, with what it returned."""
        try:
            if self._probe is not None:
                self._probe.after_execution(index, logs)
        except Exception as error:
            self._drop(error)

    def end_training_part(self) -> Mapping[str, float]:
        """Returns what was measured, by name."""
        try:
            if self._probe is not None:
                return self._probe.end_training_part()
        except Exception as error:
            self._drop(error)
        return {}

    def _drop(self, error: Exception) -> None:
        # A probe must not stop the training, nor what else is recorded of it.
        probe, self._probe = self._probe, None
        notice(f"{type(probe).__name__} is not measured", error, silent=self._silent)
