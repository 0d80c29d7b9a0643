"""What each difference is undone by: the repaired rows are what the same treatment would give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlflow_plateau.checks import KINDS, repairs, run_checks
from mlflow_plateau.checks.monotone_functions import FUNCTIONS, MonotoneFunction
from mlflow_plateau.checks.repair import UNDONE
from mlflow_plateau.profiles import profile
from tests.checks.populations import RNG, Array, people, pixels, sentences, standard, vectors

STATE = RNG.bit_generator.state
# What this module draws does not depend on which others are imported …
RNG.bit_generator.state = np.random.default_rng(29).bit_generator.state
TRAIN, VALIDATION = vectors(4000), vectors(1000)
NUMBERS = ["income", "age", "height", "rooms"]
PEOPLE, OTHERS = people(4000)[NUMBERS], people(1000)[NUMBERS]
IMAGES, OTHER_IMAGES = pixels(300), pixels(100)
TEXTS, OTHER_TEXTS = sentences(3000), sentences(800)
CLASSES, OTHER_CLASSES = (np.digitize(x[:, 0], [-0.5, 0.8]) for x in (TRAIN, VALIDATION))
# … and what others draw does not depend on this one.
RNG.bit_generator.state = STATE
POSITIVE, OTHERS_POSITIVE = (
    np.column_stack([np.exp(x[:, 0]), np.abs(x[:, 1:]) + 0.1]) for x in (TRAIN, VALIDATION)
)


def min_max(of: Array, by: Array) -> Array:
    return (of - by.min(axis=0)) / (by.max(axis=0) - by.min(axis=0))


def image_by_image(images: Array) -> Array:
    axes = {"axis": (1, 2), "keepdims": True}
    return (images - images.mean(**axes)) / images.std(**axes)


def changed(values: Array, column: int, function: Callable[[Array], Array]) -> Array:
    """Returns the values with a function applied to one column."""
    found = np.array(values, dtype=np.float64)
    found[:, column] = function(found[:, column])
    return found


def filled(values: Array, value: float) -> Array:
    """Returns the values with every eighth of a column filled with something."""
    found = values.copy()
    found[::8, 2] = value
    return found


def repaired(train: Any, validation: Any) -> tuple[dict[str, Array], list[str]]:
    """Returns validation's inputs and targets by name after all repairs, and what was done."""
    pairs = [side if isinstance(side, tuple) else (side, None) for side in (train, validation)]
    x, y = pairs[1]
    named = {"x": np.asarray(x)} | ({} if y is None else {"y": np.asarray(y)})
    found = repairs(profile(pairs[0]), profile(pairs[1]))
    for repair in found:
        named[repair.input] = repair.undo(named[repair.input])
    return named, [repair.done for repair in found]


def padded_in_front(rows: Array) -> Array:
    return np.stack([np.concatenate([row[row == 0], row[row > 0]]) for row in rows])


EXACT: dict[str, tuple[Any, Any, Array]] = {
    "pixels divided in train": (
        (IMAGES / 255).astype("float32"),
        OTHER_IMAGES,
        OTHER_IMAGES / 255,
    ),
    "pixels divided in validation": (
        IMAGES,
        (OTHER_IMAGES / 255).astype("float32"),
        OTHER_IMAGES,
    ),
    "pixels from -1 to 1 in train": (
        (IMAGES / 127.5 - 1).astype("float32"),
        OTHER_IMAGES,
        OTHER_IMAGES / 127.5 - 1,
    ),
    "BGR": (IMAGES, OTHER_IMAGES[..., ::-1], OTHER_IMAGES),
    "BGR, channels first": (
        IMAGES.transpose(0, 3, 1, 2),
        OTHER_IMAGES[..., ::-1].transpose(0, 3, 1, 2),
        OTHER_IMAGES.transpose(0, 3, 1, 2),
    ),
    "unit": (TRAIN, changed(VALIDATION, 3, lambda x: 1000 * x), VALIDATION),
    "columns permuted": (TRAIN, VALIDATION[:, [1, 2, 0, 3, 4]], VALIDATION),
    "columns in another order of names": (
        PEOPLE,
        OTHERS[NUMBERS[::-1]],
        np.column_stack([OTHERS[name] for name in NUMBERS]),
    ),
    "logarithm in validation": (
        POSITIVE,
        changed(OTHERS_POSITIVE, 0, np.log),
        OTHERS_POSITIVE,
    ),
    "logarithm in train": (
        changed(POSITIVE, 0, np.log1p),
        OTHERS_POSITIVE,
        changed(OTHERS_POSITIVE, 0, np.log1p),
    ),
    "clipped in train": (
        changed(TRAIN, 1, lambda x: np.clip(x, 40, np.inf)),
        VALIDATION,
        changed(VALIDATION, 1, lambda x: np.clip(x, 40, np.inf)),
    ),
    "ids shifted, padding kept": (
        TEXTS,
        np.where(OTHER_TEXTS > 0, OTHER_TEXTS + 3, 0),
        OTHER_TEXTS,
    ),
    "ids shifted, padding too": (TEXTS, OTHER_TEXTS + 3, OTHER_TEXTS),
    "padded in front": (TEXTS, padded_in_front(OTHER_TEXTS), OTHER_TEXTS),
    "padded at the end": (
        padded_in_front(TEXTS),
        OTHER_TEXTS,
        padded_in_front(OTHER_TEXTS),
    ),
    "padded with another id": (
        np.where(TEXTS == 0, 0, TEXTS + 5),
        np.where(OTHER_TEXTS == 0, 1, OTHER_TEXTS + 5),
        np.where(OTHER_TEXTS == 0, 0, OTHER_TEXTS + 5),
    ),
    "categories recoded": (
        PEOPLE,
        OTHERS.assign(rooms=OTHERS["rooms"].map({0: 2, 1: 3, 2: 0, 3: 1})),
        np.column_stack([OTHERS[name] for name in NUMBERS]),
    ),
    "filled otherwise": (filled(TRAIN, 0.0), filled(VALIDATION, -999.0), filled(VALIDATION, 0.0)),
    "still missing": (filled(TRAIN, 0.0), filled(VALIDATION, np.nan), filled(VALIDATION, 0.0)),
}


@pytest.mark.parametrize("case", EXACT)
def test_what_has_known_constants_is_undone_exactly(case: str) -> None:
    train, validation, truth = EXACT[case]
    found, done = repaired(train, validation)

    assert len(done) == 1
    np.testing.assert_allclose(np.asarray(found["x"], dtype=float), truth, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("train", "validation", "truth"),
    [
        (standard(TRAIN, TRAIN), VALIDATION, standard(VALIDATION, TRAIN)),
        (TRAIN, standard(VALIDATION, TRAIN), VALIDATION),
        (min_max(TRAIN, TRAIN), VALIDATION, min_max(VALIDATION, TRAIN)),
        (min_max(TRAIN, TRAIN), min_max(VALIDATION, VALIDATION), min_max(VALIDATION, TRAIN)),
    ],
    ids=["standardised train", "standardised validation", "min-max", "min-max each"],
)
def test_a_scaler_is_undone_as_far_as_the_distributions_tell(
    train: Array, validation: Array, truth: Array
) -> None:
    found, done = repaired(train, validation)

    assert len(done) == 1
    # A mean of 1,000 rows is known to 0.03 deviations.
    assert (np.abs(found["x"] - truth).mean(axis=0) < 0.1 * truth.std(axis=0)).all()


def test_columns_of_two_values_and_of_one_are_scaled_with_the_others() -> None:
    flag = (np.random.default_rng(3).random((5000, 1)) < 0.3).astype(float)
    constant = np.full((5000, 1), 7.0)
    rows = np.concatenate([np.concatenate([TRAIN, VALIDATION]), flag, constant], axis=1)
    mean, deviation = rows[:4000].mean(axis=0), rows[:4000].std(axis=0)
    scaled = (rows - mean) / np.where(deviation > 0, deviation, 1)
    found, _ = repaired(scaled[:4000], rows[4000:])

    assert found["x"][:, 5:] == pytest.approx(scaled[4000:, 5:], abs=1e-6)


@pytest.mark.parametrize("hot", [False, True])
def test_classes_get_trains_codes(hot: bool) -> None:
    def encoded(classes: Array) -> Array:
        return np.eye(3)[classes] if hot else classes

    recoded = np.array([2, 0, 1])[OTHER_CLASSES]
    found, done = repaired((TRAIN, encoded(CLASSES)), (VALIDATION, encoded(recoded)))

    assert done == ["train's codes in `y`"]
    np.testing.assert_array_equal(found["y"], encoded(OTHER_CLASSES))
    assert found["y"].dtype == encoded(OTHER_CLASSES).dtype


def test_targets_in_other_units_are_put_into_trains() -> None:
    price, other_price = (30 * x[:, :1] + 200 for x in (TRAIN, VALIDATION))
    found, done = repaired((TRAIN, price), (VALIDATION, 1000 * other_price))

    assert done == ["validation = train × 1000 undone in `y`"]
    np.testing.assert_allclose(found["y"], other_price, rtol=1e-5)


def test_one_of_several_inputs_is_repaired() -> None:
    train = {"a": TRAIN, "b": TRAIN[:, :2]}
    other = {"a": VALIDATION, "b": changed(VALIDATION[:, :2], 1, lambda x: 1000 * x)}
    found = repairs(profile((train, None)), profile((other, None)))

    assert [repair.input for repair in found] == ["b"]
    np.testing.assert_allclose(found[0].undo(other["b"]), VALIDATION[:, :2], rtol=1e-5)


def test_columns_that_were_moved_are_put_back_after_all_else() -> None:
    order = NUMBERS[::-1]
    found, done = repaired(PEOPLE, OTHERS.assign(income=OTHERS["income"] * 1000)[order])

    assert len(done) == 2
    np.testing.assert_allclose(found["x"], OTHERS.to_numpy(), rtol=1e-5)


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        (TRAIN, VALIDATION),
        (standard(TRAIN, TRAIN), standard(VALIDATION[:40], VALIDATION[:40])),
        (TRAIN, changed(VALIDATION, 1, lambda x: np.clip(x, 40, 55))),
        (TRAIN, VALIDATION + 2 * VALIDATION.std(axis=0) * np.array([1, 0.6, 0, 0.3, 0])),
        ((TRAIN, CLASSES), (VALIDATION, np.random.default_rng(0).permutation(OTHER_CLASSES))),
        (TRAIN / np.linalg.norm(TRAIN, axis=1, keepdims=True), VALIDATION),
        (TRAIN, VALIDATION / np.linalg.norm(VALIDATION, axis=1, keepdims=True)),
        (image_by_image(IMAGES), OTHER_IMAGES),
    ],
    ids=[
        "alike",
        "standardised each",
        "clipped",
        "moved",
        "targets in another order",
        "rows of length 1",
        "rows of length 1 in validation",
        "image by image",
    ],
)
def test_nothing_is_undone_where_nothing_can_be(train: Any, validation: Any) -> None:
    assert repaired(train, validation)[1] == []


def test_rows_are_left_as_they_are() -> None:
    before = VALIDATION.copy()
    for repair in repairs(profile(standard(TRAIN, TRAIN)), profile(VALIDATION)):
        repair.undo(VALIDATION)

    np.testing.assert_array_equal(VALIDATION, before)


@pytest.mark.parametrize("known", FUNCTIONS.values(), ids=FUNCTIONS)
def test_each_function_has_its_inverse(known: MonotoneFunction) -> None:
    values = np.linspace(0.05, 3.0, 50)

    np.testing.assert_allclose(known.inverse(known.function(values)), values, rtol=1e-6)


def test_only_kinds_that_are_found_are_undone() -> None:
    assert set(UNDONE) <= set(KINDS)
    assert run_checks(profile(TRAIN), profile(VALIDATION)) == ()
