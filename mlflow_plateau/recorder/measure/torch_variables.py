"""Reads PyTorch's parameters, which hold what they hold at any time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch

from mlflow_plateau.tracked import FloatArray


def every_nth(variable: Any, stride: int) -> FloatArray:
    """Returns every n-th value of a variable; may share its memory, so copy it soon."""
    # Gathered where it lies, on a CPU without a copy.
    return _array(variable.value.detach().reshape(-1)[::stride])


def all_finite(variable: Any) -> bool:
    """Returns whether no value of a variable is NaN or infinite."""
    return bool(torch.isfinite(variable.value.detach()).all())


def kept(number: Any) -> Any:
    """Returns a number without the graph that it was computed in."""
    return number.detach() if isinstance(number, torch.Tensor) else number


def together(numbers: Sequence[Any]) -> FloatArray:
    """Returns numbers that were kept, fetched at once."""
    return _array(torch.stack([torch.as_tensor(number) for number in numbers])).astype(np.float64)


def before(model: Any, arguments: Sequence[Any]) -> AbstractContextManager[None]:
    """Returns a context in which variables read as they are before an execution."""
    return nullcontext()


def after(model: Any, returned: Any) -> AbstractContextManager[Any]:
    """Returns a context in which they read as they are after it; it gives the logs."""
    return nullcontext(returned)


def _array(tensor: torch.Tensor) -> FloatArray:
    if tensor.dtype not in (torch.float32, torch.float64):
        tensor = tensor.float()
    found: FloatArray = tensor.cpu().numpy()
    return found
