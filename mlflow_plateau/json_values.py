"""Values as JSON holds them, and back, with words for the numbers that JSON lacks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from numbers import Integral, Real
from typing import Any

NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""How the numbers that JSON lacks are written; Python's ``float`` and JavaScript's ``Number`` read
these words."""


def as_json(value: Any) -> Any:
    """Turns dataclasses, mappings, tuples and numpy's scalars into JSON values, NaN into words."""
    if is_dataclass(value):
        return {item.name: as_json(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_json(item) for item in value]
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    # numpy's scalars register as these; json writes only Python's own.
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return _number_as_json(float(value))
    return value


def _number_as_json(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def number_from_json(value: Any) -> Any:
    """Returns the number that a word stands for, and everything else as it is."""
    return NOT_FINITE.get(value, value) if isinstance(value, str) else value
