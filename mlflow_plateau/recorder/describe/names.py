"""What layers and weights are called in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MOST_NAMED = 5
"""This many layers are named; of more, only how many."""


def name_in(model: Any, variable: Any) -> str:
    """Returns a Keras variable's name with those of its layers, without the model's."""
    return str(variable.path).removeprefix(f"{model.name}/")


def layer_in(name: str) -> str:
    """Returns the layer in a weight's name: ``block/dense`` of ``block/dense/kernel``."""
    return name.rpartition("/")[0] or name


def named(layers: Iterable[str]) -> tuple[str, ...]:
    """Returns names of layers; of many, the first few and how many more there are."""
    # They are logged in one line, separated by commas.
    plain = [layer.replace(",", " ") for layer in layers]
    if len(plain) <= MOST_NAMED:
        return tuple(plain)
    return (*plain[: MOST_NAMED - 1], f"{len(plain) - MOST_NAMED + 1} more")
