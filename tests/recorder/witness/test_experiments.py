"""The experiments against what can be worked out by hand or by brute force."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlflow_plateau.recorder.describe.training import Training
from mlflow_plateau.recorder.fit_arguments import FitArguments
from mlflow_plateau.recorder.witness.broadcast import targets_are_broadcast
from mlflow_plateau.recorder.witness.budget import FREE_SECONDS, Budget
from mlflow_plateau.recorder.witness.differentiable import MOST_WEIGHTS, DeclinedError
from mlflow_plateau.recorder.witness.gradient_statistics import (
    gradient_statistics,
    kernels_of,
    noise_scale,
)
from mlflow_plateau.recorder.witness.gradients import MICRO_BATCHES, gradients_of
from mlflow_plateau.recorder.witness.keras_model import keras_model
from mlflow_plateau.recorder.witness.keras_updates import next_update_of
from mlflow_plateau.recorder.witness.rows import Rows, Sample
from mlflow_plateau.recorder.witness.sample import sample_of
from mlflow_plateau.recorder.witness.sharpness import sharpness
from mlflow_plateau.recorder.witness.step_probe import step_probe
from mlflow_plateau.recorder.witness.witness import Witness, experiments, make_experiments
from mlflow_plateau.weigh.left_out import left_out


def rows(count: int = 256, columns: int = 6) -> Rows:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((count, columns)).astype("float32")
    y = (x[:, :1] - 0.5 * x[:, 1:2] + 0.3 * generator.standard_normal((count, 1))).astype("float32")
    return Rows(x, y)


def network(*layers: Any, loss: Any = "mse", optimizer: Any = "sgd", columns: int = 6) -> Any:
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((columns,)), *layers])
    model.compile(optimizer, loss)
    return model


def hidden(units: int = 8, **options: Any) -> Any:
    return keras.layers.Dense(units, activation="relu", **options)


def tried(model: Any) -> Any:
    return keras_model(Training(model))


class TestModelAtOtherWeights:
    def test_loss_and_penalty_are_those_of_evaluate(self) -> None:
        model = network(hidden(kernel_regularizer="l2"), keras.layers.Dropout(0.5), hidden(1))
        sample = rows()
        losses = tried(model).losses(sample)
        total = model.evaluate(sample.x, sample.y, batch_size=256, verbose=0)

        assert losses.penalty > 0
        assert losses.data + losses.penalty == pytest.approx(total, rel=1e-5)

    def test_other_weights_are_tried_and_the_models_own_are_kept(self) -> None:
        model = network(hidden(), keras.layers.Dense(1))
        sample = rows()
        before = [w.copy() for w in model.get_weights()]
        other = [w + 0.1 for w in before]
        found = tried(model).losses(sample, other).data
        for mine, kept in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(mine, kept)
        model.set_weights(other)

        assert found == pytest.approx(
            model.evaluate(sample.x, sample.y, batch_size=256, verbose=0), rel=1e-5
        )

    def test_gradient_is_that_of_a_tape_over_the_variables(self) -> None:
        model = network(hidden(kernel_regularizer="l2"), keras.layers.Dense(1))
        sample = rows()
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(sample.x) - sample.y) ** 2)
        expected = tape.gradient(loss, [v.value for v in model.trainable_variables])
        for mine, theirs in zip(tried(model).gradient(sample), expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)

    def test_batch_statistics_are_neither_used_nor_moved(self) -> None:
        model = network(keras.layers.BatchNormalization(), keras.layers.Dense(1))
        sample = Rows(rows().x + 5, rows().y)
        before = [w.copy() for w in model.get_weights()]
        tried(model).gradient(sample)
        tried(model).losses(sample)
        for mine, kept in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(mine, kept)

    def test_seeds_are_where_they_were(self) -> None:
        class Noisy(keras.layers.Layer):
            def call(self, x: Any) -> Any:
                return x + tf.random.normal(tf.shape(x))

        model = network(Noisy(), keras.layers.Dense(1))
        sample = rows()
        tf.random.set_seed(5)
        expected = tf.random.uniform((3,)).numpy()
        tf.random.set_seed(5)
        tried(model).losses(sample)
        np.testing.assert_array_equal(tf.random.uniform((3,)).numpy(), expected)


class OwnStep(keras.Sequential):
    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


class TestDeclined:
    def test_an_own_train_step_without_a_compiled_loss(self) -> None:
        model = OwnStep([keras.Input((6,)), keras.layers.Dense(1)])
        model.compile("sgd")
        with pytest.raises(DeclinedError, match=r"train_step.*no loss"):
            tried(model)

    def test_the_gradient_of_an_own_train_step_with_a_compiled_loss(self) -> None:
        model = OwnStep([keras.Input((6,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        sample = rows()
        assert tried(model).losses(sample).data == pytest.approx(
            model.evaluate(sample.x, sample.y, batch_size=256, verbose=0), rel=1e-5
        )
        with pytest.raises(DeclinedError, match="train_step"):
            tried(model).gradient(sample)
        found = make_experiments(
            tried(model), next_update_of(model.optimizer), Sample(sample, sample)
        )
        assert {"clean_fit", "clean_held_out"} <= set(found.measured)
        assert set(found.declined) == {"gradients", "steps", "sharpness"}

    def test_a_state_for_each_row_of_a_batch(self) -> None:
        model = keras.Sequential(
            [keras.Input(batch_shape=(4, 3, 2)), keras.layers.GRU(2, stateful=True)]
        )
        model.compile("sgd", "mse")
        with pytest.raises(DeclinedError, match="state for each row"):
            tried(model)

    def test_batches_of_one_size(self) -> None:
        model = keras.Sequential([keras.Input(batch_shape=(4, 6)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        with pytest.raises(DeclinedError, match="batches of 4 rows"):
            tried(model)

    def test_an_own_loss(self) -> None:
        class Own(keras.Sequential):
            def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
                return super().compute_loss(*args, **kwargs)

        with pytest.raises(DeclinedError, match="compute_loss"):
            tried(Own([keras.layers.Dense(1)]))

    def test_state_that_would_be_changed(self) -> None:
        class Counting(keras.layers.Layer):
            def __init__(self) -> None:
                super().__init__()
                self.count = tf.Variable(0)

            def call(self, x: Any) -> Any:
                self.count.assign_add(1)
                return x

        model = network(Counting(), keras.layers.Dense(1))
        count = int(model.layers[0].count.numpy())
        with pytest.raises(DeclinedError, match="counting"):
            tried(model)
        assert int(model.layers[0].count.numpy()) == count

    def test_random_numbers_of_tensorflows(self) -> None:
        class Drawing(keras.layers.Layer):
            def __init__(self) -> None:
                super().__init__()
                self.source = {"noise": tf.random.Generator.from_seed(1)}

            def call(self, x: Any) -> Any:
                return x + self.source["noise"].normal(tf.shape(x))

        with pytest.raises(DeclinedError, match="drawing"):
            tried(network(Drawing(), keras.layers.Dense(1)))

    def test_a_model_too_large_to_be_copied(self) -> None:
        with pytest.raises(DeclinedError, match="weights"):
            tried(network(keras.layers.Dense(MOST_WEIGHTS // 6)))


class TestGradientStatistics:
    def test_noise_scale_is_that_of_the_gradients_of_single_rows(self) -> None:
        """Against tr(Σ) / ‖G‖² by brute force over 4,096 rows of one distribution."""
        model = network(keras.layers.Dense(1, use_bias=False))
        sample = rows(4096)
        weights = model.get_weights()[0].astype(float)
        x, y = sample.x.astype(float), sample.y.astype(float)
        of_rows = 2 * (x @ weights - y) * x
        expected = of_rows.var(axis=0).sum() / (of_rows.mean(axis=0) ** 2).sum()

        estimates = []
        for start in range(0, 4096, 256):
            gradients = gradients_of(tried(model), sample.part(start, start + 256))
            estimates.append(noise_scale(gradients))
        assert np.median(estimates) == pytest.approx(expected, rel=0.25)

    def found(self, model: Any) -> dict[str, float]:
        gradients, weights = gradients_of(tried(model), rows()), tried(model).weights
        return dict(gradient_statistics(gradients, weights, kernels_of(gradients, weights)))

    def test_a_usual_model_is_reached_everywhere(self) -> None:
        found = self.found(network(hidden(), hidden(), keras.layers.Dense(1)))

        assert found["unreached_share"] < 0.2
        assert found["idle_units"] < 0.5
        assert found["unit_similarity"] < 0.5
        assert found["starved_share"] == 0
        assert found["gradient_agreement"] > 0.3

    def test_dead_units(self) -> None:
        dead = hidden(bias_initializer=keras.initializers.Constant(-50.0))
        found = self.found(network(dead, keras.layers.Dense(1)))

        assert found["idle_units"] == 1
        # The bias of the last layer is all that is left of 8·6 + 8 + 8 + 1 weights.
        assert found["unreached_share"] == pytest.approx(64 / 65)

    def test_units_that_are_copies(self) -> None:
        found = self.found(network(hidden(kernel_initializer="ones"), keras.layers.Dense(1)))

        assert found["unit_similarity"] == pytest.approx(1)

    def test_gradients_that_vanish(self) -> None:
        deep = [keras.layers.Dense(16, activation="sigmoid") for _ in range(8)]
        assert self.found(network(*deep, keras.layers.Dense(1)))["starved_share"] > 0.4

    def test_a_graph_that_is_cut(self) -> None:
        cut = keras.layers.Lambda(tf.stop_gradient)
        assert self.found(network(hidden(), keras.layers.Dense(1), cut))["unreached_share"] == 1


class TestStepProbe:
    def test_the_best_multiple_of_a_parabola(self) -> None:
        """One weight, x = 1: the loss is (w − 2)², the gradient at w = 1 is −2, lr 0.01.

        The minimum lies at distance 1, 50 steps of 0.02 away; half a decade nearer or further off
        are tried: 10^1.5 = 31.6 steps gain 1 − 0.37² = 0.865, 100 steps nothing.
        """
        model = network(
            keras.layers.Dense(1, use_bias=False, kernel_initializer="ones"),
            optimizer=keras.optimizers.SGD(0.01),
            columns=1,
        )
        ones = Rows(np.ones((64, 1), "float32"), np.full((64, 1), 2, "float32"))
        gradients = gradients_of(tried(model), ones)
        found = step_probe(tried(model), next_update_of(model.optimizer), gradients, ones)

        assert found["best_multiple"] == pytest.approx(1.5)
        assert found["best_multiple_gain"] == pytest.approx(1 - (1 - 10**1.5 * 0.02) ** 2, rel=1e-4)
        assert found["current_gain"] == pytest.approx(1 - 0.98**2, rel=1e-4)

    def test_a_step_that_is_too_large_does_harm(self) -> None:
        model = network(keras.layers.Dense(1), optimizer=keras.optimizers.SGD(3.0))
        gradients = gradients_of(tried(model), rows())
        found = step_probe(tried(model), next_update_of(model.optimizer), gradients, rows())

        assert found["current_gain"] < 0
        assert found["best_multiple"] < 0

    def test_adams_step_is_scaled_by_its_moments(self) -> None:
        sample = rows()
        model = network(keras.layers.Dense(1), optimizer=keras.optimizers.Adam(1e-5))
        model.fit(sample.x, sample.y, batch_size=32, epochs=3, verbose=0)
        gradients = gradients_of(tried(model), sample)
        found = step_probe(tried(model), next_update_of(model.optimizer), gradients, sample)

        assert found["best_multiple"] >= 3

    def test_an_optimizer_that_nobody_knows_is_left_out(self) -> None:
        model = network(keras.layers.Dense(1), optimizer="ftrl")
        gradients = gradients_of(tried(model), rows())
        with pytest.raises(DeclinedError, match="Ftrl"):
            step_probe(tried(model), next_update_of(model.optimizer), gradients, rows())

    def test_a_clipped_gradient_makes_a_shorter_step(self) -> None:
        """Against the update that Keras makes of the same gradient."""
        for clipped in ({"clipnorm": 0.1}, {"global_clipnorm": 0.1}, {"clipvalue": 0.01}, {}):
            model = network(keras.layers.Dense(1), optimizer=keras.optimizers.SGD(0.5, **clipped))
            gradient = tried(model).gradient(rows())
            expected = next_update_of(model.optimizer)(gradient)
            before = model.get_weights()
            model.optimizer.apply([tf.constant(g) for g in gradient], model.trainable_variables)
            for was, now, step in zip(before, model.get_weights(), expected, strict=True):
                np.testing.assert_allclose(was - now, step, rtol=1e-4, atol=1e-7)


def test_all_experiments_leave_a_model_as_it_was() -> None:
    x, y = rows().x, rows().y
    model = network(
        keras.layers.BatchNormalization(),
        hidden(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(1),
        optimizer="adam",
    )
    model.fit(x, y, epochs=1, verbose=0)
    state = [*model.variables, *model.optimizer.variables]
    before = [variable.numpy() for variable in state]
    sample = sample_of(FitArguments(x=x, y=y, validation_split=0.25))
    assert sample is not None
    found = experiments(tried(model), next_update_of(model.optimizer), sample)

    assert {"clean_fit", "clean_held_out", "best_multiple_gain", "idle_units"} <= set(found)
    for variable, kept in zip(state, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), kept)


class TestSample:
    def test_rows_of_both_splits(self) -> None:
        x = np.arange(100)[:, None]
        sample = sample_of(FitArguments(x={"a": x}, y=10 * x, validation_split=0.2))

        assert sample is not None
        assert sample.validation is not None
        assert sorted(sample.training.x["a"][:, 0]) == list(range(80))
        assert sorted(sample.validation.x["a"][:, 0]) == list(range(80, 100))
        np.testing.assert_array_equal(sample.training.y, 10 * sample.training.x["a"])

    def test_many_rows_are_few(self) -> None:
        x = np.zeros((50_000, 2))
        sample = sample_of(FitArguments(x=x, y=x, validation_data=(x, x)))

        assert sample is not None
        assert len(sample.training) == 1000
        assert sample.validation is not None
        assert len(sample.validation) == 500

    def test_a_pipeline_is_not_iterated(self) -> None:
        def never() -> Any:
            raise AssertionError
            yield

        data = tf.data.Dataset.from_generator(never, output_signature=tf.TensorSpec((2,)))
        assert sample_of(FitArguments(x=data)) is None


class TestBudget:
    def test_due_ever_less_often(self) -> None:
        budget = Budget(0.05)
        due = [epoch for epoch in range(1, 100) if budget.is_due()]

        assert due == [1, 4, 16, 64]

    def test_what_was_spent_counts_against_the_share(self) -> None:
        budget = Budget(0.05)
        budget.spent = 2.0

        assert budget.seconds_left(elapsed=10.0) == 0
        assert budget.seconds_left(elapsed=100.0) == pytest.approx(FREE_SECONDS + 5.0 - 2.0)

    def test_none_at_all(self) -> None:
        assert Budget(0.0).seconds_left(1e9) == 0


class TestSpecialModels:
    def test_what_layers_add_is_the_loss_where_none_was_compiled(self) -> None:
        class Rebuild(keras.layers.Layer):
            def call(self, x: Any) -> Any:
                self.add_loss(keras.ops.mean(keras.ops.square(x - 1)))
                return x

        model = keras.Sequential(
            [keras.Input((6,)), keras.layers.Dense(6, kernel_regularizer="l2"), Rebuild()]
        )
        model.compile("sgd")
        x = rows().x
        losses = tried(model).losses(Rows(x, None))
        expected = float(np.mean((model.predict(x, verbose=0) - 1) ** 2))

        assert not tried(model).needs_targets
        assert losses.data == pytest.approx(expected, rel=1e-4)
        assert losses.data + losses.penalty == pytest.approx(
            model.evaluate(x, batch_size=256, verbose=0), rel=1e-4
        )
        found = experiments(
            tried(model), next_update_of(model.optimizer), Sample(Rows(x, None), None)
        )
        assert {"clean_fit", "unreached_share", "best_multiple"} <= set(found)

    def test_gradients_in_half_precision_are_not_lost(self) -> None:
        keras.mixed_precision.set_global_policy("mixed_float16")
        try:
            model = network(
                hidden(),
                keras.layers.Dense(1, dtype="float32"),
                keras.layers.Rescaling(1e-6, dtype="float32"),
            )
        finally:
            keras.mixed_precision.set_global_policy("float32")
        # Without the loss scale such gradients are less than half precision can hold.
        sample = Rows(rows().x, np.full_like(rows().y, 1e-3))
        found = tried(model).gradient(sample)

        assert all(np.abs(part).max() > 0 for part in found)
        assert all(np.abs(part).max() < 1e-6 for part in found)

    @pytest.mark.parametrize("inside", [False, True])
    def test_a_mirrored_model_has_the_losses_that_evaluate_gives(self, inside: bool) -> None:
        strategy = tf.distribute.MirroredStrategy(["cpu:0"])
        with strategy.scope():
            model = network(hidden(kernel_regularizer="l2"), keras.layers.Dense(1))
        sample = rows()
        expected = model.evaluate(sample.x, sample.y, batch_size=256, verbose=0)
        with strategy.scope() if inside else contextlib.nullcontext():
            losses = tried(model).losses(sample)

        assert losses.data + losses.penalty == pytest.approx(expected, rel=1e-5)

    def test_layers_are_named(self) -> None:
        dead = hidden(bias_initializer=keras.initializers.Constant(-50.0), name="dead")
        model = network(hidden(name="alive"), dead, keras.layers.Dense(1, name="top"))
        found = make_experiments(
            tried(model), next_update_of(model.optimizer), Sample(rows(), None)
        )

        assert found.layers["unreached_share"] == ("alive", "dead")
        assert found.layers["idle_units"][0] in ("alive", "dead")

    def test_a_model_without_weights(self) -> None:
        model = network(keras.layers.Dense(1, trainable=False))
        found = make_experiments(
            tried(model), next_update_of(model.optimizer), Sample(rows(), None)
        )

        assert "clean_fit" in found.measured
        assert found.declined["gradients"] == "the model has no trainable weights"


class Square(keras.losses.Loss):
    """A loss that takes the difference as it comes."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(keras.ops.square(y_true - y_pred))


class Careful(Square):
    """The same, of targets that have been given the predictions' shape."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return super().call(keras.ops.reshape(y_true, keras.ops.shape(y_pred)), y_pred)


def correlation(y_true: Any, y_pred: Any) -> Any:
    """A loss that means to compare rows with each other."""
    centred = [part - keras.ops.mean(part) for part in (y_true, y_pred)]
    sizes = [keras.ops.sqrt(keras.ops.sum(part**2)) for part in centred]
    return 1 - keras.ops.sum(centred[0] * centred[1]) / (sizes[0] * sizes[1])


@pytest.mark.parametrize(
    ("loss", "columns", "expected"),
    [
        (Square(), 0, True),
        (Square(), 1, False),
        (Careful(), 0, False),
        (correlation, 0, False),
        ("mse", 0, False),
        (keras.losses.MeanAbsoluteError(reduction="sum"), 0, False),
    ],
)
def test_rows_that_are_compared_with_all_others(loss: Any, columns: int, expected: bool) -> None:
    model = network(hidden(), keras.layers.Dense(1))
    model.compile("sgd", loss)
    sample = rows()
    targets = sample.y if columns else sample.y[:, 0]

    assert targets_are_broadcast(tried(model), Rows(sample.x, targets)) is expected


class TestWitness:
    def made(self, model: Any, sample: Sample, share: float) -> Witness:
        witness = Witness(
            lambda: (tried(model), next_update_of(model.optimizer)), sample, share, silent=True
        )
        witness.end_epoch()
        witness.end_training()
        return witness

    def test_where_all_is_made_nothing_is_left_out(self) -> None:
        model = network(hidden(), keras.layers.Dense(1))
        facts = self.made(model, Sample(rows(), rows()), 1e6).facts

        assert not left_out(facts)

    def test_what_is_declined_is_said_probe_by_probe(self) -> None:
        model = network(hidden(), keras.layers.Dense(1), optimizer="ftrl")
        facts = self.made(model, Sample(rows(), rows()), 1e6).facts

        assert "Ftrl" in (facts.steps_declined or "")
        assert facts.gradients_declined is None
        assert len(left_out(facts)) == 1  # The sharpness fails for the same reason.

    def test_what_time_did_not_allow_is_said(self) -> None:
        model = network(hidden(), keras.layers.Dense(1))
        witness = Witness(
            lambda: (tried(model), next_update_of(model.optimizer)), Sample(rows(), None), 1e-9
        )
        while witness.end_epoch() or witness.end_training():
            pass

        assert "skipped" in (witness.facts.experiments_shortened or "")
        assert any("skipped" in said and "probe_budget" in said for said in left_out(witness.facts))


def test_where_time_is_short_fewer_rows_are_used() -> None:
    model = network(hidden(), keras.layers.Dense(1))
    sample = Sample(rows(), rows())
    plenty = experiments(tried(model), next_update_of(model.optimizer), sample)
    none = experiments(tried(model), next_update_of(model.optimizer), sample, seconds=1e-9)

    assert plenty["experiment_rows"] == 256
    assert "gradient_noise_scale" in plenty
    assert none["experiment_rows"] == 0
    assert "clean_fit" in none
    assert "gradient_noise_scale" not in none


def test_micro_batches_fit_into_the_sample() -> None:
    gradients = gradients_of(tried(network(keras.layers.Dense(1))), rows(20))
    assert gradients.rows == 20 // MICRO_BATCHES
    assert math.isfinite(noise_scale(gradients))


class TestSharpness:
    @staticmethod
    def hessian(model: Any, sample: Rows) -> np.ndarray:
        """Returns the full Hessian of the loss, of all weights in one row after the other."""
        variables = [v.value for v in model.trainable_variables]
        with tf.GradientTape(persistent=True) as outer:
            with tf.GradientTape() as inner:
                loss = tf.reduce_mean((model(sample.x) - sample.y) ** 2)
            flat = tf.concat([tf.reshape(g, [-1]) for g in inner.gradient(loss, variables)], axis=0)
            entries = [flat[index] for index in range(flat.shape[0])]
        rows = [
            np.concatenate(
                [
                    np.zeros(v.shape).ravel() if g is None else g.numpy().ravel()
                    for g, v in zip(outer.gradient(entry, variables), variables, strict=True)
                ]
            )
            for entry in entries
        ]
        return np.array(rows, dtype=np.float64)

    def test_it_is_the_largest_eigenvalue_of_the_full_hessian_against_two_over_the_rate(
        self,
    ) -> None:
        model = network(
            keras.layers.Dense(5, activation="tanh"),
            keras.layers.Dense(1),
            optimizer=keras.optimizers.SGD(0.3),
        )
        sample = rows()
        opened = tried(model)
        found = sharpness(opened, next_update_of(model.optimizer), sample, opened.gradient(sample))
        eigenvalues = np.linalg.eigvalsh(self.hessian(model, sample))
        expected = eigenvalues.max() / (2 / 0.3)
        # Six products come near it from below.
        assert 0.99 * expected <= found["sharpness"] <= 1.001 * expected

    def test_with_adam_it_is_that_of_the_preconditioned_hessian(self) -> None:
        model = network(
            keras.layers.Dense(5, activation="tanh"),
            keras.layers.Dense(1),
            optimizer=keras.optimizers.Adam(0.01),
        )
        sample = rows()
        model.fit(sample.x, sample.y, epochs=5, verbose=0)
        opened, next_update = tried(model), next_update_of(model.optimizer)
        gradient = opened.gradient(sample)
        found = sharpness(opened, next_update, sample, gradient)
        flat = [np.concatenate([part.ravel() for part in parts]).astype(np.float64)
                for parts in (next_update(gradient), gradient)]  # fmt: skip
        root = np.sqrt(flat[0] / flat[1])
        whole = root[:, None] * self.hessian(model, sample) * root
        expected = np.linalg.eigvalsh(whole).max() / 2
        assert 0.95 * expected <= found["sharpness"] <= 1.001 * expected
        along = flat[1] @ np.diag(root**2) @ self.hessian(model, sample) @ (root**2 * flat[1])
        assert found["step_curvature"] == pytest.approx(along / (flat[1] @ flat[0]), rel=1e-2)

    def test_a_model_without_a_gradient_has_none(self) -> None:
        model = network(
            hidden(kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(-1.0)),
            keras.layers.Dense(1, use_bias=False),
        )
        sample = rows()
        opened = tried(model)
        assert not sharpness(
            opened, next_update_of(model.optimizer), sample, opened.gradient(sample)
        )
