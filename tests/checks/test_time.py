"""Splits by time: what counts up or drifts is no mistake of anybody's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.consistency import check_consistency


def walk(seed: int) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).standard_normal((1000, 4)), axis=0)


SERIES: dict[str, Callable[[int], np.ndarray]] = {
    "row numbers": lambda seed: np.column_stack([np.arange(1000.0), walk(seed)[:, 0]]),
    "times": lambda seed: np.arange(1000.0)[:, None] * 3600 + 1.6e9,
    "walks": walk,
    "prices": lambda seed: np.exp(0.01 * walk(seed) + 4),
}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", SERIES)
def test_later_rows_are_no_failure(name: str, seed: int) -> None:
    rows = SERIES[name](seed)
    report = check_consistency(rows[:800], rows[800:])
    assert report.verdict in ("warn", "pass"), str(report)


def test_later_dates_are_no_failure() -> None:
    train = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=400)})
    validation = pd.DataFrame({"day": pd.date_range("2023-01-01", periods=400)})
    assert check_consistency(train, validation).verdict in ("warn", "pass")


def test_a_rank_in_one_split_is_named() -> None:
    values = np.random.default_rng(5).lognormal(3.0, 1.0, 1000)
    ranks = pd.Series(values[600:]).rank().to_numpy() / 400
    (finding,) = check_consistency(values[:600, None], ranks[:, None]).findings
    assert finding.transformation == "validation = rank(train)"
