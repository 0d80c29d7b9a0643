"""Images that were normalised in two of the usual ways."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import Array, first, kinds, pixels

IMAGENET = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
CIFAR = np.array([0.4914, 0.4822, 0.4465]), np.array([0.2470, 0.2435, 0.2616])

FORMS: dict[str, Callable[[Array], Array]] = {
    "x / 255": lambda x: x / 255,
    "x / 127.5 − 1": lambda x: x / 127.5 - 1,
    "ImageNet's means and deviations": lambda x: (x / 255 - IMAGENET[0]) / IMAGENET[1],
    "CIFAR-10's means and deviations": lambda x: (x / 255 - CIFAR[0]) / CIFAR[1],
    "centred with ImageNet's means": lambda x: x - np.array([123.68, 116.779, 103.939]),
}


def bright_to_dark(rows: int) -> Array:
    """Images of which some pixels are black and some are white."""
    images = pixels(rows)
    images[:, 0, 0], images[:, 0, 1] = 0, 255
    return images


TRAIN, VALIDATION = bright_to_dark(400), bright_to_dark(200)


def cases() -> list[tuple[str, str]]:
    # The means and deviations of the two sets of photographs differ by too little to matter.
    nearly = {name for name in FORMS if name.endswith("means and deviations")}
    return [pair for pair in permutations(FORMS, 2) if not nearly.issuperset(pair)]


@pytest.mark.parametrize("first", [False, True], ids=["channels last", "channels first"])
@pytest.mark.parametrize(("one", "other"), cases())
def test_both_are_named_and_the_fix_makes_them_one(one: str, other: str, first: bool) -> None:
    train, validation = FORMS[one](TRAIN), FORMS[other](VALIDATION)
    if first:
        train, validation = (np.moveaxis(x, -1, 1) for x in (train, validation))
    finding = check_consistency(train, validation).findings[0]
    assert (finding.kind, finding.severity) == ("scaling_missing", "fail")
    mine, _, theirs = finding.message.partition("validation's are")
    assert one in mine
    assert other in theirs
    scope = {"np": np, "x_validation": validation}
    exec(finding.fix, scope)
    assert kinds(train, scope["x_validation"]) == []


@pytest.mark.parametrize("form", FORMS)
def test_darker_images_are_a_shift(form: str) -> None:
    darker = (0.6 * VALIDATION).astype("uint8")
    assert kinds(FORMS[form](TRAIN), FORMS[form](darker)) == ["distribution_shift"]


def test_pixels_divided_twice_are_a_unit() -> None:
    train, validation = pixels(600) / 255, pixels(200) / 255 / 255
    report = check_consistency(train.astype("float32"), validation.astype("float32"))
    assert first(report) == "unit_factor"
    assert report.findings[0].transformation == "validation = train ÷ 255"


def test_pictures_standardised_whole_beside_pixels_that_reach_both_ends() -> None:
    train, validation = (pixels(rows).astype("float32") for rows in (600, 200))
    train[:, 0, 0], train[:, 0, 1] = 0, 255
    mean, deviation = (f(validation, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.std))
    report = check_consistency(train / 255, (validation - mean) / deviation)
    assert first(report) == "scaling_missing"
    assert report.findings[0].transformation.startswith("validation = (x − row's mean)")


def test_channels_that_each_split_centred_by_its_own_means() -> None:
    train, validation = (pixels(rows).astype("float64") for rows in (600, 200))
    own = [of - of.mean(axis=(0, 1, 2)) for of in (train, validation)]
    assert kinds(*own) == ["scaler_refit"]
    assert kinds(own[0], validation - train.mean(axis=(0, 1, 2))) == []


def test_a_tenth_of_what_pixels_can_be_is_no_normalisation() -> None:
    # Between the constants of CIFAR-10 and ImageNet lies a little less contrast.
    rng = np.random.default_rng(1)
    train = rng.beta(2, 2, (300, 8, 8, 3)).astype("float32")
    report = check_consistency(train, (1 - 0.9 * train[:100]).astype("float32"))
    assert "normalised" not in str(report)
