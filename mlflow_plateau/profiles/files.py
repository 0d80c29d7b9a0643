"""Reads the files that hold a split."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.profile import Profile

if TYPE_CHECKING:
    import pandas as pd

ISO_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?"
)
"""A date, perhaps with a time of the day and its distance from UTC."""

ARROW_FORMATS = {".parquet": "parquet", ".pq": "parquet", ".feather": "ipc", ".arrow": "ipc"}
"""Files that Arrow reads batch by batch, and what it calls their format."""


def profile_file(path: Path, target: str | None = None) -> Profile:
    """Returns the profile of a file, or the profile saved in it.

    Args:
        path: A Parquet, Arrow or feather file or a folder of these, CSV, .npy, .npz with ``x`` and
            perhaps ``y``, or a saved profile.
        target: The column that holds the targets, of files with named columns.

    Raises:
        ProfileError: If the file is not there or cannot be read.
    """
    from mlflow_plateau.profiles.read import profile
    from mlflow_plateau.profiles.storage import is_profile

    if not path.exists():
        raise ProfileError(f"There is no file {str(path)!r}.")
    ending = path.suffix.lower()
    try:
        if ending in ARROW_FORMATS or path.is_dir():
            return _profile_arrow(path, target)
        if ending == ".csv":
            import pandas as pd

            return profile((_with_dates(pd.read_csv(path, sep=_separator(path))), target))
        if ending == ".npz" and zipfile.is_zipfile(path) and is_profile(path):
            return Profile.load(path)
        if target is not None:
            raise ProfileError(f"The columns of {str(path)!r} have no names; the target needs one.")
        if ending == ".npy":
            return profile(np.load(path, mmap_mode="r", allow_pickle=False))
        if ending == ".npz":
            if not zipfile.is_zipfile(path):
                raise ProfileError(f"{str(path)!r} cannot be read: it is damaged, or no .npz file.")
            return profile(_arrays(path))
    except (OSError, ValueError, zipfile.BadZipFile, UnicodeError) as error:
        raise ProfileError(f"{str(path)!r} cannot be read: {error}") from None
    raise ProfileError(
        f"{str(path)!r} is of no known kind; give a .parquet, .feather, .arrow, .csv, .npy or .npz"
        " file, a folder of Parquet files, or a saved profile."
    )


def _separator(path: Path) -> str:
    """Returns what stands between the columns of a CSV file: a comma, or what others use."""
    with path.open(encoding="utf-8", errors="replace") as file:
        names = file.readline()
    return max(",;\t", key=names.count)


def _with_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns a frame with columns of text that are all ISO dates turned into dates, those of UTC.

    A CSV file has no types; one value that is no date leaves the column text.
    """
    import pandas as pd

    for place, dtype in enumerate(frame.dtypes):
        if not (pd.api.types.is_string_dtype(dtype) or pd.api.types.is_object_dtype(dtype)):
            continue
        column = frame.iloc[:, place]
        known = column.dropna()
        if known.empty or not all(isinstance(x, str) and ISO_DATE.fullmatch(x) for x in known):
            continue
        dates = pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
        if dates.notna().sum() == len(known):
            frame.isetitem(place, dates.array)
    return frame


def _arrays(path: Path) -> Any:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    targets = next((arrays.pop(name) for name in ("y", "labels") if name in arrays), None)
    inputs = next(iter(arrays.values())) if len(arrays) == 1 else arrays
    return (inputs, targets) if targets is not None else inputs


def _profile_arrow(path: Path, target: str | None) -> Profile:
    import pyarrow

    from mlflow_plateau.profiles.read import profile

    try:
        return profile((_dataset(path), target))
    except pyarrow.ArrowException as error:
        raise ProfileError(f"{str(path)!r} cannot be read: {error}") from None


def _dataset(path: Path) -> Any:
    """Returns a file or folder as a dataset of Arrow's, or a reader of a file that is a stream."""
    import pyarrow.dataset
    import pyarrow.ipc

    if path.is_dir():
        endings = {file.suffix.lower() for file in path.rglob("*") if file.is_file()}
        kinds = sorted({ARROW_FORMATS[ending] for ending in endings & ARROW_FORMATS.keys()})
        if len(kinds) != 1:
            raise ProfileError(
                f"The folder {str(path)!r} holds no Parquet files."
                if not kinds
                else f"The folder {str(path)!r} holds files of several kinds."
            )
        # Folders such as year=2020 are a column, as in pandas.
        folders = pyarrow.dataset.HivePartitioning.discover(infer_dictionary=True)
        return pyarrow.dataset.dataset(path, format=kinds[0], partitioning=folders)
    kind = ARROW_FORMATS[path.suffix.lower()]
    try:
        return pyarrow.dataset.dataset(path, format=kind)
    except pyarrow.ArrowInvalid:
        if kind != "ipc":
            raise
        return pyarrow.ipc.open_stream(pyarrow.memory_map(str(path)))
