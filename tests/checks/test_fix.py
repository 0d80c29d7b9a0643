"""What a finding says to do is code: pasted, it runs, and the finding is gone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.checks import KINDS
from mlflow_plateau.checks.monotone_transform import CODE, INVERSES, TRANSFORMATIONS
from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import RNG, Array, people, pixels, sentences, standard, vectors

STATE = RNG.bit_generator.state
RNG.bit_generator.state = np.random.default_rng(41).bit_generator.state
TRAIN, VALIDATION = vectors(3000), vectors(1000)
PEOPLE, OTHERS = people(4000), people(1200)
IMAGES, OTHER_IMAGES = pixels(400), pixels(200)
TEXTS, OTHER_TEXTS = sentences(3000), sentences(800)
RNG.bit_generator.state = STATE
CLASSES, OTHER_CLASSES = (np.digitize(x[:, 0], [-0.5, 0.8]) for x in (TRAIN, VALIDATION))
COUNTS = np.random.default_rng(42).poisson(3, (3000, 5)).astype("float32")
RARE = np.where(np.arange(1000) % 10 > 0, OTHER_CLASSES != 2, True)


def min_max(of: Array, by: Array) -> Array:
    return (of - by.min(axis=0)) / (by.max(axis=0) - by.min(axis=0))


def each(x: Array) -> Array:
    axes = tuple(range(1, x.ndim))
    return (x - x.mean(axis=axes, keepdims=True)) / x.std(axis=axes, keepdims=True)


def changed(x: Array, column: int, function: Callable[[Array], Array]) -> Array:
    found = np.array(x, dtype="float64")
    found[..., column] = function(found[..., column])
    return found


def filled(frame: pd.DataFrame, value: float) -> pd.DataFrame:
    missing = np.random.default_rng(4).random(len(frame)) < 0.1
    return frame.assign(height=frame["height"].mask(missing, value))


def padded_in_front(rows: Array) -> Array:
    return np.stack([np.concatenate([row[row == 0], row[row > 0]]) for row in rows])


def both_numbers(function: Callable[[Array, Array], Array], frame: pd.DataFrame) -> pd.DataFrame:
    """Returns a frame with two of its columns scaled by the people's statistics."""
    numbers = ["income", "height"]
    return frame.assign(
        **dict(
            zip(
                numbers,
                function(frame[numbers].to_numpy(), PEOPLE[numbers].to_numpy()).T,
                strict=True,
            )
        )
    )


CASES: dict[str, tuple[str, Any, Any]] = {
    "scaler forgotten": ("scaling_missing", standard(TRAIN, TRAIN), VALIDATION),
    "scaler forgotten in train": ("scaling_missing", TRAIN, standard(VALIDATION, TRAIN)),
    "scaler of images": (
        "scaling_missing",
        (IMAGES - IMAGES.mean((0, 1, 2))) / IMAGES.std((0, 1, 2)),
        OTHER_IMAGES,
    ),
    "scaler of a frame": ("scaling_missing", both_numbers(standard, PEOPLE), OTHERS),
    "pixels in train": ("scaling_missing", (IMAGES / 255).astype("float32"), OTHER_IMAGES),
    "pixels in validation": ("scaling_missing", IMAGES, (OTHER_IMAGES / 127.5 - 1).astype("f4")),
    "image by image": ("scaling_missing", each(IMAGES.astype("f8")), OTHER_IMAGES.astype("f8")),
    "one channel by itself": (
        "scaling_missing",
        each(IMAGES[..., :1].astype("f8")),
        OTHER_IMAGES[..., :1].astype("f8"),
    ),
    "rows of length 1": (
        "scaling_missing",
        TRAIN / np.linalg.norm(TRAIN, axis=1, keepdims=True),
        VALIDATION,
    ),
    "rows that add up to 1": (
        "scaling_missing",
        COUNTS[:2000],
        COUNTS[2000:] / COUNTS[2000:].sum(axis=1, keepdims=True).clip(1),
    ),
    "scaled by itself": ("scaler_refit", min_max(TRAIN, TRAIN), min_max(VALIDATION, VALIDATION)),
    "scaled together": (
        "scaler_fit_on_both",
        standard(TRAIN, np.concatenate([TRAIN, VALIDATION])),
        standard(VALIDATION, np.concatenate([TRAIN, VALIDATION])),
    ),
    "a unit": ("unit_factor", TRAIN, changed(VALIDATION, 3, lambda x: x / 1000)),
    "a unit of whole numbers": (
        "unit_factor",
        (TRAIN[:, [3]] * 50).astype("int64"),
        (VALIDATION[:, [3]] * 5000).astype("int64"),
    ),
    "a unit of a channel": ("unit_factor", IMAGES, changed(OTHER_IMAGES, 1, lambda x: x * 60)),
    "a unit in a frame": ("unit_factor", PEOPLE, OTHERS.assign(income=OTHERS["income"] / 1000)),
    "units in a frame": (
        "unit_factor",
        PEOPLE,
        OTHERS.assign(income=OTHERS["income"] * 100, height=OTHERS["height"] * 100),
    ),
    "Fahrenheit": ("unit_factor", TRAIN, changed(VALIDATION, 2, lambda x: x * 1.8 + 32)),
    "among several inputs": (
        "unit_factor",
        {"a": TRAIN, "b": TRAIN[:, :2] + 100},
        {"a": changed(VALIDATION, 3, lambda x: x * 1000), "b": VALIDATION[:, :2] + 100},
    ),
    "of the targets": ("unit_factor", (TRAIN, TRAIN[:, 3]), (VALIDATION, VALIDATION[:, 3] * 1000)),
    "log in validation": (
        "monotone_transform",
        PEOPLE,
        OTHERS.assign(income=np.log(OTHERS["income"])),
    ),
    "square root in train": (
        "monotone_transform",
        changed(TRAIN, 3, lambda x: np.sqrt(np.abs(x))),
        changed(VALIDATION, 3, np.abs),
    ),
    "clipped": (
        "monotone_transform",
        PEOPLE,
        OTHERS.assign(income=OTHERS["income"].clip(10_000, 60_000)),
    ),
    "clipped in train": (
        "monotone_transform",
        changed(TRAIN, 1, lambda x: np.clip(x, 40, np.inf)),
        VALIDATION,
    ),
    "columns moved": ("columns_permuted", TRAIN, VALIDATION[:, [4, 0, 1, 2, 3]]),
    "columns of a frame moved": ("columns_permuted", PEOPLE, OTHERS[OTHERS.columns[::-1]]),
    "contents of a frame moved": (
        "columns_permuted",
        PEOPLE,
        OTHERS.assign(income=OTHERS["height"], height=OTHERS["income"]),
    ),
    "BGR": ("columns_permuted", IMAGES, OTHER_IMAGES[..., ::-1]),
    "BGR, channels first": (
        "columns_permuted",
        IMAGES.transpose(0, 3, 1, 2),
        OTHER_IMAGES[..., ::-1].transpose(0, 3, 1, 2),
    ),
    "categories from 1": ("categories_recoded", PEOPLE, OTHERS.assign(rooms=OTHERS["rooms"] + 1)),
    "categories exchanged": (
        "categories_recoded",
        PEOPLE,
        OTHERS.assign(plan=OTHERS["plan"].map({"basic": "team", "pro": "basic", "team": "pro"})),
    ),
    "ids shifted": ("token_offset", TEXTS, np.where(OTHER_TEXTS > 0, OTHER_TEXTS + 3, 0)),
    "ids and padding shifted": ("token_offset", TEXTS, OTHER_TEXTS + 3),
    "padded in front": ("token_offset", TEXTS, padded_in_front(OTHER_TEXTS)),
    "padded at the end": ("token_offset", padded_in_front(TEXTS), OTHER_TEXTS),
    "filled otherwise": ("imputed_differently", filled(PEOPLE, 0.0), filled(OTHERS, -999.0)),
    "not filled": ("imputed_differently", filled(PEOPLE, 0.0), filled(OTHERS, np.nan)),
    "not filled in train": ("imputed_differently", filled(PEOPLE, np.nan), filled(OTHERS, 0.0)),
    "a column too many": ("schema_mismatch", PEOPLE, OTHERS.assign(more=1.0)),
    "a column too few": ("schema_mismatch", PEOPLE, OTHERS.drop(columns="age")),
    "channels first": ("schema_mismatch", IMAGES, OTHER_IMAGES.transpose(0, 3, 1, 2)),
    "channels last": ("schema_mismatch", IMAGES.transpose(0, 3, 1, 2), OTHER_IMAGES),
    "classes from 1": ("labels_recoded", (TRAIN, CLASSES), (VALIDATION, OTHER_CLASSES + 1)),
    "classes exchanged": (
        "labels_recoded",
        (TRAIN, CLASSES),
        (VALIDATION, np.array([2, 0, 1])[OTHER_CLASSES]),
    ),
    "one-hot": ("labels_recoded", (TRAIN, CLASSES), (VALIDATION, np.eye(3)[OTHER_CLASSES])),
    "not one-hot": ("labels_recoded", (TRAIN, np.eye(3)[CLASSES]), (VALIDATION, OTHER_CLASSES)),
    "a class is rare": (
        "label_shift",
        (TRAIN, CLASSES),
        (VALIDATION[RARE], OTHER_CLASSES[RARE]),
    ),
    "rows shared": ("rows_shared", TRAIN, np.concatenate([VALIDATION, TRAIN[:200]])),
    "rows of a frame shared": (
        "rows_shared",
        (PEOPLE, PEOPLE["age"] > 40),
        (pd.concat([OTHERS, PEOPLE[:300]]), np.append(OTHERS["age"], PEOPLE["age"][:300]) > 40),
    ),
    "NaN": ("non_finite", TRAIN, changed(VALIDATION, 1, lambda x: np.where(x > 70, np.nan, x))),
    "infinity in a frame": (
        "non_finite",
        PEOPLE,
        OTHERS.assign(income=OTHERS["income"].where(OTHERS["income"] < 90_000, np.inf)),
    ),
}
RAW: dict[str, tuple[Any, Any]] = {
    "scaler of images": (IMAGES, OTHER_IMAGES),
    "scaler of a frame": (PEOPLE, OTHERS),
    "image by image": (IMAGES, OTHER_IMAGES),
}
"""What there was before it was scaled, where that is not ``TRAIN`` and ``VALIDATION``."""


def scope_of(case: str, train: Any, validation: Any) -> dict[str, Any]:
    """Returns the names that a fix speaks of; it may change what they hold."""
    (x_train, y_train), (x_validation, y_validation) = (
        side if isinstance(side, tuple) else (side, None)
        for side in copy.deepcopy((train, validation))
    )
    raw_train, raw_validation = RAW.get(case, (TRAIN, VALIDATION))
    return {
        "np": np,
        "pd": pd,
        "x_train": x_train,
        "x_validation": x_validation,
        "y_train": y_train,
        "y_validation": y_validation,
        "raw_train": raw_train,
        "raw_validation": raw_validation,
        "x": np.concatenate([TRAIN, VALIDATION[RARE]]),
        "y": np.concatenate([CLASSES, OTHER_CLASSES[RARE]]),
    }


@pytest.mark.parametrize("case", CASES)
def test_pasted_it_makes_the_finding_go_away(case: str) -> None:
    kind, train, validation = CASES[case]
    finding = check_consistency(train, validation).findings[0]
    assert finding.kind == kind
    scope = scope_of(case, train, validation)
    exec(finding.fix, scope)
    left = check_consistency(
        *((scope[f"x_{split}"], scope[f"y_{split}"]) for split in ("train", "validation"))
    )
    assert [found.kind for found in left.findings if found.severity != "info"] == []


def test_each_kind_is_code_or_cannot_be() -> None:
    coded = {kind for kind, _, _ in CASES.values()}
    # Rows that come from elsewhere stay there, and a small split stays small.
    assert KINDS.keys() - coded == {"distribution_shift", "too_small"}


def test_what_no_code_can_do_is_a_comment_that_runs() -> None:
    richer = OTHERS[OTHERS["income"] > OTHERS["income"].median()]
    for finding in check_consistency(PEOPLE, richer).findings:
        exec(finding.fix, {})


def test_a_small_split_is_validated_in_folds() -> None:
    finding = check_consistency(TRAIN, VALIDATION[:30]).findings[0]
    scope = {"x": TRAIN}
    exec(finding.fix, scope)
    assert len(scope["folds"]) == 5


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_the_code_of_a_function_is_the_function(name: str) -> None:
    values = np.array([0.2, 0.5, 0.9])
    for code, function in zip(CODE[name], (TRANSFORMATIONS[name], INVERSES[name]), strict=True):
        np.testing.assert_allclose(
            eval(code.format("x"), {"np": np, "x": values}), function(values)
        )


def test_names_from_outside_stay_names() -> None:
    evil = "income'] = 0; raise ValueError('gotcha')  # "
    train, validation = (frame.rename(columns={"income": evil}) for frame in (PEOPLE, OTHERS))
    wrong = validation.assign(**{evil: validation[evil] / 1000})
    scope = scope_of("", train, wrong)
    exec(check_consistency(train, wrong).findings[0].fix, scope)
    assert check_consistency(train, scope["x_validation"]).verdict == "pass"
