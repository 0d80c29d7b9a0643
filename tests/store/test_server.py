"""The same over HTTP, with a real tracking server."""

from __future__ import annotations

from collections.abc import Iterator

import mlflow
import pytest
from mlflow import MlflowClient

import mlflow_plateau
from mlflow_plateau.errors import RunNotFoundError
from tests.store.runs import log_overfitting, our_tags


@pytest.fixture
def remote(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Makes the server MLflow's tracking store, with an experiment whose artifacts it keeps."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    mlflow.set_tracking_uri(server)
    mlflow.set_experiment("remote")
    yield server
    mlflow.set_tracking_uri(None)


def test_a_run_is_diagnosed_twice_and_found(remote: str) -> None:
    run_id = log_overfitting()
    diagnosis = mlflow_plateau.diagnose(run_id)
    again = mlflow_plateau.diagnose(run_id)
    assert again.to_dict() == diagnosis.to_dict()

    tags = our_tags(run_id)
    assert tags["plateau.cause"] == diagnosis.cause
    assert tags["plateau.contributing"] == ",".join(diagnosis.contributing)
    client = MlflowClient()
    assert {item.path for item in client.list_artifacts(run_id, "plateau")} == {
        "plateau/curves.png",
        "plateau/diagnosis.json",
        "plateau/report.html",
    }
    assert client.get_run(run_id).info.status == "FINISHED"
    found = mlflow_plateau.search_runs(cause=diagnosis.cause, experiment_names=["remote"])
    assert list(found["run_id"]) == [run_id]


def test_an_empty_tag_is_kept_as_it_is(remote: str) -> None:
    run_id = log_overfitting(5)
    diagnosis = mlflow_plateau.diagnose(run_id)
    assert diagnosis.contributing == ()
    assert our_tags(run_id)["plateau.contributing"] == ""


def test_an_unknown_run(remote: str) -> None:
    with pytest.raises(RunNotFoundError, match=r"'abc'.*127\.0\.0\.1"):
        mlflow_plateau.diagnose("abc")


def test_another_server_than_the_current_one(remote: str, tracking_uri: str) -> None:
    """``tracking_uri`` counts for reading and for writing."""
    mlflow.set_tracking_uri(remote)
    run_id = log_overfitting(5)
    mlflow.set_tracking_uri(tracking_uri)
    mlflow_plateau.diagnose(run_id, tracking_uri=remote)
    frame = mlflow_plateau.diagnose_runs(["remote"], tracking_uri=remote)
    assert set(frame["error"]) == {""}
    mlflow.set_tracking_uri(remote)
    assert "plateau.cause" in our_tags(run_id)


def test_the_report_links_to_the_runs_that_were_compared(remote: str) -> None:
    other, run_id = log_overfitting(20), log_overfitting(20)
    diagnosis = mlflow_plateau.diagnose(run_id)
    assert diagnosis.siblings is not None
    experiment = diagnosis.siblings.experiment_id
    page = mlflow.artifacts.load_text(f"runs:/{run_id}/plateau/report.html")
    assert f'href="{remote}/#/experiments/{experiment}/runs/{other}"' in page
