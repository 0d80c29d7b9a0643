"""What streams through ``fit`` is measured while it does, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlflow_plateau
from mlflow_plateau.profiles import Coverage, Profile, profile
from mlflow_plateau.recorder.streams.batches import GraphParts
from mlflow_plateau.recorder.streams.budget import Budget
from mlflow_plateau.recorder.streams.in_graph import observed
from mlflow_plateau.recorder.streams.observer import Observer
from tests.recorder.streams.streams import (
    BATCH,
    RAW,
    SCALED,
    TARGETS,
    Batches,
    generator,
    pipeline,
    recorded,
)
from tests.recorder.trainings import fit, only_run, small_model

pytestmark = pytest.mark.filterwarnings("ignore:.*Your input ran out of data")


def train(x: Any, **arguments: Any) -> Any:
    """Trains for some epochs on a stream and returns the run."""
    fit(small_model(), x=x, y=None, batch_size=None, epochs=3, **arguments)
    return only_run()


def same(one: Profile, other: Profile) -> None:
    """Asserts that two profiles of all rows are the same."""
    assert one.coverage == other.coverage
    np.testing.assert_array_equal(one.row_hashes.hashes, other.row_hashes.hashes)
    for mine, theirs in zip(one.inputs, other.inputs, strict=True):
        assert mine.moments.sums.exact(0) == theirs.moments.sums.exact(0)
        np.testing.assert_array_equal(mine.histogram.counts, theirs.histogram.counts)


@pytest.mark.parametrize(
    "kind",
    [pipeline, Batches, lambda x, y: Batches(x, y, workers=2), lambda x, y: pipeline(x, y).cache()],
    ids=["tf.data", "PyDataset", "PyDataset with workers", "cached"],
)
def test_a_whole_stream_has_the_profile_of_its_rows(kind: Any, tmp_path: Path) -> None:
    mlflow_plateau.autolog(silent=True)
    run = train(kind(SCALED[:120], TARGETS[:120]), validation_data=kind(RAW[120:], TARGETS[120:]))

    found = recorded(tmp_path)
    same(found["train"], profile((SCALED[:120], TARGETS[:120])))
    same(found["validation"], profile((RAW[120:], TARGETS[120:])))
    assert run.data.tags["plateau.consistency"] == "fail"


def test_a_stream_is_compared_with_arrays(tmp_path: Path) -> None:
    mlflow_plateau.autolog(silent=True)
    run = train(
        generator(SCALED[:120], TARGETS[:120]),
        steps_per_epoch=8,
        validation_data=(SCALED[120:], TARGETS[120:]),
    )

    assert run.data.tags["plateau.consistency"] == "pass"
    assert recorded(tmp_path)["train"].coverage == Coverage(120, 120, 120, complete=False)


def test_of_an_endless_stream_the_first_epoch_is_known_and_not_said_to_be_all(
    tmp_path: Path,
) -> None:
    mlflow_plateau.autolog(silent=True)
    train(
        pipeline(SCALED, TARGETS).repeat(),
        steps_per_epoch=3,
        validation_data=pipeline(SCALED, TARGETS).repeat(),
        validation_steps=2,
    )

    found = recorded(tmp_path)
    # tf.data may draw some batches ahead.
    assert 3 * BATCH <= found["train"].coverage.rows < 12 * BATCH
    assert 2 * BATCH <= found["validation"].coverage.rows < 8 * BATCH
    assert not any(split.coverage.complete for split in found.values())


def test_class_weights_are_no_target(tmp_path: Path) -> None:
    mlflow_plateau.autolog(silent=True)
    train(pipeline(SCALED, TARGETS), class_weight={0: 1.0, 1: 3.0})

    found = recorded(tmp_path)
    assert set(found) == {"train"}
    assert [item.layout.name for item in found["train"].inputs] == ["x", "y"]


def test_dicts_ragged_and_sparse_batches_are_taken_apart(tmp_path: Path) -> None:
    rows = tf.data.Dataset.from_tensor_slices(
        {
            "ids": tf.ragged.constant([[1, 2], [3], [4, 5, 6]]),
            "bag": tf.sparse.from_dense([[0.0, 1.0], [2.0, 0.0], [0.0, 0.0]]),
            "name": ["a", "b", "a"],
        }
    ).batch(3)
    parts, opened = GraphParts(rows.element_spec), tf.Variable(False)
    observer = Observer(parts, Budget(1))
    observer.start()
    opened.assign(True)
    (batch,) = observed(rows, parts, observer, opened)
    observer.close()
    found = observer.profile(complete=True)

    assert batch["ids"].to_list() == [[1, 2], [3], [4, 5, 6]]
    assert observer.error is None
    assert found is not None
    assert found.rows == 3
    assert {item.layout.name for item in found.inputs} == {"ids", "bag", "name"}


def test_what_cannot_be_measured_is_declined_once_and_the_training_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Ids(Batches):
        def __getitem__(self, index: int) -> tuple[Any, Any]:
            x, y = super().__getitem__(index)
            return np.ones((len(x), 2 + index), "int32"), y

    mlflow_plateau.autolog(diagnose=False)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(9, 2),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    fit(model, x=Ids(SCALED, TARGETS), y=None, batch_size=None)

    declined = [record for record in caplog.records if "not profiled" in record.message]
    assert len(declined) == 1
    assert "train" in declined[0].message


def test_another_evaluation_of_the_training_data_is_not_counted(tmp_path: Path) -> None:
    data = pipeline(SCALED[:120], TARGETS[:120])

    class Evaluates(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.model.evaluate(data, verbose=0)

    mlflow_plateau.autolog(silent=True)
    train(data, validation_data=data, callbacks=[Evaluates()])

    assert recorded(tmp_path)["train"].coverage.rows == 120
