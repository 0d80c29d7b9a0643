"""One training with PyTorch, as far as it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

from mlflow_plateau.recorder.pytorch.graph import Trace
from mlflow_plateau.recorder.pytorch.objective import Objective
from mlflow_plateau.recorder.pytorch.torch_model import TorchModel
from mlflow_plateau.recorder.pytorch.torch_updates import next_update_of
from mlflow_plateau.recorder.witness.differentiable import (
    DeclinedError,
    Differentiable,
    NextUpdate,
)
from mlflow_plateau.recorder.witness.rows import Sample


@dataclass
class TorchTraining:
    """One training, as far as it is known.

    Attributes:
        given: The model as the user has it, which may be a wrapper.
        optimizer: The optimiser; ``None`` where there are several.
        objective: The loss; ``None`` where it is not known.
        framework: Who runs the loop: ``pytorch`` for the user, ``lightning``, ``transformers``.
        declined: Why the loss is not known, in words.
        planned_epochs: The number of epochs that was asked for.
        batch_size: Rows per update, where that is known beforehand.
        has_validation: Whether there is validation data.
        given_rows: How many training rows were handed over, be it all or some.
        targets: All targets of a split in memory, by split: ``training``, ``validation``.
        sample: A few rows of both splits, once there are some.
        observed: What was counted in the first epoch: ``training_rows``, ``validation_rows``,
            ``batch_size``, ``updates_per_epoch``.
        trace: What the model's outputs come out of; ``None`` before that was looked at.
    """

    given: Any
    optimizer: Any
    objective: Objective | None
    framework: str = "pytorch"
    declined: str = ""
    planned_epochs: int | None = None
    batch_size: int | None = None
    has_validation: bool | None = None
    given_rows: int | None = None
    targets: dict[str, Any] = field(default_factory=dict)
    sample: Sample | None = None
    observed: dict[str, int] = field(default_factory=dict)
    trace: Trace | None = None

    @cached_property
    def model(self) -> Any:
        """The model without what is wrapped around it for several devices or for compilation."""
        found = self.given
        while type(found).__name__ in ("OptimizedModule", "DistributedDataParallel"):
            found = found._orig_mod if hasattr(found, "_orig_mod") else found.module
        return found

    @property
    def parameters(self) -> list[Any]:
        """The weights that the optimiser changes, in the model's order."""
        if self.optimizer is None:
            return [p for p in self.model.parameters() if p.requires_grad]
        held = {id(p) for group in self.optimizer.param_groups for p in group["params"]}
        return [p for p in self.model.parameters() if p.requires_grad and id(p) in held]

    def layers_of(self, parameters: Sequence[Any]) -> list[str]:
        """Returns the name of the module that holds each parameter: ``0`` of ``0.weight``."""
        names = {id(parameter): name for name, parameter in self.model.named_parameters()}
        return [names[id(p)].rpartition(".")[0] or names[id(p)] for p in parameters]

    def opened(self) -> tuple[Differentiable, NextUpdate]:
        """Returns the model and what its optimiser would do, for experiments.

        Raises:
            DeclinedError: If none can be made.
        """
        if self.objective is None:
            raise DeclinedError(self.declined)
        if self.optimizer is None:
            raise DeclinedError("the model is trained by several optimisers")
        model = TorchModel(self.model, self.objective, self.parameters)
        return model, next_update_of(self.optimizer, self.model, self.parameters)

    def look_at_outputs(self) -> None:
        """Notes what the model's outputs come out of, where that can be found out."""
        self.trace = Trace()
        if self.sample is None or self.objective is None:
            return
        try:
            model = TorchModel(self.model, self.objective, self.parameters)
        except DeclinedError:
            return
        self.trace = model.trace(self.sample.training)


def is_chief() -> bool:
    """Returns whether this process speaks for all that train the model."""
    distributed = torch.distributed
    if not distributed.is_available() or not distributed.is_initialized():
        return True
    return bool(distributed.get_rank() == 0)
