"""Rows of pipelines and generators: taken as they pass, once, without a trace."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import keras
import mlflow
import numpy as np
import pytest
import tensorflow as tf

import mlflow_plateau
from mlflow_plateau.recorder.streams.budget import Budget
from mlflow_plateau.recorder.streams.in_graph import observe
from mlflow_plateau.recorder.streams.observer import Observer
from mlflow_plateau.recorder.streams.reservoir import Reservoir
from tests.recorder.trainings import curve, only_run, setup, small_model

pytestmark = [
    pytest.mark.usefixtures("tracking_uri"),
    # Keras says so by itself, of any stream.
    pytest.mark.filterwarnings("ignore:.*shuffle=True. was passed, but will be ignored"),
    pytest.mark.filterwarnings("ignore:.*Your input ran out of data"),
]

ROWS = 480


def rows(seed: int, scale: float = 1.0) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((ROWS, 3)).astype("float32")
    return scale * x, (x[:, 0] > 0).astype("float32")


class Counted(keras.utils.PyDataset):
    """Counts how often each of its batches is asked for."""

    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.x, self.y = x, y
        self.asked: list[int] = []

    def __len__(self) -> int:
        return ROWS // 24

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        self.asked.append(index)
        part = slice(24 * index, 24 * index + 24)
        return self.x[part], self.y[part]


def endless(x: Any, y: Any) -> Iterator[tuple[Any, Any]]:
    while True:
        for start in range(0, ROWS, 24):
            yield x[start : start + 24], y[start : start + 24]


def pipeline(x: Any, y: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(24)


KINDS = {
    "tf.data": lambda a, b: {"x": pipeline(*a), "validation_data": pipeline(*b)},
    "tf.data without end": lambda a, b: {
        "x": pipeline(*a).repeat(),
        "steps_per_epoch": ROWS // 24,
        "validation_data": pipeline(*b).repeat(),
        "validation_steps": ROWS // 24,
    },
    "tf.data beside arrays": lambda a, b: {"x": pipeline(*a), "validation_data": b},
    "PyDataset": lambda a, b: {"x": Counted(*a), "validation_data": Counted(*b)},
    "generator": lambda a, b: {
        "x": endless(*a),
        "steps_per_epoch": ROWS // 24,
        "validation_data": endless(*b),
        "validation_steps": ROWS // 24,
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_compared_and_learned_from_like_arrays(kind: str) -> None:
    mlflow_plateau.autolog(silent=True)
    given = KINDS[kind](rows(0), rows(1, scale=100.0))
    small_model().fit(epochs=3, verbose=0, **given)

    run = only_run()
    noted = setup(run)
    assert float(noted["learnable_share"]) > 0.5
    assert float(noted["split_separability"]) > 0.8
    assert float(noted["constant_loss"]) == pytest.approx(np.log(2), abs=0.01)
    assert curve(run, "plateau/clean_fit")
    assert noted["consistency"] == "fail"
    report = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/plateau/consistency.csv")
    assert "unit_factor" in report or "scaling_missing" in report


def test_nothing_is_asked_for_twice() -> None:
    def asked() -> list[int]:
        data = Counted(*rows(0))
        small_model().fit(data, epochs=2, verbose=0, shuffle=False)
        return data.asked

    without = asked()
    mlflow_plateau.autolog(silent=True)
    assert asked() == without


def test_a_pipeline_runs_once_an_epoch() -> None:
    drawn: list[int] = []

    def note(index: Any) -> Any:
        drawn.append(int(index))
        return np.float32(index)

    def prepared(index: Any) -> Any:
        value = tf.reshape(tf.numpy_function(note, [index], tf.float32), (1,))
        return value, value

    data = tf.data.Dataset.range(40).map(prepared).batch(8)
    mlflow_plateau.autolog(silent=True)
    small_model(columns=1).fit(data, epochs=3, verbose=0)

    assert drawn == 3 * list(range(40))


def test_epochs_after_the_first_iterate_the_pipeline_as_it_was() -> None:
    iterator = SimpleNamespace(_distributed_dataset=tf.data.Dataset.range(40).batch(8))
    before = iterator._distributed_dataset
    observer, gate = observe(iterator, lambda parts: Observer(parts, Budget(5)))
    observer.start()
    gate.open()
    first = [batch.numpy().tolist() for batch in iterator._distributed_dataset]
    gate.close()
    observer.close()

    found = observer.profile(complete=True)
    assert found is not None
    assert found.rows == 40
    assert first == [batch.numpy().tolist() for batch in before]
    assert iterator._distributed_dataset is before


def test_without_a_budget_the_users_objects_are_used_as_they_are() -> None:
    mlflow_plateau.autolog(silent=True, probe_budget=0)
    small_model().fit(pipeline(*rows(0)), epochs=2, verbose=0)

    assert "learnable_share" not in setup(only_run())


def test_rows_with_weights_give_no_constant_loss() -> None:
    x, y = rows(0)
    weighted = tf.data.Dataset.from_tensor_slices((x, y, 7 * np.ones(ROWS))).batch(24)
    mlflow_plateau.autolog(silent=True)
    small_model().fit(weighted, epochs=2, verbose=0)

    noted = setup(only_run())
    assert "constant_loss" not in noted
    assert float(noted["learnable_share"]) > 0.5


class TestReservoir:
    def test_rows_come_from_all_over_the_stream(self) -> None:
        reservoir = Reservoir(200)
        for index in range(1000):
            reservoir.offer((np.full((32, 2), index), np.full(32, index)))
        kept = reservoir.rows()

        assert kept is not None
        assert len(kept) == 200
        np.testing.assert_array_equal(kept.x[:, 0], kept.y)
        assert np.quantile(kept.y, [0.1, 0.9]) == pytest.approx([100, 900], abs=70)

    def test_memory_is_bounded(self) -> None:
        reservoir = Reservoir(100)
        tracemalloc.start()
        for _ in range(5000):
            reservoir.offer(np.zeros((64, 300)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        rows, batch = 100 * 300 * 8, 64 * 300 * 8
        assert most < 4 * rows + 4 * batch

    def test_what_cannot_be_kept_ends_the_keeping(self) -> None:
        reservoir = Reservoir(100)
        reservoir.offer(np.zeros((4, 2)))
        reservoir.offer(np.array(["text"] * 4))

        assert reservoir.rows() is None
        assert not reservoir.open

    def test_a_closed_one_takes_nothing(self) -> None:
        reservoir = Reservoir(100)
        reservoir.close()
        reservoir.offer(np.zeros((4, 2)))

        assert reservoir.rows() is None
