"""Norms of large models, from a sample of their weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mlflow_plateau.recorder.measure.tensorflow_variables import every_nth
from mlflow_plateau.recorder.measure.weight_sample import MOST_COORDINATES, WeightSample


def test_a_small_model_is_read_whole() -> None:
    variables = [keras.Variable(np.full((3, 4), 2.0)), keras.Variable(np.zeros(4))]
    sample = WeightSample(variables, every_nth)

    assert sample.read().tolist() == [2.0] * 12 + [0.0] * 4
    assert sample.norm(sample.read()) == pytest.approx(np.sqrt(48))


def test_a_large_one_is_sampled() -> None:
    values = np.random.default_rng(0).standard_normal((1024, 512)) * np.linspace(0.1, 3, 512)
    sample = WeightSample([keras.Variable(values), keras.Variable(np.ones(7))], every_nth)
    read = sample.read()

    assert len(read) <= 1.2 * MOST_COORDINATES
    assert sample.norm(read) == pytest.approx(np.sqrt(np.sum(values**2) + 7), rel=0.02)


def test_what_was_read_is_a_copy() -> None:
    variable = keras.Variable(np.ones(3))
    sample = WeightSample([variable], every_nth)
    read = sample.read()
    variable.assign(np.zeros(3))

    assert read.tolist() == [1.0] * 3
