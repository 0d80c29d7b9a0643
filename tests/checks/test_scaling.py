"""Scalers: forgotten, fitted twice, fitted on both; and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import Array, kinds, pixels, standard, vectors

TRAIN, VALIDATION = vectors(4000), vectors(1000)
BOTH = np.concatenate([TRAIN, VALIDATION])


def min_max(of: Array, by: Array) -> Array:
    return (of - by.min(axis=0)) / (by.max(axis=0) - by.min(axis=0))


def unit_range(of: Array, by: Array) -> Array:
    return 2 * min_max(of, by) - 1


def max_abs(of: Array, by: Array) -> Array:
    return of / np.abs(by).max(axis=0)


def robust(of: Array, by: Array) -> Array:
    low, middle, high = np.quantile(by, [0.25, 0.5, 0.75], axis=0)
    return ((of - middle) / (high - low)).astype(of.dtype)


@pytest.mark.parametrize("scale", [standard, min_max, unit_range, robust])
class TestScalers:
    def test_used_rightly(self, scale: object) -> None:
        assert callable(scale)
        assert kinds(scale(TRAIN, TRAIN), scale(VALIDATION, TRAIN)) == []

    def test_validation_stayed_raw(self, scale: object) -> None:
        assert callable(scale)
        report = check_consistency(scale(TRAIN, TRAIN), VALIDATION)
        assert [finding.kind for finding in report.findings] == ["scaling_missing"]
        assert report.verdict == "fail"
        assert report.findings[0].transformation.endswith("validation = x")

    def test_train_stayed_raw(self, scale: object) -> None:
        assert callable(scale)
        report = check_consistency(TRAIN, scale(VALIDATION, TRAIN))
        assert report.findings[0].kind == "scaling_missing"
        assert report.findings[0].transformation.endswith("train = x")

    def test_fitted_twice(self, scale: object) -> None:
        assert callable(scale)
        assert kinds(scale(TRAIN, TRAIN), scale(VALIDATION, VALIDATION)) == ["scaler_refit"]

    def test_fitted_on_both(self, scale: object) -> None:
        assert callable(scale)
        assert kinds(scale(TRAIN, BOTH), scale(VALIDATION, BOTH)) == ["scaler_fit_on_both"]


@pytest.mark.parametrize(
    ("scale", "name"),
    [
        (unit_range, "scaled to −1 … 1"),
        (max_abs, "scaled by the greatest size"),
        (robust, "robustly scaled"),
    ],
)
def test_the_scaler_is_named(scale: object, name: str) -> None:
    assert callable(scale)
    assert name in check_consistency(scale(TRAIN, TRAIN), VALIDATION).findings[0].message


def test_counts_divided_by_their_greatest() -> None:
    rng = np.random.default_rng(6)
    counts = rng.poisson(rng.exponential(0.8, 30), (3000, 30)).astype("float32")
    finding = check_consistency(max_abs(counts[:2000], counts[:2000]), counts[2000:]).findings[0]
    assert finding.kind == "scaling_missing"


def test_divided_by_the_greatest_on_one_side_only() -> None:
    assert kinds(max_abs(TRAIN, TRAIN), max_abs(VALIDATION, TRAIN)) == []
    assert kinds(max_abs(TRAIN, TRAIN), VALIDATION) == ["scaling_missing"]
    assert kinds(TRAIN, max_abs(VALIDATION, TRAIN)) == ["scaling_missing"]


def test_many_columns_divided_by_their_own_greatest() -> None:
    x = np.random.default_rng(9).gamma(3, 2, (4000, 16)) + 1
    assert kinds(max_abs(x[:3000], x[:3000]), max_abs(x[3000:], x[:3000])) == []
    assert kinds(max_abs(x[:3000], x[:3000]), max_abs(x[3000:], x[3000:])) == ["scaler_refit"]


def test_a_percentage_divided_by_100_is_a_unit() -> None:
    rng = np.random.default_rng(7)
    shares = np.column_stack([rng.integers(0, 101, 3000), rng.normal(4, 1, 3000)])
    finding = check_consistency(shares[:2000], shares[2000:] * [0.01, 1]).findings[0]
    assert (finding.kind, finding.constants["factor"]) == ("unit_factor", 0.01)


def test_made_symmetrical_by_powers() -> None:
    from sklearn.preprocessing import PowerTransformer

    rng = np.random.default_rng(8)
    skewed = np.column_stack(
        [rng.gamma(2, 3, 3000), rng.lognormal(2, 1, 3000), rng.beta(1, 4, 3000)]
    )
    power = PowerTransformer().fit(skewed[:2000])
    finding = check_consistency(power.transform(skewed[:2000]), skewed[2000:]).findings[0]
    assert finding.kind == "scaling_missing"
    assert "PowerTransformer" in finding.fix


def test_images_standardised_one_by_one_in_both_splits_are_fine() -> None:
    grey = pixels(400)[..., :1].astype("float32")
    each = standard(grey.reshape(400, -1).T, grey.reshape(400, -1).T).T.reshape(grey.shape)
    assert kinds(each[:300], each[300:]) == []


def test_raw_columns_keep_their_mean_and_deviation_as_constants() -> None:
    finding = check_consistency(standard(TRAIN, TRAIN), VALIDATION).findings[0]
    assert f"{finding.constants['mean']:.4g}" in finding.message
    assert finding.constants["mean"] == pytest.approx(300, rel=0.05)


def test_fitted_on_validation_instead_of_train() -> None:
    found = kinds(standard(TRAIN, VALIDATION), standard(VALIDATION, VALIDATION))
    assert found == ["scaler_refit"]


def test_a_refit_is_seen_with_few_rows_where_nothing_else_is() -> None:
    few = VALIDATION[:40]
    assert kinds(standard(TRAIN, TRAIN), standard(few, few)) == ["scaler_refit"]


def test_natural_columns_near_zero_and_one_are_no_scaler() -> None:
    rng = np.random.default_rng(1)
    assert kinds(rng.standard_normal((2000, 6)), rng.standard_normal((500, 6))) == []


def test_shares_that_reach_zero_and_one_are_no_scaler() -> None:
    rng = np.random.default_rng(2)
    share = np.clip(rng.normal(0.5, 0.5, (4000, 4)), 0, 1)
    assert kinds(share[:3000], share[3000:]) == []


def test_a_population_that_moved_is_no_missing_scaler() -> None:
    """Standardised with train's statistics; two of the columns moved by most of a deviation."""
    moved = VALIDATION + np.array([0.8, 9, 0, 0, 0])
    found = kinds(standard(TRAIN, TRAIN), standard(moved, TRAIN))
    assert found == ["distribution_shift"]


def test_a_part_of_the_data_claims_no_fingerprint() -> None:
    from mlflow_plateau.consistency import report
    from mlflow_plateau.profiles import ProfileBuilder, profile

    builder = ProfileBuilder()
    builder.add(standard(VALIDATION, VALIDATION))
    part = builder.profile(complete=False)
    findings = report(profile(standard(TRAIN, TRAIN)), part).findings
    assert "scaler_refit" not in [finding.kind for finding in findings]


class TestPixels:
    def test_divided_on_one_side(self) -> None:
        raw = pixels(400)
        assert kinds((raw[:300] / 255).astype("float32"), raw[300:]) == ["scaling_missing"]
        assert kinds(raw[:300], (raw[300:] / 255).astype("float32")) == ["scaling_missing"]
        assert kinds((raw[:300] / 127.5 - 1).astype("float32"), raw[300:]) == ["scaling_missing"]

    def test_divided_on_both(self) -> None:
        scaled = (pixels(400) / 255).astype("float32")
        assert kinds(scaled[:300], scaled[300:]) == []

    def test_a_darker_camera_is_a_shift(self) -> None:
        raw = pixels(400)
        darker = (raw[300:] * 0.6).astype("uint8")
        assert kinds(raw[:300], darker) == ["distribution_shift"]

    def test_too_few_to_tell(self) -> None:
        raw = pixels(12)
        assert kinds(raw[:9], (raw[9:] * 0.9).astype("uint8")) == []


class TestTogether:
    """All columns of a row, or all values there are, were scaled by the same two numbers."""

    @staticmethod
    def by_rows(x: Array) -> Array:
        axes = tuple(range(1, x.ndim))
        spread = x.std(axis=axes, keepdims=True)
        return ((x - x.mean(axis=axes, keepdims=True)) / spread).astype("float32")

    @pytest.mark.parametrize(
        "scale",
        [
            lambda x, by: TestTogether.by_rows(x.astype("float64")),
            lambda x, by: x / np.linalg.norm(x, axis=-1, keepdims=True),
            lambda x, by: (x - by.mean()) / by.std(),
        ],
        ids=["row by row", "to length 1", "all values together"],
    )
    def test_on_one_side_only(self, scale: object) -> None:
        assert callable(scale)
        train, validation = scale(TRAIN, TRAIN), scale(VALIDATION, TRAIN)
        assert kinds(train, validation) == []
        assert kinds(train, VALIDATION) == ["scaling_missing"]
        assert kinds(TRAIN, validation) == ["scaling_missing"]

    def test_another_population_scaled_with_numbers_of_train(self) -> None:
        random = np.random.default_rng(5)
        train = random.normal(3.0, 2.0, (800, 6))
        older = random.normal(3.0, 2.0, (300, 6)) * 1.3 + 0.7
        scaled = [(x - train.mean()) / train.std() for x in (train, older)]
        assert set(kinds(*scaled)) == {"distribution_shift"}

    def test_images_one_by_one(self) -> None:
        raw = pixels(400).astype("float32")
        for images in (raw, raw[..., :1]):
            each = self.by_rows(images)
            assert kinds(each[:300], each[300:]) == []
            assert kinds(each[:300], images[300:]) == ["scaling_missing"]
            assert kinds(images[:300], each[300:]) == ["scaling_missing"]


def test_ranks_in_place_of_values() -> None:
    from sklearn.preprocessing import QuantileTransformer

    for output in ("uniform", "normal"):
        ranks = QuantileTransformer(n_quantiles=500, output_distribution=output).fit(TRAIN)
        assert kinds(ranks.transform(TRAIN), ranks.transform(VALIDATION)) == []
        assert kinds(ranks.transform(TRAIN), VALIDATION.astype("float64")) == ["scaling_missing"]


def test_columns_with_a_factor_of_their_own_each_were_scaled() -> None:
    factors = np.array([17.3, 0.013, 391.0, 0.0471, 55.7])
    assert kinds(TRAIN, VALIDATION * factors) == ["scaling_missing"]
    known = np.array([1000, 1, 0.01, 1, 1])
    assert set(kinds(TRAIN, VALIDATION * known)) == {"unit_factor"}


@pytest.mark.parametrize("scale", [min_max, max_abs])
def test_rounded_columns_that_were_scaled_by_their_own_ranges(
    scale: Callable[[Array, Array], Array],
) -> None:
    """Their ends are reached by chance as well; the steps between their values are not the same."""
    rng = np.random.default_rng(60)
    x = np.stack(
        [
            np.clip(rng.gamma(9, 5, 4000), 18, 95).astype(int),
            rng.geometric(0.03, 4000),
            rng.negative_binomial(1.5, 0.25, 4000),
        ],
        axis=1,
    ).astype(float)
    train, validation = x[:3000], x[3000:]
    assert kinds(scale(train, train), scale(validation, validation))[0] == "scaler_refit"
    assert kinds(scale(train, train), scale(validation, train)) == []


def iris() -> tuple[Array, Array]:
    """Lengths in centimetres with one decimal: their values repeat."""
    from sklearn.datasets import load_iris

    rows = load_iris().data[np.random.default_rng(61).permutation(150)]
    return rows[:105], rows[105:]


def test_rounded_columns_that_were_scaled_by_their_own_quartiles() -> None:
    train, validation = iris()
    assert kinds(robust(train, train), robust(validation, validation))[0] == "scaler_refit"
    assert "scaler_refit" not in kinds(robust(train, train), robust(validation, train))


@pytest.mark.parametrize("scale", [min_max, unit_range])
def test_rounded_columns_that_were_scaled_by_their_common_ranges(
    scale: Callable[[Array, Array], Array],
) -> None:
    train, validation = iris()
    validation[3, :2] = 8.3, 1.7  # train reaches neither
    both = np.concatenate([train, validation])
    assert kinds(scale(train, both), scale(validation, both))[0] == "scaler_fit_on_both"
    assert "scaler_fit_on_both" not in kinds(scale(train, train), scale(validation, train))


def test_common_ranges_of_columns_in_which_some_values_repeat() -> None:
    rng = np.random.default_rng(62)
    x = rng.normal(5, 1, (1000, 4))
    x[rng.random(x.shape) < 0.6] = 5.0
    x[900:] *= 1.01  # the ends are in validation
    train, validation = x[:800], x[800:]
    assert kinds(min_max(train, x), min_max(validation, x))[0] == "scaler_fit_on_both"


def test_pixels_that_reach_the_ends_in_validation_alone_were_not_scaled_together() -> None:
    """Clipped at 0 and 1 as all images are, with one channel that is never bright in train."""
    rng = np.random.default_rng(63)
    images = np.clip(rng.normal(0.3, 0.3, (600, 8, 8, 3)), 0, 1).astype("float32")
    images[..., 0] *= 0.3
    assert kinds(images[:450], images[450:, ..., ::-1]) == ["columns_permuted"]
