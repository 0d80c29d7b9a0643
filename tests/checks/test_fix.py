"""What a finding says to do is code: pasted, it runs, and the finding is gone."""

from __future__ import annotations

import copy
import io
import tokenize
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.checks import KINDS
from mlflow_plateau.checks.monotone_functions import FUNCTIONS, MonotoneFunction
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


def labelled(labels: list[Any]) -> Callable[[Array], pd.DataFrame]:
    return lambda x: pd.DataFrame(x, columns=pd.Index(labels[-x.shape[1] :]))


CODES = np.random.default_rng(43).choice(4, 4000, p=[0.5, 0.3, 0.15, 0.05])
MISSING = np.random.default_rng(44).random(4000) < 0.1


def with_missing(x: Array, value: float, of: slice) -> Array:
    return changed(x, 2, lambda column: np.where(MISSING[of], value, column))


def with_codes(x: Array, first: int, of: slice) -> Array:
    return changed(x, 4, lambda _: CODES[of] + first)


HERE, THERE = slice(3000), slice(3000, None)
FAULTS: dict[str, tuple[str, int, Array, Array]] = {
    "scaler": ("scaling_missing", 1, standard(TRAIN, TRAIN), VALIDATION),
    "unit": ("unit_factor", 3, TRAIN, changed(VALIDATION, 3, lambda x: x * 1000)),
    "root": (
        "monotone_transform",
        3,
        changed(TRAIN, 3, lambda x: np.sqrt(np.abs(x))),
        changed(VALIDATION, 3, np.abs),
    ),
    "clip": ("monotone_transform", 1, TRAIN, changed(VALIDATION, 1, lambda x: np.maximum(x, 40))),
    "filled": (
        "imputed_differently",
        2,
        with_missing(TRAIN, 0.0, HERE),
        with_missing(VALIDATION, -999.0, THERE),
    ),
    "not filled": (
        "imputed_differently",
        2,
        with_missing(TRAIN, 0.0, HERE),
        with_missing(VALIDATION, np.nan, THERE),
    ),
    "codes": (
        "categories_recoded",
        4,
        with_codes(TRAIN, 0, HERE),
        with_codes(VALIDATION, 1, THERE),
    ),
    "NaN": ("non_finite", 1, TRAIN, changed(VALIDATION, 1, lambda x: np.where(x > 70, np.nan, x))),
    "rows": ("rows_shared", 1, TRAIN, np.concatenate([VALIDATION, TRAIN[:200]])),
}
"""What is found, in which column at least, and the splits."""

WIDE: dict[str, Callable[[Array], Any]] = {
    "objects": lambda x: x.astype(object),
    "objects and text": lambda x: np.column_stack([x.astype(object), ["text"] * len(x)]),
    "integers as labels": labelled([0, 1, 2, 3, 4]),
    "several levels of labels": labelled([("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 1)]),
    "dates as labels": labelled(list(pd.date_range("2020", periods=5))),
    "all kinds of labels": labelled([1.5, "income", None, "a's", ("b", 1)]),
    "a frame of objects": lambda x: labelled(list("abcde"))(x.astype(object)),
    "nullable types": lambda x: labelled(list("abcde"))(x).convert_dtypes(),
    "text and numbers": lambda x: labelled(list("abcde"))(x).assign(text="text"),
}
NARROW: dict[str, Callable[[Array], Any]] = {
    "one axis": lambda x: x[:, 0],
    "one axis of objects": lambda x: x[:, 0].astype(object),
    "one column": lambda x: x,
    "a frame of one column": labelled([0]),
    "a named series": lambda x: pd.Series(x[:, 0], name="price"),
    "a series that a number names": lambda x: pd.Series(x[:, 0], name=3),
    "a series without a name": lambda x: pd.Series(x[:, 0]),
}


def check_in_shape(fault: str, shape: Callable[[Array], Any], columns: list[int]) -> None:
    kind, _, train, validation = FAULTS[fault]
    mine, theirs = shape(train[:, columns]), shape(validation[:, columns])
    finding = check_consistency(mine, theirs).findings[0]
    assert finding.kind == kind
    scope = scope_of("", mine, theirs)
    scope |= {
        f"raw_{s}": shape(x[:, columns]) for s, x in (("train", TRAIN), ("validation", VALIDATION))
    }
    exec(finding.fix, scope)
    left = check_consistency(scope["x_train"], scope["x_validation"])
    assert [found.kind for found in left.findings if found.severity != "info"] == []
    # A series that goes through a scaler comes out as a frame.
    known = (type(theirs), pd.DataFrame) if fault == "scaler" else type(theirs)
    assert isinstance(scope["x_validation"], known)


@pytest.mark.parametrize("shape", WIDE)
@pytest.mark.parametrize("fault", FAULTS)
def test_it_runs_on_all_that_has_columns(fault: str, shape: str) -> None:
    check_in_shape(fault, WIDE[shape], [0, 1, 2, 3, 4])


@pytest.mark.parametrize("shape", NARROW)
@pytest.mark.parametrize("fault", FAULTS)
def test_it_runs_on_all_that_has_one_column(fault: str, shape: str) -> None:
    check_in_shape(fault, NARROW[shape], [FAULTS[fault][1]])


@pytest.mark.parametrize("fault", ["scaler", "unit", "root", "clip", "NaN", "rows"])
def test_it_runs_where_a_label_stands_twice(fault: str) -> None:
    # Of columns of one name the last is compared.
    check_in_shape(fault, labelled(["a", "b", "a", "c"]), [0, 1, 2, 3])


CITIES = np.random.default_rng(45).choice(
    ["New-York", "Rome", "Oslo"], (1200, 2), p=[0.6, 0.3, 0.1]
)
LOWER = np.char.replace(np.char.lower(CITIES), "-", "")
TEXT: dict[str, Callable[[Array], Any]] = {
    "one axis": lambda x: x[:, 0],
    "one column": lambda x: x[:, :1],
    "several columns": lambda x: x,
    "objects": lambda x: np.where(
        np.arange(x.size).reshape(x.shape) % 7 > 0, x.astype(object), None
    ),
    "a named series": lambda x: pd.Series(x[:, 0], name="city"),
    "categories": lambda x: pd.DataFrame(x).astype("category"),
    "several levels of labels": labelled([("a", 1), ("a", 2)]),
}


@pytest.mark.parametrize("shape", TEXT)
def test_text_gets_trains_spelling_uncut(shape: str) -> None:
    train, validation = TEXT[shape](CITIES[:900]), TEXT[shape](LOWER[900:])
    scope = scope_of("", train, validation)
    findings = check_consistency(train, validation).findings
    assert {found.kind for found in findings} == {"categories_recoded"}
    for finding in findings:
        exec(finding.fix, scope)
    np.testing.assert_array_equal(
        np.asarray(scope["x_validation"], dtype=object),
        np.asarray(TEXT[shape](CITIES[900:]), dtype=object),
    )
    assert isinstance(scope["x_validation"], type(validation))


def test_codes_do_not_overflow_a_byte() -> None:
    train, validation = with_codes(TRAIN, 298, HERE), with_codes(VALIDATION, 0, THERE)
    narrow = np.column_stack([np.full(1000, 5), validation[:, 4]]).astype("uint8")
    wide = np.column_stack([np.full(3000, 5), train[:, 4]]).astype("int64")
    scope = scope_of("", wide, narrow)
    exec(check_consistency(wide, narrow).findings[0].fix, scope)
    np.testing.assert_array_equal(scope["x_validation"][:, 1], CODES[THERE] + 298)


@pytest.mark.parametrize("shape", [lambda x: x, *WIDE.values()], ids=["an array", *WIDE])
@pytest.mark.parametrize("types", [("f4", "f8"), ("f8", "f4")])
def test_shared_rows_go_whatever_their_types_are(
    types: tuple[str, str], shape: Callable[[Array], Any]
) -> None:
    rows = TRAIN.astype("f4")
    mine, theirs = (
        shape(x.astype(dtype))
        for x, dtype in zip((rows, np.concatenate([VALIDATION, rows[:200]])), types, strict=True)
    )
    scope = scope_of("", mine, theirs)
    exec(check_consistency(mine, theirs).findings[0].fix, scope)
    assert len(scope["x_validation"]) == len(VALIDATION)


@pytest.mark.parametrize("shape", [lambda x: x, pd.DataFrame], ids=["an array", "a frame"])
def test_shared_rows_go_whatever_the_sign_of_zero(shape: Callable[[Array], Any]) -> None:
    rows, others = (np.column_stack([x[:, :4], np.zeros(len(x))]) for x in (TRAIN, VALIDATION))
    train = shape(rows)
    validation = shape(np.concatenate([others, rows[:200] * [1, 1, 1, 1, -1]]))
    scope = scope_of("", train, validation)
    exec(check_consistency(train, validation).findings[0].fix, scope)
    assert len(scope["x_validation"]) == len(VALIDATION)


def test_shared_ids_are_compared_by_value() -> None:
    ids = np.random.default_rng(47).permutation(10**12 + np.arange(900) * 10**6)
    train, validation = ids[:700], ids[600:]
    scope = scope_of("", train, validation)
    found = {finding.kind: finding for finding in check_consistency(train, validation).findings}
    exec(found["rows_shared"].fix, scope)
    np.testing.assert_array_equal(scope["x_validation"], ids[700:])


@pytest.mark.parametrize("kind", ["missing", "too many", "in another order"])
@pytest.mark.parametrize("shape", [shape for shape in WIDE if "label" in shape])
def test_columns_are_named_by_what_they_are_labelled_with(shape: str, kind: str) -> None:
    train, validation = (WIDE[shape](x) for x in (TRAIN, VALIDATION))
    if kind == "missing":
        validation = validation.iloc[:, [0, 1, 4]]
    elif kind == "too many":
        train = train.iloc[:, [0, 1, 4]]
    else:
        validation = validation.iloc[:, [4, 0, 1, 2, 3]]
    scope = scope_of("", train, validation)
    exec(check_consistency(train, validation).findings[0].fix, scope)
    assert list(scope["x_train"].columns) == list(scope["x_validation"].columns)
    assert check_consistency(scope["x_train"], scope["x_validation"]).verdict == "pass"


def test_labels_that_became_text_are_put_in_order() -> None:
    train = pd.DataFrame(TRAIN).rename(columns=str)
    wrong = pd.DataFrame(VALIDATION)[[4, 0, 1, 2, 3]]
    scope = scope_of("", train, wrong)
    exec(check_consistency(train, wrong).findings[0].fix, scope)
    np.testing.assert_array_equal(scope["x_validation"].to_numpy(), VALIDATION)


TARGETS: dict[str, Callable[[Array], Any]] = {
    "one column": lambda y: y[:, None],
    "two columns": lambda y: np.column_stack([y, y[::-1]]),
    "a named series": lambda y: pd.Series(y, name="price"),
    "a frame": lambda y: pd.DataFrame({"price": y}),
    "a frame of two columns": lambda y: pd.DataFrame({0: y, 1: y[::-1]}),
}


@pytest.mark.parametrize(
    ("fault", "shape"),
    [
        *(("unit", shape) for shape in TARGETS),
        *(("classes", shape) for shape in TARGETS if "two" not in shape),
    ],
)
def test_it_runs_on_targets_of_every_shape(fault: str, shape: str) -> None:
    mine, theirs = (
        (TRAIN[:, 3], VALIDATION[:, 3] * 1000) if fault == "unit" else (CLASSES, OTHER_CLASSES + 1)
    )
    train, validation = (TRAIN, TARGETS[shape](mine)), (VALIDATION, TARGETS[shape](theirs))
    scope = scope_of("", train, validation)
    exec(check_consistency(train, validation).findings[0].fix, scope)
    assert check_consistency(train, (VALIDATION, scope["y_validation"])).verdict == "pass"


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        (pd.DataFrame(TRAIN), changed(VALIDATION, 3, lambda x: x * 1000)),
        (TRAIN, pd.DataFrame(changed(VALIDATION, 3, lambda x: x * 1000))),
        (pd.DataFrame(standard(TRAIN, TRAIN)), VALIDATION),
    ],
    ids=["a frame and an array", "an array and a frame", "scaled"],
)
def test_it_runs_where_one_split_is_a_frame(train: Any, validation: Any) -> None:
    scope = scope_of("", train, validation)
    scope |= {"raw_train": type(train)(TRAIN)} if isinstance(train, pd.DataFrame) else {}
    exec(check_consistency(train, validation).findings[0].fix, scope)
    assert check_consistency(scope["x_train"], scope["x_validation"]).verdict == "pass"


def test_rows_of_zeros_stay_zeros() -> None:
    wrong = VALIDATION.copy()
    wrong[5] = 0
    train = TRAIN / np.linalg.norm(TRAIN, axis=1, keepdims=True)
    scope = scope_of("", train, wrong)
    finding = check_consistency(train, wrong).findings[0]
    assert finding.check == "scaled_together"
    exec(finding.fix, scope)
    assert not scope["x_validation"][5].any()
    assert np.isfinite(scope["x_validation"]).all()


def test_a_frame_with_text_is_scaled_together() -> None:
    values, others = (
        x.assign(text="text") for x in map(labelled(list("abcde")), (TRAIN, VALIDATION))
    )
    numbers = list("abcde")
    train = values.assign(**(values[numbers] - TRAIN.mean()) / TRAIN.std())
    scope = scope_of("", train, others) | {"raw_train": values, "raw_validation": others}
    finding = check_consistency(train, others).findings[0]
    assert finding.check == "scaled_together"
    exec(finding.fix, scope)
    pd.testing.assert_frame_equal(scope["x_train"], train)
    assert check_consistency(train, scope["x_validation"]).verdict == "pass"


def test_targets_beside_a_frame_with_text_are_scaled_from_their_own_raw_values() -> None:
    rng = np.random.default_rng(47)
    x = pd.DataFrame({"value": rng.normal(size=800), "text": rng.choice(list("abc"), 800)})
    y = rng.lognormal(8, 0.5, 800)
    scaled = (y[:600] - y[:600].mean()) / y[:600].std()
    finding = check_consistency((x[:600], scaled), (x[600:], y[600:])).findings[0]
    assert (finding.kind, finding.columns) == ("scaling_missing", ("y",))
    scope = {"np": np, "raw_y_train": y[:600], "raw_y_validation": y[600:]}
    exec(finding.fix, scope)
    np.testing.assert_allclose(scope["y_train"], scaled)
    np.testing.assert_allclose(scope["y_validation"], (y[600:] - y[:600].mean()) / y[:600].std())


def test_dates_are_not_multiplied() -> None:
    noise = np.random.default_rng(46).normal(size=300)
    train, validation = (
        pd.DataFrame({"day": pd.date_range(start, periods=rows), "value": noise[:rows]})
        for start, rows in (("2020", 300), ("2023-06", 150))
    )
    for finding in check_consistency(train, validation).findings:
        exec(finding.fix, scope_of("", train, validation))


@pytest.mark.parametrize("case", CASES)
def test_comments_have_lines_of_their_own(case: str) -> None:
    _, train, validation = CASES[case]
    for finding in check_consistency(train, validation).findings:
        lines = tokenize.generate_tokens(io.StringIO(finding.fix).readline)
        assert all(
            token.line.lstrip().startswith("#") for token in lines if token.type == tokenize.COMMENT
        )


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


@pytest.mark.parametrize("known", FUNCTIONS.values(), ids=FUNCTIONS)
def test_the_code_of_a_function_is_the_function(known: MonotoneFunction) -> None:
    values = np.array([0.2, 0.5, 0.9])
    for code, function in (
        (known.code, known.function),
        (known.inverse_code, known.inverse),
    ):
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
