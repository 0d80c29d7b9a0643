"""The learning rate is recorded as it was used, whoever changes it."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from tests.recorder.trainings import curve, fit, only_run, setup, small_model


def rates(optimizer: Any, *callbacks: Any) -> list[float]:
    """Returns the learning rate of each of three epochs of three updates."""
    fit(small_model(optimizer), epochs=3, callbacks=list(callbacks))
    recorded = curve(only_run(), "learning_rate")
    assert set(recorded) == {0, 1, 2}
    return list(recorded.values())


def test_a_constant_one_is_the_number_that_was_given(recorder: None) -> None:
    assert rates(keras.optimizers.SGD(0.1)) == [0.1] * 3
    assert setup(only_run())["learning_rate"] == "0.1"


def test_a_schedule(recorder: None) -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=1, decay_rate=0.5)
    last_updates = [2, 5, 8]

    assert rates(keras.optimizers.SGD(schedule)) == pytest.approx(
        [0.1 * 0.5**update for update in last_updates]
    )
    assert setup(only_run())["learning_rate"] == "0.1"


def test_a_schedule_that_warms_up_and_is_over_within_an_epoch(recorder: None) -> None:
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=1, warmup_target=0.1, warmup_steps=1
    )
    assert rates(keras.optimizers.SGD(schedule)) == pytest.approx([0.0] * 3)
    assert setup(only_run())["learning_rate"] == "0.1"


def test_a_scheduler(recorder: None) -> None:
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.4 / 2**epoch)

    assert rates(keras.optimizers.SGD(0.1), scheduler) == pytest.approx([0.4, 0.2, 0.1])


def test_reduced_on_a_plateau(recorder: None) -> None:
    reduce = keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=100)

    assert rates(keras.optimizers.SGD(0.1), reduce) == pytest.approx([0.1, 0.1, 0.05])


def test_a_function_is_not_called_by_us(recorder: None) -> None:
    class Counts:
        calls = 0

        def __call__(self) -> float:
            self.calls += 1
            return 0.1

    def calls() -> int:
        counts = Counts()
        fit(small_model(keras.optimizers.SGD(counts), run_eagerly=True))
        return counts.calls

    assert calls() == 6  # One for each update.
    assert not curve(only_run(), "learning_rate")


def test_behind_a_scaled_loss(recorder: None) -> None:
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.3))

    assert rates(optimizer) == [0.3] * 3
    assert setup(only_run())["optimizer"] == "sgd"
