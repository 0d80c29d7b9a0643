"""Ray's datasets are measured by Ray, and the profile is that of the same rows in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute
import pytest

from mlflow_plateau import check_consistency
from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles import profile
from tests.clusters.frames import ROWS, raw_and_standardised, saved, table

ray = pytest.importorskip("ray", reason="Ray comes with: make test-clusters")
pytest.importorskip("ray.data")

BLOCKS = 20
RNG = np.random.default_rng(8)


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Ray on two cores, with little memory."""
    ray.init(
        num_cpus=2,
        object_store_memory=100 << 20,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def local() -> pd.DataFrame:
    return table().assign(kind=pd.Categorical(RNG.choice(["a", "b", None], ROWS)))


def parts(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [frame.iloc[start : start + ROWS // BLOCKS] for start in range(0, ROWS, ROWS // BLOCKS)]


@pytest.fixture(params=["pandas", "arrow"])
def dataset(request: pytest.FixtureRequest) -> tuple[Any, pd.DataFrame]:
    """The table in many blocks of pandas, or of Arrow's, and in one place."""
    frame = local()
    if request.param == "pandas":
        return ray.data.from_pandas(parts(frame)), frame
    schema = pyarrow.Schema.from_pandas(frame, preserve_index=False)
    blocks = [pyarrow.Table.from_pandas(part, schema=schema) for part in parts(frame)]
    return ray.data.from_arrow(blocks), frame


def test_blocks_make_the_profile_of_the_whole(dataset: tuple[Any, pd.DataFrame]) -> None:
    blocks, frame = dataset
    assert saved(profile(blocks)) == saved(profile(frame))
    assert saved(profile((blocks, "label"))) == saved(profile((frame, "label")))


def test_empty_blocks(dataset: tuple[Any, pd.DataFrame]) -> None:
    blocks, frame = dataset
    few = blocks.map_batches(
        lambda rows: rows.filter(pyarrow.compute.greater(rows["count"], 7)), batch_format="pyarrow"
    )
    assert saved(profile(few)) == saved(profile(frame[frame["count"] > 7]))


def test_no_rows() -> None:
    frame = local()[["number", "count", "flag", "word", "time"]].iloc[:0]
    assert saved(profile(ray.data.from_pandas(frame))) == saved(profile(frame))
    table_of_none = pyarrow.Table.from_pandas(frame, preserve_index=False)
    assert saved(profile(ray.data.from_arrow(table_of_none))) == saved(profile(frame))


def test_images_are_arrays_and_targets_have_names() -> None:
    images, labels = RNG.integers(0, 256, (90, 6, 7, 3)).astype("uint8"), np.arange(90) % 3
    rows = ray.data.from_items(
        [{"image": i, "label": y} for i, y in zip(images, labels, strict=True)]
    )
    expected = saved(profile(({"image": images}, labels)))
    assert saved(profile((rows.repartition(10), "label"))) == expected


def test_one_side_in_ray_the_other_in_pandas() -> None:
    train, validation = raw_and_standardised(800)
    report = check_consistency(ray.data.from_pandas(train), validation)
    assert report.verdict == "fail"
    assert {finding.kind for finding in report.findings} == {"scaling_missing"}


def test_what_cannot_be_measured_is_refused_in_words() -> None:
    rows = ray.data.range(100)
    with pytest.raises(ProfileError, match="no column 'label' for the target; there are: 'id'"):
        profile((rows, "label"))
    with pytest.raises(ProfileError, match="one Ray dataset that holds the targets too"):
        profile((rows, rows))
    with pytest.raises(ProfileError, match="Column 'tags' holds values of type list"):
        profile(ray.data.from_arrow(pyarrow.table({"tags": [["a"], ["b"]]})))
    with pytest.raises(ProfileError, match="only datasets"):
        profile(ray.put(3))


def test_an_error_of_the_pipeline_is_passed_on() -> None:
    def broken(rows: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("no such file")

    with pytest.raises(ProfileError, match=r"Ray could not load the data: .*"):
        profile(ray.data.range(100).map_batches(broken))
