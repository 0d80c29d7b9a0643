"""Status, onset, evidence and remedies of whole diagnoses."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from mlflow_plateau.causes import cause_by_id
from mlflow_plateau.consistency import check_consistency
from mlflow_plateau.history import History, Setup, SplitComparison, Witnessed
from mlflow_plateau.signals import View, signal_by_name
from mlflow_plateau.weigh import DECISION_THRESHOLD, diagnose_history, measure
from mlflow_plateau.weigh.odds import (
    ANSWERS,
    NEGLIGIBLE,
    all_clues,
    confidence_in,
    contributions,
    evidence_on,
)
from mlflow_plateau.weigh.weights import fitted_weights
from mlflow_plateau.weigh.wording import what_would_settle
from tests.generated import (
    FAULTY,
    converged,
    critical_point,
    falling,
    history,
    improving,
    inconsistent_preprocessing,
    learning_rate_too_small,
    overfitting,
    with_setup,
)
from tests.siblings.sweeps import Experiment


@pytest.mark.parametrize("made", [converged(), improving(), *(f() for f in FAULTY.values())])
def test_probabilities_sum_to_one_and_the_answer_is_the_largest(made: History) -> None:
    diagnosis = diagnose_history(made)
    assert sum(diagnosis.causes.values()) == pytest.approx(1.0)
    if diagnosis.cause != "none":
        assert diagnosis.causes[diagnosis.cause] == max(diagnosis.causes.values())
        assert diagnosis.causes[diagnosis.cause] <= diagnosis.confidence + 1e-9


@pytest.mark.parametrize("factor", [1e-3, 1000.0])
@pytest.mark.parametrize("cause", sorted(FAULTY))
def test_a_loss_in_other_units_gives_the_same_diagnosis(cause: str, factor: float) -> None:
    made = FAULTY[cause]()
    constant = made.setup.constant_loss
    scaled = replace(
        made,
        training_loss=factor * made.training_loss,
        validation_loss=factor * made.validation_loss,
        setup=replace(made.setup, constant_loss=factor * constant if constant else None),
    )
    plain, other = diagnose_history(made), diagnose_history(scaled)
    assert (plain.status, plain.cause, plain.onset_epoch) == (
        other.status,
        other.cause,
        other.onset_epoch,
    )
    assert plain.confidence == pytest.approx(other.confidence, abs=1e-6)


def test_overfitting_names_the_onset_the_waste_and_the_epoch_to_stop_at() -> None:
    diagnosis = diagnose_history(overfitting())
    assert diagnosis.status == "stalled"
    assert diagnosis.onset_epoch is not None
    assert 15 <= diagnosis.onset_epoch <= 45
    assert diagnosis.wasted_epochs == 119 - diagnosis.onset_epoch
    assert diagnosis.wasted_fraction == pytest.approx(diagnosis.wasted_epochs / 119)
    assert any(f"stop at epoch {diagnosis.best_epoch:g}" in r for r in diagnosis.remedies)


def test_a_tiny_learning_rate_is_answered_with_one_to_try() -> None:
    diagnosis = diagnose_history(learning_rate_too_small())
    assert diagnosis.status == "improving"
    assert diagnosis.remedies[0] == "raise the learning rate from 1e-05 to about 0.001"


def test_an_improving_run_has_no_onset_and_wastes_nothing() -> None:
    diagnosis = diagnose_history(improving())
    assert (diagnosis.status, diagnosis.cause) == ("improving", "none")
    assert diagnosis.onset_epoch is None
    assert diagnosis.wasted_epochs == diagnosis.wasted_fraction == 0


def test_without_validation_the_answer_is_inconclusive_and_says_why() -> None:
    training = falling(0.7, 0.2, 8, 100, 0.004, 0)
    made = replace(
        history(training, np.full(100, np.nan)), validation_logged=np.zeros(100, dtype=bool)
    )
    diagnosis = diagnose_history(made)
    assert diagnosis.status == "inconclusive"
    assert "no validation loss was logged" in diagnosis.headline
    named = diagnose_history(replace(made, metrics={"val_kappa": training}))
    assert "monitor= (it holds 'val_kappa')" in named.headline
    assert not diagnose_history(history([0.7], [0.8])).next_level


def test_nan_in_the_rows_is_never_healthy_and_is_to_be_mended() -> None:
    rows = np.random.default_rng(0).normal(3.0, 1.0, (800, 3))
    spoiled = rows[500:].copy()
    spoiled[7, 1] = np.nan
    clean = check_consistency(rows[:500], rows[500:]).comparison
    lost = check_consistency(rows[:500], spoiled).comparison
    for made in (converged(), improving()):
        assert diagnose_history(replace(made, comparison=clean)).cause == "none"
        diagnosis = diagnose_history(replace(made, comparison=lost))
        assert diagnosis.cause == "non_finite_values"
        said = [text for text in diagnosis.remedies if text.startswith("drop or fill")]
        assert len(said) == 1
        assert "column 1" in said[0]


def test_beside_nan_nothing_else_is_claimed() -> None:
    lost = history(np.full(20, np.nan), np.full(20, np.nan), **with_setup(dropout=0.9, l2=1.0))
    diagnosis = diagnose_history(lost)
    assert diagnosis.cause == "non_finite_values"
    assert diagnosis.contributing == ()


def test_while_improving_the_confidence_is_that_in_no_cause() -> None:
    for made in (improving(seed) for seed in range(5)):
        diagnosis = diagnose_history(made)
        assert (diagnosis.status, diagnosis.cause) == ("improving", "none")
        assert diagnosis.confidence == diagnosis.causes["none"]


def test_a_healthy_run_that_was_recorded_needs_nothing_to_settle() -> None:
    assert what_would_settle("recorded", "converged", "none", "none") == ""
    assert what_would_settle("recorded", "converged", "none", "overfitting")


def test_all_nan_curves_diverged() -> None:
    diagnosis = diagnose_history(history(np.full(20, np.nan), np.full(20, np.nan)))
    assert diagnosis.status == "diverged"
    assert diagnosis.cause == "non_finite_values"


def test_a_loss_that_ends_far_above_its_start_diverged() -> None:
    diagnosis = diagnose_history(
        history(np.geomspace(1, 1e6, 30), np.geomspace(1, 1e6, 30), **with_setup(learning_rate=1.0))
    )
    assert diagnosis.status == "diverged"
    assert diagnosis.cause == "learning_rate_too_large"


def test_constant_curves_are_a_plateau_and_not_an_error() -> None:
    diagnosis = diagnose_history(history(np.full(30, 0.5), np.full(30, 0.5)))
    assert diagnosis.status == "stalled"
    assert diagnosis.cause == "not_training"
    assert diagnosis.onset_epoch == 0


def test_an_empty_history_is_inconclusive() -> None:
    assert diagnose_history(history([], [])).status == "inconclusive"


def slightly_overfitting(rise: float) -> History:
    after_best = np.maximum(np.arange(120) - 25, 0)
    return history(
        falling(0.7, 0.1, 20, 120, 0.01, 0),
        falling(0.7, 0.4, 10, 120, 0.004, 1) + rise * after_best,
    )


def test_the_more_the_validation_loss_rises_the_surer_is_overfitting() -> None:
    rises = np.linspace(0.0, 0.004, 11)
    chances = [diagnose_history(slightly_overfitting(r)).causes["overfitting"] for r in rises]
    assert chances[0] < 0.1 < DECISION_THRESHOLD < 0.8 < chances[-1]
    assert all(later >= earlier - 0.01 for earlier, later in itertools.pairwise(chances))


def test_ambiguity_is_inconclusive_and_names_both_sides() -> None:
    diagnoses = [diagnose_history(slightly_overfitting(r)) for r in np.linspace(0.0002, 0.001, 41)]
    undecided = [d for d in diagnoses if d.status == "inconclusive"]
    assert undecided
    for diagnosis in undecided:
        assert diagnosis.causes["overfitting"] < DECISION_THRESHOLD
        assert "does not decide between" in diagnosis.headline
        assert "overfitting" in diagnosis.headline
        assert diagnosis.cause == "none"
        assert diagnosis.next_level


def test_the_level_says_whether_the_recorder_was_there() -> None:
    made = converged()
    assert diagnose_history(made).level == "history"
    recorded = replace(made, recorded={"update_ratio": np.full(len(made), 1e-3)})
    assert diagnose_history(recorded).level == "recorded"
    assert "update_ratio_late" in diagnose_history(made).unknown


@pytest.mark.parametrize("made", [converged(), improving(), *(f() for f in FAULTY.values())])
def test_what_the_next_level_would_add_is_always_told(made: History) -> None:
    diagnosis = diagnose_history(made)
    start = {"history": "Recorded while it trains", "recorded": "Check whether "}
    assert diagnosis.next_level.startswith(start[diagnosis.level])
    if not diagnosis.is_open and diagnosis.runner_up != "none":
        title = cause_by_id(diagnosis.runner_up).title.lower()
        assert title not in diagnosis.next_level


def test_a_score_is_read_the_right_way_up() -> None:
    accuracy = 1 - falling(0.9, 0.2, 8, 100, 0.003, 0)
    made = history(accuracy, accuracy - 0.01, higher_is_better=True)
    diagnosis = diagnose_history(
        replace(made, names=replace(made.names, validation_loss="val_acc"))
    )
    assert diagnosis.status == "converged"
    assert "val_acc is flat" in diagnosis.headline


@pytest.mark.parametrize("count", [5, 60, 2000, 100_000])
def test_curves_of_any_length_are_read(count: int) -> None:
    time_constant = count / 15
    made = history(
        falling(0.7, 0.20, time_constant, count, 0.004, 0),
        falling(0.7, 0.21, time_constant, count, 0.004, 1),
        **with_setup(),
    )
    assert diagnose_history(made).status in ("converged", "improving", "inconclusive")


def test_a_very_long_run_keeps_its_spikes_and_its_epochs() -> None:
    training = falling(0.7, 0.2, 5_000, 100_000, 0.004, 0)
    validation = falling(0.7, 0.21, 5_000, 100_000, 0.004, 1)
    training[61_803] = 9.0
    validation[41_421] = 0.05
    diagnosis = diagnose_history(history(training, validation, **with_setup()))
    curves = diagnosis.curves
    assert len(curves.epochs) <= 10_000
    assert curves.training_loss[curves.epochs.index(61_803.0)] == 9.0
    assert diagnosis.best_epoch == 41_421
    assert diagnosis.onset_epoch == int(diagnosis.onset_epoch or 0.5)


def test_a_very_long_run_that_seldom_validates_keeps_its_best_point() -> None:
    training = falling(0.7, 0.2, 1_000, 20_000, 0.004, 0)
    validation = np.full(20_000, np.nan)
    validation[::10] = falling(0.7, 0.21, 100, 2_000, 0.004, 1)
    validation[12_340] = 0.05
    made = history(training, validation, **with_setup())
    made = replace(made, validation_logged=np.isfinite(validation))
    curves = diagnose_history(made).curves
    assert curves.validation_loss[curves.epochs.index(12_340.0)] == 0.05


@pytest.mark.parametrize("cause", sorted(FAULTY))
def test_what_a_course_rules_out_is_named_nowhere(cause: str) -> None:
    made = FAULTY[cause]()
    diverged = replace(made, validation_loss=made.validation_loss * np.geomspace(1, 1e4, len(made)))
    for diagnosis in (diagnose_history(made), diagnose_history(diverged)):
        named = {diagnosis.cause, diagnosis.runner_up, *diagnosis.contributing} - {"none"}
        assert named <= set(diagnosis.causes)
        sentences = [item.sentence for item in diagnosis.evidence if item.cause == diagnosis.cause]
        assert len(set(sentences)) == len(sentences)


def test_a_reader_is_told_only_of_what_the_run_could_have_said() -> None:
    bare = diagnose_history(history(converged().training_loss, converged().validation_loss))
    assert "the learning rate is not known" in bare.unmeasured
    assert "the batch size is not known" in bare.unmeasured
    assert len(set(bare.unmeasured)) == len(bare.unmeasured)
    assert set(bare.unmeasured) < set(bare.unknown.values())
    # No failure: no siblings, no recorder, no NaN, no accuracy where no classes are known.
    for absent in ("no other run", "not recorded", "stayed finite", "accuracy", "reference model"):
        assert [reason for reason in bare.unknown.values() if absent in reason]
        assert not [reason for reason in bare.unmeasured if absent in reason]


def test_accuracies_are_missed_where_classes_are_predicted() -> None:
    known = diagnose_history(converged())
    assert "no training accuracy was logged" in known.unmeasured
    assert "the batch size is not known" not in known.unmeasured


def of_lost_signal() -> History:
    """What holds of training rows fails on validation rows that look the same, column by column."""
    rows = np.random.default_rng(0).normal(size=(2, 400, 3))
    return replace(
        inconsistent_preprocessing(),
        setup=Setup(**with_setup()),
        witnessed=Witnessed(
            learnable_share=0.8,
            learnable_share_error=0.01,
            learnable_share_validation=0.05,
            learnable_share_validation_error=0.02,
            split_separability=0.3,
        ),
        comparison=check_consistency(rows[0], rows[1]).comparison,
    )


@pytest.mark.parametrize("made", [of_lost_signal(), *(f() for f in FAULTY.values())])
def test_each_fact_is_said_once_and_the_weights_still_add_up(made: History) -> None:
    diagnosis = diagnose_history(made)
    measured = {name: m.value for name, m in measure(View(made)).items()}
    weights = fitted_weights()
    for about in {item.cause for item in diagnosis.evidence}:
        items = [item for item in diagnosis.evidence if item.cause == about]
        facts = [signal_by_name(item.signal).fact for item in items]
        assert len(set(facts)) == len(facts)
        added = [
            weights.contribution(cause_by_id(about), clue, measured[clue.signal])
            for clue in cause_by_id(about).evidence
            if not np.isnan(measured[clue.signal])
        ]
        unsaid = NEGLIGIBLE * len(added)
        assert sum(item.weight for item in items) == pytest.approx(sum(added), abs=unsaid)


def test_what_fails_on_validation_rows_is_one_piece_of_evidence() -> None:
    evidence = diagnose_history(of_lost_signal()).evidence
    said = [
        e for e in evidence if e.cause == "inconsistent_preprocessing" and "fails" in e.sentence
    ]
    assert len(said) == 1
    assert not [
        e for e in evidence if e.signal == "lost_on_validation" and e.cause == said[0].cause
    ]


@pytest.mark.parametrize("weight", [0.3, 2.0])
def test_the_sentence_of_a_fact_agrees_with_its_weight(weight: float) -> None:
    """Two signals of one fact that speak for and against a cause: the sum decides which is said."""
    cause = cause_by_id("critical_point")
    made = View(critical_point())
    measurements = measure(made)
    added = contributions(np.array([[m.value for m in measurements.values()]]))[0]
    begin = int(all_clues().begins[ANSWERS.index(cause)])
    names = [clue.signal for clue in cause.evidence]
    added[begin : begin + len(names)] = 0.0
    added[begin + names.index("distance_from_constant")] = -1.0
    added[begin + names.index("training_against_constant")] = weight
    (found,) = evidence_on(cause, measurements, added)
    stronger = "training_against_constant" if weight > 1 else "distance_from_constant"
    assert (found.signal, found.weight) == (stronger, pytest.approx(weight - 1.0))


def test_a_plateau_along_which_rows_are_learned_by_heart_says_so() -> None:
    epochs = np.arange(200.0)
    noise = 0.005 * np.random.default_rng(0).standard_normal(200)
    flat = 0.45 + 0.55 * np.exp(-epochs / 12) + noise
    diagnosis = diagnose_history(history(0.1 + 0.9 * np.exp(-epochs / 40), flat))
    assert diagnosis.status == "converged"
    assert "only memorises" in diagnosis.headline
    assert "by heart" not in diagnose_history(converged()).headline


def recorded_blow_up(rate: float) -> History:
    """Every loss is NaN from the first epoch on; the recorder saw weights and clean rows."""
    lost = np.full(30, np.nan)
    run = history(
        lost,
        lost,
        recorded={"lost_weights": np.ones(30), "update_ratio": np.r_[0.8, lost[1:]]},
        optimizer="sgd",
        learning_rate=rate,
        trainable_parameter_count=1000,
    )
    logged = np.ones(30, dtype=bool)
    return replace(
        run,
        training_logged=logged,
        validation_logged=logged,
        comparison=SplitComparison("pass", (), 300, 100),
    )


def test_a_rate_that_blew_up_at_once_is_to_blame_and_not_the_nan_that_it_left() -> None:
    diagnosis = diagnose_history(recorded_blow_up(3.0))
    assert (diagnosis.status, diagnosis.cause) == ("diverged", "learning_rate_too_large")


def test_nan_at_a_usual_rate_is_answered_with_what_is_left_to_try() -> None:
    diagnosis = diagnose_history(recorded_blow_up(0.01))
    assert diagnosis.cause == "non_finite_values"
    assert not any("isfinite" in remedy for remedy in diagnosis.remedies)
    assert "lower the learning rate to 0.001" in diagnosis.remedies[0]


def test_what_a_run_next_to_it_did_better_is_the_first_thing_to_try() -> None:
    made = Experiment()
    made.add("slow", 2.0 * np.exp(-np.arange(60) / 40), {"lr": "0.01"})
    made.add("fast", 2.0 * np.exp(-np.arange(60) / 30), {"lr": "0.015"})
    diagnosis = diagnose_history(made.history("slow"))
    assert diagnosis.cause == "none"
    assert diagnosis.remedies[0].startswith(
        "continue from run 'run fast', which with learning_rate 0.015 instead"
    )


def test_splits_that_were_treated_differently_are_mended_first_whatever_the_answer() -> None:
    x = np.random.default_rng(0).normal(500.0, 200.0, (600, 4))
    scaled = (x[:400] - x[:400].mean(0)) / x[:400].std(0)
    comparison = check_consistency(scaled, x[400:]).comparison
    diagnosis = diagnose_history(replace(overfitting(), comparison=comparison))
    assert comparison.verdict == "fail"
    assert any("StandardScaler" in remedy for remedy in diagnosis.remedies)


def test_where_curves_cannot_be_read_nothing_is_suspected() -> None:
    short = history(np.array([1.0, 0.9]), np.array([1.1, 1.0]))
    diagnosis = diagnose_history(short)
    assert (diagnosis.status, diagnosis.confidence) == ("inconclusive", 0.0)
    assert diagnosis.runner_up == "none"
    assert not diagnosis.evidence


def test_scores_are_not_called_losses() -> None:
    rising = 0.9 - 0.5 * np.exp(-np.arange(100.0) / 8)
    falling_back = rising - np.maximum(np.arange(100.0) - 30, 0) * 0.004
    run = replace(history(rising, falling_back, **with_setup()), higher_is_better=True)
    said = [item.sentence for item in diagnose_history(run).evidence]
    assert said
    assert not any("validation loss" in sentence for sentence in said)
    assert any("negated validation score" in sentence for sentence in said)


def test_a_diagnosis_is_short_in_a_list() -> None:
    shown = repr([diagnose_history(overfitting())])
    assert "overfitting" in shown
    assert len(shown) < 200


def test_the_confidence_is_against_all_but_what_is_present_beside_the_cause() -> None:
    overfits = cause_by_id("overfitting")
    chances = {"none": 0.1, "overfitting": 0.4, "no_learnable_signal": 0.4, "loss_mismatch": 0.1}
    assert confidence_in(overfits, chances) == pytest.approx(0.4)
    assert confidence_in(overfits, chances, {"no_learnable_signal"}) == pytest.approx(0.4 / 0.6)
    # What it is confused with cannot be present beside it.
    rivals = {"none": 0.2, "overfitting": 0.4, "unrepresentative_validation": 0.4}
    assert confidence_in(overfits, rivals, {"unrepresentative_validation"}) == pytest.approx(0.4)
