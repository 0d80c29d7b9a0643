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


def test_dates_are_said_as_dates() -> None:
    random = np.random.default_rng(6)
    start = pd.Timestamp("2023-01-01")
    train, validation = (
        pd.DataFrame({"when": start + pd.to_timedelta(random.integers(0, 300, rows), "D")})
        for rows in (2000, 500)
    )
    train.loc[:199, "when"] = pd.NaT
    validation.loc[:49, "when"] = pd.Timestamp("1970-01-01")
    said = [found.message for found in check_consistency(train, validation).findings]
    assert any("filled with 1970-01-01 in validation" in message for message in said)

    hours = start + pd.to_timedelta(random.integers(0, 600, 2000), "min")
    later = check_consistency(
        hours.to_numpy()[:, None], hours.to_numpy()[:, None] + np.timedelta64(10, "h")
    )
    assert "2023-01-01 05:" in later.findings[0].message
    lasted = check_consistency(
        pd.DataFrame({"took": hours - start}), pd.DataFrame({"took": hours - start}) * 2
    )
    assert "1970" not in str(lasted)
