"""Dask's collections are measured by Dask, and the profile is that of the same rows in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau import check_consistency
from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles import profile
from tests.clusters.frames import ROWS, raw_and_standardised, saved, table

dask = pytest.importorskip("dask", reason="Dask comes with: make test-clusters")
dd = pytest.importorskip("dask.dataframe")
da = pytest.importorskip("dask.array")

RNG = np.random.default_rng(6)
X = RNG.standard_normal((ROWS, 5, 4)).astype("float32")
Y = RNG.integers(0, 3, ROWS)


@pytest.fixture
def workers() -> Iterator[None]:
    """A scheduler and two workers, which Dask uses as long as they are there."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit="1GiB"
        ) as cluster,
        distributed.Client(cluster),
    ):
        yield


@pytest.fixture(params=[True, False], ids=["strings", "objects"])
def frame(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The table in many partitions, its strings and objects as Arrow strings or as they are."""
    local = table().assign(kind=pd.Categorical(RNG.choice(["a", "b", None], ROWS)))
    with dask.config.set({"dataframe.convert-string": request.param}):
        yield dd.from_pandas(local, npartitions=17, sort=False)


def test_partitions_make_the_profile_of_the_whole(frame: Any) -> None:
    local = frame.compute()
    assert saved(profile(frame)) == saved(profile(local))
    assert saved(profile((frame, "label"))) == saved(profile((local, "label")))


def test_workers_in_processes_of_their_own(workers: None) -> None:
    with dask.config.set({"dataframe.convert-string": False}):
        frame = dd.from_pandas(table(), npartitions=17, sort=False)
        assert saved(profile(frame)) == saved(profile(table()))


def test_inputs_and_targets_of_the_same_partitions(frame: Any) -> None:
    inputs, targets = frame[["number", "rare flag"]], frame["rare word"]
    expected = saved(profile((inputs.compute(), targets.compute())))
    assert saved(profile((inputs, targets))) == expected


def test_empty_partitions_and_no_rows(frame: Any) -> None:
    few = frame[frame["count"] > 7]
    assert saved(profile(few)) == saved(profile(few.compute()))
    none = frame[frame["count"] > 100]
    assert saved(profile(none)) == saved(profile(none.compute()))


def test_arrays_are_cut_along_their_rows() -> None:
    x, y = da.from_array(X, chunks=(70, 2, 3)), da.from_array(Y, chunks=200)
    assert saved(profile((x, y))) == saved(profile((X, Y)))
    assert saved(profile(y)) == saved(profile(Y))
    assert saved(profile(x[:0])) == saved(profile(X[:0]))
    unknown = x[y > 0]  # Dask does not know how many rows that leaves in each chunk.
    assert saved(profile(unknown)) == saved(profile(X[Y > 0]))


def test_one_side_in_dask_the_other_in_pandas() -> None:
    train, validation = raw_and_standardised(800)
    report = check_consistency(dd.from_pandas(train, npartitions=3), validation)
    assert report.verdict == "fail"
    assert {finding.kind for finding in report.findings} == {"scaling_missing"}


def test_what_cannot_be_measured_is_refused_in_words() -> None:
    frame = dd.from_pandas(table(), npartitions=3)
    with pytest.raises(ProfileError, match="x has 3 partitions and y has 2"):
        profile((frame[["number"]], frame["label"].repartition(npartitions=2)))
    with pytest.raises(ProfileError, match=r"y is a numpy.ndarray; .* both are Dask's"):
        profile((frame, Y))
    with pytest.raises(ProfileError, match="no column 'target'"):
        profile((frame, "target"))
    with pytest.raises(ProfileError, match="data frames, series and arrays"):
        profile(dask.delayed(table)())
    with pytest.raises(ProfileError, match=r"rows of x and .* of y"):
        profile((frame[frame["count"] > 3], frame["label"]))
