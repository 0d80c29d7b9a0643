from __future__ import annotations

import math

import numpy as np

from mlflow_plateau.report.plot.points import DrawnCurve


def test_points_at_which_nothing_was_logged_are_left_out() -> None:
    curve = DrawnCurve.of((0.0, 1.0, 2.0), (1.0, None, 3.0))

    assert curve.epochs.tolist() == [0, 2]
    assert curve.values.tolist() == [1, 3]


def test_logged_values_that_are_not_finite_interrupt_the_line() -> None:
    curve = DrawnCurve.of((0.0, 1.0, 2.0, 3.0), (1.0, math.nan, math.inf, 1e305))

    assert curve.finite.tolist() == [True, False, False, False]
    assert curve.alone.tolist() == [True, False, False, False]


def test_a_curve_shorter_or_longer_than_its_axis_is_cut() -> None:
    assert len(DrawnCurve.of((0.0, 1.0), (1.0,))) == 1
    assert len(DrawnCurve.of((0.0,), (1.0, 2.0))) == 1


def test_thinning_keeps_every_spike_both_ends_and_gaps() -> None:
    epochs = np.arange(100_000.0)
    values = np.random.default_rng(0).standard_normal(100_000)
    values[[12_345, 77_777]] = 50.0, -50.0
    values[40_000:50_000] = np.nan
    curve = DrawnCurve(epochs, values)

    thin = curve.thinned()

    assert len(thin) < 3000
    assert {0.0, 12_345.0, 77_777.0, 99_999.0} <= set(thin.epochs.tolist())
    assert np.all(np.diff(thin.epochs) > 0)
    assert np.isnan(thin.values[(thin.epochs > 40_100) & (thin.epochs < 49_900)]).all()
    assert np.array_equal(thin.values, values[thin.epochs.astype(int)], equal_nan=True)


def test_a_short_curve_is_not_thinned() -> None:
    curve = DrawnCurve(np.arange(100.0), np.arange(100.0))

    assert curve.thinned() is curve
