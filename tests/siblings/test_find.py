import numpy as np
import pytest

from mlflow_plateau.siblings.choose import MOST_READ
from tests.siblings.sweeps import Experiment, curve, points, rate_sweep


def test_the_gain_is_a_share_of_the_progress_of_the_best() -> None:
    made = Experiment()
    made.add("ours", curve(0.6), {"lr": "0.1"})
    made.add("better", curve(0.2), {"lr": "0.001"})
    found = made.siblings("ours")
    assert found is not None
    (better,) = found.compared
    # Ours begins at 1.6, the better one at 1.2: the lower counts. Both fall by 1.
    assert better.gain == pytest.approx(0.4 / 1.0, abs=0.02)
    assert better.change_of("learning_rate") < 0
    assert (better.ours, better.theirs) == pytest.approx((0.6, 0.2), abs=0.02)


def test_the_unit_of_the_loss_does_not_matter() -> None:
    plain, scaled = rate_sweep().siblings("0.1-0"), rate_sweep(1000.0).siblings("0.1-0")
    assert plain is not None
    assert scaled is not None
    assert [run.gain for run in plain.compared] == pytest.approx(
        [run.gain for run in scaled.compared]
    )
    assert plain.noise == pytest.approx(scaled.noise)


def test_repetitions_give_the_noise() -> None:
    made = Experiment()
    for seed, floor in enumerate((0.2, 0.3, 0.25, 0.35)):
        made.add(str(seed), curve(floor), {"seed": str(seed)})
    found = made.siblings("0")
    assert found is not None
    assert found.noise_from == "repetitions"
    assert len(found.repetitions) == 3
    assert 0.03 < found.noise < 0.15


def test_without_repetitions_the_curves_say_how_noisy_runs_are() -> None:
    made = Experiment()
    made.add("a", curve(0.2, noise=0.1), {"lr": "0.1"})
    made.add("b", curve(0.2, noise=0.1, seed=1), {"lr": "0.01"})
    found = made.siblings("a")
    assert found is not None
    assert found.noise_from == "curves"
    assert found.noise > 0.04


def test_a_longer_run_is_compared_at_our_last_epoch() -> None:
    made = Experiment()
    slow = 0.2 + np.exp(-np.arange(400) / 80)
    made.add("ours", curve(0.3), {"lr": "0.01"})
    made.add("longer", slow, {"lr": "0.001"})
    found = made.siblings("ours")
    assert found is not None
    (longer,) = found.compared
    assert longer.epochs == 39
    assert longer.gain < -0.3


def test_a_short_run_that_is_behind_says_nothing() -> None:
    made = Experiment()
    made.add("ours", curve(0.2, 100), {"lr": "0.01"})
    made.add("short", curve(0.2, 10), {"lr": "0.001"})
    assert made.siblings("ours") is None


def test_a_short_run_that_is_ahead_of_all_of_ours_counts() -> None:
    made = Experiment()
    made.add("ours", curve(0.6, 100), {"lr": "0.01"})
    made.add("short", curve(0.1, 20), {"lr": "0.001"})
    found = made.siblings("ours")
    assert found is not None
    assert found.compared[0].gain > 0.3


def test_a_diverged_run_is_as_bad_as_if_it_had_learned_nothing() -> None:
    made = Experiment()
    made.add("ours", curve(0.2), {"lr": "0.01"})
    made.add("diverged", np.r_[curve(0.2)[:20], np.full(20, np.nan)], {"lr": "1"})
    found = made.siblings("ours")
    assert found is not None
    assert found.compared[0].gain < -0.5
    found = made.siblings("diverged")
    assert found is not None
    assert found.compared[0].gain > 0.5


def test_other_losses_are_compared_by_a_score_that_both_have() -> None:
    made = Experiment()
    for run_id, loss, accuracy in (("ours", "mse", 0.6), ("theirs", "binary_crossentropy", 0.9)):
        made.add(run_id, curve(0.2), {"loss": loss})
        made.runs[run_id].metrics["val_accuracy"] = points(accuracy - 0.4 * np.exp(-np.arange(40)))  # type: ignore[index]
    found = made.siblings("ours")
    assert found is not None
    (theirs,) = found.compared
    assert (theirs.metric, theirs.levers) == ("val_accuracy", {"loss"})
    assert theirs.theirs == pytest.approx(0.9, abs=0.01)
    assert theirs.gain > 0.5


def test_other_losses_without_a_score_cannot_be_compared() -> None:
    made = Experiment()
    made.add("ours", curve(0.2), {"loss": "mse"})
    made.add("theirs", curve(0.1), {"loss": "mae"})
    assert made.siblings("ours") is None


def test_a_bounded_number_of_curves_is_read() -> None:
    made = Experiment()
    for number in range(400):
        rate = 10 ** (-4 + number / 100)
        made.add(str(number), curve(0.2 + number / 1000), {"lr": f"{rate:.6g}"})
    found = made.siblings("200")
    assert found is not None
    assert found.seen == 399
    assert made.reads <= MOST_READ
    lower = [run for run in found.compared if run.change_of("learning_rate") < 0]
    # The best of all is among those that were read, and so is the nearest.
    assert "0" in {run.run_id for run in lower}
    assert "199" in {run.run_id for run in lower}


@pytest.mark.parametrize("alone", [True, False])
def test_no_sibling_no_comparison(alone: bool) -> None:
    made = Experiment()
    made.add("ours", curve(0.2))
    if not alone:
        other = {"lr": "1", "batch_size": "2", "dropout": "0.5", "units": "1"}
        made.add("another", curve(0.1), other)
    assert made.siblings("ours") is None


def test_what_begins_at_another_order_of_magnitude_is_no_repetition() -> None:
    made = Experiment()
    made.add("ours", 40_000 * curve(0.5))
    made.add("another head", curve(0.5))
    assert made.siblings("ours") is None
    made.add("a repetition", 40_000 * curve(0.4))
    found = made.siblings("ours")
    assert found is not None
    assert [sibling.run_id for sibling in found.compared] == ["a repetition"]


def test_runs_that_begin_elsewhere_are_left_out_if_a_repetition_does() -> None:
    # Ours bears a penalty that nobody logged, and the halved rate does not explain what follows.
    made = Experiment()
    made.add("ours", 50 * curve(0.5), {"lr": "0.001"})
    made.add("slower", curve(0.5), {"lr": "0.0005"})
    found = made.siblings("ours")
    assert found is not None
    assert [run.run_id for run in found.compared] == ["slower"]
    made.add("without a penalty", curve(0.4), {"lr": "0.001"})
    assert made.siblings("ours") is None
