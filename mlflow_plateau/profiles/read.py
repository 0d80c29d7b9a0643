"""``profile``: measures a whole split, whatever it comes in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.builder import ProfileBuilder
from mlflow_plateau.profiles.clusters import cluster_of
from mlflow_plateau.profiles.convert import is_of, with_target
from mlflow_plateau.profiles.profile import Profile, merge

FRAME_ROWS = 1 << 16
"""Rows of a frame that are turned into an array at once."""

SHARD_CELLS = 1 << 23
"""Cells from which on a table is worth a thread of its own."""

MOST_THREADS = 2


def profile(data: Any) -> Profile:
    """Measures a split of data once, in one pass, and returns its profile.

    Args:
        data: As ``fit`` takes it: an array, a data frame or series, a pair (x, y) or triple with
            sample weights, a dict of inputs, a finite ``tf.data.Dataset`` or other iterable of
            batches; an Arrow table, reader or dataset; a Spark or Dask data frame, a Dask array or
            a Ray dataset, which are measured where they lie; or the path of a Parquet file or
            folder, a CSV, .feather, .arrow, .npy or .npz file. Of data with named columns the
            target may be given by its name: ``(frame, "label")``. A ``Profile`` is returned as it
            is.

    Raises:
        ProfileError: If the data cannot be measured.
    """
    if isinstance(data, Profile):
        return data
    if data is None:
        raise ProfileError("One split is missing: there is no data (None).")
    x, y = _pair(data)
    if isinstance(x, (str, os.PathLike)) and (y is None or isinstance(y, str)):
        from mlflow_plateau.profiles.files import profile_file

        return profile_file(Path(x), y)
    cluster = cluster_of(x) or cluster_of(y)
    if cluster is not None:
        return cluster.profile(x, y)
    if _is_arrow_stream(x) and (y is None or isinstance(y, str)):
        from mlflow_plateau.profiles.arrow import batches

        return profile_batches((batch, y) for batch in batches(x))
    if _is_dataset(data):
        return profile_batches(_dataset_batches(data))
    return _profile_arrays(*with_target(x, y))


def _pair(data: Any) -> tuple[Any, Any]:
    if isinstance(data, tuple) and len(data) in (2, 3):
        return data[0], data[1]
    if isinstance(data, tuple) and len(data) == 1:
        return data[0], None
    return data, None


def _is_arrow_stream(x: Any) -> bool:
    """Whether it gives out batches of Arrow's; pandas frames do too, but are measured directly."""
    if is_of(x, "pyarrow") and hasattr(x, "to_batches"):
        return True
    return hasattr(x, "__arrow_c_stream__") and not hasattr(x, "iloc")


def _is_dataset(data: Any) -> bool:
    """Whether it has to be iterated: a tf.data.Dataset, a generator, a PyDataset, a DataLoader."""
    if hasattr(data, "shape") or isinstance(data, (dict, list, tuple, str, bytes)):
        return False
    return hasattr(data, "element_spec") or hasattr(data, "__iter__") or hasattr(data, "__len__")


def _dataset_batches(data: Any) -> Iterator[tuple[Any, Any]]:
    cardinality = getattr(data, "cardinality", None)
    if callable(cardinality) and int(cardinality()) == -1:
        raise ProfileError(
            "This tf.data pipeline is infinite (.repeat()); profile it before repeating, or give"
            " .take(n) of it."
        )
    by_index = (data[index] for index in range(len(data) if hasattr(data, "__len__") else 0))
    batches: Iterable[Any] = data if hasattr(data, "__iter__") else by_index
    for batch in batches:
        yield _pair(tuple(batch) if isinstance(batch, list) else batch)


def profile_batches(batches: Iterable[tuple[Any, Any]]) -> Profile:
    """Returns the profile of all batches, each a pair of inputs and targets."""
    builder = ProfileBuilder()
    for x, y in batches:
        builder.add(x, y)
    return builder.profile(complete=True)


def _profile_arrays(x: Any, y: Any) -> Profile:
    """Measures arrays and frames: in shards, one to a thread, where they are large."""
    rows = _rows(x)
    threads = min(MOST_THREADS, os.cpu_count() or 1)
    if rows is None or threads < 2 or _cells(x) < 2 * SHARD_CELLS:
        return profile_batches(_chunks(x, y, 0, rows))
    edges = np.linspace(0, rows, threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        shards = pool.map(
            lambda start, stop: profile_batches(_chunks(x, y, start, stop)), edges[:-1], edges[1:]
        )
        return merge(*shards)


def _chunks(x: Any, y: Any, start: int, stop: int | None) -> Iterator[tuple[Any, Any]]:
    """Yields the rows of arrays in turn; frames in parts, since they are copied."""
    if stop is None or not (_is_plain_frame(x) or start):
        yield (x, y) if stop is None else (_part(x, start, stop), _part(y, start, stop))
        return
    if stop == 0:
        yield x, y
    for first in range(start, stop, FRAME_ROWS):
        last = min(first + FRAME_ROWS, stop)
        yield _part(x, first, last), _part(y, first, last)


def _rows(x: Any) -> int | None:
    """Returns the rows of what can be cut by rows without a copy, otherwise ``None``."""
    if _is_plain_frame(x) or (isinstance(x, np.ndarray) and x.ndim and x.dtype.kind in "biuf"):
        return len(x)
    return None


def _cells(x: Any) -> int:
    return int(np.prod(x.shape)) if hasattr(x, "shape") else 0


def _is_plain_frame(x: Any) -> bool:
    """Whether it is a frame whose columns' kinds are plain from their types."""
    return (
        hasattr(x, "iloc")
        and hasattr(x, "dtypes")
        and hasattr(x, "columns")
        and all(str(dtype) != "object" for dtype in x.dtypes)
    )


def _part(value: Any, start: int, stop: int) -> Any:
    if value is None:
        return None
    if hasattr(value, "iloc"):
        return value.iloc[start:stop]
    if isinstance(value, dict):
        return {name: _part(item, start, stop) for name, item in value.items()}
    return value[start:stop]
