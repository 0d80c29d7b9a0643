"""Units, transformations, order, filling: each with a look-alike, and one too small to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import kinds, people, pixels, standard, vectors

TRAIN, VALIDATION = people(4000), people(1200)
Change = Callable[[Any], Any]


def changed(column: str, change: Change, rows: int | None = None) -> pd.DataFrame:
    frame = VALIDATION.head(rows or len(VALIDATION)).copy()
    frame[column] = change(frame[column])
    return frame


def found(validation: pd.DataFrame) -> tuple[str, tuple[str, ...], str]:
    finding = check_consistency(TRAIN, validation).findings[0]
    return finding.kind, finding.columns, finding.transformation


class TestUnits:
    @pytest.mark.parametrize(
        ("column", "change", "formula"),
        [
            ("income", lambda c: c / 1000, "validation = train ÷ 1000"),
            ("height", lambda c: c / 2.54, "validation = train × 0.393701"),
            ("height", lambda c: c * 1.8 + 32, "validation = train × 1.8 + 32"),
            ("income", lambda c: -c, "validation = −train"),
            ("age", lambda c: c * 12, "validation = train × 12"),
        ],
    )
    def test_named_with_its_constant(self, column: str, change: Change, formula: str) -> None:
        assert found(changed(column, change)) == ("unit_factor", (column,), formula)

    @pytest.mark.parametrize(
        ("column", "change"),
        [("income", lambda c: c * 1.3), ("income", lambda c: c * 1.9), ("age", lambda c: c + 7)],
    )
    def test_richer_or_older_people_are_a_shift(self, column: str, change: Change) -> None:
        assert kinds(TRAIN, changed(column, change)) == ["distribution_shift"]

    def test_a_factor_of_whole_numbers_is_told_to_the_last_digit(self) -> None:
        """Few rows bear a hundred as well, but the values are multiples of ninety."""
        ages = TRAIN[["age", "height"]].head(800)
        for factor in (90, 1.0 / 90):
            few = changed("age", lambda c, f=factor: c * f, rows=200)
            finding = check_consistency(ages, few[["age", "height"]]).findings[0]
            assert finding.kind == "unit_factor"
            assert finding.constants["factor"] == pytest.approx(factor, rel=1e-6)
            assert finding.severity == "fail"

    def test_a_known_factor_does_not_win_over_one_that_fits_better(self) -> None:
        finding = check_consistency(TRAIN, changed("height", lambda c: c * 90)).findings[0]
        assert finding.constants["factor"] == pytest.approx(90, rel=0.02)

    def test_too_small_to_tell(self) -> None:
        assert kinds(TRAIN, changed("income", lambda c: c * 2.2, rows=8)) == []


class TestTransformations:
    @pytest.mark.parametrize(
        ("change", "formula"),
        [
            (np.log1p, "validation = log1p(train)"),
            (np.log10, "validation = log10(train)"),
            (np.sqrt, "validation = sqrt(train)"),
            (np.square, "validation = train²"),
            (lambda c: c.rank() / len(c), "validation = rank(train)"),
        ],
    )
    def test_named(self, change: Change, formula: str) -> None:
        said = found(changed("income", change))
        # Logarithms of large numbers with and without one added are the same, and what is squared
        # on one side is a square root on the other.
        assert said[:2] == ("monotone_transform", ("income",))
        assert said[2] in (
            formula,
            formula.replace("log1p", "log"),
            "validation = log10(1 + train)",
            "train = sqrt(validation)",
        )

    def test_on_train_instead(self) -> None:
        train = TRAIN.assign(income=np.sqrt(TRAIN["income"]))
        finding = check_consistency(train, VALIDATION).findings[0]
        assert finding.transformation == "train = sqrt(validation)"

    def test_clipped(self) -> None:
        kind, columns, formula = found(changed("income", lambda c: c.clip(10_000, 60_000)))
        assert (kind, columns) == ("monotone_transform", ("income",))
        assert "10,000 and 60,000" in formula

    @pytest.mark.parametrize(
        ("change", "formula"),
        [(np.log1p, "validation = log1p(train)"), (np.sqrt, "validation = sqrt(train)")],
    )
    def test_of_counts_that_are_mostly_zero(self, change: Change, formula: str) -> None:
        rng = np.random.default_rng(9)
        counts = rng.poisson(0.3, (1500, 12)).astype("float32")
        finding = check_consistency(counts[:1000], change(counts[1000:])).findings[0]
        assert (finding.kind, finding.transformation) == ("monotone_transform", formula)
        assert len(finding.columns) == 12

    def test_more_counts_are_a_shift(self) -> None:
        rng = np.random.default_rng(10)
        found = kinds(rng.poisson(2, (1000, 5)), rng.poisson(3, (500, 5)))
        assert found == ["distribution_shift"]

    def test_selected_rows_are_a_shift(self) -> None:
        richer = VALIDATION[VALIDATION["income"] > VALIDATION["income"].median()]
        assert kinds(TRAIN, richer) == ["distribution_shift"]

    def test_too_small_to_tell(self) -> None:
        assert kinds(TRAIN, changed("age", np.sqrt, rows=3)) == []


class TestOrder:
    def test_two_columns(self) -> None:
        finding = check_consistency(vectors(2000), vectors(500)[:, [0, 2, 1, 3, 4]]).findings[0]
        assert finding.kind == "columns_permuted"
        assert finding.columns == ("column 1", "column 2")
        assert finding.fix == "x_validation = x_validation[..., [0, 2, 1, 3, 4]]"

    def test_the_fix_puts_a_cycle_back(self) -> None:
        train, validation = vectors(2000), vectors(500)
        wrong = validation[:, [4, 0, 1, 2, 3]]
        fix = check_consistency(train, wrong).findings[0].fix
        scope = {"x_validation": wrong}
        exec(fix, scope)
        assert kinds(train, scope["x_validation"]) == []

    def test_standardised_columns_are_told_apart_by_their_correlations(self) -> None:
        rng = np.random.default_rng(3)
        x = rng.standard_normal((5000, 4)) @ np.array(
            [[1, 0.8, 0, 0], [0, 1, 0.5, 0], [0, 0, 1, 0.2], [0, 0, 0, 1]]
        )
        x = standard(x, x[:4000])
        assert kinds(x[:4000], x[4000:]) == []
        assert kinds(x[:4000], x[4000:, [0, 3, 2, 1]]) == ["columns_permuted"]

    def test_columns_of_one_category(self) -> None:
        """Zeros and ones are told apart by how many ones there are."""
        rng = np.random.default_rng(12)
        hot = np.eye(6)[rng.choice(6, 4000, p=[0.3, 0.25, 0.2, 0.12, 0.08, 0.05])]
        x = np.column_stack([hot, rng.normal(5, 1, 4000)])
        assert kinds(x[:3000], x[3000:]) == []
        assert kinds(x[:3000], x[3000:, [5, 4, 3, 2, 1, 0, 6]]) == ["columns_permuted"]

    def test_names_in_another_order(self) -> None:
        assert kinds(TRAIN, VALIDATION[list(VALIDATION.columns[::-1])]) == ["columns_permuted"]

    def test_channels(self) -> None:
        images = pixels(400)
        finding = check_consistency(images[:300], images[300:, :, :, ::-1]).findings[0]
        assert finding.kind == "columns_permuted"
        assert "BGR" in finding.message

    def test_two_columns_that_moved_are_a_shift(self) -> None:
        moved = vectors(500) + np.array([0, 9, 3, 0, 0])
        assert kinds(vectors(2000), moved) == ["distribution_shift"]

    def test_too_small_to_tell(self) -> None:
        assert kinds(vectors(2000), vectors(3)[:, [1, 0, 2, 3, 4]]) == []


class TestFilling:
    def filled(self, frame: pd.DataFrame, value: float, share: float = 0.1) -> pd.DataFrame:
        rng = np.random.default_rng(4)
        missing = rng.random(len(frame)) < share
        return frame.assign(height=frame["height"].mask(missing, value))

    def test_another_value(self) -> None:
        finding = check_consistency(
            self.filled(TRAIN, 172.0), self.filled(VALIDATION, 0.0)
        ).findings[0]
        assert finding.kind == "imputed_differently"
        assert finding.columns == ("height",)
        assert finding.constants["validation"] == 0.0

    def test_on_one_side_only(self) -> None:
        train, validation = self.filled(TRAIN, -1.0), self.filled(VALIDATION, np.nan)
        finding = check_consistency(train, validation).findings[0]
        assert finding.kind == "imputed_differently"
        assert "still missing" in finding.message

    def test_the_same_value_is_fine(self) -> None:
        assert kinds(self.filled(TRAIN, 172.0), self.filled(VALIDATION, 172.0)) == []

    def test_more_zeros_are_a_shift(self) -> None:
        train, validation = self.filled(TRAIN, 0.0, 0.1), self.filled(VALIDATION, 0.0, 0.4)
        assert kinds(train, validation) == ["distribution_shift"]

    def test_too_small_to_tell(self) -> None:
        few = VALIDATION.head(20)
        assert kinds(self.filled(TRAIN, 172.0, 0.02), self.filled(few, 0.0, 0.05)) == []


class TestCategories:
    def test_from_one_instead_of_zero(self) -> None:
        kind, columns, formula = found(changed("rooms", lambda c: c + 1))
        assert (kind, columns) == ("categories_recoded", ("rooms",))
        assert formula.endswith("0 → 1, 1 → 2, 2 → 3, 3 → 4")

    def test_exchanged(self) -> None:
        other = {"basic": "team", "pro": "basic", "team": "pro"}
        kind, columns, formula = found(changed("plan", lambda c: c.map(other)))
        assert (kind, columns) == ("categories_recoded", ("plan",))
        assert "basic → team" in formula

    def test_spelled_differently(self) -> None:
        assert found(changed("plan", lambda c: " " + c.str.upper()))[0] == "categories_recoded"

    def test_a_category_that_grew_is_a_shift(self) -> None:
        rng = np.random.default_rng(5)
        kept = VALIDATION[(VALIDATION["plan"] != "basic") | (rng.random(len(VALIDATION)) < 0.2)]
        assert kinds(TRAIN, kept) == ["distribution_shift"]

    def test_too_small_to_tell(self) -> None:
        other = {"basic": "pro", "pro": "basic"}
        assert kinds(TRAIN, changed("plan", lambda c: c.replace(other), rows=4)) == []


@pytest.mark.parametrize("scaled", [False, True])
def test_a_value_that_repeats_and_moved_with_its_column_was_not_filled_in(scaled: bool) -> None:
    rng = np.random.default_rng(44)
    train, validation = (
        np.where(rng.random((rows, 3)) < 0.2, 0.0, rng.gamma(3, 2, (rows, 3)) + 1)
        for rows in (1500, 500)
    )
    validation = validation + np.array([0.8, 0.0, 0.0])
    if scaled:
        mean, deviation = train.mean(axis=0), train.std(axis=0)
        train, validation = (train - mean) / deviation, (validation - mean) / deviation
    found = {finding.kind for finding in check_consistency(train, validation).findings}
    assert found <= {"distribution_shift"}


def test_counts_that_moved_were_not_filled_in() -> None:
    rng = np.random.default_rng(45)
    train, validation = rng.poisson(0.7, (1500, 4)), rng.poisson(0.7, (500, 4)) + 1
    kinds = {finding.kind for finding in check_consistency(train, validation).findings}
    assert "imputed_differently" not in kinds


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [(np.mean, np.mean), (np.mean, np.median), (lambda x: 0.0, lambda x: -999.0)],
    ids=["each by its own mean", "mean and median", "zero and -999"],
)
def test_values_that_were_filled_in_by_rules_of_their_own(mine: Any, theirs: Any) -> None:
    """Spikes of the same ranks are filled in where they are statistics, or stand alone."""
    rng = np.random.default_rng(46)
    train, validation = rng.lognormal(3, 0.8, 4000), rng.lognormal(3, 0.8, 1000)
    for rows, value in ((train, mine), (validation, theirs)):
        missing = rng.random(len(rows)) < 0.15
        rows[missing] = value(rows[~missing])
    report = check_consistency(train[:, None], validation[:, None])
    assert [finding.kind for finding in report.findings] == ["imputed_differently"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "scale",
    [
        lambda x, train: x / np.linalg.norm(x, axis=1, keepdims=True),
        lambda x, train: (x - train.mean()) / train.std(),
        lambda x, train: (x - train.mean(axis=0)) / train.std(axis=0),
    ],
    ids=["rows of length 1", "as a whole", "each column"],
)
def test_a_stretch_that_was_scaled_as_is_right_is_no_unit(scale: Any, seed: int) -> None:
    """Of what was scaled no column has a unit, however near its factor comes to a known one."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(0, 2, 6)
    train, validation = (rng.normal(middle, 1.0, (rows, 6)) for rows in (3000, 1000))
    validation = middle + (validation - middle) * 2.2
    findings = check_consistency(scale(train, train), scale(validation, train)).findings
    assert {finding.kind for finding in findings} <= {"distribution_shift"}


def test_several_columns_that_were_treated_otherwise_are_named_each() -> None:
    """What one of them explains is no other population to the next."""
    train, validation = people(3000), people(1000)
    validation["income"] /= 1000
    validation["height"] /= 2.54
    validation["plan"] = validation["plan"].map({"basic": "pro", "pro": "team", "team": "basic"})
    found = [f.kind for f in check_consistency(train, validation).findings]
    assert sorted(found) == ["categories_recoded", "unit_factor", "unit_factor"]


def test_constants_that_are_far_apart_are_no_crash() -> None:
    train, validation = np.zeros((50, 2)), np.tile([1e9, 2e9], (20, 1))
    assert kinds(train, validation)


def test_a_yes_that_became_rare_is_no_other_code() -> None:
    rng = np.random.default_rng(8)
    splits = (
        np.stack([rng.random(rows) < share, rng.normal(size=rows)], axis=1)
        for rows, share in ((900, 0.3), (300, 0.7))
    )
    assert kinds(*splits) == ["distribution_shift"]


def test_shares_in_percent_that_are_nearly_of_deviation_one() -> None:
    returns = np.random.default_rng(9).standard_t(4, (2000, 6)) * 0.01
    finding = check_consistency(returns[:1500], returns[1500:] * 100).findings[0]
    assert (finding.kind, finding.transformation) == ("unit_factor", "validation = train × 100")


def test_counts_beside_rows_of_length_one() -> None:
    """Most of the columns are nearly always zero, and hardly differ."""
    rng = np.random.default_rng(10)
    counts = rng.poisson(1 / np.arange(1, 121), (1200, 120)).astype(float) + 1e-9
    lengths = np.linalg.norm(counts, axis=1, keepdims=True)
    finding = check_consistency(counts[:900] / lengths[:900], counts[900:]).findings[0]
    assert finding.kind == "scaling_missing"
    assert "length 1" in finding.message
