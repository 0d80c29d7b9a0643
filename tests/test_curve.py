"""Curves: their noise against the noise that was put in, and long curves."""

import numpy as np
import pytest

from mlflow_plateau.curve import MAXIMUM_POINTS, Curve, smooth_together
from mlflow_plateau.median import median, medians
from mlflow_plateau.signals.trend import trend


@pytest.mark.parametrize("deviation", [1e-4, 0.01, 0.3])
def test_noise_is_the_deviation_that_was_added_to_a_trend(deviation: float) -> None:
    epochs = np.arange(500.0)
    scatter = deviation * np.random.default_rng(3).standard_normal(500)
    curve = Curve.of(epochs, np.exp(-epochs / 100) + scatter)
    assert curve.noise == pytest.approx(deviation, rel=0.2)


def test_points_that_are_not_finite_are_left_out() -> None:
    curve = Curve.of(np.arange(5.0), np.array([1.0, np.nan, 0.5, np.inf, 0.25]))
    assert curve.epochs.tolist() == [0.0, 2.0, 4.0]
    assert curve.values.tolist() == [1.0, 0.5, 0.25]


def test_a_long_curve_is_averaged_and_keeps_its_mean_and_ends() -> None:
    values = np.linspace(1.0, 0.0, 100_000)
    curve = Curve.of(np.arange(100_000.0), values)
    assert len(curve) == MAXIMUM_POINTS
    assert curve.values.mean() == pytest.approx(values.mean(), rel=1e-3)
    assert np.all(np.diff(curve.values) < 0)


def test_smoothing_keeps_a_clean_curve_and_its_first_point() -> None:
    values = np.exp(-np.arange(200.0) / 30)
    curve = Curve.of(np.arange(200.0), values)
    assert curve.smooth[0] == values[0]
    assert np.abs(curve.smooth - values)[20:].max() < 0.02


def test_the_slope_of_a_line_and_its_error_cover_the_truth() -> None:
    epochs = np.arange(80.0)
    inside = 0
    for seed in range(200):
        scatter = 0.1 * np.random.default_rng(seed).standard_normal(80)
        line = trend(epochs, 3.0 - 0.01 * epochs + scatter)
        inside += abs(line.slope + 0.01) < 1.96 * line.standard_error
    # 95 % of the intervals should cover; the correction for correlation only widens them.
    assert 0.92 <= inside / 200 <= 1.0


@pytest.mark.parametrize("count", [2, 5, 44, 45, 200, 201])
def test_curves_smoothed_together_are_what_each_is_alone(count: int) -> None:
    generator = np.random.default_rng(count)
    epochs, values = np.arange(float(count)), generator.normal(size=(7, count)).cumsum(axis=1)
    alone = [Curve(epochs, row) for row in values]
    together = [Curve(epochs, row) for row in values]
    smooth_together([*together, Curve(epochs[:2], values[0, :2])])
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.smooth, other.smooth)
        assert (one.noise, one.best_index) == (other.noise, other.best_index)
        assert count < 5 or one.late_noise == other.late_noise


@pytest.mark.parametrize("count", [1, 2, 3, 10, 201])
def test_the_median_is_that_of_numpy(count: int) -> None:
    values = np.random.default_rng(count).normal(size=(5, count))
    assert [median(row) for row in values] == np.median(values, axis=1).tolist()
    assert medians(values).tolist() == np.median(values, axis=1).tolist()
