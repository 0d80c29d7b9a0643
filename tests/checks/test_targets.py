"""Targets: other codes, other shares, another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from mlflow_plateau.checks import repairs
from mlflow_plateau.consistency import check_consistency
from mlflow_plateau.profiles import profile
from tests.checks.populations import Array

RNG = np.random.default_rng(21)
CENTRES = RNG.standard_normal((4, 6)) * 2


def drawn(rows: int) -> tuple[Array, Array]:
    y = RNG.choice(4, rows, p=[0.25, 0.25, 0.25, 0.25])
    return RNG.standard_normal((rows, 6)) + CENTRES[y], y


TRAIN, VALIDATION = drawn(4000), drawn(1000)


def kinds(y: Any, train_y: Any = None) -> list[str]:
    train = TRAIN if train_y is None else (TRAIN[0], train_y)
    report = check_consistency(train, (VALIDATION[0], y))
    return [finding.kind for finding in report.findings]


def test_the_same_codes_are_fine() -> None:
    assert kinds(VALIDATION[1]) == []


@pytest.mark.parametrize(
    "other",
    [
        lambda y: y + 1,
        lambda y: np.eye(4)[y],
        lambda y: np.array(["a", "b", "c", "d"])[y],
        lambda y: np.array([1, 0, 2, 3])[y],
        lambda y: (y + 1) % 4,
    ],
    ids=["from one", "one-hot", "names", "two exchanged", "in a circle"],
)
def test_other_codes(other: Any) -> None:
    """The classes are equally frequent: only the rows tell which is which."""
    assert kinds(other(VALIDATION[1])) == ["labels_recoded"]


def test_targets_that_no_longer_belong_to_their_rows() -> None:
    report = check_consistency(TRAIN, (VALIDATION[0], RNG.permutation(VALIDATION[1])))
    assert [finding.kind for finding in report.findings] == ["labels_recoded"]
    assert "do not belong to its rows" in report.findings[0].message


def test_other_shares_of_the_classes() -> None:
    x, y = drawn(4000)
    kept = RNG.random(4000) < np.array([0.1, 1, 1, 1])[y]
    report = check_consistency(TRAIN, (x[kept], y[kept]))
    assert report.findings[0].kind == "label_shift"
    assert report.verdict == "warn"


def test_a_class_of_ten_that_is_missing() -> None:
    rng = np.random.default_rng(22)
    y = rng.integers(0, 10, 1000)
    x = rng.standard_normal((1000, 3))
    here = np.arange(1000) < 750
    assert check_consistency((x[here], y[here]), (x[~here], y[~here])).findings == ()
    kept = ~here & (y != 9)
    found = check_consistency((x[here], y[here]), (x[kept], y[kept])).findings
    assert [finding.kind for finding in found] == ["label_shift"]


def test_a_target_that_is_a_number() -> None:
    train_y, y = TRAIN[0].sum(axis=1), VALIDATION[0].sum(axis=1)
    assert kinds(y, train_y) == []
    assert kinds(y * 1000, train_y)[0] == "unit_factor"
    assert kinds(y + 4, train_y)[0] == "label_shift"


def test_too_small_to_tell() -> None:
    x, y = drawn(12)
    assert "labels_recoded" not in [
        finding.kind for finding in check_consistency(TRAIN, (x, (y + 1) % 4)).findings
    ]


def test_targets_on_one_side_only() -> None:
    assert kinds(None) == ["schema_mismatch"]


def test_rows_that_were_sorted_by_class() -> None:
    """Validation holds the rest of one class and one that train never saw, as frequent."""
    y = np.repeat([0, 1, 2], [200, 400, 200])
    x = RNG.standard_normal((800, 6)) + CENTRES[y]
    for order, features in (("sorted", x), ("without a signal", RNG.standard_normal(x.shape))):
        report = check_consistency((features[:400], y[:400]), (features[400:], y[400:]))
        shift = next(found for found in report.findings if found.check.startswith("label"))
        assert shift.kind == "label_shift", order
        assert "sorted by class" in shift.message
        assert "shuffle" in shift.fix


@pytest.mark.parametrize("rows", [12, 40, 400])
def test_a_class_in_each_split_is_no_recoding(rows: int) -> None:
    """Two classes that are equally frequent agree under any codes."""
    x = RNG.standard_normal((2 * rows, 3))
    y = np.tile([0, 1], rows)
    report = check_consistency((x[:rows], y[:rows]), (x[rows:], 1 + y[rows:]))
    assert "labels_recoded" not in [finding.kind for finding in report.findings]


def test_codes_of_two_classes() -> None:
    """The rows tell, and where these cannot, whether no order of the rows explains the codes."""
    y = TRAIN[1] % 2, VALIDATION[1] % 2
    assert kinds(y[1] + 1, train_y=y[0]) == ["labels_recoded"]
    noise = RNG.standard_normal((4000, 3)), RNG.standard_normal((1000, 3))
    report = check_consistency((noise[0], y[0]), (noise[1], 2 * y[1] - 1))
    assert [finding.kind for finding in report.findings] == ["labels_recoded"]


@pytest.mark.parametrize("column", [20, 27])
def test_rows_chosen_by_what_they_look_like_keep_their_classes(column: int) -> None:
    """Nearly all of the other class look so: the shares are exchanged, and all features moved."""
    x, y = load_breast_cancer(return_X_y=True)
    order = np.argsort(x[:, column])
    train, validation = order[:400], order[400:]
    report = check_consistency((x[train], y[train]), (x[validation], y[validation]))
    assert "labels_recoded" not in [finding.kind for finding in report.findings]


@pytest.mark.parametrize("spell", [str.upper, str.title, lambda name: f" {name} "])
def test_names_that_are_spelled_otherwise_are_no_other_classes(spell: Callable[[str], str]) -> None:
    names = np.array(["setosa", "versicolor"])[np.random.default_rng(3).integers(0, 2, 400)]
    x = drawn(400)[0]
    other = np.array([spell(name) for name in names[300:]])
    finding = check_consistency((x[:300], names[:300]), (x[300:], other)).findings[0]
    assert finding.kind == "labels_recoded"
    assert "setosa" in finding.message
    assert spell("setosa") in finding.message


def test_numbers_as_text_are_told_by_their_value() -> None:
    codes = np.random.default_rng(4).integers(0, 20, 400)
    train = pd.DataFrame({"store": codes[:300].astype(str)})
    validation = pd.DataFrame({"store": codes[300:].astype(float).astype(str)})
    finding = check_consistency(train, validation).findings[0]
    assert finding.kind == "categories_recoded"
    scope = {"x_train": train, "x_validation": validation, "np": np, "pd": pd}
    exec(finding.fix, scope)
    assert set(scope["x_validation"]["store"]) <= set(train["store"])


def digits() -> tuple[Array, Array, Array, Array]:
    """Handwritten digits, in two splits."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(70).permutation(len(y))
    x, y = x[order], y[order]
    return x[:1347], y[:1347], x[1347:], y[1347:]


def test_one_class_under_a_new_code() -> None:
    """The new codes are 1 … 10, but it is not 1 that was added to each."""
    x, y, v, w = digits()
    (finding,) = check_consistency((x, y), (v, np.where(w == 0, 10, w))).findings
    assert finding.kind == "labels_recoded"
    assert "0 → 10" in finding.message
    assert "1 → 2" not in finding.message


@pytest.mark.parametrize("gone", [0, 4, 8])
def test_an_encoder_that_was_fitted_again_without_a_class(gone: int) -> None:
    x, y, v, w = digits()
    v, w = v[w != gone], w[w != gone]
    first = check_consistency((x, y), (v, np.where(w > gone, w - 1, w))).findings[0]
    assert first.kind == "labels_recoded"
    assert f"{gone + 1} → {gone}" in first.message
    assert f"those of {gone} are missing" in " ".join(first.evidence)


@pytest.mark.parametrize("gone", [0, 9])
def test_a_class_that_is_missing_is_no_other_code(gone: int) -> None:
    x, y, v, w = digits()
    report = check_consistency((x, y), (v[w != gone], w[w != gone]))
    assert [finding.kind for finding in report.findings] == ["label_shift"]


def tags(rows: int, seed: int) -> tuple[Array, Array]:
    """Inputs and six labels, any of which a row may have."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, 6))
    limits = np.array([1.2, 0.8, 0.4, 0.0, -0.4, -0.8])
    return x, (x + rng.standard_normal((rows, 6)) > limits).astype("float32")


class TestSeveralLabels:
    TRAIN, VALIDATION = tags(3000, 0), tags(1000, 1)

    def compared(self, y: Array, train_y: Array | None = None) -> list[tuple[str, str]]:
        train = self.TRAIN if train_y is None else (self.TRAIN[0], train_y)
        findings = check_consistency(train, (self.VALIDATION[0], y)).findings
        return [(finding.kind, finding.transformation) for finding in findings]

    def test_their_columns_in_the_same_order_are_fine(self) -> None:
        assert self.compared(self.VALIDATION[1]) == []

    def test_their_columns_in_another_order(self) -> None:
        kind, said = self.compared(self.VALIDATION[1][:, ::-1])[0]
        assert kind == "labels_recoded"
        assert "target 5" in said

    def test_the_order_is_put_right(self) -> None:
        y = self.VALIDATION[1][:, ::-1]
        (repair,) = repairs(profile(self.TRAIN), profile((self.VALIDATION[0], y)))
        np.testing.assert_array_equal(repair.undo(y), self.VALIDATION[1])

    def test_smoothed_in_train_alone(self) -> None:
        smoothed = self.TRAIN[1] * 0.9 + 0.05
        assert self.compared(self.VALIDATION[1], smoothed)[0] == (
            "labels_recoded",
            "train's 0.05, 0.95 → validation's 0, 1",
        )


def test_smoothed_classes() -> None:
    one_hot = np.eye(4)[TRAIN[1]]
    found = check_consistency(
        (TRAIN[0], one_hot * 0.9 + 0.025), (VALIDATION[0], np.eye(4)[VALIDATION[1]])
    ).findings[0]
    assert found.kind == "labels_recoded"
    scope = {"y_validation": np.eye(4)[VALIDATION[1]], "np": np}
    exec(found.fix, scope)
    np.testing.assert_allclose(np.unique(scope["y_validation"]), [0.025, 0.925])
