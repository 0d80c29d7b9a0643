"""Everything that ``fit`` takes can be profiled, or is refused in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles import ProfileBuilder, profile
from tests.profiles.states import state

RNG = np.random.default_rng(7)
X = RNG.standard_normal((200, 3)).astype("float32")
Y = RNG.integers(0, 3, 200)


def test_a_frame_and_an_array_are_measured_alike() -> None:
    one = profile(pd.DataFrame(X, columns=["a", "b", "c"])).inputs[0]
    other = profile(X).inputs[0]
    assert one.histogram.bins.tolist() == other.histogram.bins.tolist()
    assert [column.name for column in one.layout.columns] == ["a", "b", "c"]


def test_a_pair_has_an_input_and_a_target() -> None:
    roles = {item.layout.name: item.layout.role for item in profile((X, Y)).inputs}
    assert roles == {"x": "input", "y": "target"}
    assert profile((X, Y, np.ones(200))).input("y") is not None


def test_inputs_by_name() -> None:
    two = profile(({"image": np.zeros((4, 2, 2, 3)), "age": np.arange(4)}, np.zeros(4)))
    assert [item.layout.name for item in two.inputs] == ["age", "image", "y"]


def test_a_list_of_inputs() -> None:
    assert [item.layout.name for item in profile(([X, X[:, :1]], Y)).inputs] == ["x0", "x1", "y"]


def test_files(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": X[:, 0], "b": Y.astype("int64"), "c": np.array(list("xyz"))[Y]})
    frame.to_parquet(tmp_path / "t.parquet")
    for name, separator in (("t.csv", ","), ("semicolons.csv", ";"), ("tabs.csv", "\t")):
        frame.to_csv(tmp_path / name, index=False, sep=separator)
    np.save(tmp_path / "x.npy", X)
    np.savez(tmp_path / "xy.npz", x=X, y=Y)
    for name in ("t.parquet", "t.csv", "semicolons.csv", "tabs.csv"):
        found = profile(tmp_path / name).inputs[0]
        assert found.moments.count.tolist() == [200, 200]
        assert sorted(found.labels[0].values()) == ["x", "y", "z"]
    assert state(profile(tmp_path / "x.npy")) == state(profile(X))
    assert state(profile(str(tmp_path / "xy.npz"))) == state(profile((X, Y)))


def test_arrow_tables() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"a": X[:, 0], "b": Y})
    assert profile(table).inputs[0].moments.count.tolist() == [200, 200]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8", "int64", "bool"])
def test_every_type_of_number(dtype: str) -> None:
    found = profile(np.array([[0, 1], [1, 1]]).astype(dtype)).inputs[0]
    assert found.layout.dtype == dtype
    assert found.moments.mean_and_deviation()[0].tolist() == [0.5, 1.0]


def test_bfloat16() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    found = profile(np.array([[1.5], [2.5]]).astype(ml_dtypes.bfloat16)).inputs[0]
    assert found.moments.mean_and_deviation()[0].tolist() == [2.0]


def test_values_beyond_single_precision_are_not_infinite() -> None:
    found = profile(np.array([1e300, -1e300, np.inf])).inputs[0].moments
    assert (found.count[0], found.infinite[0]) == (2, 1)


def test_dates_booleans_and_missing_values() -> None:
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
            "zone": pd.to_datetime(["2020-01-01"] * 3).tz_localize("Europe/Berlin"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "objects": np.array([1, None, 2.5], dtype=object),
            "nothing": np.array([None] * 3, dtype=object),
            "kind": pd.Categorical(["a", "b", None]),
        }
    )
    found = profile(frame).inputs[0]
    assert found.moments.count.tolist() == [2, 3, 2, 2, 2, 0]
    assert found.moments.missing.tolist() == [1, 0, 1, 1, 1, 3]
    assert found.present.tolist() == [2]


def test_mixed_objects_are_categories_of_their_text() -> None:
    found = profile(pd.DataFrame({"a": [1, "x", 2.5, 1.0, None]})).inputs[0]
    assert found.layout.columns[0].kind == "category"
    assert sorted(found.labels[0].values()) == ["1", "2.5", "x"]


@pytest.mark.parametrize(
    "empty",
    [np.zeros((0, 3)), pd.DataFrame({"a": []}), pd.DataFrame(), np.zeros(0), (X[:0], Y[:0])],
)
def test_no_rows(empty: Any) -> None:
    assert profile(empty).rows == 0


def test_rows_of_different_lengths() -> None:
    rows = np.array([[1, 2, 3], [4], [5, 6]], dtype=object)
    found = profile(rows)
    assert (found.rows, found.inputs[0].moments.count.tolist()) == (3, [6])


def test_sparse_matrices() -> None:
    dense = np.where(X > 1, X, 0)
    assert state(profile(sparse.csr_matrix(dense))) == state(profile(dense))


def test_many_columns() -> None:
    wide = profile(RNG.standard_normal((10, 5000)))
    assert len(wide.inputs[0].layout.columns) == 4096
    assert wide.inputs[0].comoments is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "missing"),
        (np.float64(3), "single value"),
        (np.zeros(3, dtype="complex128"), "complex128"),
        (np.zeros(3, dtype=[("a", "i4")]), "no numbers"),
        ((X, Y[:5]), "different numbers of rows"),
        (np.array([[[object()]]]), "3 axes"),
        ("nothing.txt", "no file"),
        (np.array([["a"], ["b", "c"]], dtype=object), "different lengths"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(data: Any, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        profile(data)


def test_batches_that_do_not_fit_each_other() -> None:
    builder = ProfileBuilder()
    builder.add(X, Y)
    with pytest.raises(ProfileError, match="differ"):
        builder.add(X[:, :2], Y)
    with pytest.raises(ProfileError, match="lacks"):
        builder.add(X)


def test_coverage_says_what_was_left_out() -> None:
    builder = ProfileBuilder()
    builder.add(X, Y)
    builder.add(X, Y, sample=False)
    builder.skip(100)
    coverage = builder.profile(complete=True).coverage
    assert (coverage.rows, coverage.measured, coverage.sampled) == (500, 400, 200)
    assert not coverage.exact
    assert profile(X).coverage.exact


def test_a_generator_is_observed_batch_by_batch() -> None:
    batches = ((X[start : start + 50], Y[start : start + 50]) for start in range(0, 200, 50))
    assert state(profile(batches)) == state(profile((X, Y)))


class TestTensorFlow:
    """Tensors and pipelines, in a process of its own."""

    def run(self, program: str) -> str:
        start = (
            "import numpy as np, tensorflow as tf\n"
            "from mlflow_plateau.profiles import profile\n"
            "x = np.arange(12, dtype='float32').reshape(6, 2); y = np.arange(6)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", start + program], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_pipelines_and_tensors(self) -> None:
        pytest.importorskip("tensorflow")
        assert (
            self.run(
                "data = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)\n"
                "p = profile(data); q = profile((tf.constant(x), y))\n"
                "print(p.rows, p.row_hashes.hashes.tolist() == q.row_hashes.hashes.tolist())\n"
                "try: profile(data.repeat())\n"
                "except Exception as error: print(type(error).__name__, 'infinite' in str(error))\n"
                "print(profile(tf.ragged.constant([[1, 2], [3]])).inputs[0].moments.count)\n"
                "s = tf.sparse.from_dense(x)\n"
                "print(profile(s).row_hashes.hashes.tolist() == p.row_hashes.hashes.tolist())\n"
            )
            == "6 True\nProfileError True\n[3]\nTrue\n"
        )


def test_profiling_imports_no_framework() -> None:
    program = (
        "import sys, numpy as np; from mlflow_plateau.profiles import profile;"
        "profile((np.zeros((4, 2)), np.zeros(4)));"
        "print(sorted({'tensorflow', 'keras', 'mlflow', 'torch', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_a_column_of_lists_is_named() -> None:
    frame = pd.DataFrame({"tags": [["a"], ["a", "b"], None]})
    with pytest.raises(ProfileError, match="'tags' holds values of type list"):
        profile(frame)
