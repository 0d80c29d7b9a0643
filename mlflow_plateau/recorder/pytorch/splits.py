"""The data of a training loop: arrays, tensors, or a data set with an index."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from mlflow_plateau.recorder.pytorch.traceless import all_random_state_kept
from mlflow_plateau.recorder.witness.rows import (
    MOST_VALUES,
    Rows,
    arrays_in,
    chosen_rows,
    each_array,
)

MOST_SECONDS = 2.0
"""Reading rows of a data set one by one takes no longer than this."""

FEWEST_READ = 8
"""This many are read whatever it takes."""


class UnreadableDataError(Exception):
    """Why no rows can be taken from some data, in words."""


@dataclass(frozen=True)
class Split:
    """One split as the user gave it.

    Attributes:
        rows: A few rows in random order, for experiments.
        count: How many rows there are.
        x: All inputs, where they lie in memory; else those of ``rows``.
        y: The targets, likewise; ``None`` where there are none.
        whole: Whether ``x`` and ``y`` are all rows.
        batch_size: Rows per batch, where the data says so.
    """

    rows: Rows
    count: int
    x: Any
    y: Any
    whole: bool
    batch_size: int | None = None


def split_of(data: Any, most: int) -> Split | None:
    """Returns a split, given what the user has of it.

    A ``DataLoader`` is never iterated: its data set is read by index, and put together by its own
    ``collate_fn``. The generators of Python, NumPy and PyTorch are as before afterwards.

    Args:
        data: ``(x, y)``, arrays or tensors nested in lists, tuples and dicts; a data set of
            PyTorch's with an index; a ``DataLoader`` of one; or ``None``.
        most: How many rows are wanted for experiments.

    Raises:
        UnreadableDataError: If no rows can be taken from it.
    """
    if data is None:
        return None
    if isinstance(data, torch.utils.data.DataLoader):
        return _of_dataset(data.dataset, most, data.collate_fn, data.batch_size)
    if isinstance(data, torch.utils.data.Dataset):
        return _of_dataset(data, most, torch.utils.data.default_collate, None)
    if isinstance(data, (tuple, list)) and 1 <= len(data) <= 2:
        return _in_memory(data[0], data[1] if len(data) == 2 else None, most)
    raise UnreadableDataError(
        f"{type(data).__name__} is neither (x, y) nor a data set with an index"
    )


def _in_memory(x: Any, y: Any, most: int, batch_size: int | None = None) -> Split:
    parts = list(arrays_in((x, y)))
    if not all(getattr(part, "shape", ()) for part in parts):
        raise UnreadableDataError("the sample holds something that is not an array or a tensor")
    count = int(parts[0].shape[0])
    if not count or any(int(part.shape[0]) != count for part in parts):
        raise UnreadableDataError("inputs and targets are empty or differ in their numbers of rows")
    width = sum(int(np.prod(part.shape[1:])) for part in parts)
    chosen = chosen_rows(count, most)[: max(1, MOST_VALUES // max(width, 1))]

    def take(part: Any) -> Any:
        if hasattr(part, "iloc"):
            return part.iloc[chosen].to_numpy()
        if isinstance(part, torch.Tensor):
            return as_array(part[torch.from_numpy(chosen).to(part.device)])
        return np.asarray(part)[chosen]

    rows = Rows(each_array(take, x), each_array(take, y))
    return Split(rows, count, x, y, whole=True, batch_size=batch_size)


def _of_dataset(dataset: Any, most: int, collate: Any, batch_size: int | None) -> Split:
    if isinstance(dataset, torch.utils.data.TensorDataset) and len(dataset.tensors) == 2:
        x, y = dataset.tensors
        return _in_memory(x, y, most, batch_size)
    if isinstance(dataset, torch.utils.data.IterableDataset) or not hasattr(dataset, "__len__"):
        raise UnreadableDataError("the data set has no index, and is not iterated to get at rows")
    count = len(dataset)
    if not count:
        raise UnreadableDataError("the data set is empty")
    with all_random_state_kept():
        items = _read(dataset, chosen_rows(count, most).tolist())
        batch = collate(items)
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise UnreadableDataError("the data set does not give pairs of inputs and targets")
    x, y = (each_array(as_array, part) for part in batch)
    return Split(Rows(x, y), count, x, y, whole=False, batch_size=batch_size)


def _read(dataset: Any, indices: Sequence[int]) -> list[Any]:
    items: list[Any] = []
    began = time.perf_counter()
    for index in indices:
        items.append(dataset[index])
        if len(items) >= FEWEST_READ and time.perf_counter() - began > MOST_SECONDS:
            break
    return items


def as_array(tensor: Any) -> Any:
    """Returns a copy of a tensor as an array; an array as it is."""
    if not isinstance(tensor, torch.Tensor):
        return np.asarray(tensor)
    found = tensor.detach()
    if found.dtype in (torch.bfloat16, torch.float16):
        found = found.float()
    return np.array(found.cpu().numpy())


def on_the_cpu(nested: Any) -> Any:
    """Returns tensors as arrays that share their memory where that can be."""

    def moved(part: Any) -> Any:
        if not isinstance(part, torch.Tensor):
            return part
        found = part.detach()
        if found.dtype in (torch.bfloat16, torch.float16):
            found = found.float()
        return found.cpu().numpy()

    return each_array(moved, nested)


def first_tensor(nested: Any) -> Any:
    """Returns the first tensor among a model's inputs that has rows, or ``None``."""
    if isinstance(nested, torch.Tensor):
        return nested if nested.ndim else None
    parts = nested.values() if isinstance(nested, Mapping) else nested
    if not isinstance(nested, (Mapping, list, tuple)):
        return None
    return next((found for part in parts if (found := first_tensor(part)) is not None), None)
