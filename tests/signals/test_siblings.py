"""What siblings say, by values worked out by hand and by whole sweeps."""

import math

import pytest

from mlflow_plateau.siblings.sibling import Difference, Sibling, Siblings
from mlflow_plateau.signals import SIGNALS, Measurement, View, signal_by_name
from mlflow_plateau.weigh import diagnose_history
from tests.generated import history
from tests.siblings.sweeps import Experiment, curve, rate_sweep

COMPARED = [signal for signal in SIGNALS if signal.needs == "compared"]


def sibling(gain: float, *moved: tuple[str, float]) -> Sibling:
    differences = tuple(Difference(lever, lever, "1", "2", change) for lever, change in moved)
    return Sibling("id", "a run", differences, gain, 0.5, 0.5 - gain, 9.0, "val_loss")


def measured(name: str, *runs: Sibling, noise: float = 0.01) -> Measurement:
    siblings = Siblings("1", runs, noise, "repetitions", len(runs))
    made = history([1.0, 0.5], [1.0, 0.5], siblings=siblings)
    return signal_by_name(name).measure(View(made))


def test_chance_is_taken_off_the_gain() -> None:
    # One run: √2 noise. The best of two: √2 noise (1 + √(2 ln 2)).
    lower = ("learning_rate", -2.3)
    one = measured("lower_rate_better", sibling(0.5, lower))
    assert one.value == pytest.approx(0.5 - math.sqrt(2) * 0.01)
    two = measured("lower_rate_better", sibling(0.5, lower), sibling(0.2, lower))
    assert two.value == pytest.approx(0.5 - math.sqrt(2) * 0.01 * (1 + math.sqrt(2 * math.log(2))))


def test_a_loss_of_the_others_is_negative() -> None:
    found = measured("lower_rate_better", sibling(-0.5, ("learning_rate", -2.3)))
    assert found.value == pytest.approx(-0.5 + math.sqrt(2) * 0.01)


def test_direction_counts() -> None:
    up = sibling(0.5, ("learning_rate", 2.3))
    assert not measured("lower_rate_better", up).known
    assert measured("higher_rate_better", up).value > 0.4


def test_two_changes_at_once_say_little_for_and_nothing_against() -> None:
    both = (("learning_rate", -2.3), ("batch_size", 1.4))
    assert 0 < measured("lower_rate_better", sibling(0.9, *both)).value < 0.2
    assert not measured("lower_rate_better", sibling(-0.9, *both)).known


def test_what_another_change_explains_is_no_merit_of_the_lever() -> None:
    both = sibling(0.5, ("learning_rate", -2.3), ("batch_size", 1.4))
    alone = sibling(0.5, ("batch_size", 1.4))
    assert not measured("lower_rate_better", both, alone).known
    assert measured("larger_batch_better", both, alone).value > 0.4


def test_what_a_repetition_reached_is_no_merit_of_a_lever() -> None:
    runs = (sibling(0.5, ("learning_rate", -1.0)), sibling(0.45))
    assert measured("lower_rate_better", *runs).value < 0.06
    assert measured("repetitions_better", *runs).value > 0.4


def test_that_a_change_far_away_did_not_help_says_nothing() -> None:
    assert not measured("lower_rate_better", sibling(-0.5, ("learning_rate", -7.0))).known


def test_that_nothing_stands_out_of_much_noise_says_nothing() -> None:
    lower = sibling(0.05, ("learning_rate", -1.0))
    assert measured("lower_rate_better", lower, noise=0.05).value == 0.0
    assert not measured("lower_rate_better", lower, noise=0.2).known


def test_a_rate_between_worse_ones_is_the_best_tried() -> None:
    sides = [sibling(-0.3, ("learning_rate", sign)) for sign in (-2.0, 2.0)]
    assert measured("best_rate_tried", *sides).value == pytest.approx(0.3, abs=0.02)
    assert not measured("best_rate_tried", sides[0]).known


def test_the_ways_that_were_tried_are_counted_where_none_did_better() -> None:
    runs = [
        sibling(-0.1, (lever, sign))
        for lever in ("learning_rate", "batch_size")
        for sign in (-1.0, 1.0)
    ]
    assert measured("nothing_tried_better", *runs).value == 4.0
    better = sibling(0.5, ("model", 1.0))
    assert measured("nothing_tried_better", *runs, better).value == 0.0


@pytest.mark.parametrize("signal", COMPARED, ids=lambda signal: signal.name)
def test_every_signal_needs_siblings_and_says_so(signal: object) -> None:
    assert signal in COMPARED
    bare = signal.measure(View(history([1.0, 0.5], [1.0, 0.5])))  # type: ignore[attr-defined]
    assert not bare.known
    assert bare.reason


def test_in_a_sweep_the_rate_is_blamed_where_another_did_better() -> None:
    sweep = rate_sweep()
    high, low = (diagnose_history(sweep.history(run)) for run in ("0.1-0", "1e-05-0"))
    assert (high.status, high.cause) == ("stalled", "learning_rate_too_large")
    assert low.cause == "learning_rate_too_small"
    best = diagnose_history(sweep.history("0.001-0"))
    assert best.cause == "none"
    assert {d.level for d in (high, low, best)} == {"compared"}
    assert "0.001" in high.remedies[0]


def test_the_diagnosis_does_not_depend_on_the_unit_of_the_loss() -> None:
    plain, scaled = (
        diagnose_history(rate_sweep(scale).history("0.1-0")) for scale in (1.0, 1000.0)
    )
    assert plain.cause == scaled.cause
    assert plain.causes == pytest.approx(scaled.causes)


def test_repetitions_alone_are_no_evidence_for_any_cause() -> None:
    made = Experiment()
    for seed in range(6):
        made.add(str(seed), curve(0.2 + 0.02 * seed, noise=0.01), {"seed": str(seed)})
    for run in made.runs:
        with_siblings = diagnose_history(made.history(run))
        assert with_siblings.cause == "none"
        assert with_siblings.level == "compared"
        for signal in COMPARED:
            if signal.name != "repetitions_better":
                assert not signal.measure(View(made.history(run))).known


def test_hostile_names_stay_text() -> None:
    made = Experiment()
    name = "{value}\x1b[31m<script>{0.__class__}"
    made.add("ours", curve(0.6), {name: "1", "lr": "0.1"})
    made.add("theirs", curve(0.1), {name: "2{x}\x00", "lr": "0.1"}, name="{name}\x1b[2J")
    found = diagnose_history(made.history("ours"))
    sentence = signal_by_name("best_sibling").say(
        signal_by_name("best_sibling").measure(View(made.history("ours")))
    )
    assert "{name}" in sentence
    assert "\x1b" not in sentence + str(found)
