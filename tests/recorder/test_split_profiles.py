"""The data of both splits is measured beside the training, and compared when it is diagnosed."""

from __future__ import annotations

import json
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import mlflow_plateau
from tests.recorder.trainings import fit, only_run, small_model

GENERATOR = np.random.default_rng(1)
RAW = GENERATOR.normal(50.0, 20.0, (200, 3)).astype("float32")
SCALED = (RAW - RAW[:120].mean(axis=0)) / RAW[:120].std(axis=0)
TARGETS = (RAW[:, 0] > 50).astype("float32")


def artifacts(run: Any, folder: str) -> list[str]:
    found = mlflow.MlflowClient().list_artifacts(run.info.run_id, folder)
    return sorted(item.path.removeprefix(f"{folder}/") for item in found)


def train(x: Any, y: Any, **arguments: Any) -> Any:
    """Trains for some epochs and returns the run."""
    fit(small_model(), x=x, y=y, batch_size=32, epochs=6, **arguments)
    return only_run()


def test_another_treatment_is_named_in_tags_and_artifacts(tracking_uri: str) -> None:
    mlflow_plateau.autolog(silent=True)
    run = train(SCALED[:120], TARGETS[:120], validation_data=(RAW[120:], TARGETS[120:]))

    assert run.data.tags["plateau.consistency"] == "fail"
    assert artifacts(run, "plateau/profiles") == ["train.npz", "validation.npz"]
    assert {"consistency.json", "consistency.csv"} <= set(artifacts(run, "plateau"))
    uri = f"runs:/{run.info.run_id}/plateau/consistency.json"
    finding = json.loads(mlflow.artifacts.load_text(uri))["findings"][0]
    assert finding["kind"] == "scaling_missing"
    diagnosis = mlflow_plateau.diagnose(run.info.run_id, log=False)
    assert diagnosis.findings[0].kind == "scaling_missing"
    assert diagnosis.causes["inconsistent_preprocessing"] > 0.9


@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, tf.constant])
def test_the_same_treatment_passes(tracking_uri: str, kind: Any) -> None:
    mlflow_plateau.autolog(silent=True)
    held_out = (kind(SCALED[120:]), TARGETS[120:])
    run = train(kind(SCALED[:120]), TARGETS[:120], validation_data=held_out)

    assert run.data.tags["plateau.consistency"] == "pass"


def test_rows_that_keras_holds_out_are_the_validation_split(tracking_uri: str) -> None:
    mlflow_plateau.autolog(silent=True)
    mixed = np.concatenate([SCALED[:120], RAW[120:]])
    run = train(mixed, TARGETS, validation_split=0.4)

    assert run.data.tags["plateau.consistency"] == "fail"


@pytest.mark.filterwarnings("ignore:.*Your input ran out of data")  # Of old versions of Keras.
def test_a_pipeline_is_not_iterated_once_more_for_it(tracking_uri: str) -> None:
    passes = []

    def rows() -> Any:
        passes.append(1)
        yield from zip(SCALED, TARGETS, strict=True)

    spec = (tf.TensorSpec((3,), tf.float32), tf.TensorSpec((), tf.float32))
    pipeline = tf.data.Dataset.from_generator(rows, output_signature=spec).batch(32)
    mlflow_plateau.autolog(silent=True)
    fit(small_model(), x=pipeline, y=None, batch_size=None, epochs=3, validation_data=pipeline)

    assert len(passes) == 6
    assert only_run().data.tags["plateau.consistency"] != "unknown"
    assert artifacts(only_run(), "plateau/profiles") == ["train.npz", "validation.npz"]


def test_nothing_of_the_data_is_logged_on_request(tracking_uri: str) -> None:
    mlflow_plateau.autolog(silent=True, log_datasets=False)
    run = train(SCALED[:120], TARGETS[:120], validation_data=(SCALED[120:], TARGETS[120:]))

    assert run.data.tags["plateau.consistency"] == "unknown"
    assert artifacts(run, "plateau/profiles") == []


def test_damaged_profiles_cost_the_comparison_and_no_more(tracking_uri: str) -> None:
    mlflow_plateau.autolog(silent=True)
    run = train(SCALED[:120], TARGETS[:120], validation_data=(RAW[120:], TARGETS[120:]))
    client = mlflow.MlflowClient()
    client.log_text(run.info.run_id, "not an archive", "plateau/profiles/train.npz")

    diagnosis = mlflow_plateau.diagnose(run.info.run_id)

    assert diagnosis.consistency == "unknown"
    assert any("profile" in note for note in diagnosis.notes)
    assert only_run().data.tags["plateau.consistency"] == "unknown"
