"""Every signal against a value worked out by hand, and its answer where it cannot say."""

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlflow_plateau.causes import CAUSES
from mlflow_plateau.consistency import check_consistency
from mlflow_plateau.history import History, SplitComparison
from mlflow_plateau.signals import SIGNALS, View, signal_by_name
from tests.generated import FAULTY, converged, falling, history, overfitting


def value(name: str, of: History) -> float:
    return signal_by_name(name).measure(View(of)).value


LINE = np.linspace(1.0, 0.5, 101)
LAYERS = "Dense(32, tanh) > Dropout(0.2) > Dense(10, sigmoid) > Dense(1, sigmoid)"

GENERATOR = np.random.default_rng(0)
ROWS = GENERATOR.normal(3.0, 1.0, (300, 3))
HALF_OLDER = np.where(GENERATOR.random((300, 3)) < 0.5, ROWS, ROWS + 4)


def against(validation: Any) -> SplitComparison:
    """Returns how a validation split compares with a training split from where ``ROWS`` is from."""
    training = np.random.default_rng(1).normal(3.0, 1.0, (500, 3))
    return check_consistency(training, validation).comparison


@pytest.mark.parametrize(
    ("name", "made", "expected"),
    [
        ("training_progress", history(LINE, LINE), 0.5),
        ("validation_progress", history(LINE, 3 * LINE), 0.5),
        ("second_half_share", history(LINE, LINE), 0.5),
        ("training_late_fall", history(LINE, LINE), 0.125 / 0.625),
        ("training_steadiness", history(LINE, LINE), 1.0),
        ("gap_at_first", history(LINE, 1.5 * LINE), 0.5),
        ("gap_at_half_progress", history(LINE, LINE + 0.25), 0.25),
        ("gap_at_end", history(LINE, 2 * LINE), 0.5),
        ("gap_growth", history(LINE, np.full(101, 1.0)), 0.5),
        (
            "rise_from_best",
            history(np.r_[LINE, LINE], np.repeat([1.0, 0.5, 1.0, 1.0], [40, 60, 60, 42])),
            1.0,
        ),
        ("training_fall_since_best", history(LINE, np.abs(np.arange(101) - 50.0) + 10), 1 / 3),
        ("losses_together", history(LINE, 3 * LINE), 1.0),
        ("losses_together", history(LINE, -LINE), -1.0),
        ("blow_up", history(np.r_[np.full(50, 1.0), np.full(51, 10.0)], LINE), 1.0),
        ("training_rise", history(np.r_[np.full(50, 1.0), np.full(51, 3.0)], LINE), 2.0),
        ("spike_height", history(np.where(np.arange(101) == 60, 4.0, 2.0), LINE), 1.0),
        ("validation_against_constant", history(LINE, LINE, constant_loss=0.25), 2.0),
        (
            "worse_than_guessing",
            history(
                LINE,
                LINE,
                output_units=4,
                validation_rows=300,
                metrics={"accuracy": LINE, "val_accuracy": np.full(101, 0.1)},
            ),
            1 - 4 * (0.1 + 2 * np.sqrt(0.25 * 0.75 / 300)),
        ),
        (
            "validation_against_guessing",
            history(LINE, 2 * np.log(2) * np.ones(101), output_units=1, metrics={"accuracy": LINE}),
            2.0,
        ),
        (
            "learned_by_heart",
            history(LINE, LINE, constant_loss=1.0, validation_constant_loss=0.5),
            0.5,
        ),
        (
            "learned_by_heart",
            history(
                LINE,
                LINE,
                constant_loss=1.0,
                recorded={"clean_fit": np.repeat([0.8, 0.1], [50, 51])},
            ),
            0.4,
        ),
        (
            "validation_against_constant",
            history(LINE, LINE, constant_loss=0.25, validation_constant_loss=0.5),
            1.0,
        ),
        ("training_against_constant", history(LINE, LINE, constant_loss=1.0), 0.5),
        ("distance_from_constant", history(LINE, LINE, constant_loss=1.0), 0.5),
        ("first_loss_excess", history(LINE, LINE, constant_loss=0.01), 2.0),
        (
            "training_against_guessing",
            history(LINE, LINE, loss="sparse_categorical_crossentropy", output_units=8),
            0.5 / math.log(8),
        ),
        (
            "validation_against_guessing",
            history(LINE, 2 * LINE, loss="binary_crossentropy"),
            1.0 / math.log(2),
        ),
        ("training_movement", history(np.full(20, 3.0), np.full(20, 3.0)), -16.0),
        ("frozen_loss", history(np.r_[5.0, np.full(29, 3.0)], np.full(30, 3.0)), -16.0),
        ("validation_movement", history(LINE, 2 + 0.02 * LINE), math.log10(0.01 / 2.015)),
        (
            "trainable_share",
            history(LINE, LINE, parameter_count=10, trainable_parameter_count=5),
            0.5,
        ),
        ("learning_rate_position", history(LINE, LINE, optimizer="adam", learning_rate=0.1), 2.0),
        ("learning_rate_position", history(LINE, LINE, optimizer="sgd", learning_rate=1e-4), -2.0),
        ("learning_rate_position", history(LINE, LINE, learning_rate=1e-6), -2.0),
        ("learning_rate_position", history(LINE, LINE, learning_rate=2e-3), 0.0),
        ("learning_rate_position", history(LINE, LINE, learning_rate=1.0), 2.0),
        ("learning_rate_decay", history(LINE, LINE, rates=np.geomspace(1, 1e-3, 101)), 3.0),
        ("largest_learning_rate", history(LINE, LINE, rates=0.0), 0.0),
        ("batch_size", history(LINE, LINE, batch_size=7), 7.0),
        ("updates_per_epoch", history(LINE, LINE, training_rows=100, batch_size=30), 4.0),
        ("total_updates", history(LINE, LINE, updates_per_epoch=10), math.log10(1010)),
        ("batch_share", history(LINE, LINE, training_rows=100, batch_size=25), 0.25),
        (
            "parameters_per_row",
            history(LINE, LINE, trainable_parameter_count=10, training_rows=1000),
            -2.0,
        ),
        ("model_size", history(LINE, LINE, trainable_parameter_count=1000), 3.0),
        ("dropout_rate", history(LINE, LINE, dropout=0.4), 0.4),
        ("penalty_factor", history(LINE, LINE, l2=0.01, weight_decay=0.1), 0.1),
        ("validation_below_training", history(LINE, 0.5 * LINE), 0.5),
        ("non_finite_share", history(np.where(np.arange(10) > 7, np.nan, 1.0), np.ones(10)), 0.1),
        (
            "growth_before_non_finite",
            history(np.r_[1.0, 0.1, 5.0, 100.0, np.nan, np.nan], np.ones(6)),
            3.0,
        ),
        ("treated_differently", history(LINE, LINE, comparison=against(1000 * ROWS)), 1.0),
        ("treated_differently", history(LINE, LINE, comparison=against(ROWS)), 0.0),
        ("another_population", history(LINE, LINE, comparison=against(ROWS)), 0.0),
        ("another_population", history(LINE, LINE, comparison=against(HALF_OLDER)), 0.5),
        (
            "update_ratio_late",
            history(LINE, LINE, recorded={"update_ratio": np.full(101, 1e-3)}),
            -3.0,
        ),
        (
            "thrown_off",
            history(
                LINE, LINE, constant_loss=0.01, recorded={"update_ratio": np.full(101, 1000.0)}
            ),
            2.0,
        ),
        (
            "thrown_off",
            history(LINE, LINE, constant_loss=0.01, recorded={"update_ratio": np.full(101, 0.1)}),
            -1.0,
        ),
        (
            "learning_rate_position",
            history(
                *(LINE, LINE),
                learning_rate=0.01,
                optimizer="adam",
                loss="mean_squared_error",
                target_minimum=-5.0,
                target_maximum=1000.0,
            ),
            0.0,
        ),
        (
            "update_ratio_early",
            history(LINE, LINE, recorded={"update_ratio": np.full(101, 0.1)}),
            -1.0,
        ),
        (
            "update_coherence",
            history(
                LINE,
                LINE,
                recorded={
                    "update_ratio": np.full(101, 0.01),
                    "epoch_displacement": np.full(101, 0.05),
                },
                updates_per_epoch=25,
            ),
            1.0,
        ),
        (
            "update_alignment",
            history(
                LINE,
                LINE,
                recorded={
                    "update_ratio": np.full(101, 0.01),
                    "epoch_displacement": np.full(101, 0.125),
                },
                updates_per_epoch=25,
            ),
            0.5,
        ),
        (
            "gradient_norm_change",
            history(LINE, LINE, recorded={"gradient_norm": np.geomspace(1, 1e-4, 101)}),
            -3.0,
        ),
        (
            "batch_scatter",
            history(LINE, LINE, recorded={"batch_loss_spread": np.full(101, 0.25)}),
            0.5,
        ),
        ("validation_follows", history(LINE, 0.5 * LINE), 0.5),
        (
            "target_shift",
            history(LINE, LINE, constant_loss=0.5, validation_constant_loss=0.75),
            0.5,
        ),
        ("validation_end_against_constant", history(LINE, LINE[::-1], constant_loss=0.5), 2.0),
        ("saturating_layers", history(LINE, LINE, layers=LAYERS), 2.0),
        ("narrowest_layer", history(LINE, LINE, layers=LAYERS), 1.0),
        (
            "head_doubts",
            history(LINE, LINE, loss="mean_squared_error", output_activation="sigmoid"),
            1.0,
        ),
        (
            "validation_accuracy_range",
            history(LINE, LINE, metrics={"val_accuracy": np.linspace(0.2, 0.7, 101)}),
            0.5,
        ),
        (
            "accuracy_gap",
            history(
                LINE, LINE, metrics={"accuracy": np.ones(101), "val_accuracy": np.full(101, 0.6)}
            ),
            0.4,
        ),
        ("training_accuracy", history(LINE, LINE, metrics={"accuracy": np.full(101, 0.9)}), 0.9),
        (
            "accuracy_gain",
            history(LINE, LINE, metrics={"accuracy": np.repeat([0.25, 0.75], [50, 51])}),
            0.5,
        ),
        (
            "unmeasurable_updates",
            history(
                LINE,
                LINE,
                recorded={
                    "update_ratio": np.where(np.arange(101) < 75, 1e-3, np.nan),
                    "batch_loss_spread": np.full(101, 0.1),
                },
                trainable_parameter_count=10,
            ),
            26 / 51,
        ),
        # A loss that is NaN itself hides nothing: 25 of 50 late epochs are left, one of them lost.
        (
            "unmeasurable_updates",
            history(
                np.where(np.arange(101) < 76, LINE, np.nan),
                LINE,
                recorded={
                    "update_ratio": np.where(np.arange(101) < 75, 1e-3, np.nan),
                    "batch_loss_spread": np.full(101, 0.1),
                },
                trainable_parameter_count=10,
            ),
            1 / 26,
        ),
        (
            "weight_size_early",
            history(
                LINE,
                LINE,
                recorded={"update_ratio": np.full(101, 1e-4)},
                optimizer="adam",
                learning_rate=1e-3,
            ),
            1.0,
        ),
        (
            "weights_shrunk",
            history(
                LINE, LINE, rates=1e-3, recorded={"update_ratio": np.repeat([1e-3, 1e-2], [50, 51])}
            ),
            1.0,
        ),
        # A quarter as many weights as rows may be off by (1 + 1/4) / (1 − 1/4), a sixth of 10.
        (
            "gap_beyond_memory",
            history(
                LINE,
                10 * LINE,
                loss="mean_squared_error",
                trainable_parameter_count=250,
                training_rows=1000,
            ),
            math.log10(10 / (5 / 3)),
        ),
        # What was logged is what was left after the first epoch.
        (
            "learning_rate_decay",
            history(LINE, LINE, rates=1e-6, learning_rate=1e-3),
            3.0,
        ),
        (
            "learning_rate_position",
            history(LINE, LINE, rates=1e-6, learning_rate=1e-3, optimizer="adam"),
            0.0,
        ),
    ],
)
def test_a_signal_measures_what_its_formula_says(name: str, made: History, expected: float) -> None:
    assert value(name, made) == pytest.approx(expected, rel=0.05, abs=0.02)


def test_every_signal_can_say_or_gives_a_reason() -> None:
    bare = history([0.5], [0.5])
    for signal in SIGNALS:
        measurement = signal.measure(View(bare))
        assert measurement.known or measurement.reason, signal.name


@pytest.mark.parametrize("made", [converged(), overfitting(), *(f() for f in FAULTY.values())])
def test_every_known_measurement_reads_as_a_sentence(made: History) -> None:
    view = View(made)
    for signal in SIGNALS:
        measurement = signal.measure(view)
        if measurement.known:
            sentence = signal.say(measurement)
            assert "{" not in sentence
            assert "nan" not in sentence.lower().replace("nan or", "")


def test_one_of_a_thing_is_said_in_the_singular() -> None:
    one = history(
        np.r_[np.nan, np.ones(9)],
        np.ones(10),
        epochs=np.arange(10.0),
        batch_size=1,
        updates_per_epoch=1,
        training_rows=1,
        parameter_count=1,
        trainable_parameter_count=1,
        layers="Dense(1, sigmoid) > Dense(1)",
        comparison=SplitComparison("pass", (), 1, 1),
    )
    measured = {signal.name: signal.measure(View(one)) for signal in SIGNALS}
    said = [signal_by_name(name).say(m) for name, m in measured.items() if m.known]
    singular = ("saw 1 row", "has 1 update", "1 trainable weight for 1 training row", "1 unit")
    for words in (
        *singular,
        "1 hidden layer with",
        "1 of 20 logged losses is",
        "1 training row and",
    ):
        assert any(words in sentence for sentence in said), words
    plural = re.compile(r"\b1 (\w+ )?(rows|updates|weights|units|layers|losses)\b")
    assert not [sentence for sentence in said if plural.search(sentence)]


def test_every_clue_names_a_signal_and_every_signal_is_documented() -> None:
    names = {signal.name for signal in SIGNALS}
    assert len(names) == len(SIGNALS)
    for cause in CAUSES:
        assert {clue.signal for clue in cause.evidence} <= names
    for signal in SIGNALS:
        assert signal.documentation
        assert signal.unit


@pytest.mark.parametrize("factor", [1e-3, 1000.0])
def test_signals_do_not_depend_on_the_unit_of_the_loss(factor: float) -> None:
    training, validation = falling(1, 0.2, 9, 90, 0.01, 1), falling(1, 0.4, 9, 90, 0.01, 2)
    plain = View(history(training, validation, constant_loss=0.9))
    scaled = View(history(factor * training, factor * validation, constant_loss=factor * 0.9))
    for signal in SIGNALS:
        a, b = signal.measure(plain).value, signal.measure(scaled).value
        assert a == pytest.approx(b, rel=1e-6, nan_ok=True), signal.name


def test_scores_are_turned_so_that_higher_is_better() -> None:
    accuracy = 1 - falling(0.9, 0.1, 10, 100, 0.0, 0)
    view = View(history(accuracy, accuracy, higher_is_better=True))
    assert view.validation is not None
    assert view.validation.best_epoch > 50


@pytest.mark.parametrize("first", [0.25, 20.0])
def test_what_is_no_cross_entropy_is_not_compared_with_guessing(first: float) -> None:
    """A squared error of a share begins at a quarter; one of amounts anywhere."""
    losses = first * LINE
    made = history(losses, losses, output_units=1, metrics={"accuracy": LINE})
    assert np.isnan(value("training_against_guessing", made))


def test_an_accuracy_that_says_nothing_is_not_worse_than_guessing() -> None:
    nothing = np.zeros(101)
    metrics = {"accuracy": nothing, "val_accuracy": nothing}
    assert np.isnan(
        value("worse_than_guessing", history(LINE, LINE, output_units=1, metrics=metrics))
    )


def test_a_rate_that_warms_up_was_not_there_from_the_first_update() -> None:
    warming = history(
        np.linspace(1, 0, 101), np.linspace(1, 0, 101), rates=np.linspace(1e-5, 1e-4, 101)
    )
    view = View(replace(warming, setup=replace(warming.setup, learning_rate=1e-3)))
    assert float(view.learning_rates.max()) == pytest.approx(1e-4)


def test_classes_that_training_lacks_are_counted() -> None:
    y = np.repeat([0, 1, 2], 100)
    x = np.random.default_rng(0).normal(size=(300, 2))
    report = check_consistency((x[:200], y[:200]), (x[100:], y[100:]))
    made = replace(converged(), comparison=report.comparison)
    assert value("unseen_classes", made) == pytest.approx(0.5)
    same = check_consistency((x[::2], y[::2]), (x[1::2], y[1::2]))
    assert value("unseen_classes", replace(converged(), comparison=same.comparison)) == 0.0
