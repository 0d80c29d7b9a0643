from __future__ import annotations

import json
import math
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

import mlflow_plateau
from mlflow_plateau.diagnosis import Diagnosis
from mlflow_plateau.errors import (
    NoLossError,
    RunNotFoundError,
    RunStillActiveError,
    TrackingServerError,
)
from mlflow_plateau.store.write import write_diagnosis
from tests.store.runs import diagnosis_of, log_overfitting, our_tags

NOTE = "mlflow.note.content"
ALWAYS = {
    "plateau.status",
    "plateau.cause",
    "plateau.confidence",
    "plateau.runner_up",
    "plateau.contributing",
    "plateau.level",
    "plateau.wasted_epochs",
    "plateau.consistency",
    "plateau.version",
}


def artifacts_of(run_id: str) -> set[str]:
    return {item.path for item in MlflowClient().list_artifacts(run_id, "plateau")}


def test_a_run_gets_tags_metrics_artifacts_and_a_note(tracking_uri: str) -> None:
    run_id = log_overfitting()
    MlflowClient().set_tag(run_id, NOTE, "My own words.")
    diagnosis = mlflow_plateau.diagnose(run_id)

    tags = our_tags(run_id)
    assert set(tags) == ALWAYS | {"plateau.onset_epoch"}
    assert tags["plateau.cause"] == diagnosis.cause
    assert tags["plateau.status"] == diagnosis.status
    assert tags["plateau.confidence"] == f"{diagnosis.confidence:.2f}"
    assert tags["plateau.contributing"] == ",".join(diagnosis.contributing)
    metrics = MlflowClient().get_run(run_id).data.metrics
    assert metrics["plateau/confidence"] == pytest.approx(diagnosis.confidence)
    assert metrics["plateau/onset_epoch"] == diagnosis.onset_epoch
    assert metrics["plateau/wasted_fraction"] == pytest.approx(diagnosis.wasted_fraction)
    assert artifacts_of(run_id) == {
        "plateau/curves.png",
        "plateau/diagnosis.json",
        "plateau/report.html",
    }
    note = MlflowClient().get_run(run_id).data.tags[NOTE]
    assert note.startswith("My own words.\n\n<!-- mlflow-plateau:begin -->")


def test_the_document_is_the_diagnosis(tracking_uri: str) -> None:
    run_id = log_overfitting()
    diagnosis = mlflow_plateau.diagnose(run_id)
    file = MlflowClient().download_artifacts(run_id, "plateau/diagnosis.json")
    document = json.loads(Path(file).read_text())
    assert Diagnosis.from_dict(document).to_dict() == diagnosis.to_dict()


def test_a_finished_run_keeps_its_status_and_end_time(tracking_uri: str) -> None:
    run_id = log_overfitting()
    MlflowClient().set_terminated(run_id, "FAILED", end_time=1234567890123)
    mlflow_plateau.diagnose(run_id)
    mlflow_plateau.diagnose(run_id)
    info = MlflowClient().get_run(run_id).info
    assert (info.status, info.end_time) == ("FAILED", 1234567890123)


def test_nothing_is_logged_if_it_should_not_be(tracking_uri: str) -> None:
    run_id = log_overfitting()
    mlflow_plateau.diagnose(run_id, log=False)
    assert our_tags(run_id) == {}
    assert artifacts_of(run_id) == set()


def test_diagnosing_again_leaves_no_residue(tracking_uri: str) -> None:
    run_id = log_overfitting()
    write_diagnosis(
        diagnosis_of(
            run_id, status="stalled", cause="overfitting", contributing=("batch_size_too_small",)
        )
    )
    assert our_tags(run_id)["plateau.contributing"] == "batch_size_too_small"

    write_diagnosis(
        diagnosis_of(run_id, status="improving", cause="none", contributing=(), onset_epoch=None)
    )
    tags = our_tags(run_id)
    assert set(tags) == ALWAYS
    assert (tags["plateau.cause"], tags["plateau.contributing"]) == ("none", "")
    run = MlflowClient().get_run(run_id)
    assert math.isnan(run.data.metrics["plateau/onset_epoch"])
    assert run.data.tags[NOTE].count("mlflow-plateau:begin") == 1


def test_the_same_diagnosis_adds_no_points_to_the_metrics(tracking_uri: str) -> None:
    run_id = log_overfitting()
    mlflow_plateau.diagnose(run_id)
    mlflow_plateau.diagnose(run_id)
    for name in ("plateau/confidence", "plateau/onset_epoch", "plateau/wasted_fraction"):
        assert len(MlflowClient().get_metric_history(run_id, name)) == 1


def test_a_run_without_an_onset_gets_no_metric_for_it(tracking_uri: str) -> None:
    run_id = log_overfitting()
    write_diagnosis(diagnosis_of(run_id, onset_epoch=None))
    assert "plateau/onset_epoch" not in MlflowClient().get_run(run_id).data.metrics


def test_where_artifacts_cannot_be_written_nothing_is_tagged(
    tracking_uri: str, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("in the way of the folder of artifacts")
    location = (tmp_path / "a file").as_uri()
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("blocked", location))
    run_id = log_overfitting()
    with pytest.raises(TrackingServerError, match=rf"artifacts of run '{run_id}'.*No tags"):
        mlflow_plateau.diagnose(run_id)
    assert our_tags(run_id) == {}
    assert NOTE not in MlflowClient().get_run(run_id).data.tags


def test_a_failed_second_diagnosis_takes_the_first_ones_cause_away(
    tracking_uri: str, tmp_path: Path
) -> None:
    """A run that carries ``plateau.cause`` has the artifacts of that diagnosis."""
    location = tmp_path / "artifacts"
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("breaks later", location.as_uri()))
    run_id = log_overfitting()
    mlflow_plateau.diagnose(run_id)
    location.rename(tmp_path / "moved away")
    location.write_text("no folder any more")
    with pytest.raises(TrackingServerError):
        mlflow_plateau.diagnose(run_id)
    assert "plateau.cause" not in our_tags(run_id)


def test_what_cannot_be_rendered_is_not_half_written(tracking_uri: str) -> None:
    run_id = log_overfitting()
    broken = diagnosis_of(run_id, evidence=(object(),))
    with pytest.raises(Exception, match="object"):
        write_diagnosis(broken)
    assert our_tags(run_id) == {}
    assert artifacts_of(run_id) == set()


class TestActiveRuns:
    def test_are_diagnosed_and_stay_active(self, tracking_uri: str) -> None:
        with mlflow.start_run() as run:
            for epoch in range(40):
                mlflow.log_metrics({"loss": 1 / (1 + epoch), "val_loss": 1.0}, step=epoch)
            diagnosis = mlflow_plateau.diagnose(run.info.run_id)
            assert any("still active" in note for note in diagnosis.notes)
            assert our_tags(run.info.run_id)["plateau.cause"] == diagnosis.cause
            assert mlflow.active_run().info.run_id == run.info.run_id
            info = MlflowClient().get_run(run.info.run_id).info
            assert (info.status, info.end_time) == ("RUNNING", None)

    def test_without_any_point_are_an_error(self, tracking_uri: str) -> None:
        with (
            mlflow.start_run() as run,
            pytest.raises(RunStillActiveError, match=run.info.run_id),
        ):
            mlflow_plateau.diagnose(run.info.run_id)

    def test_without_a_loss_are_an_error(self, tracking_uri: str) -> None:
        with mlflow.start_run() as run:
            mlflow.log_metric("gpu_memory", 1.0)
            with pytest.raises(NoLossError):
                mlflow_plateau.diagnose(run.info.run_id)


def test_a_run_deleted_in_between_gets_nothing(tracking_uri: str) -> None:
    run_id = log_overfitting()
    diagnosis = diagnosis_of(run_id)
    MlflowClient().delete_run(run_id)
    with pytest.raises(RunNotFoundError, match="deleted"):
        write_diagnosis(diagnosis)


def test_a_long_description_of_the_users_is_kept_whole(tracking_uri: str) -> None:
    run_id = log_overfitting()
    mine = "mine " * 1599
    MlflowClient().set_tag(run_id, NOTE, mine)
    mlflow_plateau.diagnose(run_id)
    assert MlflowClient().get_run(run_id).data.tags[NOTE].startswith(mine)
