"""Scalers that leave one mark only: a mean, a deviation, a size, two quantiles, ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import (
    MaxAbsScaler,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import Array, kinds

SCALERS = {
    "centred": StandardScaler(with_std=False),
    "scaled by the deviation": StandardScaler(with_mean=False),
    "scaled by the greatest size": MaxAbsScaler(),
    "10 to 90 %": RobustScaler(quantile_range=(10, 90)),
    "5 to 95 %": RobustScaler(quantile_range=(5, 95)),
    "ranks": QuantileTransformer(n_quantiles=200),
    "normal ranks": QuantileTransformer(n_quantiles=200, output_distribution="normal"),
}


def measured(rows: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(rows, 3))
    widths = np.array([1.0, 10.0, 0.1, 5.0, 100.0, 2.0])
    mixed = hidden @ np.random.default_rng(7).normal(size=(3, 6)) * widths
    return mixed + np.array([20.0, 900.0, 0.5, -3.0, 0.0, 7.0]) + rng.standard_t(5, (rows, 6))


TRAIN, VALIDATION = measured(3000, 0), measured(800, 1)
BOTH = np.concatenate([TRAIN, VALIDATION])


@pytest.mark.parametrize("scaler", SCALERS.values(), ids=SCALERS)
class TestScalers:
    def test_used_rightly(self, scaler: Any) -> None:
        scaler.fit(TRAIN)
        assert kinds(scaler.transform(TRAIN), scaler.transform(VALIDATION)) == []

    def test_fitted_twice(self, scaler: Any) -> None:
        scaled = scaler.fit_transform(TRAIN), scaler.fit_transform(VALIDATION)
        assert kinds(*scaled) == ["scaler_refit"]

    def test_fitted_on_both(self, scaler: Any) -> None:
        scaler.fit(BOTH)
        assert kinds(scaler.transform(TRAIN), scaler.transform(VALIDATION)) == [
            "scaler_fit_on_both"
        ]


def test_a_deviation_that_only_train_was_divided_by() -> None:
    report = check_consistency(SCALERS["scaled by the deviation"].fit_transform(TRAIN), VALIDATION)
    assert [finding.kind for finding in report.findings] == ["scaling_missing"]
    assert report.findings[0].transformation == "train = x / deviation, validation = x"


def test_the_fix_names_the_scaler_that_left_the_mark() -> None:
    scaler = SCALERS["10 to 90 %"]
    report = check_consistency(scaler.fit_transform(TRAIN), scaler.fit_transform(VALIDATION))
    assert "RobustScaler(quantile_range=(10, 90))" in report.findings[0].fix


def test_whole_turns_of_a_sine_are_not_centred() -> None:
    hours = [np.arange(24 * days) for days in (40, 10)]
    turns = [np.stack([np.sin(h * np.pi / 12), np.cos(h * np.pi / 12)], axis=1) for h in hours]
    assert kinds(*turns) == []


def test_windows_that_were_centred_one_by_one_are_fine() -> None:
    rng = np.random.default_rng(3)
    train, validation = (rng.normal(5, 2, size=(rows, 40, 2)) for rows in (300, 100))
    centred = [of - of.mean(axis=1, keepdims=True) for of in (train, validation)]
    assert kinds(*centred) == []


def test_what_is_spread_evenly_by_itself_holds_no_ranks() -> None:
    rng = np.random.default_rng(4)
    assert kinds(rng.random((4000, 5)), rng.random((1000, 5))) == []


def test_a_standard_normal_population_was_not_scaled() -> None:
    rng = np.random.default_rng(5)
    assert kinds(rng.normal(size=(20_000, 30)), rng.normal(size=(5000, 30))) == []


def test_sizes_that_reach_one_by_themselves_were_not_divided() -> None:
    rng = np.random.default_rng(6)
    train, validation = (np.minimum(rng.gamma(2, 0.2, (rows, 4)), 1.0) for rows in (2000, 600))
    assert kinds(train, validation) == []
