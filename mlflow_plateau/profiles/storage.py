"""Profiles as files: arrays in one ``.npz``, the rest as JSON inside it, and no pickle.

A profile may come from anywhere, so everything that is read is checked: types, lengths, and that
no array is larger than a profile can be.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.by_class import MOST_CLASSES, ByClass
from mlflow_plateau.profiles.comoments import CoMoments
from mlflow_plateau.profiles.distinct import Distinct
from mlflow_plateau.profiles.histogram import Histogram, bits_for
from mlflow_plateau.profiles.input_profile import InputProfile
from mlflow_plateau.profiles.moments import ExactSums, Moments
from mlflow_plateau.profiles.profile import Coverage, Profile
from mlflow_plateau.profiles.rows import KEPT, RowHashes
from mlflow_plateau.profiles.sequences import Sequences
from mlflow_plateau.profiles.table import MOST_COLUMNS, Column, Layout

VERSION = 1
"""Version of the layout of the file."""

MOST_BYTES = 1 << 30
"""A file that unpacks to more than this is no profile."""

MOST_CELLS = 1 << 46
"""No column has more cells; the counts of all its bins, each as large, add up to an int64."""

HEADER = "profile"
"""The array that holds the JSON, as bytes."""

_COUNTS = ("count", "missing", "infinite", "at_least", "at_greatest")
_MOMENTS = (*_COUNTS, "least", "greatest")
_SEQUENCES = ("ids", "lengths", "leading", "trailing")
Arrays = dict[str, np.ndarray[Any, Any]]


def save(profile: Profile, path: Path) -> None:
    """Writes a profile."""
    path.write_bytes(to_bytes(profile))


def to_bytes(profile: Profile) -> bytes:
    """Returns what a file of the profile holds."""
    arrays: Arrays = {"row_hashes": profile.row_hashes.hashes}
    coverage = profile.coverage
    document = {
        "version": VERSION,
        "coverage": {
            "rows": coverage.rows,
            "measured": coverage.measured,
            "sampled": coverage.sampled,
            "complete": coverage.complete,
        },
        "hashed_rows": profile.row_hashes.rows,
        "inputs": [_pack(state, f"{index}/", arrays) for index, state in enumerate(profile.inputs)],
    }
    arrays[HEADER] = np.frombuffer(json.dumps(document).encode(), dtype=np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _pack(state: InputProfile, prefix: str, arrays: Arrays) -> dict[str, Any]:
    layout = state.layout
    for name, moments in (
        ("moments", state.moments),
        ("row_means", state.row_means),
        ("whole_means", state.whole_means),
    ):
        if moments is not None:
            for field in _MOMENTS:
                arrays[f"{prefix}{name}/{field}"] = getattr(moments, field)
    arrays[f"{prefix}histogram/bins"] = state.histogram.bins
    arrays[f"{prefix}histogram/counts"] = state.histogram.counts
    arrays[f"{prefix}distinct/marks"] = state.distinct.marks
    arrays[f"{prefix}distinct/counts"] = state.distinct.counts
    arrays[f"{prefix}distinct/dropped"] = state.distinct.dropped
    arrays[f"{prefix}present"], arrays[f"{prefix}absent"] = state.present, state.absent
    if state.comoments is not None:
        arrays[f"{prefix}comoments/sums"] = state.comoments.sums
        arrays[f"{prefix}comoments/products"] = state.comoments.products
    if state.sequences is not None:
        for field in _SEQUENCES:
            arrays[f"{prefix}sequences/{field}"] = getattr(state.sequences, field)
    by_class = state.by_class
    if by_class is not None and by_class.counts:
        classes = sorted(by_class.counts)
        arrays[f"{prefix}by_class/values"] = np.array(classes, dtype=np.float64)
        arrays[f"{prefix}by_class/counts"] = np.array(
            [by_class.counts[value] for value in classes], dtype=np.int64
        )
        arrays[f"{prefix}by_class/sums"] = np.array([by_class.sums[value] for value in classes])
        arrays[f"{prefix}by_class/squares"] = np.array(
            [by_class.squares[value] for value in classes]
        )
    return {
        "name": layout.name,
        "role": layout.role,
        "columns": [[column.name, column.kind, column.dtype] for column in layout.columns],
        "named": layout.named,
        "dtype": layout.dtype,
        "shape": list(layout.shape),
        "pooled": layout.pooled,
        "whole": layout.whole,
        "rows": state.rows,
        "sampled": state.sampled,
        "sums": _pack_sums(state.moments),
        "row_mean_sums": _pack_sums(state.row_means) if state.row_means else None,
        "whole_mean_sums": _pack_sums(state.whole_means),
        "comoments": state.comoments.count if state.comoments else None,
        "sequences": [state.sequences.below, state.sequences.above] if state.sequences else None,
        "classes_overflown": by_class.overflown if by_class else None,
        "labels": [{str(mark): text for mark, text in labels.items()} for labels in state.labels],
    }


def _pack_sums(moments: Moments) -> list[list[str]]:
    """Returns the integers as text, since they have no greatest value."""
    return [
        [str(int(value)) for value in column]
        for sums in (moments.sums, moments.squares)
        for column in (sums.window, sums.high, sums.low)
    ]


def is_profile(path: Path) -> bool:
    """Whether an ``.npz`` file is a saved profile."""
    try:
        with zipfile.ZipFile(path) as archive:
            return f"{HEADER}.npy" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def load(path: Path) -> Profile:
    """Reads a profile that is not trusted.

    Raises:
        ProfileError: If it is not a saved profile, of another version, or damaged.
    """
    return _load(path, str(path))


def from_bytes(data: bytes) -> Profile:
    """Reads what ``to_bytes`` returned; it is not trusted.

    Raises:
        ProfileError: If it is not a saved profile, of another version, or damaged.
    """
    return _load(io.BytesIO(data), "bytes")


def _load(source: Path | io.BytesIO, name: str) -> Profile:
    try:
        with zipfile.ZipFile(source) as archive:
            if sum(item.file_size for item in archive.infolist()) > MOST_BYTES:
                raise ProfileError(f"{name!r} is too large to be a profile.")
        with np.load(source, allow_pickle=False) as file:
            arrays: Arrays = {item: file[item] for item in file.files}
        document = json.loads(arrays[HEADER].tobytes())
        if document["version"] != VERSION:
            raise ProfileError(
                f"{name!r} has version {document['version']!r}; this mlflow-plateau reads"
                f" {VERSION}. Profile the data again."
            )
        return _unpack(document, arrays)
    except ProfileError:
        raise
    except OSError as error:
        raise ProfileError(f"{name!r} cannot be read: {error}") from None
    # A damaged or forged file can fail anywhere on the way; whatever it is, it is not a profile.
    except Exception as error:
        raise ProfileError(f"{name!r} is not a saved profile: {error}") from None


def _unpack(document: dict[str, Any], arrays: Arrays) -> Profile:
    coverage = document["coverage"]
    hashes = _array(arrays, "row_hashes", np.uint64)
    _demand(len(hashes) <= KEPT and bool(np.all(hashes[1:] >= hashes[:-1])), "row hashes")
    hashed_rows = int(document["hashed_rows"])
    rows, measured, sampled = (int(coverage[name]) for name in ("rows", "measured", "sampled"))
    _demand(0 <= sampled <= measured <= rows <= MOST_CELLS, "rows")
    _demand(0 <= hashed_rows <= MOST_CELLS, "rows")
    return Profile(
        inputs=tuple(
            _unpack_input(item, f"{index}/", arrays)
            for index, item in enumerate(document["inputs"])
        ),
        row_hashes=RowHashes(hashes, hashed_rows),
        coverage=Coverage(rows, measured, sampled, bool(coverage["complete"])),
    )


def _unpack_input(item: dict[str, Any], prefix: str, arrays: Arrays) -> InputProfile:
    columns = tuple(
        Column(str(name), str(kind), str(dtype)) for name, kind, dtype in item["columns"]
    )
    _demand(len(columns) <= MOST_COLUMNS, "columns")
    _demand({column.kind for column in columns} <= {"number", "category", "date"}, "columns")
    layout = Layout(
        name=str(item["name"]),
        role=str(item["role"]),
        columns=columns,
        named=bool(item["named"]),
        dtype=str(item["dtype"]),
        shape=tuple(None if length is None else int(length) for length in item["shape"]),
        pooled=bool(item["pooled"]),
        whole=bool(item["whole"]),
    )
    state = InputProfile.of(layout)
    numbers = len(layout.numbers)
    state.rows, state.sampled = int(item["rows"]), int(item["sampled"])
    _demand(0 <= state.sampled <= state.rows <= MOST_CELLS, "rows")
    state.moments = _unpack_moments(arrays, f"{prefix}moments/", item["sums"], numbers)
    if item["row_mean_sums"] is not None:
        state.row_means = _unpack_moments(
            arrays, f"{prefix}row_means/", item["row_mean_sums"], numbers
        )
    if "whole_mean_sums" in item:  # Those of the first profiles hold none.
        state.whole_means = _unpack_moments(
            arrays, f"{prefix}whole_means/", item["whole_mean_sums"], 1
        )
    state.histogram = Histogram(
        numbers,
        bits_for(numbers),
        _ascending(arrays, f"{prefix}histogram/bins", np.int64, numbers << bits_for(numbers)),
        _counts(arrays, f"{prefix}histogram/counts"),
    )
    _demand(len(state.histogram.bins) == len(state.histogram.counts), "histogram")
    binned = _by_column(state.histogram.bins >> bits_for(numbers), state.histogram.counts, numbers)
    _demand(bool(np.all(binned <= state.moments.count)), "histogram")
    state.distinct = Distinct(
        len(columns),
        _ascending(arrays, f"{prefix}distinct/marks", np.uint64, len(columns) << 32),
        _counts(arrays, f"{prefix}distinct/counts"),
        _array(arrays, f"{prefix}distinct/dropped", np.bool_, len(columns)),
    )
    _demand(len(state.distinct.marks) == len(state.distinct.counts), "distinct values")
    categories = len(layout.categories)
    state.present = _counts(arrays, f"{prefix}present", categories)
    state.absent = _counts(arrays, f"{prefix}absent", categories)
    cells = np.zeros(len(columns), dtype=np.int64)
    cells[list(layout.numbers)] = state.moments.count + state.moments.missing
    cells[list(layout.numbers)] += state.moments.infinite
    cells[list(layout.categories)] = state.present + state.absent
    of_column = (state.distinct.marks >> np.uint64(32)).astype(np.int64)
    known = _by_column(of_column, state.distinct.counts, len(columns))
    _demand(bool(np.all(known <= cells)), "distinct values")
    if item["comoments"] is not None:
        products = arrays[f"{prefix}comoments/products"]
        _demand(products.shape == (numbers, numbers) and products.dtype == np.int64, "products")
        sums = _array(arrays, f"{prefix}comoments/sums", np.int64, numbers)
        state.comoments = CoMoments(int(item["comoments"]), sums, products)
    if item["sequences"] is not None:
        below, above = item["sequences"]
        ids, lengths, leading, trailing = (
            _counts(arrays, f"{prefix}sequences/{field}") for field in _SEQUENCES
        )
        _demand(0 <= int(below) <= MOST_CELLS and 0 <= int(above) <= MOST_CELLS, "sequences")
        state.sequences = Sequences(ids, int(below), int(above), lengths, leading, trailing)
    state.by_class = _unpack_classes(item["classes_overflown"], prefix, arrays, numbers)
    labels = tuple(
        {int(mark): str(text) for mark, text in column.items()} for column in item["labels"]
    )
    _demand(len(labels) == categories, "labels")
    state.labels = labels
    return state


def _unpack_classes(
    overflown: bool | None, prefix: str, arrays: Arrays, numbers: int
) -> ByClass | None:
    if overflown is None:
        return None
    state = ByClass(numbers, overflown=bool(overflown))
    if f"{prefix}by_class/values" in arrays:
        values = _array(arrays, f"{prefix}by_class/values", np.float64)
        _demand(len(values) <= MOST_CLASSES, "classes")
        counts = _counts(arrays, f"{prefix}by_class/counts", len(values))
        sums, squares = (arrays[f"{prefix}by_class/{name}"] for name in ("sums", "squares"))
        for array in (sums, squares):
            _demand(array.shape == (len(values), numbers) and array.dtype == np.int64, "classes")
        state.counts = dict(zip(values.tolist(), counts.tolist(), strict=True))
        state.sums = dict(zip(values.tolist(), sums, strict=True))
        state.squares = dict(zip(values.tolist(), squares, strict=True))
    return state


def _unpack_moments(arrays: Arrays, prefix: str, sums: list[list[str]], columns: int) -> Moments:
    _demand(len(sums) == 6 and all(len(column) == columns for column in sums), "sums")
    # Text of more digits than any real sum has would take very long to read.
    _demand(all(len(text) < 80 for column in sums for text in column), "sums")
    integers = [np.array([int(text) for text in column], dtype=object) for column in sums]
    _demand(all(-9 <= int(w) <= 8 for place in (0, 3) for w in integers[place]), "sums")
    of_values, of_squares = (
        ExactSums(integers[at].astype(np.int64), integers[at + 1], integers[at + 2])
        for at in (0, 3)
    )
    counts = {field: _counts(arrays, prefix + field, columns) for field in _COUNTS}
    for field in ("at_least", "at_greatest"):
        _demand(bool(np.all(counts[field] <= counts["count"])), field)
    least, greatest = (
        _array(arrays, prefix + field, np.float64, columns) for field in ("least", "greatest")
    )
    return Moments(**counts, least=least, greatest=greatest, sums=of_values, squares=of_squares)


def _array(
    arrays: Arrays, name: str, dtype: type[np.generic], length: int | None = None
) -> np.ndarray[Any, Any]:
    array = arrays[name]
    _demand(array.ndim == 1 and array.dtype == dtype, name)
    _demand(length is None or len(array) == length, name)
    return array


def _counts(arrays: Arrays, name: str, length: int | None = None) -> np.ndarray[Any, Any]:
    counts = _array(arrays, name, np.int64, length)
    _demand(bool(np.all((counts >= 0) & (counts <= MOST_CELLS))), name)
    return counts


def _by_column(
    columns: np.ndarray[Any, Any], counts: np.ndarray[Any, Any], number: int
) -> np.ndarray[Any, Any]:
    """Returns the sum of the counts of each column."""
    sums = np.zeros(number, dtype=np.int64)
    np.add.at(sums, columns, counts)
    return sums


def _ascending(
    arrays: Arrays, name: str, dtype: type[np.generic], limit: int
) -> np.ndarray[Any, Any]:
    array = _array(arrays, name, dtype)
    if len(array):
        _demand(bool(np.all(array[1:] > array[:-1])), name)
        _demand(int(array[0]) >= 0 and int(array[-1]) < limit, name)
    return array


def _demand(condition: bool, what: str) -> None:
    if not condition:
        raise ProfileError(f"The saved profile is damaged: {what}.")
