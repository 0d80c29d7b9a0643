from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.errors import RunNotFoundError
from mlflow_plateau.evaluator import PlateauEvaluator
from mlflow_plateau.profiles import profile
from tests.store.runs import log_overfitting, our_tags

DATA = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0]})


@pytest.fixture(autouse=True)
def registered() -> None:
    """Registers the evaluator, as MLflow does with the entry point of an installed package."""
    from mlflow.models.evaluation.evaluator_registry import _model_evaluation_registry

    _model_evaluation_registry.register("plateau", PlateauEvaluator)


def test_is_installed_as_a_plug_in() -> None:
    (entry,) = entry_points(group="mlflow.model_evaluator", name="plateau")
    assert entry.load() is PlateauEvaluator


def identity(data: pd.DataFrame) -> pd.Series[float]:
    return data["x"]


def test_diagnoses_the_run_that_the_configuration_names(tracking_uri: str) -> None:
    run_id = log_overfitting()
    result = mlflow.models.evaluate(
        identity,
        DATA,
        targets="y",
        model_type="regressor",
        evaluators="plateau",
        evaluator_config={"run_id": run_id},
    )
    tags = our_tags(run_id)
    assert f"{result.metrics['plateau/confidence']:.2f}" == tags["plateau.confidence"]
    assert set(result.artifacts) == {
        "plateau/diagnosis.json",
        "plateau/curves.png",
        "plateau/report.html",
    }
    assert result.artifacts["plateau/diagnosis.json"].content["run_id"] == run_id
    assert result.artifacts["plateau/curves.png"].content.size[0] > 100
    assert "<html" in result.artifacts["plateau/report.html"].content


def test_needs_no_model(tracking_uri: str) -> None:
    run_id = log_overfitting()
    mlflow.models.evaluate(
        data=DATA,
        targets="y",
        predictions="x",
        model_type="regressor",
        evaluators=["plateau"],
        evaluator_config={"plateau": {"run_id": run_id, "monitor": "val_loss"}},
    )
    assert "plateau.cause" in our_tags(run_id)


def test_diagnoses_the_run_of_the_evaluation_where_none_is_named(tracking_uri: str) -> None:
    with mlflow.start_run() as run:
        for epoch in range(10):
            mlflow.log_metrics({"loss": 1 / (1 + epoch), "val_loss": 1.0}, step=epoch)
        mlflow.models.evaluate(
            identity,
            DATA,
            targets="y",
            model_type="regressor",
            evaluators="plateau",
            evaluator_config={"run_id": None},
        )
    assert "plateau.cause" in our_tags(run.info.run_id)


def test_an_unknown_run_is_an_error(tracking_uri: str) -> None:
    with pytest.raises(RunNotFoundError, match="'nosuchrun'"):
        mlflow.models.evaluate(
            identity,
            DATA,
            targets="y",
            model_type="regressor",
            evaluators="plateau",
            evaluator_config={"run_id": "nosuchrun"},
        )


@pytest.mark.parametrize("config", [None, {}, {"log_model_explainability": False}])
def test_keeps_out_of_evaluations_that_do_not_ask_for_it(config: dict[str, bool] | None) -> None:
    assert not PlateauEvaluator.can_evaluate(model_type="regressor", evaluator_config=config)


def test_does_not_disturb_other_peoples_evaluations(tracking_uri: str) -> None:
    with mlflow.start_run() as run:
        result = mlflow.models.evaluate(
            identity,
            DATA,
            targets="y",
            model_type="regressor",
            evaluator_config={"log_model_explainability": False},
        )
    assert "mean_squared_error" in result.metrics
    assert our_tags(run.info.run_id) == {}


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "pass"), (1000.0, "fail")])
def test_the_data_is_compared_with_what_the_run_was_trained_on(
    tracking_uri: str, tmp_path: Path, factor: float, verdict: str
) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(40, 9, 900), "b": random.normal(3, 1, 900)})
    frame["y"] = frame["a"] + random.normal(0, 1, 900)
    train, held_out = frame[:600], frame[600:].copy()
    held_out["a"] *= factor
    run_id = log_overfitting()
    profile((train[["a", "b"]], train["y"].to_numpy())).save(tmp_path / "train.npz")
    client = mlflow.MlflowClient()
    client.log_artifact(run_id, str(tmp_path / "train.npz"), "plateau/profiles")

    result = mlflow.models.evaluate(
        lambda data: data["a"],
        held_out,
        targets="y",
        model_type="regressor",
        evaluators="plateau",
        evaluator_config={"run_id": run_id},
    )

    found = result.artifacts["plateau/evaluation_consistency.json"].content
    assert found["verdict"] == verdict
    assert client.get_run(run_id).data.tags["plateau.evaluation_consistency"] == verdict
    if verdict == "fail":
        assert found["findings"][0]["kind"] == "unit_factor"
