from __future__ import annotations

import math

import numpy as np
import pytest

from mlflow_plateau.align import align
from mlflow_plateau.errors import NoLossError
from tests.align.runs import FALLING, FLAT, points, run_of

NAN = math.nan


@pytest.mark.parametrize(
    ("training", "validation"),
    [
        ("loss", "val_loss"),  # Keras
        ("train_loss", "valid_loss"),  # fastai
        ("train_loss_epoch", "val_loss"),  # Lightning
        ("loss", "eval_loss"),  # Hugging Face
        ("train-rmse", "eval-rmse"),  # XGBoost
        ("validation_0-logloss", "validation_1-logloss"),  # XGBoost's scikit-learn interface
        ("training-l2", "valid_1-l2"),  # LightGBM
        ("learn:Logloss", "validation:Logloss"),  # CatBoost
        ("train_mse", "val_mse"),  # scikit-learn, by hand
        ("Loss/train", "Loss/<test>"),
        ("plateau/loss", "plateau/val_loss"),
    ],
)
def test_finds_training_and_validation_loss(training: str, validation: str) -> None:
    history = align(run_of({training: FALLING, validation: FLAT, "gpu": FALLING}))
    assert history.names.training_loss == training
    assert history.names.validation_loss == validation
    assert history.training_loss.tolist() == list(FALLING)
    assert history.validation_loss.tolist() == list(FLAT)
    assert history.epochs.tolist() == [0, 1, 2, 3, 4]
    assert history.axis == "epoch"
    assert not history.higher_is_better


def test_scores_alone_are_read_with_the_right_direction() -> None:
    history = align(run_of({"train_score": FALLING, "val_score": FLAT}))
    assert history.higher_is_better
    assert history.names.validation_loss == "val_score"


def test_prefers_the_loss_to_scores_and_keeps_these_as_further_metrics() -> None:
    history = align(
        run_of({"acc": FLAT, "val_acc": FLAT, "loss": FALLING, "val_loss": FLAT, "train_mae": FLAT})
    )
    assert history.names.validation_loss == "val_loss"
    assert set(history.metrics) == {"accuracy", "val_accuracy", "mae"}
    assert history.metrics["val_accuracy"].tolist() == list(FLAT)


def test_prefers_what_the_recorder_wrote() -> None:
    history = align(
        run_of(
            {"loss": FLAT, "val_loss": FLAT, "plateau/loss": FALLING, "plateau/val_loss": FALLING}
        )
    )
    assert history.names.training_loss == "plateau/loss"
    assert history.names.validation_loss == "plateau/val_loss"


def test_prefers_the_epoch_average_to_single_steps() -> None:
    history = align(
        run_of({"train_loss_step": FLAT, "train_loss_epoch": FALLING, "val_loss": FLAT})
    )
    assert history.names.training_loss == "train_loss_epoch"


def test_a_single_value_is_no_curve_where_there_is_one() -> None:
    history = align(run_of({"train_loss": [0.4], "loss": FALLING, "eval_loss": FLAT}))
    assert history.names.training_loss == "loss"
    history = align(run_of({"train_loss": FALLING, "val_loss": [0.7]}))
    assert history.names.validation_loss is None
    assert any("'val_loss' is a single value" in note for note in history.notes)


def test_a_test_curve_stands_in_only_where_there_is_no_validation() -> None:
    history = align(run_of({"loss": FALLING, "test_loss": FLAT}))
    assert history.names.validation_loss == "test_loss"
    assert any("no validation curve" in note for note in history.notes)
    history = align(run_of({"loss": FALLING, "test_loss": FLAT, "val_loss": FLAT}))
    assert history.names.validation_loss == "val_loss"


def test_the_trainers_loss_goes_with_its_named_evaluation_sets() -> None:
    history = align(run_of({"loss": FALLING, "eval_squad_loss": FLAT, "eval_squad_runtime": FLAT}))
    assert history.names.training_loss == "loss"
    assert history.names.validation_loss == "eval_squad_loss"


def test_different_quantities_are_never_compared() -> None:
    history = align(run_of({"train_mse": FALLING, "val_mae": FLAT}))
    assert history.names.training_loss is None
    assert history.names.validation_loss == "val_mae"


class TestMonitor:
    def test_names_the_validation_metric(self) -> None:
        metrics = {"loss": FALLING, "val_loss": FLAT, "acc": FLAT, "val_acc": FALLING}
        history = align(run_of(metrics), monitor="val_acc")
        assert history.names.validation_loss == "val_acc"
        assert history.names.training_loss == "acc"
        assert history.higher_is_better

    def test_may_be_spelled_differently(self) -> None:
        history = align(run_of({"Val Loss": FLAT}), monitor="val_loss")
        assert history.names.validation_loss == "Val Loss"

    def test_may_name_something_unknown(self) -> None:
        history = align(run_of({"train_foo": FALLING, "foo": FLAT}), monitor="foo")
        assert history.names.validation_loss == "foo"
        assert history.names.training_loss == "train_foo"

    def test_may_name_a_training_loss_where_there_is_no_validation(self) -> None:
        history = align(run_of({"loss": FALLING}), monitor="loss")
        assert history.names.training_loss == "loss"
        assert np.isnan(history.validation_loss).all()
        assert not history.validation_logged.any()

    def test_that_is_not_there_is_an_error_that_lists_what_is(self) -> None:
        with pytest.raises(NoLossError, match=r"run1.*'nope'.*'loss', 'val_loss'.*monitor="):
            align(run_of({"loss": FALLING, "val_loss": FLAT}), monitor="nope")


class TestBadInput:
    def test_no_metrics(self) -> None:
        with pytest.raises(NoLossError, match=r"run1.*no metrics"):
            align(run_of({}))

    def test_no_loss_lists_a_few_printable_names(self) -> None:
        metrics = {f"figure{i:03}\x1b[2J": [1.0, 2.0] for i in range(50)}
        with pytest.raises(NoLossError) as caught:
            align(run_of(metrics))
        message = str(caught.value)
        assert "'figure000[2J'" in message
        assert "and 30 more" in message
        assert "monitor=" in message
        assert "\x1b" not in message

    def test_training_alone(self) -> None:
        history = align(run_of({"loss": FALLING}))
        assert history.training_loss.tolist() == list(FALLING)
        assert np.isnan(history.validation_loss).all()
        assert history.names.validation_loss is None

    def test_validation_alone(self) -> None:
        history = align(run_of({"val_loss": FLAT}))
        assert np.isnan(history.training_loss).all()
        assert not history.training_logged.any()
        assert history.validation_loss.tolist() == list(FLAT)

    def test_one_epoch(self) -> None:
        history = align(run_of({"loss": [1.0], "val_loss": [2.0], "accuracy": [0.5]}))
        assert len(history) == 1
        assert history.validation_loss.tolist() == [2.0]
        assert history.metrics["accuracy"].tolist() == [0.5]

    def test_a_test_loss_alone(self) -> None:
        history = align(run_of({"test_loss": [0.5], "test_accuracy": [0.9]}))
        assert history.validation_loss.tolist() == [0.5]

    def test_only_nan_was_logged(self) -> None:
        history = align(run_of({"loss": [NAN] * 3, "val_loss": [NAN] * 3}))
        assert history.training_logged.all()
        assert history.validation_logged.all()
        assert np.isnan(history.validation_loss).all()

    def test_constant_curves(self) -> None:
        history = align(run_of({"loss": [0.7] * 9, "val_loss": [0.7] * 9}))
        assert len(history) == 9
        assert history.notes == ()

    def test_a_hundred_thousand_steps(self) -> None:
        count = 100_000
        history = align(
            run_of(
                {
                    "loss": points(np.linspace(1, 0, count), np.arange(count)),
                    "val_loss": points(np.linspace(1, 0.5, 100), np.arange(1, 101) * 1000 - 1),
                }
            )
        )
        assert len(history) == 100
        assert history.training_logged.all()
        assert history.training_loss[0] == pytest.approx(1 - 999 / 2 / (count - 1))

    def test_metrics_without_points(self) -> None:
        assert align(run_of({"loss": FALLING, "val_loss": []})).names.validation_loss is None


class TestCleaning:
    def test_validation_at_step_zero_is_ignored_beside_a_proper_curve(self) -> None:
        """MLflow's autologging for TensorFlow logs ``validation_loss`` at step 0 only."""
        history = align(
            run_of(
                {
                    "loss": FALLING,
                    "val_loss": FLAT,
                    "validation_loss": points(FLAT, steps=[0] * 5),
                }
            )
        )
        assert history.names.validation_loss == "val_loss"
        assert history.notes == ()

    def test_validation_at_step_zero_takes_the_epochs_of_as_many_training_points(self) -> None:
        history = align(run_of({"loss": FALLING, "validation_loss": points(FLAT, steps=[0] * 5)}))
        assert history.validation_loss.tolist() == list(FLAT)
        assert history.epochs.tolist() == [0, 1, 2, 3, 4]
        assert any("order of logging" in note for note in history.notes)

    def test_validation_at_step_zero_is_placed_by_its_time(self) -> None:
        """MLflow's Keras callback with ``log_every_n_steps``: training by step, validation at 0."""
        training = points(np.linspace(1, 0.1, 10), steps=np.arange(10) * 10, times=np.arange(10))
        validation = points([0.9, 0.8], steps=[0, 0], times=[4, 9])
        history = align(run_of({"loss": training, "validation_loss": validation}))
        assert history.epochs.tolist() == [40, 90]
        assert history.axis == "step"
        np.testing.assert_allclose(history.training_loss, [0.8, 0.3])

    def test_training_at_step_zero_is_placed_by_its_time(self) -> None:
        training = points(np.linspace(1, 0.1, 10), steps=[0] * 10, times=np.arange(10))
        validation = points([0.9, 0.8], steps=[1, 2], times=[4, 9])
        history = align(run_of({"loss": training, "val_loss": validation}))
        assert history.epochs.tolist() == [1, 2]
        np.testing.assert_allclose(history.training_loss, [0.8, 0.3])

    def test_evaluations_after_the_training_are_no_validation_curve(self) -> None:
        """MLflow's autologging logs each ``model.evaluate`` as ``validation_loss`` at step 0."""
        training = points(np.linspace(1, 0.1, 10), times=range(10))
        later = points([0.5, 0.5], steps=[0, 0], times=[20, 21])
        history = align(run_of({"loss": training, "validation_loss": later}))
        assert len(history) == 10
        assert history.training_logged.all()
        assert history.names.validation_loss is None
        assert any("validation curve was left out" in note for note in history.notes)

    def test_training_that_nothing_places_is_left_out(self) -> None:
        training = points(np.linspace(1, 0.1, 10), steps=[0] * 10, times=[0] * 10)
        validation = points([0.9, 0.8, 0.7], steps=[1, 2, 3], times=[0] * 3)
        history = align(run_of({"loss": training, "val_loss": validation}))
        assert history.names.training_loss is None
        assert not history.training_logged.any()
        assert any("left out" in note for note in history.notes)

    def test_the_ghost_of_a_restored_epoch_is_dropped(self) -> None:
        """MLflow's autologging repeats the best epoch one step after the last."""
        history = align(
            run_of(
                {
                    "loss": [*FALLING, FALLING[2]],
                    "val_loss": [*FLAT, FLAT[2]],
                    "accuracy": [*FLAT, FLAT[2]],
                    "stopped_epoch": [4.0],
                    "restored_epoch": [2.0],
                }
            )
        )
        assert history.validation_loss.tolist() == list(FLAT)
        assert len(history.metrics["accuracy"]) == 5
        assert any("step 5 repeats that of step 2" in note for note in history.notes)
        assert history.setup.outcome == "stopped"

    def test_an_unannounced_ghost_is_dropped_where_both_curves_repeat_an_epoch(self) -> None:
        metrics = {"loss": [*FALLING, FALLING[2]], "val_loss": [*FLAT, FLAT[2]]}
        assert len(align(run_of(metrics))) == 5

    def test_what_only_looks_like_a_ghost_stays(self) -> None:
        history = align(run_of({"loss": [*FALLING, 0.2], "val_loss": [*FLAT, FLAT[2]]}))
        assert len(history) == 6

    def test_infinite_values_are_restored(self) -> None:
        history = align(run_of({"loss": [1.0, 1.7976931348623157e308, NAN], "val_loss": FLAT[:3]}))
        assert math.isinf(history.training_loss[1])
        assert history.training_logged.all()
        assert any("infinity" in note for note in history.notes)

    def test_only_the_last_of_several_models_in_one_run_is_read(self) -> None:
        history = align(
            run_of(
                {
                    "plateau/training": points([1, 1, 1, 2, 2], steps=[0, 1, 2, 3, 4]),
                    "plateau/update_ratio": points([1, 1, 1, 2, 2], steps=[0, 1, 2, 3, 4]),
                    "loss": FALLING,
                    "val_loss": FLAT,
                }
            )
        )
        assert history.epochs.tolist() == [3, 4]
        assert history.validation_loss.tolist() == list(FLAT[3:])
        assert history.recorded["update_ratio"].tolist() == [2, 2]
        assert "training" not in history.recorded
        assert any("2 models" in note for note in history.notes)

    def test_an_earlier_diagnosis_is_no_part_of_the_history(self) -> None:
        history = align(run_of({"loss": FALLING, "plateau/confidence": [0.9]}))
        assert history.recorded == {}


class TestAxis:
    def test_iterations_are_averaged_between_validations(self) -> None:
        training = points(np.arange(12.0), steps=np.arange(12) * 10 + 9)
        validation = points([3.0, 2.0, 1.0], steps=[40, 80, 119])
        history = align(run_of({"train_loss": training, "val_loss": validation}))
        assert history.epochs.tolist() == [40, 80, 119]
        assert history.axis == "step"
        assert history.training_loss.tolist() == [1.5, 5.5, 9.5]
        assert any("averaged" in note for note in history.notes)

    def test_training_after_the_last_validation_is_left_out_and_said_so(self) -> None:
        training = points(np.arange(10.0), steps=np.arange(10) * 10 + 5)
        history = align(run_of({"loss": training, "val_loss": points([3.0, 2.0], [40, 80])}))
        assert history.training_loss.tolist() == [1.5, 5.5]
        assert any("The last 2 points of 'loss'" in note for note in history.notes)

    def test_a_metric_that_counts_epochs_turns_steps_into_epochs(self) -> None:
        """As Lightning logs it: several at one step, and one more at the end of the training."""
        steps = [216, 433, 650]
        history = align(
            run_of(
                {
                    "epoch": points([0, 0, 1, 2, 3], steps=[49, 216, 433, 650, 650]),
                    "train_loss_epoch": points(FALLING[:3], steps=steps),
                    "val_loss": points(FLAT[:3], steps=steps),
                }
            )
        )
        assert history.epochs.tolist() == [0, 1, 2]
        assert history.axis == "epoch"

    def test_the_number_of_updates_turns_steps_into_epochs(self) -> None:
        steps = [99, 199, 299]
        history = align(
            run_of(
                {"loss": points(FALLING[:3], steps), "val_loss": points(FLAT[:3], steps)},
                params={"steps_per_epoch": "100"},
            )
        )
        assert history.epochs.tolist() == [0, 1, 2]
        assert history.axis == "epoch"

    def test_alternating_steps_are_epochs(self) -> None:
        history = align(
            run_of(
                {
                    "train_loss": points(FALLING, steps=[1, 3, 5, 7, 9]),
                    "val_loss": points(FLAT, steps=[2, 4, 6, 8, 10]),
                }
            )
        )
        assert history.epochs.tolist() == [0, 1, 2, 3, 4]
        assert history.training_loss.tolist() == list(FALLING)
        assert history.axis == "epoch"

    def test_validation_every_few_epochs_leaves_gaps(self) -> None:
        """Keras' ``validation_freq``."""
        history = align(run_of({"loss": FALLING, "val_loss": points([1.0, 0.9], steps=[1, 3])}))
        assert history.training_loss.tolist() == list(FALLING)
        np.testing.assert_array_equal(history.validation_loss, [NAN, 1.0, NAN, 0.9, NAN])
        assert history.validation_logged.tolist() == [False, True, False, True, False]

    def test_training_by_update_and_validation_by_epoch_are_matched_by_time(self) -> None:
        training = points(np.arange(500.0), steps=np.arange(500), times=np.arange(500))
        validation = points(FLAT, steps=range(5), times=np.arange(5) * 100 + 99)
        history = align(run_of({"train_loss": training, "val_loss": validation}))
        assert history.epochs.tolist() == [0, 1, 2, 3, 4]
        assert history.training_loss.tolist() == [49.5, 149.5, 249.5, 349.5, 449.5]
        assert any("matched by the time" in note for note in history.notes)

    def test_training_by_epoch_and_validation_by_update_are_matched_by_time(self) -> None:
        training = points(FALLING, steps=range(5), times=np.arange(5) * 100 + 98)
        validation = points(FLAT, steps=np.arange(5) * 200 + 199, times=np.arange(5) * 100 + 99)
        history = align(run_of({"train_loss": training, "val_loss": validation}))
        assert history.training_loss.tolist() == list(FALLING)

    def test_steps_decide_where_times_say_nothing(self) -> None:
        """Curves that were logged one after the other when the training was over."""
        training = points(FALLING, times=range(5))
        validation = points(FLAT, times=range(5, 10))
        history = align(run_of({"loss": training, "val_loss": validation}))
        assert history.training_loss.tolist() == list(FALLING)
        assert history.notes == ()

    def test_boosting_rounds_are_steps(self) -> None:
        history = align(
            run_of({"train-rmse": FALLING, "eval-rmse": FLAT}, params={"num_boost_round": "5"})
        )
        assert history.axis == "step"

    def test_values_are_never_invented(self) -> None:
        later = points(FLAT, steps=range(5, 10), times=range(9000, 14_000, 1000))
        history = align(run_of({"loss": points(FALLING, [0, 1, 2, 3, 4]), "val_loss": later}))
        assert history.training_loss[0] == pytest.approx(np.mean(FALLING))
        assert np.isnan(history.training_loss[1:]).all()

    def test_the_learning_rate_and_measurements_stand_on_the_same_axis(self) -> None:
        history = align(
            run_of(
                {
                    "loss": FALLING,
                    "val_loss": FLAT,
                    "lr-Adam": points([0.1, 0.01], steps=[0, 3]),
                    "plateau/update_ratio": [1e-3] * 5,
                }
            )
        )
        np.testing.assert_array_equal(history.learning_rate, [0.1, NAN, NAN, 0.01, NAN])
        assert history.names.learning_rate == "lr-Adam"
        assert history.recorded["update_ratio"].tolist() == [1e-3] * 5
        assert history.setup.learning_rate == 0.1


def test_says_that_a_run_is_still_active() -> None:
    history = align(run_of({"loss": FALLING}, status="RUNNING"))
    assert history.status == "RUNNING"
    assert any("still active" in note for note in history.notes)


def test_a_recorded_training_that_ended_is_not_called_active() -> None:
    """The diagnosis after ``fit`` is made before the run is ended."""
    run = run_of({"loss": FALLING}, params={"plateau.outcome": "completed"}, status="RUNNING")
    assert align(run).notes == ()
