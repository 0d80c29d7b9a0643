"""Siblings out of a real store: what is read of it, and how often it is asked."""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

import mlflow_plateau
from mlflow_plateau.diagnosis import Diagnosis
from mlflow_plateau.siblings.choose import MOST_READ
from tests.command_line import call


def log_run(rate: float, epochs: int = 30, **params: object) -> str:
    """Logs a run whose loss is best at a rate of 0.001; returns its id."""
    client = MlflowClient()
    experiment = client.get_experiment_by_name("here")
    run = client.create_run(experiment.experiment_id, run_name=f"rate {rate:g}")
    floor = 0.2 + 0.2 * abs(math.log10(rate) + 3)
    logged = [Param(k, str(v)) for k, v in {"lr": rate, "optimizer": "adam", **params}.items()]
    losses = [floor + math.exp(-epoch / 4) for epoch in range(epochs)]
    metrics = [
        Metric(name, factor * loss, 1, epoch)
        for epoch, loss in enumerate(losses)
        for name, factor in (("loss", 0.9), ("val_loss", 1.0))
    ]
    client.log_batch(run.info.run_id, metrics, logged)
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the requests of a client, which are made all the same."""
    counts: Counter[str] = Counter()
    for name in ("search_runs", "get_metric_history", "get_run"):
        real = getattr(MlflowClient, name)

        def counted(
            self: MlflowClient,
            *args: object,
            _real: object = real,
            _name: str = name,
            **more: object,
        ) -> object:
            counts[_name] += 1
            return _real(self, *args, **more)  # type: ignore[operator]

        monkeypatch.setattr(MlflowClient, name, counted)
    return counts


def test_a_sweep_in_which_the_lower_rate_did_better(tracking_uri: str) -> None:
    ids = {rate: log_run(rate) for rate in (1e-3, 1e-2, 1e-1)}
    found = mlflow_plateau.diagnose(ids[1e-1])
    assert (found.cause, found.level) == ("learning_rate_too_large", "compared")
    assert found.siblings is not None
    assert [run.run_id for run in found.siblings.compared] == [ids[1e-3], ids[1e-2]]
    assert any(item.signal == "lower_rate_better" for item in found.evidence)

    folder = Path(mlflow.artifacts.download_artifacts(run_id=ids[1e-1], artifact_path="plateau"))
    document = json.loads((folder / "diagnosis.json").read_text())
    assert Diagnosis.from_dict(document) == found
    page = (folder / "report.html").read_text()
    assert ids[1e-3] in page
    assert "rate 0.001" in page
    note = MlflowClient().get_run(ids[1e-1]).data.tags["mlflow.note.content"]
    assert "Compared with 2 other runs" in note


def test_it_can_be_turned_off(tracking_uri: str, asked: Counter[str]) -> None:
    log_run(1e-3)
    run_id = log_run(1e-1)
    found = mlflow_plateau.diagnose(run_id, siblings=False, log=False)
    assert (found.level, found.siblings) == ("history", None)
    assert not asked["search_runs"]
    result = call("diagnose", run_id, "--no-siblings", "--no-log", "--json")
    assert json.loads(result.stdout)["siblings"] is None
    result = call("diagnose", run_id, "--no-log", "--json")
    assert json.loads(result.stdout)["siblings"] is not None


def test_a_run_alone_is_diagnosed_as_ever(tracking_uri: str) -> None:
    found = mlflow_plateau.diagnose(log_run(1e-1), log=False)
    assert (found.level, found.siblings) == ("history", None)


def test_deleted_runs_and_those_without_a_curve_are_left_out(tracking_uri: str) -> None:
    run_id, deleted = log_run(1e-1), log_run(1e-3)
    MlflowClient().delete_run(deleted)
    with mlflow.start_run():
        mlflow.log_params({"lr": 1e-3, "optimizer": "adam"})
    assert mlflow_plateau.diagnose(run_id, log=False).siblings is None


def test_active_and_failed_runs_count(tracking_uri: str) -> None:
    run_id, active, failed = log_run(1e-1), log_run(1e-3), log_run(1e-2)
    client = MlflowClient()
    client.update_run(active, status="RUNNING")
    client.set_terminated(failed, "FAILED")
    found = mlflow_plateau.diagnose(run_id, log=False).siblings
    assert found is not None
    assert {run.run_id for run in found.compared} == {active, failed}


def test_the_digests_of_data_sets_are_compared(tracking_uri: str) -> None:
    from mlflow.data.http_dataset_source import HTTPDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    ids = []
    for digest in ("one", "two"):
        with mlflow.start_run() as run:
            data = MetaDataset(HTTPDatasetSource("http://example.com"), digest=digest)
            mlflow.log_input(data, context="training")
            for epoch in range(20):
                mlflow.log_metrics({"val_loss": 0.2 + math.exp(-epoch / 4)}, step=epoch)
        ids.append(run.info.run_id)
    found = mlflow_plateau.diagnose(ids[0], log=False).siblings
    assert found is not None
    (difference,) = found.compared[0].differences
    assert (difference.lever, difference.ours, difference.theirs) == ("data", "one", "two")


def test_a_large_experiment_costs_no_more_than_a_small_one(
    tracking_uri: str, tmp_path: Path, asked: Counter[str]
) -> None:
    run_id = log_run(1e-1)
    for rate in (1e-3, 1e-2):
        log_run(rate)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(runs)")]
        row = dict(
            zip(
                columns,
                database.execute("SELECT * FROM runs WHERE run_uuid = ?", (run_id,)).fetchone(),
                strict=True,
            )
        )
        for number in range(1200):
            copy = {**row, "run_uuid": f"{number:032d}", "start_time": row["start_time"] - number}
            marks = ", ".join("?" * len(columns))
            database.execute(f"INSERT INTO runs VALUES ({marks})", [copy[c] for c in columns])
            database.executemany(
                "INSERT INTO params (run_uuid, key, value) VALUES (?, ?, ?)",
                [
                    (copy["run_uuid"], "lr", f"{10 ** (-4 + number / 400):.6g}"),
                    (copy["run_uuid"], "optimizer", "adam"),
                ],
            )
            for table in ("metrics", "latest_metrics"):
                database.execute(
                    f"INSERT INTO {table} (run_uuid, key, value, timestamp, step, is_nan)"
                    " VALUES (?, 'val_loss', 0.5, 1, 0, 0)",
                    (copy["run_uuid"],),
                )
    database.close()
    asked.clear()
    mlflow_plateau.diagnose(run_id, log=False)
    own = 2  # The curves of the run itself.
    assert asked["search_runs"] <= 2
    assert asked["get_metric_history"] <= MOST_READ + own
    assert asked["get_run"] == 1


def test_many_runs_read_their_experiment_once(tracking_uri: str, asked: Counter[str]) -> None:
    ids = [log_run(10 ** (-4 + k / 4)) for k in range(12)]
    frame = mlflow_plateau.diagnose_runs(["here"], log=False)
    assert set(frame["error"]) == {""}
    assert set(frame["level"]) == {"compared"}
    assert asked["search_runs"] == 2
    # Each run's own two curves, and each validation curve once more as a sibling's.
    assert asked["get_metric_history"] <= 3 * len(ids)


def test_what_cannot_be_read_is_a_note(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    log_run(1e-3)
    run_id = log_run(1e-1)

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("gone away")

    monkeypatch.setattr(MlflowClient, "search_runs", refuse)
    found = mlflow_plateau.diagnose(run_id, log=False)
    assert found.siblings is None
    assert any("gone away" in note for note in found.notes)
