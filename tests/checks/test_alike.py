"""Two samples of one population, treated alike, pass: whatever they hold, however many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import Array, kinds, people, pixels, sentences, standard, vectors

POPULATIONS: dict[str, Callable[[int], Any]] = {
    "people": people,
    "vectors": vectors,
    "images": pixels,
    "sentences": sentences,
    "heavy tails": lambda rows: np.random.default_rng(rows).standard_cauchy((rows, 5)),
    "nearly constant": lambda rows: (np.random.default_rng(rows).random((rows, 5)) < 0.02) * 1.0,
    "almost always zero": lambda rows: (
        (np.random.default_rng(rows).random((rows, 30)) < 1e-3) * 1.0
    ),
    "far from zero": lambda rows: np.random.default_rng(rows).normal(1.7e9, 3e6, (rows, 5)),
}


@pytest.mark.parametrize("rows", [10, 40, 1000, 20_000])
@pytest.mark.parametrize("name", POPULATIONS)
def test_alike(name: str, rows: int) -> None:
    rows = min(rows, 2000) if name == "images" else rows
    both = POPULATIONS[name](2 * rows)
    at = both.iloc if hasattr(both, "iloc") else both
    head, tail = at[:rows], at[rows:]
    report = check_consistency(head, tail)
    assert report.verdict == "pass", str(report)


@pytest.mark.parametrize("columns", [1, 400])
def test_many_columns_raise_no_more_alarms(columns: int) -> None:
    rng = np.random.default_rng(columns)
    report = check_consistency(
        rng.standard_normal((800, columns)), rng.standard_normal((200, columns))
    )
    assert report.findings == ()


def test_other_shares_of_the_classes_move_rare_counts_and_nothing_else() -> None:
    """Among many columns of counts that are mostly zero some order fits whatever happened."""
    rng = np.random.default_rng(51)
    rates = rng.gamma(0.5, 1.5, (3, 30))

    def drawn(rows: int, shares: list[float]) -> tuple[Array, Array]:
        y = rng.choice(3, rows, p=shares)
        return rng.poisson(rates[y] * rng.gamma(1.2, 0.8, (rows, 1))).astype("float32"), y

    for _ in range(5):
        train, other = drawn(750, [0.5, 0.3, 0.2]), drawn(150, [0.14, 0.5, 0.36])
        assert set(kinds(train, other)) <= {"label_shift", "distribution_shift"}


def test_counts_divided_by_their_greatest_are_no_pixels() -> None:
    """Of so few rows any factor fits columns that are mostly zero."""
    rng = np.random.default_rng(52)
    for _ in range(10):
        counts = rng.poisson(rng.gamma(0.5, 1.0, 30) + 0.05, (40, 30)).astype("float64")
        counts /= np.maximum(counts[:30].max(axis=0), 1.0)
        assert kinds(counts[:30], counts[30:]) == []


@pytest.mark.parametrize("factor", [1.4, 1.75])
def test_more_of_what_is_counted_is_a_shift(factor: float) -> None:
    rng = np.random.default_rng(53)
    counts = rng.gamma(3, 40, (4000, 4)).round()
    counts[3000:, 1] = (counts[3000:, 1] * factor).round()
    assert kinds(counts[:3000], counts[3000:]) == ["distribution_shift"]


@pytest.mark.parametrize("seed", range(4))
def test_a_few_values_far_out_do_not_rule_what_goes_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_t(2, (8000, 3)) @ rng.normal(size=(3, 6)) + rng.normal(0, 20, 6)
    assert check_consistency(x[:6000], x[6000:]).findings == ()


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("column", [0, 12, 13, 23])
def test_the_largest_of_one_column_are_no_other_unit(column: int, scaled: bool) -> None:
    """Nearly all columns go along; what fits one of them by accident was not done to it."""
    from sklearn.datasets import load_breast_cancer

    x = load_breast_cancer().data
    chosen = x[:, column] > np.quantile(x[:, column], 0.75)
    train, validation = x[~chosen], x[chosen]
    if scaled:
        train, validation = standard(train, train), standard(validation, train)
    assert kinds(train, validation) == ["distribution_shift"]


@pytest.mark.parametrize("seed", range(3))
def test_a_category_that_goes_with_age_has_no_other_codes_among_the_old(seed: int) -> None:
    rng = np.random.default_rng(seed)
    age = rng.gamma(9, 5, 1500).round()
    risk = pd.cut(
        0.05 * (age - 50) + rng.logistic(0, 0.7, 1500), [-99, -0.6, 1, 99], labels=["a", "b", "c"]
    )
    frame = pd.DataFrame({"age": age, "risk": risk.astype(str)})
    old = frame.age > 60
    assert kinds(frame[~old], frame[old]) == ["distribution_shift"]


def test_a_flipped_column_is_no_other_order() -> None:
    rng = np.random.default_rng(71)
    x = rng.integers(0, 2, (2000, 5))
    x[:, 1] = x[:, 0] ^ (rng.random(2000) < 0.05)
    validation = x[1500:].copy()
    validation[:, 0] = 1 - validation[:, 0]
    assert "columns_permuted" not in kinds(x[:1500], validation)


def test_the_upper_quarter_of_what_tells_classes_apart_has_no_shuffled_targets() -> None:
    rng = np.random.default_rng(72)
    x = rng.normal(size=(2000, 4))
    x[:, 1] += 0.8 * x[:, 0]
    y = (x[:, 0] > 0).astype(int)
    chosen = x[:, 0] > np.quantile(x[:, 0], 0.4)
    report = check_consistency((x[~chosen], y[~chosen]), (x[chosen], y[chosen]))
    assert {finding.kind for finding in report.findings} <= {"label_shift", "distribution_shift"}
