"""Real trainings whose validation rows are in another order than the training rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

import mlflow_plateau
from mlflow_plateau.recorder.describe.training import Training
from mlflow_plateau.recorder.witness.arrangements import arrangement
from mlflow_plateau.recorder.witness.keras_model import keras_model
from mlflow_plateau.recorder.witness.rows import Rows, Sample
from tests.recorder.trainings import only_run

ROWS, HELD_OUT = 500, 200


def waves() -> tuple[Any, Any]:
    """Returns two channels of noise with a bump early or late: by class in the first one only."""
    generator = np.random.default_rng(1)
    x = generator.normal(size=(ROWS + HELD_OUT, 24, 2)).astype("float32")
    y = generator.integers(0, 2, len(x))
    for channel, classes in enumerate((y, generator.permutation(y))):
        for row, late in enumerate(classes):
            x[row, 14 * late + 2 : 14 * late + 8, channel] += 1.5
    return x, y.astype("float32")[:, None]


X, Y = waves()


def trained(x_validation: Any, y: Any = Y, epochs: int = 15) -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((24, 2)), keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    model.fit(
        X[:ROWS], y[:ROWS], validation_data=(x_validation, y[ROWS:]), epochs=epochs, verbose=0
    )
    return model


ORDERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "channels": (lambda x: x[..., ::-1], "its channels in the order 1, 0"),
    "steps": (lambda x: x[:, ::-1], "its steps in reverse order"),
}


@pytest.mark.parametrize("name", ORDERS)
def test_another_order_is_found_and_named(name: str) -> None:
    order, done = ORDERS[name]
    mlflow_plateau.autolog(silent=True)
    trained(order(X[ROWS:]))

    run = only_run()
    assert run.data.tags["plateau.cause"] == "inconsistent_preprocessing"
    assert run.data.params["plateau.repair"] == done
    report = mlflow_plateau.diagnose(run.info.run_id, log=False)
    assert report.remedies[0].endswith(f"the model knows the validation rows with {done}")
    metrics = run.data.metrics
    assert metrics["plateau/repaired_held_out"] < 0.5 * metrics["plateau/final_held_out"]


def tried(y: Any, epochs: int, x_validation: Any = X[ROWS:]) -> Any:
    model = trained(x_validation, y, epochs)
    sample = Sample(Rows(X[:ROWS], y[:ROWS]), Rows(x_validation, y[ROWS:]))
    return arrangement(keras_model(Training(model)), sample)


def test_rows_in_order_are_left_in_order() -> None:
    assert tried(Y, 15) is None


def test_what_was_memorised_is_in_no_order() -> None:
    drawn = np.random.default_rng(2).integers(0, 2, Y.shape).astype("float32")

    assert tried(drawn, 200) is None
    assert tried(drawn, 200, 3 * X[ROWS:]) is None


def test_pictures_may_be_turned() -> None:
    generator = np.random.default_rng(3)
    x = generator.normal(size=(ROWS + HELD_OUT, 8, 8, 1)).astype("float32")
    y = x[:, :4, :4].sum(axis=(1, 2)).astype("float32")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse")
    model.fit(x[:ROWS], y[:ROWS], epochs=15, verbose=0)
    sample = Sample(Rows(x[:ROWS], y[:ROWS]), Rows(x[ROWS:, ::-1, ::-1], y[ROWS:]))

    found = arrangement(keras_model(Training(model)), sample)

    assert found is not None
    assert found.done == "its pictures turned by half"
    assert arrangement(keras_model(Training(model)), sample, seconds=0.0) is None


def digits() -> tuple[Any, Any]:
    data = load_digits()
    return (data.data / 16).astype("float32"), data.target


def classifier(loss: str, y: Any) -> tuple[Any, Any]:
    """Returns a model of digits and the sample that it was trained on and validated with."""
    x, _ = digits()
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.02), loss)
    model.fit(x[:1200], y[:1200], epochs=15, verbose=0)
    return model, lambda renamed: Sample(Rows(x[:1200], y[:1200]), Rows(x[1200:], renamed))


def test_classes_under_other_numbers_are_named() -> None:
    _, y = digits()
    model, sample = classifier("sparse_categorical_crossentropy", y)
    opened = keras_model(Training(model))
    exchanged = np.where(y == 3, 8, np.where(y == 8, 3, y))[1200:]

    found = arrangement(opened, sample(exchanged))

    assert found is not None
    assert found.done == "its classes 3, 8 taken for 8, 3"
    assert found.losses["repaired_held_out"] < 0.5 * found.losses["final_held_out"]
    assert arrangement(opened, sample(y[1200:])) is None


def test_columns_of_classes_in_another_order_are_named() -> None:
    _, y = digits()
    coded = np.eye(10, dtype="float32")[y]
    model, sample = classifier("categorical_crossentropy", coded)

    found = arrangement(keras_model(Training(model)), sample(np.roll(coded, 1, axis=1)[1200:]))

    assert found is not None
    assert found.done.startswith("its classes 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 taken for 9, 0, 1, 2")


def test_yes_and_no_are_exchanged() -> None:
    x, y = digits()
    x, small = x.reshape(-1, 8, 8, 1), (y < 5).astype("float32")
    mlflow_plateau.autolog(silent=True)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    validation = x[1200:], 1 - small[1200:]
    model.fit(x[:1200], small[:1200], validation_data=validation, epochs=15, verbose=0)

    run = only_run()
    assert run.data.tags["plateau.cause"] == "inconsistent_preprocessing"
    assert run.data.params["plateau.repair"] == "its classes 0, 1 taken for 1, 0"


def test_columns_of_targets_in_another_order_are_named() -> None:
    generator = np.random.default_rng(4)
    x = generator.normal(size=(ROWS + HELD_OUT, 6)).astype("float32")
    y = (x @ generator.normal(size=(6, 3))).astype("float32")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    model.fit(x[:ROWS], y[:ROWS], epochs=20, verbose=0)
    sample = Sample(Rows(x[:ROWS], y[:ROWS]), Rows(x[ROWS:], y[ROWS:, [1, 2, 0]]))

    found = arrangement(keras_model(Training(model)), sample)

    assert found is not None
    assert found.done == "its target columns 0, 1, 2 taken for 1, 2, 0"
