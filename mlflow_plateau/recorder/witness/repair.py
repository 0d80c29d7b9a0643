"""Validation rows of the sample, treated as the training rows were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_plateau.recorder.witness.rows import Rows, arrays_in

if TYPE_CHECKING:
    from mlflow_plateau.checks import Repair


def repaired(validation: Rows, repairs: Sequence[Repair]) -> Rows | None:
    """Returns rows to which repairs were made, in their order; ``None`` where they change nothing.

    Args:
        validation: Rows of the validation split; they are left as they are.
        repairs: What to do to which input or target.
    """
    x, y = validation.x, validation.y
    for repair in repairs:
        x = _each_named(x, "x", repair)
        y = _each_named(y, "y", repair)
    pairs = zip(arrays_in((validation.x, validation.y)), arrays_in((x, y)), strict=True)
    if all(_same(before, after) for before, after in pairs):
        return None
    return Rows(x, y, validation.weighted)


def _each_named(nested: Any, name: str, repair: Repair) -> Any:
    """Returns inputs or targets with one of them repaired, by the names that profiles give them."""
    if nested is None:
        return None

    def made(of: str, array: Any) -> Any:
        return repair.undo(array) if of == repair.input else array

    if isinstance(nested, Mapping):
        prefix = "" if name == "x" else f"{name}."
        return {key: made(f"{prefix}{key}", value) for key, value in nested.items()}
    if isinstance(nested, (list, tuple)):
        values = [made(f"{name}{index}", value) for index, value in enumerate(nested)]
        return type(nested)(*values) if hasattr(nested, "_fields") else type(nested)(values)
    return made(name, nested)


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    return one.shape == other.shape and bool(
        np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    )
