"""The axes of weights in Keras' order: the units that a weight belongs to come last."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mlflow_plateau.tracked import FloatArray

LAST = frozenset(("Embedding", "EmbeddingBag", "Conv1D"))
"""Modules whose weights have the units last already; the third is that of ``transformers``."""

SECOND = frozenset(("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"))
"""Modules whose weights have the units on the second axis."""


def unit_axes(model: Any) -> dict[int, int]:
    """Returns on which axis the units of each weight of two or more axes lie, by its ``id``."""
    axes: dict[int, int] = {}
    for module in model.modules():
        kind = type(module).__name__
        for parameter in module.parameters(recurse=False):
            if parameter.ndim >= 2 and kind not in LAST:
                axes.setdefault(id(parameter), 1 if kind in SECOND else 0)
    return axes


def to_array(tensor: Any, axis: int | None) -> FloatArray:
    """Returns a copy of a tensor with its units last.

    Args:
        tensor: A weight, or something of its shape.
        axis: The axis on which its units lie; ``None`` where there is nothing to move.
    """
    found = tensor.detach()
    if found.is_sparse:
        found = found.to_dense()
    if found.dtype not in (torch.float32, torch.float64):
        found = found.float()
    array = found.cpu().numpy()
    return np.array(array if axis is None else np.moveaxis(array, axis, -1), order="C")


def to_tensor(array: FloatArray, like: Any, axis: int | None) -> Any:
    """Returns an array with its units last as a tensor like another, with the units in place."""
    moved = array if axis is None else np.moveaxis(array, -1, axis)
    return torch.from_numpy(np.array(moved, order="C")).to(device=like.device, dtype=like.dtype)
