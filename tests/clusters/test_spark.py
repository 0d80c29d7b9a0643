"""Spark's data frames are measured in Spark, and the profile is that of the same rows in pandas."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlflow_plateau import check_consistency
from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles import profile
from tests.clusters.frames import raw_and_standardised, saved, table

pytest.importorskip("pyspark", reason="Spark comes with: make test-clusters")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs Java, which is not here", allow_module_level=True)

ZONE = "America/New_York"


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Spark on two cores, with batches that are much smaller than the partitions."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.memory", "1g")
            # What takes long at first and pays only later is left out.
            .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
            .config("spark.sql.codegen.wholeStage", "false")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.sql.session.timeZone", ZONE)
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", "16")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.fixture(scope="module")
def frame(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The table in Spark, from a Parquet file; the column of nulls is whole numbers in that."""
    from pyspark.sql.functions import lit

    path = tmp_path_factory.mktemp("table") / "table.parquet"
    table().to_parquet(path, index=False)
    return spark.read.parquet(str(path)).withColumn("nothing", lit(None))


def test_partitions_make_the_profile_of_the_whole_and_nothing_stays_in_the_cluster(
    spark: Any, frame: Any
) -> None:
    many = frame.repartition(12)
    assert saved(profile(many)) == saved(profile(table()))
    assert spark.sparkContext._jsc.getPersistentRDDs().isEmpty()


def test_it_is_what_pandas_gets_from_spark(frame: Any) -> None:
    zoned = frame.selectExpr("*", "cast(time as timestamp) as here", "interval '1' hour as lasted")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Spark's own, about pandas 3.
        local = zoned.toPandas()
    assert saved(profile(zoned.repartition(3))) == saved(profile(local))


def test_the_target_is_named(frame: Any) -> None:
    expected = profile((table().drop(columns="label"), table()["label"]))
    assert saved(profile((frame.repartition(3), "label"))) == saved(expected)
    with pytest.raises(ProfileError, match=r"no column 'labels' .* there are: 'number'"):
        profile((frame, "labels"))


def test_empty_partitions(frame: Any) -> None:
    few = frame.repartition(5).where("price < 0.75")
    assert saved(profile(few)) == saved(profile(table().iloc[:3]))


def test_no_rows(frame: Any) -> None:
    plain = frame.select("number", "count", "flag", "word", "time").where("count > 100")
    local = table()[["number", "count", "flag", "word", "time"]].iloc[:0]
    assert saved(profile(plain)) == saved(profile(local))


def test_one_side_in_spark_the_other_in_pandas(spark: Any, tmp_path: Path) -> None:
    train, validation = raw_and_standardised(800)
    train.to_parquet(tmp_path / "train.parquet", index=False)
    report = check_consistency(spark.read.parquet(str(tmp_path)), validation)
    assert report.verdict == "fail"
    assert {finding.kind for finding in report.findings} == {"scaling_missing"}


def test_what_cannot_be_measured_is_said_before_anything_runs(frame: Any) -> None:
    with pytest.raises(ProfileError, match=r"Column 'both' has the type array<double>; split it"):
        profile(frame.selectExpr("array(number, number) as both"))
    with pytest.raises(ProfileError, match="no common order"):
        profile((frame, frame.select("label")))
    with pytest.raises(ProfileError, match="only data frames"):
        profile(frame.rdd)


def test_an_error_of_the_query_is_passed_on(frame: Any) -> None:
    broken = frame.selectExpr("if(price > 100, raise_error('no such price'), number) as number")
    with pytest.raises(ProfileError, match=r"Spark could not load the data: .*no such price"):
        profile(broken)


def test_workers_without_the_package_are_told_of(
    spark: Any, frame: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python that has all packages but this one, which is installed by a path file."""
    python = tmp_path / "python"
    packages = sysconfig.get_path("purelib")
    python.write_text(
        f'#!/bin/sh\ncd /\nPYTHONPATH="$PYTHONPATH:{packages}" exec {sys.executable} -S "$@"\n'
    )
    python.chmod(0o755)
    monkeypatch.setattr(spark.sparkContext, "pythonExec", str(python))
    with pytest.raises(ProfileError, match=r"workers of Spark lack mlflow-plateau.*install"):
        profile(frame)
