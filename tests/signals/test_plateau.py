"""The onset of the plateau: on curves whose onset is known, and against the curve's own noise."""

import numpy as np
import pytest

from mlflow_plateau.curve import Curve
from mlflow_plateau.signals.plateau import find_plateau
from tests.generated import falling


def curve(values: np.ndarray) -> Curve:
    return Curve.of(np.arange(len(values), dtype=float), values)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("noise", [0.0, 0.003, 0.01])
def test_an_exponential_flattens_after_about_four_time_constants(seed: int, noise: float) -> None:
    plateau = find_plateau(curve(falling(1.0, 0.3, 10, 200, noise, seed)))
    assert plateau is not None
    # exp(-4) is the 2 % tolerance; noise hides the last of the fall.
    assert 15 <= plateau.onset_epoch <= 50


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("noise", [0.0, 0.005, 0.02])
def test_a_loss_that_still_falls_has_no_plateau(seed: int, noise: float) -> None:
    assert find_plateau(curve(falling(1.0, 0.0, 60, 100, noise, seed))) is None


def test_a_power_law_that_keeps_falling_has_no_plateau() -> None:
    assert find_plateau(curve(1.0 / np.arange(1.0, 501.0))) is None


def test_a_constant_curve_is_a_plateau_from_the_start() -> None:
    plateau = find_plateau(curve(np.full(50, 0.7)))
    assert plateau is not None
    assert plateau.onset_epoch == 0
    assert plateau.share == 1.0


def test_a_rising_curve_is_a_plateau_from_its_best_epoch() -> None:
    values = np.concatenate([np.linspace(1.0, 0.4, 30), np.linspace(0.4, 0.9, 70)])
    plateau = find_plateau(curve(values))
    assert plateau is not None
    assert plateau.onset_epoch == pytest.approx(30, abs=4)


def test_pure_noise_is_a_plateau() -> None:
    plateau = find_plateau(curve(0.7 + 0.02 * np.random.default_rng(0).standard_normal(300)))
    assert plateau is not None
    assert plateau.share > 0.9


def test_a_slow_fall_inside_the_noise_is_seen() -> None:
    generator = np.random.default_rng(1)
    values = np.linspace(1.0, 0.9, 400) + 0.02 * generator.standard_normal(400)
    assert find_plateau(curve(values)) is None


def test_four_points_are_too_few() -> None:
    assert find_plateau(curve(np.full(4, 0.7))) is None


def test_five_epochs_of_which_the_last_rise_do_not_improve() -> None:
    plateau = find_plateau(curve(np.array([0.90, 0.84, 0.808, 0.826, 0.854])))
    assert plateau is not None
    assert plateau.onset_epoch in (1, 2)


def test_a_last_bad_epoch_is_no_plateau() -> None:
    assert find_plateau(curve(np.array([0.90, 0.84, 0.808, 0.78, 0.854]))) is None


@pytest.mark.parametrize("factor", [1e-6, 1000.0])
def test_the_unit_of_the_loss_does_not_matter(factor: float) -> None:
    values = falling(1.0, 0.3, 10, 200, 0.01, 0)
    plain, scaled = find_plateau(curve(values)), find_plateau(curve(factor * values))
    assert plain is not None
    assert scaled is not None
    assert plain.onset_epoch == scaled.onset_epoch


def test_a_short_plateau_counts_where_nothing_more_could_come() -> None:
    """A loss that a schedule flattened in its last tenth."""
    values = np.concatenate([np.linspace(1.0, 0.1, 90), np.full(10, 0.1)])
    assert find_plateau(curve(values)) is None
    plateau = find_plateau(curve(values), is_final=True)
    assert plateau is not None
    assert plateau.onset_epoch >= 88
    assert find_plateau(curve(np.linspace(1.0, 0.1, 100)), is_final=True) is None
