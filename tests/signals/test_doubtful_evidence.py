"""Evidence that looks like what it is not: then a signal cannot say, and says why."""

from typing import Any

import numpy as np
import pytest

from mlflow_plateau.consistency import check_consistency
from mlflow_plateau.signals import Measurement, View, signal_by_name
from tests.generated import HEALTHY_SETUP, history

FALLING = np.linspace(1.0, 0.5, 100)
FLAT = np.full(100, 0.6931)
IMAGES = "Conv2D(16, relu) > MaxPooling2D > Flatten > Dense(1, sigmoid)"
TABLE = "Dense(16, relu) > Dense(1, sigmoid)"


def measured(name: str, training: Any, validation: Any, **known: Any) -> Measurement:
    """Returns a signal's measurement on a healthy setup with changes."""
    return signal_by_name(name).measure(
        View(history(training, validation, **{**HEALTHY_SETUP, **known}))
    )


def taught(accuracy: float, **known: Any) -> Measurement:
    """Returns how much is at most learnable, as a weak reference model has it."""
    return measured(
        "learnable_at_most",
        FALLING,
        FLAT + np.linspace(0, 0.3, 100),
        learnable_share=0.0,
        learnable_share_error=0.02,
        layers=TABLE,
        validation_constant_loss=0.6931,
        metrics={"val_accuracy": np.full(100, accuracy)},
        **known,
    )


def test_a_reference_model_that_learned_nothing_does_not_refute_a_model_that_is_mostly_right() -> (
    None
):
    assert taught(0.51).value == pytest.approx(0.04)
    assert not taught(0.75).known
    assert "the model itself learned more" in taught(0.75).reason
    # On 20 rows 0.75 is chance, and where nine in ten are of a class 0.75 is worse than none.
    assert taught(0.75, validation_rows=20).known
    tenth = -0.9 * np.log(0.9) - 0.1 * np.log(0.1)
    assert taught(0.75, constant_loss=tenth).known


def test_how_pixels_are_arranged_is_hidden_from_reference_models() -> None:
    known = {"learnable_share": 0.0, "learnable_share_error": 0.02}
    of_images = {"layers": IMAGES, **known}
    assert not measured("learnable_at_most", FALLING, FLAT, **of_images).known
    assert measured("learnable_from_parts", FALLING, FLAT, **of_images).value == 0.04
    assert not measured("learnable_from_parts", FALLING, FLAT, layers=TABLE, **known).known


@pytest.mark.parametrize("name", ["splits_differ", "another_population"])
def test_single_pixels_do_not_show_that_images_are_alike(name: str) -> None:
    rows = np.random.default_rng(0).normal(3.0, 1.0, (800, 3))
    alike = check_consistency(rows[:500], rows[500:]).comparison
    assert measured(name, FALLING, FALLING, comparison=alike, layers=TABLE).value == 0
    assert not measured(name, FALLING, FALLING, comparison=alike, layers=IMAGES).known
    older = check_consistency(rows[:500], rows[500:] + np.array([2.0, 0.0, 0.0])).comparison
    assert measured(name, FALLING, FALLING, comparison=older, layers=IMAGES).value > 0


def test_a_penalty_of_another_kind_is_not_none() -> None:
    felt = {"penalty_share": np.full(100, 0.6)}
    assert measured("penalty_factor", FALLING, FALLING).value == 0
    assert not measured("penalty_factor", FALLING, FALLING, recorded=felt).known
    assert measured("penalty_factor", FALLING, FALLING, recorded=felt, l2=0.1).value == 0.1


def test_updates_of_enormous_weights_are_not_small() -> None:
    tiny = {"update_ratio": np.full(100, 1e-5)}
    assert measured("update_ratio_early", FALLING, FALLING, recorded=tiny).value == -5
    assert not measured(
        "update_ratio_early", FALLING, FALLING, recorded=tiny, learning_rate=0.5
    ).known
    blown = np.r_[1e4, FALLING[1:]]
    assert not measured("update_ratio_early", blown, FALLING, recorded=tiny, optimizer="sgd").known


def test_the_distance_from_the_reference_is_taken_on_the_same_rows() -> None:
    # The sample's rows are harder than all rows by 0.2, and the best epoch had no experiment.
    curve = np.r_[np.linspace(1.0, 0.3, 50), np.linspace(0.3, 0.8, 50)]
    sampled = np.full(100, np.nan)
    sampled[[0, 99]] = curve[[0, 99]] + 0.2
    found = measured(
        "behind_reference",
        FALLING,
        curve,
        recorded={"clean_held_out": sampled},
        validation_constant_loss=1.0,
        reference_loss=0.5,
    )
    assert found.value == pytest.approx(0.0, abs=0.05)


def test_growth_within_an_epoch_counts_before_that_of_epochs() -> None:
    lost = np.full(100, np.nan)
    within = np.full(100, np.nan)
    assert not measured("growth_before_non_finite", lost, lost).known
    within[0] = 3.0
    found = measured("growth_before_non_finite", lost, lost, recorded={"batch_loss_growth": within})
    assert found.value == 3.0
    assert "single batches had grown to 1,000 times the least" in found.facts["what"]


def test_early_experiments_say_nothing_about_the_end() -> None:
    for epoch, known in ((0, False), (90, True)):
        found = np.full(100, np.nan)
        found[epoch] = 0.5
        tried = {"clean_fit": found, "clean_held_out": found, "idle_units": found}
        for name in ("clean_gap", "clean_fit_against_constant", "idle_units"):
            assert measured(name, FALLING, FALLING, recorded=tried).known == known
        assert measured("clean_gap_at_first", FALLING, FALLING, recorded=tried).known


def test_a_rate_of_zero_that_was_logged_after_the_loss_had_moved() -> None:
    moved, still = np.r_[0.68, np.full(99, 0.63)], np.full(100, 0.63)
    for training, known in ((moved, False), (still, True)):
        rates = {"rates": np.zeros(100), "learning_rate": None}
        assert measured("largest_learning_rate", training, still, **rates).known is known
        assert measured("learning_rate_decay", training, still, **rates).known is not known
    assert measured("learning_rate_decay", moved, still, **rates).value == 16


def test_a_gradient_that_the_loss_itself_takes_away_says_nothing_of_the_graph() -> None:
    lost = {"recorded": {"unreached_share": np.full(100, 1.0)}}
    assert measured("unreached_share", FLAT, FLAT, **lost).value == 1.0
    assert not measured("unreached_share", FLAT, FLAT, output_activation="linear", **lost).known


def test_one_of_several_outputs_is_no_hidden_layer() -> None:
    layers = "Dense(32, relu) > Dense(1, relu) > Dense(3, softmax)"
    for activation, units in (("relu,softmax", 32), ("softmax", 1)):
        known = {"layers": layers, "output_activation": activation}
        found = measured("narrowest_layer", FALLING, FALLING, **known)
        assert found.value == pytest.approx(np.log10(units))


def test_inputs_that_are_alike_do_not_deny_that_the_classes_differ() -> None:
    rows = np.random.default_rng(1).normal(size=(900, 3))
    rare, common = (np.arange(rows_) % every == 0 for rows_, every in ((600, 10), (300, 2)))
    other = check_consistency((rows[:600], rare * 1), (rows[600:], common * 1)).comparison
    alike = check_consistency((rows[:600], rare * 1), (rows[600:], rare[:300] * 1)).comparison
    known = {"split_separability": 0.0, "validation_rows": 300}
    assert not measured("split_separability", FALLING, FALLING, comparison=other, **known).known
    assert measured("split_separability", FALLING, FALLING, comparison=alike, **known).value < 0
