"""Arrow's data and files are streamed, and measured as pandas would have them."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles import ProfileBuilder, merge, profile
from tests.profiles.states import state

pa = pytest.importorskip("pyarrow")
ds = pytest.importorskip("pyarrow.dataset")
ipc = pytest.importorskip("pyarrow.ipc")
pq = pytest.importorskip("pyarrow.parquet")

ROWS = 500
RNG = np.random.default_rng(11)
LATE = np.arange(ROWS) >= ROWS - 5
FRAME = pd.DataFrame(
    {
        "number": RNG.standard_normal(ROWS),
        "id": RNG.integers(0, 1 << 62, ROWS),
        "flag": RNG.random(ROWS) < 0.5,
        "word": RNG.choice(["red", "green"], ROWS),
        "kind": pd.Categorical(RNG.choice(["a", "b", None], ROWS)),
        "day": [datetime.date(1, 1, 1) + datetime.timedelta(i % 50) for i in range(ROWS)],
        "time": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(ROWS), "s"),
        "zoned": (pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(ROWS), "h")).tz_localize(
            "Asia/Tokyo"
        ),
        "lasted": pd.to_timedelta(np.arange(ROWS), "min"),
        "price": [Decimal(i) / 4 for i in range(ROWS)],
        "bytes": [b"ab", b"c"] * (ROWS // 2),
        "rare number": np.where(LATE, 1.0, np.nan),
        "rare count": pd.array(np.where(LATE, 7, None), dtype="Int64"),
        "rare flag": pd.Series(np.where(LATE, LATE, None), dtype=object),
        "rare word": pd.Series(np.where(LATE, "seldom", None), dtype=object),
        "nothing": pd.Series([None] * ROWS, dtype=object),
        "label": RNG.choice(["yes", "no"], ROWS),
    }
)
TABLE = pa.Table.from_pandas(FRAME, preserve_index=False)

FORMS: dict[str, Callable[[Path], Any]] = {
    "table": lambda folder: TABLE,
    "batch": lambda folder: TABLE.combine_chunks().to_batches()[0],
    "reader": lambda folder: TABLE.to_reader(max_chunksize=37),
    "dataset": lambda folder: ds.dataset(folder / "parts"),
    "filtered": lambda folder: ds.dataset(folder / "parts").filter(ds.field("id") >= 0),
    "datasets": lambda folder: ds.dataset([ds.dataset(folder / "parts")]),
    "scanner": lambda folder: ds.dataset(folder / "parts").scanner(batch_size=29),
    "folder": lambda folder: folder / "parts",
    "row groups": lambda folder: folder / "table.parquet",
    "feather": lambda folder: folder / "table.feather",
    "arrow file": lambda folder: str(folder / "table.arrow"),
    "arrow stream": lambda folder: folder / "stream.arrow",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table in files of all formats, and in parts of which one is empty."""
    import pyarrow.feather

    folder = tmp_path_factory.mktemp("arrow")
    (folder / "parts").mkdir()
    (folder / "parts" / "_SUCCESS").touch()
    for start in range(0, ROWS + 1, 100):
        pq.write_table(TABLE.slice(start, 100), folder / "parts" / f"{start}.parquet")
    pq.write_table(TABLE, folder / "table.parquet", row_group_size=64)
    pyarrow.feather.write_feather(TABLE, str(folder / "table.feather"))
    with ipc.new_file(folder / "table.arrow", TABLE.schema) as file:
        file.write_table(TABLE, max_chunksize=64)
    with ipc.new_stream(folder / "stream.arrow", TABLE.schema) as stream:
        stream.write_table(TABLE, max_chunksize=64)
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_make_the_profile_of_the_frame(form: str, folder: Path) -> None:
    assert state(profile(FORMS[form](folder))) == state(profile(FRAME))
    named = profile((FORMS[form](folder), "label"))
    assert state(named) == state(profile((FRAME.drop(columns="label"), FRAME["label"])))


def test_shards_with_and_without_nulls_merge() -> None:
    shards = [profile(TABLE.slice(start, 50)) for start in range(0, ROWS, 50)]
    assert state(merge(*shards)) == state(profile(FRAME))
    plain = pa.table({"count": pa.array([1, 2, None, 4], pa.int32()), "flag": [True, None] * 2})
    both = merge(profile(plain.slice(3, 1)), profile(plain.slice(0, 3)))
    assert state(both) == state(profile(plain.to_pandas()))
    assert [column.dtype for column in both.inputs[0].layout.columns] == ["float64", "object"]


@pytest.mark.parametrize(
    ("plain", "view"), [(pa.binary(), pa.binary_view()), (pa.string(), pa.string_view())]
)
def test_views_are_measured_like_what_they_show(plain: Any, view: Any) -> None:
    values = ["red", "green", None, "red"]
    shown = [profile(pa.table({"a": pa.array(values, kind)})) for kind in (plain, view)]
    assert state(shown[0]) == state(shown[1])


def test_no_rows() -> None:
    frame = FRAME[["number", "id", "flag", "kind", "time"]].iloc[:0]
    table = pa.Table.from_pandas(frame, preserve_index=False)
    assert state(profile(table)) == state(profile(frame))


def test_folders_that_name_a_column(tmp_path: Path) -> None:
    parts = FRAME[["number", "word"]]
    parts.to_parquet(tmp_path, partition_cols=["word"])
    assert state(profile(tmp_path)) == state(profile(pd.read_parquet(tmp_path)))


def test_an_index_is_no_column(tmp_path: Path) -> None:
    frame = FRAME[["number", "word"]].set_index(pd.Index(np.arange(ROWS) * 2, name="key"))
    frame.to_parquet(tmp_path / "indexed.parquet")
    assert state(profile(tmp_path / "indexed.parquet")) == state(profile(frame))


def test_whole_numbers_are_measured_alike_whether_some_are_missing_or_not() -> None:
    """Between two float32 values, and off their middle by less than float64 can tell."""
    values = np.array([(1 << 62) + (1 << 38) + 1, 5])
    with_null = pd.DataFrame({"id": pd.array([*values, None], dtype="Int64")})
    plain = profile(pd.DataFrame({"id": values})).inputs[0].distinct.marks
    assert plain.tolist() == profile(with_null).inputs[0].distinct.marks.tolist()


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([[1], [2, 3]]), "'a' holds values of type list<.*split them"),
        (pa.array([{"b": 1}, {"b": 2}]), "'a' holds values of type struct<"),
        (pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int8())), "type map<"),
    ],
)
def test_columns_of_more_than_one_fact_are_named(column: Any, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        profile(pa.table({"a": column}))


def test_the_name_of_a_target_that_is_not_there() -> None:
    for data in (FRAME, TABLE, {"number": FRAME["number"]}):
        with pytest.raises(ProfileError, match=r"no column 'target' .* there are: 'number'"):
            profile((data, "target"))
    with pytest.raises(ProfileError, match="columns have names"):
        profile((np.zeros((3, 2)), "target"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="holds no Parquet files"):
        profile(tmp_path)
    for name in ("a.parquet", "a.arrow", "a.feather"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(ProfileError, match="cannot be read"):
            profile(tmp_path / name)
    np.save(tmp_path / "x.npy", np.zeros(3))
    with pytest.raises(ProfileError, match="have no names"):
        profile((tmp_path / "x.npy", "label"))


def test_batches_of_other_types_are_named() -> None:
    builder = ProfileBuilder()
    builder.add(pa.table({"a": [1], "b": ["x"]}))
    with pytest.raises(ProfileError, match="column 'b' holds string, then int64"):
        builder.add(pa.table({"a": [1], "b": [2]}))
    with pytest.raises(ProfileError, match="a column 'b' stands where 'c' does later"):
        builder.add(pa.table({"a": [1], "c": ["x"]}))


def test_a_dataset_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    """What Arrow had allocated at most is far less than the 64 MB that the files hold."""
    for part in range(4):
        columns = {name: RNG.standard_normal(1 << 20) for name in ("a", "b")}
        pq.write_table(pa.table(columns), tmp_path / f"{part}.parquet", row_group_size=1 << 16)
    program = (
        "import sys, pyarrow as pa; from mlflow_plateau.profiles import profile;"
        "found = profile(sys.argv[1]);"
        "print(found.rows, pa.default_memory_pool().max_memory() < 16e6)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True
    )
    assert done.stdout == f"{4 << 20} True\n", done.stderr + done.stdout
