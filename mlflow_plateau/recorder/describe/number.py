"""Numbers that live in variables."""

from __future__ import annotations

from typing import Any


def number_in(value: Any) -> float:
    """Returns the number that a variable or tensor holds, or that it is already.

    ``keras.ops.convert_to_numpy`` would take twenty times as long.
    """
    held = getattr(value, "value", value)
    if hasattr(held, "detach"):
        return float(held.detach())  # PyTorch's, on whatever device.
    return float(held.numpy() if hasattr(held, "numpy") else held)
