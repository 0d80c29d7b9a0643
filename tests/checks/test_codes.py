"""Categories whose codes closed up because validation was encoded by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import Array, first, kinds

SHARES = np.array([0.08, 0.24, 0.03, 0.17, 0.05, 0.30, 0.13])


def codes(rows: int, seed: int) -> Array:
    return np.random.default_rng(seed).choice(len(SHARES), rows, p=SHARES)


def beside(column: Array) -> Array:
    """Returns a table with a column of codes and one of measurements."""
    noise = np.random.default_rng(len(column)).normal(size=len(column))
    return np.stack([column.astype("float64"), noise], axis=1)


@pytest.mark.parametrize("missing", [0, 1, 3, 5])
def test_without_one_category_all_after_it_have_other_codes(missing: int) -> None:
    validation = codes(4000, 1)
    validation = validation[validation != missing]
    report = check_consistency(
        beside(codes(12_000, 0)), beside(validation - (validation > missing))
    )
    assert first(report) == "categories_recoded"
    moved = range(missing + 1, len(SHARES))
    assert report.findings[0].constants == {str(code): code - 1.0 for code in moved}


def test_the_last_category_may_be_missing_without_that() -> None:
    validation = codes(4000, 2)
    report = kinds(beside(codes(12_000, 0)), beside(validation[validation < len(SHARES) - 1]))
    assert "categories_recoded" not in report


def test_amounts_that_became_less_keep_their_codes() -> None:
    rng = np.random.default_rng(3)
    for mean in (1.5, 1.8, 2.1):
        train, validation = rng.poisson(2.5, 12_000), rng.poisson(mean, 4000)
        found = kinds(beside(np.minimum(train, 8)), beside(np.minimum(validation, 7)))
        assert "categories_recoded" not in found


def test_names_for_numbers_are_translated_as_what_they_are() -> None:
    names = np.array(["Aachen", "Bonn", "Celle", "Dresden", "Essen", "Fulda", "Gera"])
    train, validation = codes(4000, 4), codes(1500, 5)
    report = check_consistency(
        pd.DataFrame({"town": names[train], "size": np.sqrt(np.arange(4000.0))}),
        pd.DataFrame({"town": validation, "size": np.sqrt(np.arange(1500.0) * 8 / 3)}),
    )
    found = next(item for item in report.findings if item.kind == "categories_recoded")
    assert "0: 'Aachen'" in found.fix


def test_names_that_are_spelled_otherwise_beside_names_that_are_new() -> None:
    rng = np.random.default_rng(6)
    train = pd.DataFrame({"town": rng.choice(["aachen", "bonn", "celle", "essen"], 900)})
    validation = pd.DataFrame({"town": rng.choice(["AACHEN", "Fulda", "Gera"], 300)})
    found = check_consistency(train, validation).findings
    assert "categories_recoded" in {finding.kind for finding in found}
