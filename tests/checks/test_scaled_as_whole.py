"""All values of a split scaled by the same numbers: its own, the common ones, or each row's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mlflow_plateau.consistency import check_consistency
from mlflow_plateau.profiles import merge, profile
from tests.checks.populations import Array, kinds

Split = tuple[Array, Array]


def table(rows: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 6)) * [1, 2, 1.5, 0.5, 3, 1] + [5, 3, 4, 6, 4, 5]


def pictures(rows: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    light = rng.uniform(0.2, 1.0, (rows, 1, 1, 3))
    bytes_ = rng.integers(0, 256, (rows, 9, 9, 3)) * light
    # A mean that is taken and subtracted in float32 is too far off to be told from chance.
    return np.asarray(bytes_.astype("uint8").astype("float64"))


def walks(rows: int, seed: int) -> Array:
    return np.cumsum(np.random.default_rng(seed).normal(size=(rows, 24, 2)), axis=1)


DATA = {"table": table, "pictures": pictures, "walks": walks}
SCALERS: dict[str, Callable[[Array], tuple[float, float]]] = {
    "standardised": lambda x: (x.mean(), x.std()),
    "centred": lambda x: (x.mean(), 1.0),
}


def scaled(x: Array, by: tuple[float, float]) -> Array:
    mean, width = by
    return (x - mean) / width


@pytest.fixture(params=DATA.values(), ids=DATA)
def splits(request: pytest.FixtureRequest) -> Split:
    return request.param(1200, 0), request.param(400, 1)


@pytest.mark.parametrize("numbers", SCALERS.values(), ids=SCALERS)
class TestOneMeanForAll:
    def test_of_train_is_right(
        self, splits: Split, numbers: Callable[[Array], tuple[float, float]]
    ) -> None:
        train, validation = splits
        by = numbers(train)
        assert kinds(scaled(train, by), scaled(validation, by)) == []

    def test_of_each_split(
        self, splits: Split, numbers: Callable[[Array], tuple[float, float]]
    ) -> None:
        assert kinds(*(scaled(split, numbers(split)) for split in splits))[:1] == ["scaler_refit"]

    def test_of_both(self, splits: Split, numbers: Callable[[Array], tuple[float, float]]) -> None:
        by = numbers(np.concatenate(splits))
        assert kinds(*(scaled(split, by) for split in splits))[:1] == ["scaler_fit_on_both"]


def test_a_range_of_each_split_moves_all_columns_alike() -> None:
    train, validation = table(1200, 0), table(400, 1)
    train[0, 0], validation[0, 0] = 30.0, 19.0
    ranges = ((split - split.min()) / np.ptp(split) for split in (train, validation))
    report = check_consistency(*ranges)
    assert [finding.kind for finding in report.findings] == ["scaler_refit"]
    assert "raw.max() - raw.min()" in report.findings[0].fix


def test_a_range_of_train_is_right() -> None:
    train, validation = table(1200, 0), table(400, 1)
    assert kinds(*((of - train.min()) / np.ptp(train) for of in (train, validation))) == []


def by_row(x: Array) -> Array:
    axes = tuple(range(1, x.ndim))
    return (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)


def test_rows_standardised_in_both_splits_are_fine(splits: Split) -> None:
    assert kinds(*map(by_row, splits)) == []


def test_rows_standardised_in_validation_only(splits: Split) -> None:
    train, validation = splits
    report = check_consistency(scaled(train, SCALERS["standardised"](train)), by_row(validation))
    assert report.findings[0].kind == "scaling_missing"
    assert report.findings[0].message.startswith("Validation is standardised row by row")


def test_each_picture_has_a_range_of_its_own_in_validation_only() -> None:
    train, validation = pictures(1200, 0), pictures(400, 1)
    least, greatest = (end(validation, (1, 2, 3), keepdims=True) for end in (np.min, np.max))
    report = check_consistency(train / 255, (validation - least) / (greatest - least))
    assert report.findings[0].kind == "scaling_missing"
    assert "min-max scaled row by row" in report.findings[0].message


def test_rows_and_their_mirror_images_are_centred_by_themselves() -> None:
    assert (
        kinds(*(np.concatenate([split, -split]) for split in (table(900, 0), table(300, 1)))) == []
    )


def test_times_of_the_day_on_a_circle_end_at_one_by_themselves() -> None:
    rng = np.random.default_rng(0)
    hours = (rng.uniform(0, 24, (rows, 4)) * np.pi / 12 for rows in (12_000, 4_000))
    assert kinds(*(np.concatenate([np.sin(h), np.cos(h)], axis=1) for h in hours)) == []


def test_means_of_rows_do_not_depend_on_how_rows_come() -> None:
    rows = table(500, 0).astype("float32")
    parts = [profile(rows[start : start + 7]) for start in range(0, 500, 7)]
    assert merge(*parts).inputs[0].whole_means == profile(rows).inputs[0].whole_means


def test_pixels_of_eight_bits_that_were_brightened_in_validation() -> None:
    train, validation = (
        pictures(rows, seed).astype("uint8") for rows, seed in ((900, 0), (300, 1))
    )
    brighter = np.round(255 * (validation / 255) ** (1 / 2.2)).astype("uint8")
    report = check_consistency(train, brighter)
    assert report.findings[0].kind == "monotone_transform"
    assert report.findings[0].transformation == "validation = 255 · (train / 255)^(1 / 2.2)"


@pytest.mark.filterwarnings("error")
def test_masks_beside_pixels_are_no_power_of_them() -> None:
    rng = np.random.default_rng(0)
    masks = ((rng.random((200, 6, 6, 1)) < 0.5) * 255).astype("uint8")
    train = rng.integers(0, 256, (300, 6, 6, 1)).astype("uint8")
    assert set(kinds(train, masks)) <= {"distribution_shift"}
