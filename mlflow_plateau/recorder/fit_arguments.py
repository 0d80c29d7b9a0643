"""The arguments of one ``fit``, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FitArguments:
    """What ``fit`` was called with; defaults where it was not said.

    Attributes:
        x: The training inputs, in any form that Keras takes.
        y: The training targets; ``None`` where ``x`` holds them.
        batch_size: Rows per batch; ``None`` for Keras' default or where ``x`` is batched.
        epochs: The epoch to end before.
        validation_split: Share of the last rows of ``x`` and ``y`` that is held out.
        validation_data: The validation data, in any form that Keras takes.
        class_weight: Weight of each class in the loss.
        sample_weight: Weight of each row in the loss.
        callbacks: The other callbacks.
    """

    x: Any = None
    y: Any = None
    batch_size: int | None = None
    epochs: int = 1
    validation_split: float = 0.0
    validation_data: Any = None
    class_weight: Mapping[Any, float] | None = None
    sample_weight: Any = None
    callbacks: tuple[Any, ...] = field(default=())

    @property
    def has_validation(self) -> bool:
        """Whether ``fit`` was given validation data."""
        return self.validation_data is not None or bool(self.validation_split)


def bind(
    fit: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Returns the arguments of a call by name, with the defaults.

    Raises:
        TypeError: If ``fit`` could not be called like this.
    """
    bound = inspect.signature(fit).bind(model, *args, **kwargs)
    bound.apply_defaults()
    return bound
