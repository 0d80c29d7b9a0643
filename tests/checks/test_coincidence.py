"""What comes about by chance, or by a population of its own, is no transformation."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import Array, kinds


def test_many_whole_numbers_are_not_cut_ones() -> None:
    """Train has more distinct values than are kept, validation has not."""
    counts = np.random.default_rng(1).lognormal(7, 0.8, (6000, 3)).round()
    assert kinds(counts[:4800], counts[4800:]) == []


def test_fractions_that_were_cut_off_are_seen_with_many_values() -> None:
    amounts = np.random.default_rng(1).lognormal(7, 0.8, (6000, 3))
    assert kinds(amounts[:4800], amounts[4800:].round()) == ["schema_mismatch"]


def short_words(rows: int, seed: int) -> Array:
    """Two to six letters of a small alphabet, filled up with zeros."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(1, 27, (rows, 6))
    ids[np.arange(6) >= rng.integers(2, 7, rows)[:, None]] = 0
    return ids


@pytest.mark.parametrize("seed", range(12))
def test_a_few_rows_of_few_values_may_coincide(seed: int) -> None:
    words = short_words(160, seed)
    assert "rows_shared" not in kinds(words[:120], words[120:])


def test_more_of_them_may_not() -> None:
    words = short_words(160, 1)
    words[120:140] = words[:20]
    assert "rows_shared" in kinds(words[:120], words[120:])


def test_a_few_measurements_may_not() -> None:
    rows = np.random.default_rng(2).standard_normal((500, 4))
    rows[400:404] = rows[:4]
    assert kinds(rows[:400], rows[400:]) == ["rows_shared"]


@pytest.mark.parametrize("factor", [2.0, 0.5, 0.65, 1.75])
def test_moderate_factors_are_no_units(factor: float) -> None:
    """2.2 (pounds), 0.6 (miles) and x/2 + 0.5 (ranges) fit nearly as well as what was done."""
    values = np.random.default_rng(3).lognormal(1.2, 0.5, (1000, 2))
    values[750:, 0] *= factor
    assert kinds(values[:750], values[750:]) == ["distribution_shift"]


def test_no_row_beyond_the_ends_is_no_clip_where_few_are() -> None:
    """Counts: two of validation's ninety rows are lower than all of train's."""
    counts = np.random.default_rng(4).poisson(7, (840, 1)).astype("float64")
    train, validation = np.maximum(counts[:750], 1), counts[750:]
    validation[:2] = 0
    assert kinds(train, validation) == []


def test_a_clip_of_counts() -> None:
    counts = np.random.default_rng(5).poisson(6, (4000, 1)).astype("float64")
    finding = check_consistency(counts[:3000], np.minimum(counts[3000:], 9)).findings[0]
    assert (finding.kind, finding.constants) == ("monotone_transform", {"limit_0": 9.0})


def test_a_filling_far_below_is_no_clip() -> None:
    values = np.random.default_rng(6).normal(1013, 8, (5000, 1))
    missing = np.random.default_rng(7).random(5000) < 0.04
    values[missing] = np.where(np.arange(5000) < 3750, 0.0, -999.0)[missing, None]
    finding = check_consistency(values[:3750], values[3750:]).findings[0]
    assert finding.kind == "imputed_differently"
    assert finding.constants == {"train": 0.0, "validation": -999.0}


def test_scaled_by_quartiles_on_one_side() -> None:
    values = np.random.default_rng(8).lognormal([2, 5, 0, 8], [0.9, 0.5, 0.7, 0.6], (2000, 4))
    low, middle, high = np.quantile(values[:1500], [0.25, 0.5, 0.75], axis=0)
    finding = check_consistency((values[:1500] - middle) / (high - low), values[1500:]).findings[0]
    assert finding.kind == "scaling_missing"
    assert "quartile" in finding.transformation


def test_classes_that_differ_in_few_of_many_columns() -> None:
    """Equally frequent classes in a circle; two columns of ten tell them apart."""
    rng = np.random.default_rng(9)
    y = rng.integers(0, 3, 1200)
    x = rng.standard_normal((1200, 10))
    x[:, 0] += 0.7 * y
    x[:, 1] += 0.8 * (y == 1)
    assert kinds((x[:900], y[:900]), (x[900:], y[900:])) == []
    assert kinds((x[:900], y[:900]), (x[900:], (y[900:] + 1) % 3)) == ["labels_recoded"]


def test_few_ids_under_other_numbers() -> None:
    rng = np.random.default_rng(10)
    shares = rng.dirichlet(np.full(40, 1.0))
    ids = rng.choice(np.arange(1, 41), (3000, 30), p=shares)
    ids[np.arange(30) >= rng.integers(10, 31, 3000)[:, None]] = 0
    other = np.concatenate([[0], rng.permutation(np.arange(1, 41))])
    assert kinds(ids[:2400], other[ids[2400:]]) == ["token_offset"]
