"""Reads the files that hold a split."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.profile import Profile

BATCH_ROWS = 1 << 16
"""Rows of a Parquet file that are read at once."""


def profile_file(path: Path) -> Profile:
    """Returns the profile of a file, or the profile saved in it.

    Args:
        path: A Parquet file or folder, CSV, .npy, .npz with ``x`` and perhaps ``y``, or a saved
            profile.

    Raises:
        ProfileError: If the file is not there or cannot be read.
    """
    from mlflow_plateau.profiles.read import profile
    from mlflow_plateau.profiles.storage import is_profile

    if not path.exists():
        raise ProfileError(f"There is no file {str(path)!r}.")
    ending = path.suffix.lower()
    try:
        if ending in (".parquet", ".pq") or path.is_dir():
            return _profile_parquet(path)
        if ending == ".csv":
            import pandas as pd

            return profile(pd.read_csv(path))
        if ending == ".npy":
            return profile(np.load(path, mmap_mode="r", allow_pickle=False))
        if ending == ".npz":
            if not zipfile.is_zipfile(path):
                raise ProfileError(f"{str(path)!r} cannot be read: it is damaged, or no .npz file.")
            return Profile.load(path) if is_profile(path) else profile(_arrays(path))
    except (OSError, ValueError, zipfile.BadZipFile, UnicodeError) as error:
        raise ProfileError(f"{str(path)!r} cannot be read: {error}") from None
    raise ProfileError(
        f"{str(path)!r} is of no known kind; give a .parquet, .csv, .npy or .npz file, or a saved"
        " profile."
    )


def _arrays(path: Path) -> Any:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    targets = next((arrays.pop(name) for name in ("y", "labels") if name in arrays), None)
    inputs = next(iter(arrays.values())) if len(arrays) == 1 else arrays
    return (inputs, targets) if targets is not None else inputs


def _profile_parquet(path: Path) -> Profile:
    import pyarrow
    import pyarrow.dataset

    from mlflow_plateau.profiles.read import profile_batches

    def batches() -> Iterator[tuple[Any, Any]]:
        for batch in pyarrow.dataset.dataset(str(path)).to_batches(batch_size=BATCH_ROWS):
            if batch.num_rows:
                yield batch.to_pandas(), None

    try:
        return profile_batches(batches())
    except pyarrow.ArrowException as error:
        raise ProfileError(f"{str(path)!r} cannot be read: {error}") from None
