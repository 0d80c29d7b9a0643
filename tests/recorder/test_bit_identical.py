"""The recorder changes nothing: same seed, same bits, with and without it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import mlflow_plateau
from tests.recorder import trainings
from tests.recorder.trainings import curve, needs_short_executions, only_run

STEPS = 4
BATCH = 32
ROWS = STEPS * BATCH
"""So many that the sample is large enough for every experiment."""

PLENTY = 1e6
"""A budget (``probe_budget``) that leaves no experiment out, however slow the machine is."""


def arrays() -> tuple[Any, Any]:
    return trainings.arrays(ROWS)


class Batches(keras.utils.PyDataset):
    """Batches by index, in an order that Python's global generator decides."""

    def __init__(self) -> None:
        super().__init__()
        self.order = list(range(STEPS))

    def __len__(self) -> int:
        return STEPS

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        x, y = arrays()
        begin = self.order[index] * BATCH
        return x[begin : begin + BATCH], y[begin : begin + BATCH]

    def on_epoch_end(self) -> None:
        random.shuffle(self.order)


def generated() -> Iterator[tuple[Any, Any]]:
    """Batches without end, of a generator of their own: Keras draws ahead in a thread."""
    generator = np.random.default_rng(1)
    while True:
        x = generator.standard_normal((BATCH, 3)).astype("float32")
        yield x, (x[:, 0] > 0).astype("float32")


def pipeline() -> Any:
    x, y = arrays()
    return tf.data.Dataset.from_tensor_slices((x, y)).shuffle(ROWS).batch(BATCH).prefetch(1)


def from_numpy() -> dict[str, Any]:
    x, y = arrays()
    return {"x": x, "y": y, "batch_size": BATCH, "validation_split": 0.2}


def from_pandas() -> dict[str, Any]:
    x, y = arrays()
    frame = pd.DataFrame(x, columns=["a", "b", "c"])
    return {"x": frame, "y": pd.Series(y), "batch_size": BATCH, "validation_data": (frame, y)}


def from_pipeline() -> dict[str, Any]:
    return {"x": pipeline(), "validation_data": pipeline()}


def from_augmented_pipeline() -> dict[str, Any]:
    """Draws at random in ways that each epoch begins anew, and in one that goes on over epochs."""
    x, y = arrays()
    numbers = tf.random.Generator.from_seed(1)

    def augmented(x: Any, y: Any) -> Any:
        return x + 0.1 * tf.random.normal((3,)) + 0.1 * numbers.normal((3,)), y

    rows = tf.data.Dataset.from_tensor_slices((x, y)).cache().shuffle(ROWS)
    data = rows.map(augmented).batch(BATCH)
    return {"x": data, "validation_data": pipeline()}


def from_dataset() -> dict[str, Any]:
    return {"x": Batches(), "validation_data": Batches()}


def from_generator() -> dict[str, Any]:
    return {"x": generated(), "steps_per_epoch": 4}


def from_endless_pipeline() -> dict[str, Any]:
    endless = pipeline().repeat()
    return {"x": endless, "steps_per_epoch": 4, "class_weight": {0: 1.0, 1: 2.0}}


class OrderedBatches(Batches):
    """Batches in one order: with workers, Keras shuffles from a thread, sooner or later."""

    def on_epoch_end(self) -> None:
        pass


def from_workers() -> dict[str, Any]:
    data = OrderedBatches()
    data.workers = 2
    return {"x": data, "shuffle": False, "validation_data": arrays()}


def from_weighted_dicts() -> dict[str, Any]:
    x, y = arrays()
    rows = ({"left": x, "right": -x}, {"kind": y, "size": x[:, :2]}, {"kind": y, "size": y + 1})
    data = tf.data.Dataset.from_tensor_slices(rows).shuffle(ROWS).batch(BATCH)
    return {"x": data, "validation_data": data}


def sgd() -> Any:
    return keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)


def from_two_arrays() -> dict[str, Any]:
    x, y = arrays()
    data = ({"left": x, "right": -x}, {"kind": y, "size": x[:, :2]})
    return {"x": data[0], "y": data[1], "batch_size": BATCH, "validation_data": data}


CASES = {
    "numpy, Adam": (from_numpy, lambda: "adam", {}),
    "pandas, SGD with momentum": (from_pandas, sgd, {}),
    "tf.data, RMSprop": (from_pipeline, lambda: "rmsprop", {}),
    "tf.data, augmented": (from_augmented_pipeline, sgd, {}),
    "PyDataset, AdamW": (from_dataset, lambda: "adamw", {}),
    "endless tf.data with class weights": (from_endless_pipeline, sgd, {}),
    "tf.data, two steps at once": (from_endless_pipeline, sgd, {"steps_per_execution": 2}),
    "tf.data, eagerly": (from_pipeline, sgd, {"run_eagerly": True}),
    "PyDataset with workers": (from_workers, sgd, {}),
    "tf.data of dicts with sample weights": (from_weighted_dicts, sgd, {}),
    "generator, Adagrad": (from_generator, lambda: "adagrad", {}),
    "numpy, SGD, compiled by XLA": (from_numpy, lambda: "sgd", {"jit_compile": True}),
    "two inputs and outputs, SGD": (from_two_arrays, sgd, {}),
    "numpy, SGD, two steps at once": (from_numpy, lambda: "sgd", {"steps_per_execution": 2}),
    "numpy, Lion, eagerly": (from_numpy, lambda: "lion", {"run_eagerly": True}),
}


def one_headed() -> Any:
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1, activation="sigmoid", dtype="float32"),
        ]
    )


def two_headed() -> Any:
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    joined = keras.layers.Dropout(0.3)(keras.layers.Concatenate()([left, right]))
    kind = keras.layers.Dense(1, activation="sigmoid", name="kind")(joined)
    size = keras.layers.Dense(2, name="size")(joined)
    return keras.Model({"left": left, "right": right}, {"kind": kind, "size": size})


def trained(
    data: Callable[[], dict[str, Any]], optimizer: Callable[[], Any], compiled: dict[str, Any]
) -> list[Any]:
    """Returns everything that a training leaves behind and that the recorder could change."""
    keras.utils.set_random_seed(7)
    given = data()
    if isinstance(given["x"], dict) or isinstance(
        getattr(given["x"], "element_spec", ((),))[0], dict
    ):
        model, loss = two_headed(), {"kind": "binary_crossentropy", "size": "mse"}
    else:
        model, loss = one_headed(), "binary_crossentropy"
    model.compile(optimizer(), loss, **compiled)
    history = model.fit(epochs=3, verbose=0, **given)
    later = keras.layers.Dense(3)
    later.build((None, 3))
    return [
        *(weight.numpy() for weight in model.weights),
        *(np.asarray(curve) for curve in history.history.values()),
        *(variable.numpy() for variable in model.optimizer.variables),
        *(weight.numpy() for weight in later.weights),
        np.asarray(random.random()),
        np.random.random(3),
        tf.random.uniform((3,)).numpy(),
    ]


def assert_experiments_were_made() -> None:
    """Makes sure that there was something that could have left a trace."""
    made = {name.removeprefix("plateau/") for name in only_run().data.metrics}
    assert {"clean_fit", "gradient_noise_scale", "unreached_share", "lost_weights"} <= made


@pytest.mark.filterwarnings("ignore:.*Your input ran out of data")  # Of old versions of Keras.
@pytest.mark.parametrize("case", CASES)
def test_same_bits_with_and_without(case: str) -> None:
    if "at once" in case:
        needs_short_executions()
    data, optimizer, compiled = CASES[case]
    without = trained(data, optimizer, compiled)
    mlflow_plateau.autolog(diagnose=False, probe_budget=PLENTY)
    recorded = trained(data, optimizer, compiled)

    assert len(curve(only_run(), "loss")) == 3
    assert_experiments_were_made()
    for mine, theirs in zip(recorded, without, strict=True):
        np.testing.assert_array_equal(mine, theirs)


class Noisy(keras.layers.Layer):
    """Draws in inference too."""

    def __init__(self) -> None:
        super().__init__()
        self.seeds = keras.random.SeedGenerator(1)

    def call(self, x: Any) -> Any:
        return x + 0.1 * keras.random.normal(keras.ops.shape(x), seed=self.seeds)


class Adding(keras.layers.Layer):
    """Adds a loss of its own."""

    def call(self, x: Any) -> Any:
        self.add_loss(0.01 * keras.ops.mean(x**2))
        return x


class OwnStep(keras.Sequential):
    """Trains by its own step."""

    def train_step(self, data: Any) -> Any:
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}


def sequence(*layers: Any, kind: Any = keras.Sequential, **compiled: Any) -> Any:
    last = keras.layers.Dense(1, activation="sigmoid")
    model = kind([keras.Input((3,)), *layers, last])
    model.compile(**{"optimizer": "adam", "loss": "binary_crossentropy", **compiled})
    return model


def stateful() -> Any:
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(BATCH, 3)),
            keras.layers.Reshape((3, 1)),
            keras.layers.GRU(4, stateful=True),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    return model


def accumulating() -> Any:
    return keras.optimizers.Adam(gradient_accumulation_steps=2)


SPECIAL: dict[str, Callable[[], Any]] = {
    "batch statistics and noise": lambda: sequence(
        keras.layers.BatchNormalization(), keras.layers.GaussianNoise(0.1), Noisy()
    ),
    "spectral normalisation": lambda: sequence(
        keras.layers.SpectralNormalization(keras.layers.Dense(4))
    ),
    "added losses": lambda: sequence(Adding()),
    "a train step of its own": lambda: sequence(kind=OwnStep),
    "a state from batch to batch": stateful,
    "accumulated gradients": lambda: sequence(optimizer=accumulating()),
    "averaged weights": lambda: sequence(optimizer=keras.optimizers.Adam(use_ema=True)),
    **{
        name: (lambda name=name: sequence(optimizer=name))  # type: ignore[misc]  # a default
        for name in ("nadam", "adamax", "adadelta", "ftrl", "adafactor")
    },
}


def left_behind(make: Callable[[], Any]) -> list[Any]:
    """Returns what the training of a special model leaves behind."""
    keras.utils.set_random_seed(7)
    model = make()
    x, y = arrays()
    model.fit(x, y, epochs=3, batch_size=BATCH, validation_data=(x, y), verbose=0)
    state = [*model.variables, *model.optimizer.variables]
    return [*(variable.numpy() for variable in state), tf.random.uniform((3,)).numpy()]


@pytest.mark.parametrize("special", SPECIAL)
def test_same_bits_of_special_models(special: str) -> None:
    without = left_behind(SPECIAL[special])
    mlflow_plateau.autolog(diagnose=False, probe_budget=PLENTY)
    recorded = left_behind(SPECIAL[special])

    made = only_run().data.metrics
    assert "plateau/clean_fit" in made or special == "a state from batch to batch"
    for mine, theirs in zip(recorded, without, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_same_bits_in_mixed_precision(policy: str) -> None:
    keras.mixed_precision.set_global_policy(policy)
    try:
        without = trained(from_numpy, lambda: "sgd", {})
        mlflow_plateau.autolog(diagnose=False, probe_budget=PLENTY)
        recorded = trained(from_numpy, lambda: "sgd", {})
    finally:
        keras.mixed_precision.set_global_policy("float32")

    for mine, theirs in zip(recorded, without, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("data", [from_pipeline, from_numpy])
def test_same_bits_when_mirrored(data: Callable[[], dict[str, Any]]) -> None:
    with tf.distribute.MirroredStrategy(["cpu:0"]).scope():
        without = trained(data, lambda: "sgd", {})
        mlflow_plateau.autolog(diagnose=False, probe_budget=PLENTY)
        recorded = trained(data, lambda: "sgd", {})

    if data is from_numpy:  # No rows are kept of pipelines that are distributed.
        assert_experiments_were_made()
    for mine, theirs in zip(recorded, without, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_same_bits_where_each_epoch_is_diagnosed_and_measured() -> None:
    case = CASES["numpy, Adam"]
    without = trained(*case)
    mlflow_plateau.autolog(silent=True)
    recorded = trained(*case)

    for mine, theirs in zip(recorded, without, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def from_other_units() -> dict[str, Any]:
    """Validation rows whose repair is tried, and which are told apart from the training rows."""
    generator = np.random.default_rng(2)
    x = generator.standard_normal((400, 3)).astype("float32")
    y = (x[:, 0] > 0).astype("float32")
    other = x[200:] * np.array([1, 1000, 1], "float32")
    other[::2, 2] += 2
    return {"x": x[:200], "y": y[:200], "batch_size": 40, "validation_data": (other, y[200:])}


def test_same_bits_where_the_validation_rows_are_tried_otherwise() -> None:
    without = trained(from_other_units, lambda: "adam", {})
    mlflow_plateau.autolog(silent=True)
    recorded = trained(from_other_units, lambda: "adam", {})

    assert "plateau/repaired_held_out" in only_run().data.metrics
    for mine, theirs in zip(recorded, without, strict=True):
        np.testing.assert_array_equal(mine, theirs)
