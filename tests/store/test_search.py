from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient

import mlflow_plateau
from mlflow_plateau.errors import PlateauError
from mlflow_plateau.store.search import COLUMNS, filter_for
from mlflow_plateau.store.write import write_diagnosis
from tests.store.runs import diagnosis_of, log_overfitting


@pytest.fixture(scope="module")
def filled(
    empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str]]:
    """A database with three diagnosed runs in two experiments, and one that is not diagnosed."""
    database = tmp_path_factory.mktemp("filled") / "mlflow.db"
    shutil.copy(empty_database, database)
    mlflow.set_tracking_uri(f"sqlite:///{database}")
    elsewhere = mlflow.create_experiment(
        'it\'s "elsewhere"', (database.parent / "artifacts").as_uri()
    )
    mlflow.set_experiment("here")
    runs = {"plain": log_overfitting(5)}
    for name, cause, status, confidence in (
        ("sure", "overfitting", "stalled", 0.9),
        ("unsure", "overfitting", "stalled", 0.55),
        ("healthy", "none", "converged", 0.8),
    ):
        if name == "healthy":
            mlflow.set_experiment(experiment_id=elsewhere)
        runs[name] = log_overfitting(5)
        write_diagnosis(
            diagnosis_of(
                runs[name],
                cause=cause,
                status=status,
                confidence=confidence,
                onset_epoch=3.0 if cause != "none" else None,
                contributing=("batch_size_too_small", "loss_mismatch") if name == "sure" else (),
            )
        )
    mlflow.set_tracking_uri(None)
    return database, runs


@pytest.fixture
def diagnosed(
    filled: tuple[Path, dict[str, str]], tracking_uri: str, tmp_path: Path
) -> dict[str, str]:
    """Returns the ids of the runs by name; the tracking store is a copy of that database."""
    database, runs = filled
    mlflow.set_tracking_uri(f"sqlite:///{shutil.copy(database, tmp_path / 'filled.db')}")
    return runs


def names(frame: pd.DataFrame, runs: dict[str, str]) -> list[str]:
    return [next(n for n, run_id in runs.items() if run_id == found) for found in frame["run_id"]]


def test_finds_the_diagnosed_runs_newest_first(diagnosed: dict[str, str]) -> None:
    assert names(mlflow_plateau.search_runs(), diagnosed) == ["healthy", "unsure", "sure"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"cause": "overfitting"}, ["unsure", "sure"]),
        ({"cause": "none"}, ["healthy"]),
        ({"cause": "not_training"}, []),
        ({"status": "converged"}, ["healthy"]),
        ({"min_confidence": 0.6}, ["healthy", "sure"]),
        ({"cause": "overfitting", "min_confidence": 0.9}, ["sure"]),
        ({"experiment_names": ["here"]}, ["unsure", "sure"]),
        ({"experiment_names": ['it\'s "elsewhere"']}, ["healthy"]),
        ({"experiment_names": []}, []),
    ],
)
def test_finds_runs_by_their_diagnosis(
    diagnosed: dict[str, str], question: dict[str, Any], expected: list[str]
) -> None:
    frame = mlflow_plateau.search_runs(**question)
    assert names(frame, diagnosed) == expected
    assert tuple(frame.columns) == COLUMNS


def test_a_row_says_what_was_found(diagnosed: dict[str, str]) -> None:
    row = mlflow_plateau.search_runs("overfitting", min_confidence=0.9).iloc[0]
    assert (row["experiment"], row["status"], row["level"]) == ("here", "stalled", "history")
    assert row["confidence"] == pytest.approx(0.9)
    assert row["contributing"] == "batch_size_too_small,loss_mismatch"
    assert row["onset_epoch"] == 3.0
    assert pd.Timestamp.now("UTC") - row["start_time"] < pd.Timedelta(hours=1)
    assert mlflow_plateau.search_runs("none")["onset_epoch"].isna().all()


def test_an_empty_answer_has_the_same_types(diagnosed: dict[str, str]) -> None:
    full, empty = mlflow_plateau.search_runs(), mlflow_plateau.search_runs("not_training")
    for column in ("confidence", "onset_epoch", "wasted_epochs", "start_time"):
        assert str(empty[column].dtype).split("[")[0] == str(full[column].dtype).split("[")[0]


def test_the_same_in_mlflows_words(diagnosed: dict[str, str]) -> None:
    theirs = mlflow.search_runs(
        search_all_experiments=True, filter_string=filter_for("overfitting", "stalled", 0.6)
    )
    assert list(theirs["run_id"]) == [diagnosed["sure"]]


@pytest.mark.parametrize(
    "question",
    [
        {"cause": "overfiting"},
        {"cause": "x' OR tags.`a` LIKE '%"},
        {"status": "fine"},
        {"min_confidence": 80},
        {"min_confidence": float("nan")},
    ],
)
def test_a_question_that_makes_no_sense_is_an_error(
    tracking_uri: str, question: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"overfitting|stalled|within 0 and 1"):
        mlflow_plateau.search_runs(**question)


def test_an_unknown_experiment_is_an_error_that_lists_what_is_there(tracking_uri: str) -> None:
    with pytest.raises(PlateauError, match=r"no experiment 'there'.*'Default', 'here'"):
        mlflow_plateau.search_runs(experiment_names=["there"])


class TestDiagnoseRuns:
    @pytest.mark.parametrize("jobs", [None, 3])
    def test_each_run_has_a_row(self, diagnosed: dict[str, str], jobs: int | None) -> None:
        lossless = MlflowClient().create_run("1").info.run_id
        frame = mlflow_plateau.diagnose_runs(["here"], jobs=jobs)
        assert frame["run_id"].iloc[0] == lossless
        assert set(frame["run_id"]) == {
            lossless,
            diagnosed["plain"],
            diagnosed["sure"],
            diagnosed["unsure"],
        }
        errors = frame.set_index("run_id")["error"]
        assert lossless in errors[lossless]
        assert set(errors.drop(lossless)) == {""}
        assert frame["confidence"].isna().sum() == 1
        assert len(mlflow_plateau.search_runs()) == 4

    @pytest.mark.parametrize("jobs", [1, 3])
    def test_without_writing_the_answers_are_the_same(
        self, diagnosed: dict[str, str], jobs: int
    ) -> None:
        MlflowClient().create_run("1")
        found = mlflow_plateau.diagnose_runs(jobs=jobs, log=False)
        assert "plateau.cause" not in MlflowClient().get_run(diagnosed["plain"]).data.tags
        pd.testing.assert_frame_equal(found, mlflow_plateau.diagnose_runs(), rtol=1e-12)
        assert len(found) == 5
        assert (found["error"] != "").sum() == 1

    def test_a_filter_selects_runs(self, diagnosed: dict[str, str]) -> None:
        frame = mlflow_plateau.diagnose_runs(
            filter_string="metrics.`plateau/confidence` > 0.85", log=False
        )
        assert list(frame["run_id"]) == [diagnosed["sure"]]

    def test_a_filter_that_makes_no_sense_is_an_error(self, tracking_uri: str) -> None:
        with pytest.raises(PlateauError, match="refused"):
            mlflow_plateau.diagnose_runs(filter_string="what = ever")

    def test_nothing_to_do(self, tracking_uri: str) -> None:
        frame = mlflow_plateau.diagnose_runs()
        assert len(frame) == 0
        assert "error" in frame.columns
