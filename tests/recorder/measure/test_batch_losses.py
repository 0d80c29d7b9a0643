"""The spread of single values, from some of their running means."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_plateau.recorder.measure.batch_losses import spread_from_running_means


@pytest.mark.parametrize("stride", [1, 8])
def test_noise_around_a_falling_loss(stride: int) -> None:
    values = np.linspace(2, 1, 8000) + 0.3 * np.random.default_rng(0).standard_normal(8000)
    counts = np.arange(stride, 8001, stride)
    means = np.cumsum(values)[counts - 1] / counts

    spread = spread_from_running_means(means, counts.astype(np.float64))

    assert spread == pytest.approx(0.3, rel=0.05)


def test_rounding_is_not_noise() -> None:
    counts = np.arange(1, 5001).astype(np.float64)
    means = np.full(5000, 0.7, dtype=np.float32) * (1 + 2**-24 * (-1) ** np.arange(5000))

    assert spread_from_running_means(means.astype(np.float32).astype(np.float64), counts) < 1e-3


def test_what_is_not_finite_is_said() -> None:
    assert np.isnan(spread_from_running_means(np.array([1.0, np.nan, 1.0]), np.arange(1.0, 4.0)))
