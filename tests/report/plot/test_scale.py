from __future__ import annotations

import numpy as np
import pytest

from mlflow_plateau.report.plot.scale import choose_scale

NOTHING = np.array([])


def test_a_validation_loss_over_many_decades_has_a_log_scale() -> None:
    scale = choose_scale(np.geomspace(1, 1e-3, 50), NOTHING)

    assert scale.logarithmic
    assert 0 < scale.lower < 1e-3
    assert scale.upper > 1


def test_a_vanishing_training_loss_does_not_flatten_the_validation_loss() -> None:
    validation, training = np.linspace(0.5, 0.8, 50), np.geomspace(1, 1e-6, 50)

    assert not choose_scale(validation, training).logarithmic


def test_a_training_loss_that_towers_over_the_validation_loss_has_a_log_scale() -> None:
    assert choose_scale(np.linspace(0.5, 0.8, 50), np.geomspace(1e4, 1, 50)).logarithmic


def test_scores_and_values_that_are_not_positive_have_a_linear_scale() -> None:
    values = np.geomspace(1e-3, 1, 50)

    assert not choose_scale(values, NOTHING, logarithm_allowed=False).logarithmic
    assert not choose_scale(values - 1e-3, NOTHING).logarithmic


def test_without_a_validation_curve_the_training_curve_decides() -> None:
    assert choose_scale(NOTHING, np.geomspace(1, 1e-3, 50)).logarithmic


def test_an_outlier_leaves_the_linear_scale_to_the_rest() -> None:
    values = np.linspace(-3, -2, 100)
    values[50] = 1e6

    scale = choose_scale(values, NOTHING)

    assert scale.lower < -3
    assert -2 < scale.upper < 0


def test_a_curve_that_hardly_moves_is_shown_flat() -> None:
    values = np.linspace(1.0, 1.0 + 1e-9, 50)

    scale = choose_scale(values, NOTHING)

    assert scale.upper - scale.lower > 1e-4


@pytest.mark.parametrize(
    "values",
    [[], [0.0], [1e300, -1e300], [5e-324, 1e300], [1e300], [-5.0], [0.0, 1e-320]],
    ids=str,
)
def test_any_finite_values_give_an_axis_that_is_finite_and_not_empty(values: list[float]) -> None:
    with np.errstate(all="raise", under="ignore"):
        scale = choose_scale(np.array(values), NOTHING)

    assert np.isfinite([scale.lower, scale.upper]).all()
    assert scale.lower < scale.upper
