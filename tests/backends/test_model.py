"""Losses and gradients of a model at other weights: by hand, by differences, without a trace."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from mlflow_plateau.recorder.describe.training import Training
from mlflow_plateau.recorder.witness.differentiable import DeclinedError
from mlflow_plateau.recorder.witness.keras_model import keras_model
from mlflow_plateau.recorder.witness.rows import Rows
from mlflow_plateau.recorder.witness.saturation import saturation
from tests.backends.data import arrays, network

PENALTY = 0.01
"""Keras' ``l2`` as it is named."""


def trained(activation: str = "relu") -> Any:
    """Returns a model whose moving statistics are no longer those that it began with."""
    model = network(activation=activation)
    x, y = arrays()
    model.fit(x, y, epochs=1, verbose=0)
    return model


def rows() -> Rows:
    return Rows(*arrays())


def by_hand(model: Any, weights: list[Any]) -> tuple[float, float, list[Any]]:
    """Returns loss, penalty and gradient of ``network``, in NumPy and double precision."""
    x, y = (part.astype(np.float64) for part in arrays())
    w, b, scale, shift, v, c = (np.asarray(part, dtype=np.float64) for part in weights)
    mean, variance = (np.asarray(p, dtype=np.float64) for p in model.layers[1].get_weights()[2:])
    before = x @ w + b
    normal = (np.maximum(before, 0) - mean) / np.sqrt(variance + model.layers[1].epsilon)
    after = normal * scale + shift
    p = 1 / (1 + np.exp(-(after @ v + c)[:, 0]))
    loss = float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
    outer = ((p - y) / len(y))[:, None]
    to_after = outer @ v.T
    to_before = to_after * scale / np.sqrt(variance + model.layers[1].epsilon) * (before > 0)
    gradient = [
        *(x.T @ to_before, to_before.sum(axis=0)),
        *((to_after * normal).sum(axis=0), to_after.sum(axis=0)),
        *(after.T @ outer, outer.sum(axis=0)),
    ]
    return loss, PENALTY * float((w**2).sum()), gradient


@pytest.mark.parametrize(
    ("shift", "eagerly"),
    [(None, False), (0.1, False), (0.1, True)],
    ids=["own weights", "other weights", "eagerly"],
)
def test_losses_and_gradients_are_those_by_hand(shift: float | None, eagerly: bool) -> None:
    model = trained()
    model.run_eagerly = eagerly
    opened = keras_model(Training(model))
    given = None if shift is None else [w + np.float32(shift) for w in opened.weights]
    losses, gradient = opened.losses(rows(), given), opened.gradient(rows(), given)

    loss, penalty, expected = by_hand(model, list(given or opened.weights))
    assert losses.data == pytest.approx(loss, rel=1e-5)
    assert losses.penalty == pytest.approx(penalty, rel=1e-5)
    for mine, theirs in zip(gradient, expected, strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_the_gradient_is_the_slope_of_the_losses() -> None:
    # Without a kink that a difference could reach across.
    opened = keras_model(Training(trained("tanh")))
    weights, gradient = opened.weights, opened.gradient(rows())
    generator = np.random.default_rng(0)
    for _ in range(3):
        way = [generator.standard_normal(w.shape) for w in weights]
        sides = [
            opened.losses(
                rows(),
                [(w + r * d).astype("float32") for w, d in zip(weights, way, strict=True)],
            ).data
            for r in (1e-2, -1e-2)
        ]
        slope = sum(float(np.vdot(g, d)) for g, d in zip(gradient, way, strict=True))
        assert (sides[0] - sides[1]) / 2e-2 == pytest.approx(slope, rel=0.02, abs=1e-3)


def test_weights_that_the_loss_does_not_depend_on_have_a_gradient_of_zero() -> None:
    model = trained()
    model.layers[0].set_weights([np.zeros((3, 8)), -np.ones(8)])
    gradient = keras_model(Training(model)).gradient(rows())

    assert not gradient[0].any()
    assert gradient[-1].any()


def test_predictions_are_those_of_inference() -> None:
    model = trained("tanh")

    predicted = keras_model(Training(model)).predictions(rows())

    np.testing.assert_allclose(predicted, model.predict(rows().x, verbose=0), atol=1e-6)


def test_outputs_at_an_end_of_their_activation_are_counted() -> None:
    """Five of eight units lie at an end of tanh; the output layer does not count."""
    model = trained("tanh")
    bias = np.array([9.0, -9, 9, -9, 9, 0, 0, 0], dtype="float32")
    model.layers[0].set_weights([np.full((3, 8), 0.01, dtype="float32"), bias])
    model.layers[-1].set_weights([np.zeros((8, 1)), np.full(1, 50.0)])

    opened = keras_model(Training(model))
    assert saturation(opened, rows()) == (
        {"saturated_share": 5 / 8},
        {"saturated_share": (model.layers[0].name,)},
    )
    values = opened.bounded_outputs(rows())[model.layers[0].name].values
    np.testing.assert_allclose(values, np.tanh(0.01 * rows().x.sum(1)[:, None] + bias), atol=1e-6)


class ConvUnit(keras.layers.Layer):
    """A layer of a user's own that puts out more than its activation does."""

    def __init__(self) -> None:
        super().__init__()
        self.activation = keras.activations.tanh

    def call(self, x: Any) -> Any:
        return 9.0 * self.activation(x), x


def test_what_is_sure_or_shut_is_not_saturated() -> None:
    """An output that is reshaped, a gate, and layers of the user's own."""
    x = keras.Input((3,))
    shut = keras.initializers.Constant(-50.0)
    still = keras.layers.Dense(4, activation="tanh", kernel_initializer="zeros")(x)
    gate = keras.layers.Dense(4, activation="sigmoid", bias_initializer=shut)(x)
    hidden, _ = ConvUnit()(keras.layers.multiply([keras.layers.Dense(4)(still), gate]))
    last = keras.layers.Dense(1, activation="sigmoid", bias_initializer=shut)(hidden)
    model = keras.Model(x, keras.layers.Reshape(())(last))
    model.compile("adam", "binary_crossentropy")

    found, _ = saturation(keras_model(Training(model)), rows())
    assert found == {"saturated_share": 0.0}


def test_a_model_without_such_layers_has_nothing_at_an_end() -> None:
    assert saturation(keras_model(Training(trained())), rows()) == ({}, {})


def test_it_follows_the_model() -> None:
    """Also what is no weight, such as a moving average, is read each time and not compiled in."""
    model = trained()
    opened = keras_model(Training(model))
    before = opened.losses(rows()).data
    statistics = model.layers[1].get_weights()
    model.layers[1].set_weights([*statistics[:2], statistics[2] + 1.0, statistics[3]])

    found = opened.losses(rows()).data
    assert found != pytest.approx(before, rel=1e-3)
    assert found == pytest.approx(by_hand(model, list(opened.weights))[0], rel=1e-5)


class Keeps(keras.layers.Layer):
    """A layer that keeps what it saw last, counts its calls, and is noisy whatever it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.seeds = keras.random.SeedGenerator(3)
        self.calls = self.add_weight(shape=(), trainable=False, initializer="zeros")
        self.seen = None

    def build(self, shape: Any) -> None:
        self.built = True

    def call(self, x: Any) -> Any:
        self.calls.assign_add(1.0)
        self.seen = x
        return x + 0.1 * keras.random.normal((3,), seed=self.seeds)


def test_layers_that_keep_what_they_see_are_as_before() -> None:
    keeps = Keeps()
    model = keras.Sequential([keras.Input((3,)), keeps, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = arrays()
    model.fit(x, y, epochs=1, verbose=0)
    seen = keeps.seen
    before = [keras.ops.convert_to_numpy(variable).copy() for variable in model.variables]
    opened = keras_model(Training(model))
    opened.losses(rows())
    opened.gradient(rows())

    if keras.backend.backend() != "tensorflow":
        assert keeps.seen is seen
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="a module is a layer there only")
def test_modules_of_pytorchs_own_are_declined() -> None:
    import torch

    module = keras.layers.TorchModuleWrapper(torch.nn.Linear(3, 1))
    model = keras.Sequential([keras.Input((3,)), module])
    model.compile("sgd", "mse")
    model.build((None, 3))
    with pytest.raises(DeclinedError, match=r"module of PyTorch's"):
        keras_model(Training(model))


def test_gradients_in_half_precision_are_not_lost() -> None:
    """2 · error / rows is 1e-8, which no half holds; the optimiser scales the loss for that."""
    layers = keras.layers
    half = layers.Dense(1, kernel_initializer="zeros", dtype="mixed_float16")
    model = keras.Sequential(
        [keras.Input((1,)), half, layers.Activation("linear", dtype="float32")]
    )
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.0))
    model.compile(optimizer, "mse")
    x, error = np.ones((4096, 1), dtype="float32"), 2e-5
    y = np.full((4096, 1), -error, dtype="float32")
    model.fit(x[:32], y[:32], epochs=1, verbose=0)

    found = keras_model(Training(model)).gradient(Rows(x, y))
    assert [float(part.ravel()[0]) for part in found] == pytest.approx([2 * error] * 2, rel=0.01)
