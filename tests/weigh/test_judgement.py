"""Many runs weighed together get the answers that each gets alone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.faults.dataset import LEVELS, at_level, load
from mlflow_plateau.diagnose import judged_where_possible
from mlflow_plateau.history import History
from mlflow_plateau.signals import SIGNALS, View
from mlflow_plateau.weigh import diagnose_history, judge_histories
from mlflow_plateau.weigh.judgement import AT_ONCE, LEAST_PRESENCE
from mlflow_plateau.weigh.odds import ANSWERS, contributions, log_odds, presence
from tests.generated import FAULTY, converged, history, improving

SAME = (
    *("run_id", "status", "cause", "runner_up", "contributing", "level"),
    *("onset_epoch", "wasted_epochs", "wasted_fraction"),
)


def assert_the_same(histories: Sequence[History]) -> None:
    together = list(judge_histories(histories))
    assert len(together) == len(histories)
    for judgement, alone in zip(together, map(diagnose_history, histories), strict=True):
        assert [getattr(judgement, name) for name in SAME] == [getattr(alone, n) for n in SAME]
        assert judgement.confidence == pytest.approx(alone.confidence, rel=1e-12)
        assert judgement.causes == pytest.approx(alone.causes, rel=1e-12)


def test_generated_histories_of_all_causes_and_lengths() -> None:
    made = [make(seed) for make in FAULTY.values() for seed in range(3)]
    made += [healthy(count=count) for healthy in (converged, improving) for count in (4, 7, 60)]
    made += [history([], []), history([1.0], [1.0]), history([float("nan")] * 20, [1.0] * 20)]
    assert_the_same(made)


@pytest.mark.parametrize("level", LEVELS)
def test_trainings_of_the_fault_benchmark(level: str) -> None:
    assert_the_same([at_level(run, level) for run in load()[::15]])


@pytest.mark.parametrize("level", LEVELS)
def test_no_cause_is_named_that_nothing_speaks_for(level: str) -> None:
    for run in load()[::10]:
        found = diagnose_history(at_level(run, level))
        on_it = [item.weight for item in found.evidence if item.cause == found.cause]
        assert found.cause == "none" or max(on_it) > 0, run.name


@pytest.mark.parametrize("level", LEVELS)
def test_that_all_others_are_excluded_is_no_evidence_for_a_cause(level: str) -> None:
    histories = [at_level(run, level) for run in load()]
    for made, found in zip(histories, judge_histories(histories), strict=True):
        if found.status in ("stalled", "improving") and found.cause != "none":
            view = View(made)
            added = contributions(np.array([[signal.measure(view).value for signal in SIGNALS]]))
            odds = dict(zip([answer.id for answer in ANSWERS], log_odds(added)[0], strict=True))
            assert presence(odds[found.cause] - max(odds["none"], 0.0)) >= LEAST_PRESENCE


def test_more_runs_than_are_weighed_at_once_come_in_their_order() -> None:
    made = [converged(), improving(), *(make(0) for make in FAULTY.values())]
    few = list(judge_histories(made))
    many = list(judge_histories(made[i % len(made)] for i in range(2 * AT_ONCE + 3)))
    assert [j.cause for j in many] == [few[i % len(made)].cause for i in range(len(many))]
    assert len(many) == 2 * AT_ONCE + 3


def test_no_runs_at_all() -> None:
    assert list(judge_histories([])) == []


def test_a_history_that_breaks_the_arithmetic_costs_no_other_its_answer() -> None:
    broken = replace(converged(), epochs=converged().epochs[:3])
    answers = list(judged_where_possible([improving(), "no such run", broken, converged()]))
    assert [getattr(answer, "status", answer) for answer in answers[:2]] == [
        "improving",
        "no such run",
    ]
    assert str(answers[2]).startswith(("IndexError", "ValueError"))
    assert getattr(answers[3], "status", "") == "converged"
