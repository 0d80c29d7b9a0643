"""Quick models on rows whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_plateau.reference import Reference, learn_from
from mlflow_plateau.reference.features import Features
from mlflow_plateau.reference.learners import Forest, KernelMachine

MSE = "mean_squared_error"
CLASSES = "sparse_categorical_crossentropy"


def rows(seed: int = 0, count: int = 600, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Five standard normal columns and a target whose noise has a known share of its variance."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(count, 5))
    signal = x[:, 0] + np.sin(2 * x[:, 1])
    return x, signal + generator.normal(0, noise, count)


def learned(
    training: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray] | None,
    loss: str = MSE,
) -> Reference:
    found = learn_from(
        ([training[0]], training[1]),
        None if validation is None else ([validation[0]], validation[1]),
        loss,
    )
    assert found is not None
    return found


def test_the_learnable_share_is_what_is_not_noise() -> None:
    (x, y), validation = rows(noise=1.0), rows(1, noise=1.0)
    found = learned((x, y), validation)
    best = 1 - 1.0 / y.var()

    assert best - 0.2 < found.learnable <= best + 2 * found.learnable_error
    assert found.validation_learnable is not None
    assert abs(found.learnable - found.validation_learnable) < 0.1
    assert found.loss is not None
    assert 1.0 < found.loss < validation[1].var()
    assert found.separability is not None
    assert abs(found.separability) < 0.15


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_learnable_from_shuffled_targets(seed: int) -> None:
    x, y = rows(seed)
    shuffled = np.random.default_rng(seed).permutation(y)
    found = learned((x, shuffled), None)

    assert found.learnable < 0.03
    assert found.learnable + 2 * found.learnable_error < 0.05


def test_an_error_says_how_sure_a_share_is() -> None:
    small, large = learned(rows(count=60), None), learned(rows(count=800), None)

    assert small.learnable_error > 2 * large.learnable_error


def test_what_holds_in_one_order_of_columns_is_lost_in_another() -> None:
    x, y = rows(1)
    found = learned(rows(), (x[:, ::-1], y))

    assert found.learnable > 0.7
    assert found.validation_learnable is not None
    assert found.validation_learnable < 0.1
    assert found.separability is not None
    assert abs(found.separability) < 0.2


def test_another_population_is_told_apart() -> None:
    x, y = rows(1)
    found = learned(rows(), (x + 2, y))

    assert found.separability is not None
    assert found.separability > 0.9


def test_classes_are_learned_as_shares_of_their_indicators() -> None:
    x, y = rows(count=900)
    kinds = np.digitize(y, [-0.5, 0.5])
    found = learned((x[:600], kinds[:600, None]), (x[600:], kinds[600:, None]), CLASSES)

    assert 0.3 < found.learnable < 0.9
    assert found.loss is not None
    assert 0.2 < found.loss < np.log(3)


def test_one_hot_targets_are_the_same_as_ids() -> None:
    x, y = rows(count=500)
    kinds = np.digitize(y, [-0.5, 0.5])
    of_ids = learned((x, kinds), (x, kinds), CLASSES)
    of_columns = learned((x, np.eye(3)[kinds]), (x, np.eye(3)[kinds]), "categorical_crossentropy")

    assert of_ids == of_columns


def test_token_ids_are_learned_by_their_counts() -> None:
    generator = np.random.default_rng(0)
    x = generator.integers(1, 60, (700, 12))
    y = (np.isin(x, (7, 23, 41)).sum(axis=1) >= 1).astype(float)
    found = learned((x, y), None, "binary_crossentropy")

    assert found.learnable > 0.3


def test_a_scale_of_the_targets_changes_nothing() -> None:
    x, y = rows()
    plain, scaled = learned((x, y), (x, y)), learned((x, 1000 * y), (x, 1000 * y))

    assert scaled.learnable == pytest.approx(plain.learnable, rel=1e-6)
    assert plain.loss is not None
    assert scaled.loss == pytest.approx(1e6 * plain.loss, rel=1e-6)


def test_missing_and_infinite_values_are_no_obstacle() -> None:
    x, y = rows()
    x = x.copy()
    x[::7, 2] = np.nan
    x[3, 4] = np.inf
    y = y.copy()
    y[5] = np.nan

    assert learned((x, y), (x, y)).learnable > 0.6


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros((10, 2)), np.arange(10.0)),
        (np.zeros((100, 2)), np.ones(100)),
        (np.array([["a"]] * 100), np.arange(100.0)),
        (np.zeros((100, 2)), np.array(["a"] * 100)),
        (np.zeros((300, 2)), np.arange(300)),
    ],
    ids=["few rows", "constant targets", "inputs of text", "targets of text", "300 classes"],
)
def test_too_little_to_go_by_is_no_answer(x: np.ndarray, y: np.ndarray) -> None:
    assert learn_from(([x], y), None, CLASSES) is None


def test_a_forest_predicts_its_own_rows_without_having_seen_them() -> None:
    generator = np.random.default_rng(0)
    x, noise = generator.normal(size=(300, 4)), generator.normal(size=(300, 1))
    forest = Forest(x, noise)

    assert np.mean((forest.predict(x) - noise) ** 2) < 0.85 * noise.var()
    assert np.mean((forest.held_out - noise) ** 2) > 0.95 * noise.var()


def test_left_out_predictions_are_those_of_fits_without_the_row() -> None:
    """Checked against leaving each row out for real."""
    x, y = rows(count=60)
    y = (y - y.mean())[:, None]
    machine = KernelMachine(x, y)
    gram = machine._kernel(x, x)
    values = np.maximum(np.linalg.eigvalsh(gram), 0)
    # The penalty is found again from the weights: (K + λI) w = y.
    weights = machine._weights
    penalty = float(np.median((y - gram @ weights) / weights))
    assert penalty > 0
    assert values.mean() > 0
    for row in (0, 17, 59):
        others = np.arange(60) != row
        fitted = np.linalg.solve(gram[np.ix_(others, others)] + penalty * np.eye(59), y[others])
        assert gram[row, others] @ fitted == pytest.approx(machine.held_out[row], abs=1e-6)


def test_wide_images_become_few_columns() -> None:
    images = np.random.default_rng(0).normal(size=(50, 64, 64, 3))
    matrix = Features([images]).matrix([images])

    assert matrix.shape[0] == 50
    assert matrix.shape[1] <= 256
