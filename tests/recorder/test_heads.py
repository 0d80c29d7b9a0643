"""Heads as Keras takes them: the recorder describes each, and only what cannot work is flagged."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from mlflow_plateau.recorder.describe.facts import describe
from mlflow_plateau.recorder.describe.training import Training
from mlflow_plateau.recorder.fit_arguments import FitArguments
from mlflow_plateau.signals import View
from mlflow_plateau.signals.head import head_doubts, head_mismatch
from tests.generated import history

ROWS = 30
NUMBERS = np.linspace(-3, 3, ROWS).astype("float32")
CLASSES = np.arange(ROWS) % 3

TARGETS: dict[str, Any] = {
    "binary": (NUMBERS > 0).astype("float32"),
    "binary column": (NUMBERS > 0)[:, None],
    "signs": np.sign(NUMBERS),
    "ids": CLASSES,
    "ids column": CLASSES[:, None],
    "one-hot": np.eye(3)[CLASSES],
    "multi-hot": np.array([[1, 1, 0], [0, 1, 1]] * (ROWS // 2)),
    "distributions": np.tile([0.2, 0.3, 0.5], (ROWS, 1)),
    "advantages": np.eye(3)[CLASSES] * NUMBERS[:, None],
    "shares": 1 / (1 + np.exp(-NUMBERS)),
    "counts": np.arange(ROWS) % 7,
    "positive": np.exp(NUMBERS),
    "numbers": NUMBERS,
    "number column": NUMBERS[:, None],
    "vectors": np.stack([NUMBERS, -NUMBERS, 2 * NUMBERS], axis=1),
    "void": np.where(np.arange(ROWS) % 5 == 0, 255, CLASSES),
}

PROBABLE = keras.losses.BinaryCrossentropy
LOGITS = {"from_logits": True}
SPARSE = "sparse_categorical_crossentropy"


def own(values: Any) -> Any:
    """An activation of which nothing is known."""
    return keras.ops.sigmoid(values) * 0.98 + 0.01


FINE: list[tuple[Any, Any, int, str]] = [
    *(("mse", "linear", 1, targets) for targets in ("numbers", "number column", "binary")),
    *((loss, "linear", 1, "numbers") for loss in ("mae", "huber", "log_cosh")),
    ("mse", "linear", 3, "vectors"),
    ("mse", "sigmoid", 1, "shares"),
    ("mse", "sigmoid", 1, "binary"),
    ("mse", "tanh", 1, "signs"),
    ("mse", "softmax", 3, "one-hot"),
    ("mse", "relu", 1, "counts"),
    ("mse", "softplus", 1, "positive"),
    ("poisson", "sigmoid", 1, "binary"),
    ("msle", "relu", 1, "counts"),
    ("msle", "linear", 1, "positive"),
    ("mape", "linear", 1, "positive"),
    ("mape", "linear", 1, "signs"),
    ("poisson", "exponential", 1, "counts"),
    ("poisson", "softplus", 1, "counts"),
    *(("binary_crossentropy", "sigmoid", 1, t) for t in ("binary", "binary column", "shares")),
    ("binary_crossentropy", "sigmoid", 3, "multi-hot"),
    ("binary_crossentropy", own, 1, "binary"),
    ("binary_focal_crossentropy", "sigmoid", 1, "binary"),
    (PROBABLE(from_logits=True), "linear", 1, "binary"),
    (PROBABLE(from_logits=True), "sigmoid", 1, "binary"),
    (PROBABLE(label_smoothing=0.1), "sigmoid", 1, "binary"),
    ("categorical_crossentropy", "softmax", 3, "one-hot"),
    ("categorical_crossentropy", "softmax", 3, "distributions"),
    ("categorical_focal_crossentropy", "softmax", 3, "one-hot"),
    (keras.losses.CategoricalCrossentropy(**LOGITS), "linear", 3, "one-hot"),
    (keras.losses.CategoricalCrossentropy(**LOGITS), "relu", 3, "one-hot"),
    *((SPARSE, "softmax", 3, targets) for targets in ("ids", "ids column", "binary")),
    (SPARSE, "softmax", 9, "ids"),
    (keras.losses.SparseCategoricalCrossentropy(**LOGITS), "linear", 3, "ids"),
    (keras.losses.SparseCategoricalCrossentropy(ignore_class=255), "softmax", 3, "void"),
    ("kl_divergence", "softmax", 3, "distributions"),
    ("kl_divergence", "softmax", 3, "one-hot"),
    *(("hinge", activation, 1, "signs") for activation in ("linear", "tanh")),
    ("squared_hinge", "linear", 1, "binary"),
    ("categorical_hinge", "linear", 3, "one-hot"),
    ("cosine_similarity", "linear", 3, "vectors"),
]

UNUSUAL: list[tuple[Any, Any, int, str, str]] = [
    ("binary_crossentropy", "softmax", 3, "one-hot", "fed by a softmax"),
    ("categorical_crossentropy", "sigmoid", 3, "one-hot", "fed by a sigmoid"),
    ("categorical_crossentropy", "softplus", 3, "one-hot", "divides a softplus output"),
    (SPARSE, "exponential", 3, "ids", "divides a exponential output"),
    ("categorical_crossentropy", "softmax", 3, "multi-hot", "add up to 1"),
    ("categorical_crossentropy", "softmax", 3, "advantages", "add up to 1"),
    (PROBABLE(from_logits=True), "tanh", 1, "binary", "cannot express certainty"),
    ("mse", "linear", 1, "ids", "look like class ids"),
    ("hinge", "sigmoid", 1, "signs", "by their sign"),
    ("poisson", "linear", 1, "counts", "NaN for negative outputs"),
]

WRONG: list[tuple[Any, Any, int, str, str]] = [
    ("mse", "softmax", 1, "binary", "always 1"),
    ("binary_crossentropy", "softmax", 1, "binary", "always 1"),
    ("mse", "sigmoid", 1, "numbers", "only reaches 0 to 1"),
    ("mae", "tanh", 1, "numbers", "only reaches -1 to 1"),
    ("huber", "relu", 1, "numbers", "never falls below 0"),
    ("log_cosh", "softplus", 1, "signs", "never falls below 0"),
    ("msle", "sigmoid", 1, "counts", "only reaches 0 to 1"),
    ("mape", "tanh", 1, "positive", "only reaches -1 to 1"),
    ("msle", "linear", 1, "numbers", "negative targets for 0"),
    ("mape", "linear", 1, "counts", "ten million times"),
    ("poisson", "softplus", 1, "numbers", "expects counts"),
    ("poisson", "sigmoid", 1, "counts", "only reaches 0 to 1"),
    *(
        ("binary_crossentropy", activation, 1, "binary", "expects probabilities")
        for activation in ("linear", "tanh", "relu", "softplus", "exponential")
    ),
    ("binary_focal_crossentropy", "linear", 1, "binary", "expects probabilities"),
    *(
        ("categorical_crossentropy", activation, 3, "one-hot", "expects probabilities")
        for activation in ("linear", "tanh", "relu")
    ),
    (SPARSE, "linear", 3, "ids", "expects probabilities"),
    *(
        (PROBABLE(from_logits=True), activation, 1, "binary", "below a half")
        for activation in ("relu", "softplus")
    ),
    *(
        ("binary_crossentropy", "sigmoid", 1, targets, "between 0 and 1")
        for targets in ("signs", "ids", "numbers")
    ),
    ("binary_focal_crossentropy", "sigmoid", 1, "signs", "between 0 and 1"),
    ("categorical_crossentropy", "sigmoid", 1, "binary", "one unit is always 0"),
    (keras.losses.CategoricalCrossentropy(**LOGITS), "linear", 1, "binary", "always 0"),
    (SPARSE, "sigmoid", 1, "shares", "one unit is always 0"),
    (SPARSE, "softmax", 2, "shares", "whole numbers as class ids"),
    ("kl_divergence", "sigmoid", 1, "shares", "over one unit"),
    *(
        ("kl_divergence", activation, 3, "distributions", "add up to 1")
        for activation in ("linear", "sigmoid", "relu")
    ),
    ("kl_divergence", "softmax", 3, "vectors", "probabilities as targets"),
    ("hinge", "linear", 1, "counts", "the targets −1 and 1"),
    ("squared_hinge", "linear", 1, "shares", "have fractions"),
    ("cosine_similarity", "linear", 1, "numbers", "their sign"),
    ("mse", "linear", 3, "number column", "each of the 3 outputs"),
    ("mae", "softmax", 3, "ids column", "each of the 3 outputs"),
    ("categorical_focal_crossentropy", "softmax", 3, "ids column", "each of the 3 outputs"),
    ("mse", "linear", 1, "vectors", "all 3 columns"),
    ("hinge", "linear", 1, "one-hot", "all 3 columns"),
]


def view_of(loss: Any, activation: Any, units: int, targets: str) -> View:
    """Returns what is known of a head that Keras computes a loss of without a word."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, activation=activation)])
    model.compile("sgd", loss)
    x, y = np.ones((ROWS, 4), "float32"), TARGETS[targets]
    kept = np.nonzero(np.reshape(y, (ROWS, -1))[:, 0] != 255)[0]
    model.compute_loss(x=x[kept], y=keras.ops.convert_to_tensor(y[kept]), y_pred=model(x[kept]))
    setup = describe(Training(model, FitArguments(x=x, y=y)))
    known = {name: value for name, value in vars(setup).items() if value is not None}
    return View(history([0.7, 0.6, 0.5], [0.7, 0.6, 0.5], **known))


def said(case: tuple[Any, ...]) -> str:
    loss = case[0]
    name = loss if isinstance(loss, str) else f"{type(loss).__name__}, options"
    return f"{name}-{getattr(case[1], '__name__', case[1])}-{case[2]}-{case[3]}"


@pytest.mark.parametrize("case", FINE, ids=said)
def test_what_works_is_left_alone(case: tuple[Any, Any, int, str]) -> None:
    view = view_of(*case)
    found = head_mismatch.measure(view)

    assert not found.value > 0, found.facts


@pytest.mark.parametrize("case", UNUSUAL, ids=said)
def test_what_is_unusual_is_a_doubt_and_no_more(case: tuple[Any, Any, int, str, str]) -> None:
    view = view_of(*case[:4])
    found = head_doubts.measure(view)

    assert not head_mismatch.measure(view).value > 0
    assert found.value > 0
    assert case[4] in head_doubts.say(found)


@pytest.mark.parametrize("case", WRONG, ids=said)
def test_what_cannot_work_has_its_sentence(case: tuple[Any, Any, int, str, str]) -> None:
    found = head_mismatch.measure(view_of(*case[:4]))

    assert found.value > 0
    assert case[4] in head_mismatch.say(found)


@pytest.mark.parametrize("form", ["layer", "activation", "operation", "nested", "reshaped"])
def test_the_activation_is_found_however_it_is_given(form: str) -> None:
    inputs = keras.Input((4,))
    plain = keras.layers.Dense(1)(inputs)
    outputs = {
        "layer": lambda: keras.layers.Softmax()(plain),
        "activation": lambda: keras.layers.Activation("softmax")(plain),
        "operation": lambda: keras.ops.softmax(plain),
        "nested": lambda: keras.Sequential([keras.layers.Softmax()])(plain),
        "reshaped": lambda: keras.layers.Flatten()(keras.layers.Softmax()(plain)),
    }[form]()
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    setup = describe(Training(model, FitArguments(x=np.ones((ROWS, 4)), y=TARGETS["binary"])))

    assert setup.output_activation == "softmax"


def test_sequences_and_images_are_not_taken_for_rows() -> None:
    model = keras.Sequential([keras.Input((5, 4)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    y = np.ones((ROWS, 5), "float32")
    setup = describe(Training(model, FitArguments(x=np.ones((ROWS, 5, 4)), y=y)))

    assert setup.target_units is None
