"""Marks of missing values, and rows that come again by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import Array, kinds

WIDTHS = np.array([1.0, 30.0, 2000.0, 0.2])


def incomes(rows: int, seed: int, filled: float) -> Array:
    rng = np.random.default_rng(seed)
    income = rng.lognormal(10, 0.5, rows)
    income[rng.random(rows) < 0.15] = filled
    return np.stack([income, rng.normal(size=rows)], axis=1)


@pytest.mark.parametrize("mark", [-1.0, -9.0, -99.0])
def test_a_mark_below_zero_that_is_zero_on_the_other_side(mark: float) -> None:
    report = check_consistency(incomes(3000, 0, mark), incomes(900, 1, 0.0))
    assert report.findings[0].kind == "imputed_differently"
    assert report.findings[0].constants == {"train": mark, "validation": 0.0}


def customers(rows: int, seed: int) -> Array:
    """Returns what customers spent, of whom some spent nothing at all."""
    rng = np.random.default_rng(seed)
    spent = rng.gamma(2, WIDTHS, (rows, 4)) * (rng.random((rows, 4)) < 0.7)
    return np.where(rng.random((rows, 1)) < 0.03, 0.0, spent)


@pytest.mark.parametrize("seed", range(6))
def test_customers_who_spent_nothing_are_no_copies_once_scaled(seed: int) -> None:
    train, validation = customers(2000, seed), customers(700, seed + 100)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    assert kinds((train - mean) / deviation, (validation - mean) / deviation) == []


def test_copies_beside_customers_who_spent_nothing_are_found() -> None:
    train, validation = customers(2000, 0), customers(700, 100)
    copied = np.concatenate([validation[60:], train[:60]])
    assert kinds(train, copied) == ["rows_shared"]


def test_a_logarithm_of_several_columns_is_no_scaler() -> None:
    rng = np.random.default_rng(1)
    train, validation = (
        rng.lognormal([1, 3, 6], [0.5, 1.0, 0.4], (rows, 3)) for rows in (2000, 700)
    )
    assert set(kinds(train, np.log(validation))) == {"monotone_transform"}


def test_what_was_mirrored_was_mirrored_in_all_columns() -> None:
    rng = np.random.default_rng(2)
    shares = rng.beta([2, 8, 0.6, 20, 3], [3, 3, 0.9, 60, 2.5], (2700, 5))
    report = check_consistency(shares[:2000], 1 - shares[2000:])
    assert [finding.kind for finding in report.findings] == ["unit_factor"]
    assert report.findings[0].transformation == "validation = −train + 1"


def test_of_known_factors_the_one_that_fits_is_named() -> None:
    rng = np.random.default_rng(3)
    angles = rng.gamma(9, 5, (25_000, 1))
    report = check_consistency(angles[:20_000], np.radians(angles[20_000:]))
    assert report.findings[0].constants["factor"] == pytest.approx(np.pi / 180, rel=1e-6)
