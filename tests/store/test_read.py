from __future__ import annotations

import math
import sqlite3
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from mlflow_plateau.align import align
from mlflow_plateau.errors import RunNotFoundError
from mlflow_plateau.store.read import read_run


def test_returns_params_tags_and_every_point_of_every_metric(tracking_uri: str) -> None:
    with mlflow.start_run(run_name="my run") as run:
        mlflow.log_param("lr", 0.1)
        mlflow.set_tag("colour", "blue")
        for step in (3, 1, 2):
            mlflow.log_metrics({"loss": 1.0 / step, "val loss/é": math.nan}, step=step)
        mlflow.log_metric("system/cpu_utilization", 50.0)

    tracked = read_run(run.info.run_id)
    assert (tracked.name, tracked.status) == ("my run", "FINISHED")
    assert tracked.params["lr"] == "0.1"
    assert tracked.tags["colour"] == "blue"
    assert set(tracked.metrics) == {"loss", "val loss/é"}
    assert sorted(tracked.metrics["loss"].steps) == [1, 2, 3]
    assert np.isnan(tracked.metrics["val loss/é"].values).all()
    assert tracked.metrics["loss"].timestamps.dtype == np.int64


def test_a_history_longer_than_a_page_comes_back_whole(tracking_uri: str, tmp_path: Path) -> None:
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 1.0, step=0)
    rows = [(run.info.run_id, step) for step in range(1, 26_000)]
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.executemany(
            "INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan)"
            " VALUES (?, 'loss', 1.0, 1, ?, 0)",
            rows,
        )
    database.close()
    steps = read_run(run.info.run_id).metrics["loss"].steps
    assert np.array_equal(np.sort(steps), np.arange(26_000))


def test_infinity_survives_the_way_through_the_store(tracking_uri: str) -> None:
    with mlflow.start_run() as run:
        for step, value in enumerate((1.0, math.inf, -math.inf, math.nan)):
            mlflow.log_metrics({"loss": value, "val_loss": value}, step=step)
    history = align(read_run(run.info.run_id))
    np.testing.assert_array_equal(history.validation_loss, [1.0, math.inf, -math.inf, math.nan])


def test_names_that_mlflow_would_not_log_are_read(tracking_uri: str, tmp_path: Path) -> None:
    with mlflow.start_run() as run:
        for step in range(3):
            mlflow.log_metrics({"loss": 1.0 - step / 10, "val_loss": 1.0}, step=step)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        for table in ("metrics", "latest_metrics"):
            database.execute(
                f"UPDATE {table} SET key = '<script>val</script> loss' WHERE key = 'val_loss'"
            )
    database.close()
    history = align(read_run(run.info.run_id), monitor="<script>val</script> loss")
    assert history.validation_loss.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("run_id", ["0123456789abcdef0123456789abcdef", "../../etc/passwd", ""])
def test_an_unknown_run_is_an_error_that_names_it_and_the_store(
    tracking_uri: str, run_id: str
) -> None:
    with pytest.raises(RunNotFoundError) as caught:
        read_run(run_id)
    assert f"'{run_id}'" in str(caught.value)
    assert tracking_uri in str(caught.value)
    assert "MLFLOW_TRACKING_URI" in str(caught.value)


def test_a_deleted_run_is_an_error_that_says_how_to_restore_it(tracking_uri: str) -> None:
    run_id = MlflowClient().create_run("0").info.run_id
    MlflowClient().delete_run(run_id)
    with pytest.raises(RunNotFoundError, match=r"deleted.*mlflow runs restore"):
        read_run(run_id)
