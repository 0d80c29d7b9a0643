"""Where NaN was first, and which layers never learn: recorded, and named in the evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import mlflow
import numpy as np
import pytest
import tensorflow as tf

import mlflow_plateau
from mlflow_plateau.diagnosis import Diagnosis
from tests.recorder.trainings import only_run, setup

ROWS = 200
EPOCHS = 5


def data() -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, 3)).astype("float32")
    return x, x[:, :1] - x[:, 1:2]


def dense(name: str, units: int = 4, activation: str | None = "relu", **options: Any) -> Any:
    return keras.layers.Dense(units, activation, name=name, **options)


def network(*layers: Any, optimizer: Any = "adam") -> Any:
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer, "mse")
    return model


def diagnosed(model: Any, x: Any, y: Any, **options: Any) -> Diagnosis:
    mlflow_plateau.autolog(diagnose=False, probe_budget=1e6)
    model.fit(x, y, epochs=EPOCHS, batch_size=50, validation_split=0.5, verbose=0, **options)
    return mlflow_plateau.diagnose(only_run().info.run_id, log=False)


def said(diagnosis: Diagnosis, cause: str, signal: str) -> str:
    return next(
        item.sentence for item in diagnosis.evidence if (item.cause, item.signal) == (cause, signal)
    )


def in_inputs(x: Any, y: Any) -> str:
    x[3, 1] = np.nan
    return "Train holds 1 NaN value in `column 1`"


def in_targets(x: Any, y: Any) -> str:
    y[3] = np.inf
    return "Train holds 1 infinite value in `targets`"


@pytest.mark.parametrize("spoil", [in_inputs, in_targets])
def test_what_is_not_finite_in_the_rows(
    spoil: Callable[[Any, Any], str], tracking_uri: str
) -> None:
    x, y = data()
    expected = spoil(x, y)
    # Without a squashing activation the loss shows it.
    diagnosis = diagnosed(network(dense("only", 1, None)), x, y)
    sentence = said(diagnosis, "non_finite_values", "non_finite_share")

    assert diagnosis.cause == "non_finite_values"
    assert expected[0].lower() + expected[1:] in sentence
    assert "weights of only were first seen to be so after epoch 0" in sentence
    assert "the gradients of only" in sentence


def test_a_loss_that_blows_up_within_the_first_epoch(tracking_uri: str) -> None:
    model = network(dense("only", 1, None), optimizer=keras.optimizers.SGD(30.0))
    mlflow_plateau.autolog(diagnose=False)
    x, y = data()
    model.fit(x, y, epochs=EPOCHS, batch_size=4, validation_split=0.5, verbose=0)
    diagnosis = mlflow_plateau.diagnose(only_run().info.run_id, log=False)

    assert diagnosis.cause == "learning_rate_too_large"
    sentence = said(diagnosis, "learning_rate_too_large", "growth_before_non_finite")
    assert "within epoch 0, before the first NaN or infinity, the losses of single" in sentence


def test_a_weight_that_no_row_ever_reads(tracking_uri: str) -> None:
    """One NaN in a row of an embedding that is never looked up: no loss, no update shows it."""
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Embedding(30_000, 4, name="words"),
            keras.layers.GlobalAveragePooling1D(),
            dense("top", 1, None),
        ]
    )
    table = model.layers[0].get_weights()
    table[0][29_999, 3] = np.nan
    model.layers[0].set_weights(table)
    model.compile("adam", "mse")
    x, y = data()
    diagnosis = diagnosed(model, (np.abs(x[:, :2]) * 10).astype("int32"), y)

    assert diagnosis.cause == "non_finite_values"
    assert "weights of words were first seen" in said(
        diagnosis, "non_finite_values", "unmeasurable_updates"
    )


def test_layers_that_are_frozen(tracking_uri: str) -> None:
    model = network(dense("base", trainable=False), dense("top", 1, None, trainable=False))
    diagnosis = diagnosed(model, *data())

    assert diagnosis.cause == "not_training"
    assert "frozen: base and top" in said(diagnosis, "not_training", "trainable_share")
    assert any("unfreeze base and top" in remedy for remedy in diagnosis.remedies)
    assert any("no trainable weights" in sentence for sentence in diagnosis.left_out)


def test_layers_that_no_update_moves(tracking_uri: str) -> None:
    model = network(dense("base"), dense("top", 1, None), optimizer=keras.optimizers.Adam(0.0))
    diagnosis = diagnosed(model, *data())

    assert diagnosis.cause == "not_training"
    sentence = said(diagnosis, "not_training", "update_ratio_late")
    assert "no weight of base and top ever moved" in sentence


@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # Keras warns of it.
def test_a_part_that_the_loss_does_not_depend_on(tracking_uri: str) -> None:
    inputs = keras.Input((3,))
    cut = keras.layers.Lambda(tf.stop_gradient)(dense("cut")(inputs))
    outputs = dense("top", 1, None)(keras.layers.Add()([dense("used")(inputs), cut]))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "mse")
    diagnosis = diagnosed(model, *data())
    noted = setup(only_run())

    assert noted["unreached_layers"] == "cut"
    assert noted["unmoved_layers"] == "cut"
    assert "No update ever moved a weight of cut" in diagnosis.notes


def test_units_that_are_dead_from_the_start(tracking_uri: str) -> None:
    dead = dense("dead", bias_initializer=keras.initializers.Constant(-50.0))
    diagnosis = diagnosed(network(dead, dense("top", 1, None)), *data())

    assert "100% of the units of layer dead" in said(
        diagnosis, "critical_point", "degenerate_start"
    )


def test_nothing_is_named_in_a_usual_training(tracking_uri: str) -> None:
    diagnosis = diagnosed(network(dense("base"), dense("top", 1, None)), *data())
    noted = setup(only_run())

    assert not {"frozen_layers", "unmoved_layers", "lost_weights", "lost_gradients"} & set(noted)
    assert only_run().data.metrics["plateau/lost_weights"] == 0
    assert not diagnosis.notes


def test_what_was_said_of_a_first_training_is_taken_back_by_a_second() -> None:
    x, y = data()
    mlflow_plateau.autolog(diagnose=False, probe_budget=1e6)
    with mlflow.start_run():
        for rate in (0.0, 0.01):
            model = network(dense("base"), dense("top", 1), optimizer=keras.optimizers.SGD(rate))
            model.fit(x, y, epochs=EPOCHS, batch_size=50, validation_split=0.5, verbose=0)
    run = only_run()
    assert run.data.params["plateau.unmoved_layers"] == "base,top"
    diagnosis = mlflow_plateau.diagnose(run.info.run_id, log=False)
    assert not any("ever moved" in note for note in diagnosis.notes)
    assert not any("learning rate" in sentence for sentence in diagnosis.left_out)
