"""Scratch arrays that one block after the other is measured in.

A fresh array of a block's size comes from the kernel, which clears its pages one by one; that takes
longer than the arithmetic on it.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt


class Workspace:
    """Arrays by name, used again for as long as they are large enough; not for two threads at once.

    Whoever asks for a name again has no use left for what the array of that name held.
    """

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, Any], npt.NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
        """Returns an array that holds anything, contiguous in memory."""
        size = prod(shape)
        kept = self._arrays.get((name, dtype))
        if kept is None or kept.size < size:
            kept = np.empty(size, dtype=dtype)
            self._arrays[name, dtype] = kept
        return kept[:size].reshape(shape)

    def clear(self) -> None:
        """Frees the memory."""
        self._arrays.clear()
