"""What a probe is, and how it is kept from stopping anybody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from mlflow_plateau.recorder.safety import notice


class Probe(Protocol):
    """Measures something about an epoch's training."""

    def begin_epoch(self) -> None:
        """Forgets the last epoch."""

    def before_first_execution(self) -> None:
        """Is called before the train function runs for the first time in the epoch."""

    def after_execution(self, index: int, logs: Any) -> bool:
        """Is called after each time, with what the train function returned.

        Returns:
            Whether to be called again in this epoch.
        """

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

    def before_first_execution(self) -> None:
        """Is called before the train function runs for the first time in the epoch."""
        try:
            if self._probe is not None:
                self._probe.before_first_execution()
        except Exception as error:
            self._drop(error)

    def after_execution(self, index: int, logs: Any) -> bool:
        """Is called after each time; returns whether to be called again in this epoch."""
        try:
            return self._probe is not None and self._probe.after_execution(index, logs)
        except Exception as error:
            self._drop(error)
        return False

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
