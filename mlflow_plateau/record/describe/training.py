"""What a description is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlflow_plateau.record.fit_arguments import FitArguments


@dataclass(frozen=True)
class Training:
    """One training, as far as it is known.

    Attributes:
        model: The model.
        arguments: What ``fit`` was called with; ``None`` where only a callback list was called.
        params: Keras' parameters of callbacks: ``epochs``, ``steps``, ``verbose``.
        observed: What could only be counted while training: ``training_rows``,
            ``validation_rows``, ``batch_size``, ``updates_per_epoch``; filled in the first epoch.
    """

    model: Any
    arguments: FitArguments | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    observed: dict[str, int] = field(default_factory=dict)

    @property
    def planned_epochs(self) -> int | None:
        """The epoch that training is to end before."""
        planned = self.params.get("epochs")
        return None if planned is None else int(planned)
