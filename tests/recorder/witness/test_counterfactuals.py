"""Real trainings whose validation rows were treated otherwise, or come from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import keras
import mlflow
import numpy as np
import pytest
import tensorflow as tf

import mlflow_plateau
from mlflow_plateau.recorder.describe.training import Training
from mlflow_plateau.recorder.witness.counterfactuals import counterfactuals, repair_made
from mlflow_plateau.recorder.witness.keras_model import keras_model
from mlflow_plateau.recorder.witness.repair import repaired
from mlflow_plateau.recorder.witness.rows import Rows, Sample
from mlflow_plateau.recorder.witness.support import OUTSIDE, drawn, losses_by_support, told_apart
from mlflow_plateau.reference import Reference, learn_from
from tests.recorder.trainings import curve, only_run, setup

ROWS, HELD_OUT = 600, 300
MEANS, DEVIATIONS = np.array([40.0, -3.0, 900.0, 0.2]), np.array([12.0, 0.5, 250.0, 0.05])


def table() -> tuple[Any, Any]:
    """Returns columns of different shapes, and a target that takes all of them."""
    generator = np.random.default_rng(5)
    u = generator.standard_normal((ROWS + HELD_OUT, 4))
    u[:, 1] = generator.exponential(1, len(u)) - 1
    u[:, 2] = 3 + (generator.random(len(u)) - 0.5) * 12**0.5
    u[:, 3] = generator.gamma(3, 1, len(u)) / 3**0.5 - 3**0.5
    y = u @ np.array([1.0, -0.7, 0.8, 0.4]) - 2.4 + 0.3 * np.sin(2 * u[:, 0])
    return u.astype("float32"), y.astype("float32")[:, None]


X, Y = table()
SCALED = (X - X[:ROWS].mean(axis=0)) / X[:ROWS].std(axis=0)
CLASSES = np.digitize(Y[:, 0], [-0.9, 0.6])


def regression(inputs: int = 4) -> Any:
    model = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse")
    return model


def classifier() -> Any:
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(16, activation="tanh"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    return model


def train(model: Any, x: Any, y: Any, x_validation: Any, y_validation: Any, **more: Any) -> Any:
    """Trains a model under the recorder and returns its run."""
    mlflow_plateau.autolog(silent=True)
    given = {"batch_size": 32, "epochs": 12, "verbose": 0, **more}
    model.fit(x, y, validation_data=(x_validation, y_validation), **given)
    return only_run()


def last(run: Any, name: str) -> float:
    """Returns the one value of a metric that is measured at the end, at the last epoch."""
    values = curve(run, f"plateau/{name}")
    assert list(values) == [max(curve(run, "plateau/training"))]
    return next(iter(values.values()))


def images() -> tuple[Any, Any]:
    """Returns images whose target is in one channel only."""
    generator = np.random.default_rng(5)
    light = generator.uniform(0.2, 1.0, (ROWS + HELD_OUT, 1, 1, 3))
    pixels = light * np.array([200, 130, 70]) + generator.normal(0, 8, (ROWS + HELD_OUT, 6, 6, 3))
    return np.clip(pixels, 0, 255).astype("float32"), 4 * light[:, 0, 0, :1].astype("float32")


def of_images() -> Any:
    model = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.03), "mse")
    return model


def texts() -> tuple[Any, Any]:
    """Returns rows of ids, and whether words from the front of the dictionary prevail."""
    generator = np.random.default_rng(5)
    ids = np.minimum(generator.zipf(1.4, (ROWS + HELD_OUT, 12)), 60)
    ids[np.arange(12) >= generator.integers(6, 13, len(ids))[:, None]] = 0
    share = ((ids > 0) & (ids <= 2)).sum(axis=1) / (ids > 0).sum(axis=1)
    return ids, (share > 0.5).astype("float32")[:, None]


def of_texts() -> Any:
    model = keras.Sequential(
        [
            keras.Input((12,), dtype="int32"),
            keras.layers.Embedding(70, 8),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    return model


def scaling_missing() -> Any:
    return regression(), SCALED, Y, SCALED * DEVIATIONS + MEANS, Y


def unit_factor() -> Any:
    grams = X.copy()
    grams[:, 3] *= 1000
    return regression(), X, Y, grams, Y


def target_unit() -> Any:
    return regression(), X, Y + 5, X, 100 * (Y + 5)


def columns_permuted() -> Any:
    return regression(), X, Y, X[:, [3, 1, 0, 2]], Y


def bgr() -> Any:
    x, y = images()
    return of_images(), x, y, x[..., ::-1], y


def labels_recoded() -> Any:
    return classifier(), X, CLASSES, X, np.array([2, 0, 1])[CLASSES]


def categories_recoded() -> Any:
    generator = np.random.default_rng(5)
    kind = generator.choice(4, len(X), p=[0.45, 0.3, 0.17, 0.08])
    y = Y + np.array([3.0, -2.0, 0.0, 5.0])[kind][:, None]
    hot = keras.layers.CategoryEncoding(4, output_mode="one_hot")
    inputs = keras.Input((4,)), keras.Input((1,), dtype="int32")
    # Keras 3.3 keeps the axis of the one column.
    body = keras.layers.Concatenate()([inputs[0], keras.layers.Flatten()(hot(inputs[1]))])
    body = keras.layers.Dense(1)(keras.layers.Dense(16, activation="tanh")(body))
    model = keras.Model(list(inputs), body)
    model.compile(keras.optimizers.Adam(0.03), "mse")
    recoded = np.array([2, 3, 1, 0])[kind]
    return model, [X, kind[:, None]], y, [X, recoded[:, None]], y


def token_offset() -> Any:
    ids, y = texts()
    return of_texts(), ids, y, np.where(ids > 0, ids + 3, 0), y


FAULTS: dict[str, tuple[Callable[[], Any], str]] = {
    "scaling_missing": (scaling_missing, "train's scaling applied"),
    "unit_factor": (unit_factor, "validation = train × 1000 undone in `column 3`"),
    "target_unit": (target_unit, "validation = train × 100 undone in `y`"),
    "columns_permuted": (columns_permuted, "its columns in train's order"),
    "bgr": (bgr, "its channels in train's order"),
    "labels_recoded": (labels_recoded, "train's codes in `y`"),
    "categories_recoded": (categories_recoded, "train's codes in `x1`"),
    "token_offset": (token_offset, "3 taken off the ids of `x`"),
}


def first(data: Any) -> Any:
    return [part[:ROWS] for part in data] if isinstance(data, list) else data[:ROWS]


def rest(data: Any) -> Any:
    return [part[ROWS:] for part in data] if isinstance(data, list) else data[ROWS:]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_done_to_validation_is_undone_and_the_loss_recovers(
    tracking_uri: str, fault: str
) -> None:
    make, done = FAULTS[fault]
    model, x, y, x_other, y_other = make()
    run = train(model, first(x), first(y), rest(x_other), rest(y_other))
    fit, before, after = (
        last(run, name) for name in ("final_fit", "final_held_out", "repaired_held_out")
    )
    truth = model.evaluate(rest(x), rest(y), batch_size=HELD_OUT, verbose=0)

    assert setup(run)["repair"] == done
    assert after == pytest.approx(truth, rel=0.35, abs=0.02)
    assert (before - after) / (before - fit) > 0.8
    assert run.data.tags["plateau.cause"] == "inconsistent_preprocessing"


def test_the_repair_is_told_in_every_report(tracking_uri: str) -> None:
    model, x, y, x_other, y_other = scaling_missing()
    run = train(model, first(x), first(y), rest(x_other), rest(y_other))
    before, after = last(run, "final_held_out"), last(run, "repaired_held_out")
    said = f"train's scaling applied, the validation loss falls from {before:.4g} to {after:.4g}"
    uri = f"runs:/{run.info.run_id}/plateau"
    evidence = json.loads(mlflow.artifacts.load_text(f"{uri}/diagnosis.json"))["evidence"]
    about = [item for item in evidence if item["signal"] == "repair_share"]

    assert any(said in item["sentence"] for item in about)
    assert max(item["weight"] for item in about) > 5
    assert said in str(mlflow_plateau.diagnose(run.info.run_id, log=False))
    assert said in mlflow.artifacts.load_text(f"{uri}/report.html").replace("&#39;", "'")


def test_nothing_is_undone_where_both_were_treated_alike(tracking_uri: str) -> None:
    run = train(regression(), X[:ROWS], Y[:ROWS], X[ROWS:], Y[ROWS:])
    names = {name for name in run.data.metrics if "held_out" in name or "final" in name}

    assert "repair" not in setup(run)
    assert names == {"plateau/clean_held_out"}


def test_a_stream_is_repaired_as_arrays_are(tracking_uri: str) -> None:
    def stream(x: Any, y: Any) -> Any:
        return tf.data.Dataset.from_tensor_slices((x, y)).shuffle(900, seed=1).batch(32)

    raw = (SCALED * DEVIATIONS + MEANS).astype("float32")
    mlflow_plateau.autolog(silent=True)
    held_out = stream(raw[ROWS:], Y[ROWS:])
    regression().fit(
        stream(SCALED[:ROWS], Y[:ROWS]), validation_data=held_out, epochs=12, verbose=0
    )
    run = only_run()

    assert setup(run)["repair"] == "train's scaling applied"
    assert last(run, "repaired_held_out") < 0.1 * last(run, "final_held_out")


def test_losses_are_those_of_the_weights_that_are_left(tracking_uri: str) -> None:
    """Restored to the best epoch, the weights are not those of the last one."""
    model, x, y, x_other, y_other = unit_factor()
    restore = keras.callbacks.EarlyStopping(patience=50, restore_best_weights=True)
    run = train(model, first(x), first(y), rest(x_other), rest(y_other), callbacks=[restore])
    assert restore.best_epoch < 11
    losses = [
        model.evaluate(data, rest(y), batch_size=HELD_OUT, verbose=0)
        for data in map(rest, (x_other, x))
    ]

    assert last(run, "final_held_out") == pytest.approx(losses[0], rel=1e-4)
    assert last(run, "repaired_held_out") == pytest.approx(losses[1], rel=1e-4)


def test_an_own_train_step_without_a_compiled_loss_is_left_alone(tracking_uri: str) -> None:
    class Own(keras.Sequential):
        def train_step(self, data: Any) -> Any:
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self(x, training=True)[:, 0] - tf.reshape(y, [-1])) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            return {"loss": loss}

        def test_step(self, data: Any) -> Any:
            x, y = data
            return {"loss": tf.reduce_mean((self(x)[:, 0] - tf.reshape(y, [-1])) ** 2)}

    model = Own([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam")
    _, x, y, x_other, y_other = scaling_missing()
    run = train(model, first(x), first(y), rest(x_other), rest(y_other))

    assert "train_step" in setup(run)["experiments_declined"]
    assert not [name for name in run.data.metrics if "final" in name or "repaired" in name]


@pytest.mark.parametrize("settings", [{"probe_budget": 0}, {"log_datasets": False}])
def test_nothing_is_undone_on_request(tracking_uri: str, settings: dict[str, Any]) -> None:
    model, x, y, x_other, y_other = unit_factor()
    mlflow_plateau.autolog(silent=True, **settings)
    model.fit(first(x), first(y), validation_data=(rest(x_other), rest(y_other)), verbose=0)

    assert "plateau/repaired_held_out" not in only_run().data.metrics


def test_a_population_that_lies_elsewhere_loses_outside_the_support(tracking_uri: str) -> None:
    """y = x² is learned between −1 and 1; half of the validation rows lie between 2 and 3."""
    generator = np.random.default_rng(5)
    x = generator.uniform(-1, 1, (ROWS, 2)).astype("float32")
    inside = generator.uniform(-1, 1, (150, 2)).astype("float32")
    other = np.concatenate([inside, generator.uniform(2, 3, (150, 2)).astype("float32")])
    other = generator.permutation(other)
    target = [(of**2).sum(axis=1, keepdims=True) for of in (x, other)]
    run = train(regression(2), x, target[0], other, target[1], epochs=30)

    assert last(run, "inside_rows") == pytest.approx(150, abs=15)
    assert last(run, "held_out_inside") < 0.05 * last(run, "held_out_outside")
    assert last(run, "reweighted_held_out") < 0.2 * last(run, "final_held_out")
    assert run.data.tags["plateau.cause"] == "unrepresentative_validation"
    assert "repair" not in setup(run)


class TestSupport:
    def test_drawn_rows_have_the_weighted_mean(self) -> None:
        generator = np.random.default_rng(5)
        weights = generator.exponential(1, 200)
        losses = generator.exponential(1, 200)

        expected = float((weights * losses).sum() / weights.sum())
        assert losses[drawn(weights)].mean() == pytest.approx(expected, rel=0.1)
        np.testing.assert_array_equal(drawn(np.ones(5)), np.repeat(np.arange(5), 2))

    def test_losses_by_hand(self) -> None:
        """The model says 0, so a row's loss is its squared target."""
        model = keras.Sequential(
            [keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")]
        )
        model.compile("sgd", "mse")
        likeness = np.repeat([0.5, 0.1], 30)
        y = np.repeat([1.0, 3.0], 30).astype("float32")[:, None]
        found = losses_by_support(keras_model(Training(model)), Rows(y, y), likeness)
        # Weights of 1 and 1/9: (1 + 9/9) / (10/9), worth (30 · 10/9)² / (30 · 82/81) rows.
        assert found["held_out_inside"] == pytest.approx(1)
        assert found["held_out_outside"] == pytest.approx(9)
        assert found["reweighted_held_out"] == pytest.approx(1.8, rel=0.05)
        assert found["reweighted_rows"] == pytest.approx(30 * 100 / 82)

    def test_rows_that_are_all_elsewhere_are_not_weighted(self) -> None:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        rows = Rows(np.ones((60, 1), "float32"), np.ones((60, 1), "float32"))

        assert losses_by_support(keras_model(Training(model)), rows, np.full(60, 0.05)) == {}

    def test_alike_splits_are_not_told_apart(self) -> None:
        assert not told_apart(0.1, 500)
        assert told_apart(0.2, 500)
        assert not told_apart(0.2, 100)
        assert not told_apart(0.9, 10)
        assert not told_apart(None, 500)

    def test_the_forest_says_which_rows_are_elsewhere(self) -> None:
        generator = np.random.default_rng(5)
        x = generator.standard_normal((400, 3))
        other = generator.standard_normal((200, 3))
        other[::2, 1] += 5
        found = learn_from(([x], x[:, :1]), ([other], other[:, :1]), "mean_squared_error")

        assert found is not None
        assert found.likeness is not None
        assert found.likeness.shape == (200,)
        assert (found.likeness[::2] < OUTSIDE).mean() > 0.95
        assert (found.likeness[1::2] >= OUTSIDE).mean() > 0.95


def apart(likeness: Any) -> Reference:
    return Reference(0.5, 0.01, 0.5, 0.01, 0.1, 0.9, likeness)


def test_where_time_is_short_nothing_is_measured_or_of_fewer_rows() -> None:
    model = regression()
    sample = Sample(Rows(X[:ROWS], Y[:ROWS]), Rows(X[ROWS:], Y[ROWS:]))
    likeness = np.repeat([0.6, 0.1], HELD_OUT // 2)
    tried = keras_model(Training(model))

    assert "held_out_inside" in counterfactuals(tried, sample, (), apart(likeness))
    assert counterfactuals(tried, sample, (), apart(likeness), seconds=1e-9) == {}
    assert counterfactuals(tried, sample, (), None) == {}


def test_a_repair_that_changes_no_row_is_none() -> None:
    from mlflow_plateau.checks import Repair

    same = Repair("unit_factor", "x", "nothing", lambda x: x.copy())
    other = Repair("unit_factor", "b", "more", lambda x: x + 1)
    rows = Rows({"a": X, "b": X}, Y)

    assert repaired(Rows(X, Y), [same, other]) is None
    found = repaired(rows, [other])
    assert found is not None
    np.testing.assert_array_equal(found.x["b"], X + 1)
    np.testing.assert_array_equal(found.x["a"], X)


def test_many_repairs_are_said_in_few_words() -> None:
    from mlflow_plateau.checks import Repair

    made = [Repair("unit_factor", "x", name, np.copy) for name in ("a", "b", "b", "c", "d")]
    found = {"repaired_held_out": 1.0}

    assert repair_made(found, made[:1]).repair == "a"
    assert repair_made(found, made[:4]).repair == "a, b and c"
    assert repair_made(found, made).repair == "a, b and 2 more repairs"
    assert repair_made({}, made).repair is None
