"""Models of each kind, trained in each way that Keras knows."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlflow_plateau
from tests.recorder.trainings import (
    BATCH,
    arrays,
    curve,
    fit,
    needs_short_executions,
    only_run,
    setup,
    small_model,
)

MEASURED = ("update_ratio", "epoch_displacement", "gradient_norm", "epoch_seconds")


def assert_recorded(
    history: Any, names: tuple[str, ...] = MEASURED, measured: Collection[int] = (0, 1)
) -> Mapping[str, str]:
    """Returns the setup of a run whose curves are those that Keras gave.

    Args:
        history: What ``fit`` returned.
        names: What was measured.
        measured: In which epochs.
    """
    run = only_run()
    for name, values in history.history.items():
        assert list(curve(run, name).values()) == pytest.approx(values), name
    for name in names:
        values = curve(run, f"plateau/{name}")
        assert set(measured) <= set(values), name
        assert all(value > 0 for value in values.values()), name
    return setup(run)


class Subclassed(keras.Model):
    """A model that is built when it first sees data."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = keras.layers.Dense(4, activation="relu")
        self.last = keras.layers.Dense(1, activation="sigmoid")

    def call(self, inputs: Any) -> Any:
        return self.last(self.hidden(inputs))


def test_subclassed(recorder: None) -> None:
    model = Subclassed()
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])

    noted = assert_recorded(fit(model), measured={1})
    assert noted["parameter_count"] == "21"
    assert "output_activation" not in noted  # Any of its layers may be the last.


def test_functional_with_several_inputs_and_outputs(recorder: None) -> None:
    x, y = arrays()
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    joined = keras.layers.Dense(4, activation="tanh")(keras.ops.concatenate([left, right], axis=-1))
    outputs = {
        "kind": keras.layers.Dense(1, activation="sigmoid", name="kind")(joined),
        "size": keras.layers.Dense(2, name="size")(joined),
    }
    model = keras.Model({"left": left, "right": right}, outputs)
    model.compile("sgd", {"kind": "binary_crossentropy", "size": "mse"})
    data: Any = ({"left": x, "right": -x}, {"kind": y, "size": x[:, :2]})
    history = model.fit(*data, batch_size=BATCH, epochs=2, validation_data=data, verbose=0)

    noted = assert_recorded(history)
    assert (noted["training_rows"], noted["validation_rows"]) == ("20", "20")
    assert noted["loss"] == "binary_crossentropy,mean_squared_error"
    assert noted["output_activation"] == "sigmoid,linear"


def test_an_article_like_model_is_described(recorder: None) -> None:
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(
                5, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)
            ),
            keras.layers.Dropout(0.25),
            keras.layers.Dense(2),
            keras.layers.Softmax(),
        ]
    )
    model.layers[0].trainable = False
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")

    noted = assert_recorded(fit(model))
    assert noted["optimizer"] == "sgd"
    assert noted["momentum"] == "0.9"
    assert noted["loss"] == "sparse_categorical_crossentropy"
    assert noted["from_logits"] == "false"
    assert noted["layers"] == "Dense(5, relu) > Dropout(0.25) > Dense(2) > Softmax"
    assert noted["hidden_activations"] == "relu"
    assert noted["output_activation"] == "softmax"
    assert noted["output_units"] == "2"
    assert (noted["dropout"], noted["l2"]) == ("0.25", "0.01")
    assert (noted["parameter_count"], noted["trainable_parameter_count"]) == ("32", "12")


WITHOUT_GRADIENT = tuple(name for name in MEASURED if name != "gradient_norm")

WAYS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "compiled by XLA": ({"jit_compile": True}, MEASURED),
    "eagerly": ({"run_eagerly": True}, MEASURED),
    "two steps at once": ({"steps_per_execution": 2}, WITHOUT_GRADIENT),
    "more steps at once than there are": ({"steps_per_execution": 8}, WITHOUT_GRADIENT),
}


@pytest.mark.filterwarnings("ignore:.*Your input ran out of data")  # Of old versions of Keras.
@pytest.mark.parametrize("way", WAYS)
def test_compiled(way: str, recorder: None) -> None:
    if "more steps" in way:
        needs_short_executions()
    compiled, measured = WAYS[way]
    noted = assert_recorded(fit(small_model(**compiled)), measured)

    assert noted["updates_per_epoch"] == "3"


def test_gradients_that_are_accumulated(recorder: None) -> None:
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=3)

    noted = assert_recorded(fit(small_model(optimizer)), ("update_ratio",))
    assert noted["updates_per_epoch"] == "1"


def test_mixed_precision(recorder: None) -> None:
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        history = fit(small_model())
    finally:
        keras.mixed_precision.set_global_policy("float32")

    assert_recorded(history, ("epoch_seconds",))
    assert set(curve(only_run(), "learning_rate")) == {0, 1}


def test_mirrored_on_a_cpu(recorder: None) -> None:
    with tf.distribute.MirroredStrategy(["cpu:0"]).scope():
        model = small_model()

    assert_recorded(fit(model, validation_split=0.2))


class OwnStep(keras.Model):
    """Trains by its own step, under its own name of the loss."""

    def __init__(self, optimizer: Any = None) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self.own_optimizer = optimizer

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x, training=True)[:, 0] - y) ** 2)
        gradients = tape.gradient(loss, self.trainable_variables)
        optimizer = self.own_optimizer or self.optimizer
        optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss} if self.own_optimizer is None else {"g_loss": loss}


def test_a_train_step_of_the_users(recorder: None) -> None:
    model = OwnStep()
    model.compile(keras.optimizers.SGD(0.05))

    noted = assert_recorded(fit(model), measured={1})
    assert (noted["optimizer"], noted["learning_rate"]) == ("sgd", "0.05")
    assert curve(only_run(), "learning_rate") == {0: 0.05, 1: 0.05}


def test_an_optimizer_that_keras_does_not_know_of(
    recorder: None, caplog: pytest.LogCaptureFixture
) -> None:
    model = OwnStep(keras.optimizers.SGD(0.05))
    model.compile()  # Gives it an optimiser that nobody uses.

    noted = assert_recorded(fit(model), ("update_ratio", "epoch_displacement"), {1})
    assert "optimizer" not in noted
    assert not curve(only_run(), "learning_rate")
    assert not [record for record in caplog.records if record.name == "mlflow_plateau"]


def test_names_that_mlflow_would_refuse(recorder: None) -> None:
    model = small_model(metrics=[keras.metrics.BinaryAccuracy(name="right?<b>", threshold=0.5)])
    fit(model)

    assert set(curve(only_run(), "right__b_")) == {0, 1}
    assert set(curve(only_run(), "loss")) == {0, 1}


def saved(model: Any, folder: Any) -> None:
    model.save(folder / "model.keras")


def cloned(model: Any, folder: Any) -> None:
    keras.models.clone_model(model)


def in_json(model: Any, folder: Any) -> None:
    json.loads(model.to_json())


def exported(model: Any, folder: Any) -> None:
    tf.saved_model.save(model, str(folder / "exported"))


@pytest.mark.parametrize("done", [saved, cloned, in_json, exported])
def test_what_callbacks_do_with_a_model_still_works(
    done: Callable[[Any, Any], None], recorder: None, tmp_path: Any
) -> None:
    class Does(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            done(self.model, tmp_path)

    model = small_model()
    assert_recorded(fit(model, callbacks=[Does()]))
    assert not type(model.train_function).__module__.startswith("mlflow_plateau")


def test_a_train_function_that_somebody_wraps(recorder: None) -> None:
    class Wraps(keras.callbacks.Callback):
        calls = 0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 0:
                inner = self.model.train_function

                def wrapped(iterator: Any) -> Any:
                    self.calls += 1
                    return inner(iterator)

                self.model.train_function = wrapped

    wraps = Wraps()
    model = small_model()
    fit(model, callbacks=[wraps])
    fit(model)

    assert wraps.calls == 12
    assert np.isfinite(model.get_weights()[0]).all()


def test_what_layers_warn_of_is_shown_as_often_as_without_the_recorder() -> None:
    class Wary(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            warnings.warn(f"called with {len(x.shape)} axes", UserWarning, stacklevel=1)
            return x

    def shown() -> int:
        keras.utils.set_random_seed(0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = keras.Sequential([keras.Input((3,)), Wary(), keras.layers.Dense(1)])
            model.compile("sgd", "mse")
            x, y = arrays(256)
            model.fit(x, y, validation_split=0.5, epochs=2, verbose=0)
        return sum("called with" in str(warning.message) for warning in caught)

    alone = shown()
    mlflow_plateau.autolog(diagnose=False, silent=True, probe_budget=1e6)
    assert shown() == alone > 0
    assert curve(only_run(), "plateau/clean_fit")
