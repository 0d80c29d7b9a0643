"""What a description is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlflow_plateau.recorder.describe.number import number_in
from mlflow_plateau.recorder.fit_arguments import FitArguments

if TYPE_CHECKING:
    from mlflow_plateau.recorder.witness.rows import Sample


@dataclass(frozen=True)
class Training:
    """One training, as far as it is known.

    Attributes:
        model: The model.
        arguments: What ``fit`` was called with; ``None`` where only a callback list was called.
        params: Keras' parameters of callbacks: ``epochs``, ``steps``, ``verbose``.
        observed: What could only be counted while training: ``training_rows``,
            ``validation_rows``, ``batch_size``, ``updates_per_epoch``; filled in the first epoch.
        targets: Some targets of pipelines and generators, by split: ``training``, ``validation``.
    """

    model: Any
    arguments: FitArguments | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    observed: dict[str, int] = field(default_factory=dict)
    targets: dict[str, Any] = field(default_factory=dict)

    def keep_targets(self, sample: Sample) -> None:
        """Keeps the targets of rows without weights, which losses can be worked out for."""
        for split, rows in (("training", sample.training), ("validation", sample.validation)):
            if rows is not None and rows.y is not None and not rows.weighted:
                self.targets[split] = rows.y

    @property
    def optimizer_in_use(self) -> Any:
        """The model's optimiser; ``None`` as long as it is not known to be the one that trains it.

        A train step of the user's may use others; that it uses this one shows when it has.
        """
        found = self.model.optimizer
        if found is None or (has_own_train_step(self.model) and not number_in(found.iterations)):
            return None
        return found

    @property
    def planned_epochs(self) -> int | None:
        """The epoch that training is to end before."""
        planned = self.params.get("epochs")
        return None if planned is None else int(planned)


def has_own_train_step(model: Any) -> bool:
    """Returns whether a train step other than Keras' own trains the model."""
    return not str(model.train_step.__module__).startswith("keras.")
