"""The committed benchmark can be scored without a training framework, and holds what it claims."""

import re
import sys
from collections import Counter

import pytest

from benchmarks.faults.answers import answers
from benchmarks.faults.dataset import LEVELS, Run, at_level, load
from benchmarks.faults.digests import digests_of
from benchmarks.faults.experiment import KEPT, is_kept
from benchmarks.faults.injected import FAULTS
from benchmarks.faults.parts import PARTS
from benchmarks.faults.report import PAGE
from benchmarks.faults.score import false_alarms, reliability, top_1
from benchmarks.faults.truth import LARGEST_MARGIN, margin
from mlflow_plateau.causes import CAUSES
from mlflow_plateau.weigh.weights import fitted_weights


@pytest.fixture(scope="module")
def runs() -> tuple[Run, ...]:
    return load()


def test_no_task_belongs_to_two_parts() -> None:
    tasks = [task for part in PARTS.values() for task in part]
    assert len(tasks) == len(set(tasks)) >= 8


def test_the_weights_saw_no_task_of_the_test_part() -> None:
    provenance = fitted_weights().provenance
    seen = {*provenance["weights_from"], *provenance["temperature_from"]}
    assert not seen & set(PARTS["test"])


def test_every_cause_is_injected_in_at_least_two_ways() -> None:
    ways = Counter(fault.cause for fault in FAULTS)
    assert {cause.id for cause in CAUSES} == set(ways)
    assert min(ways.values()) >= 2


def test_every_part_has_runs_of_every_cause_and_healthy_ones(runs: tuple[Run, ...]) -> None:
    for part in PARTS:
        truths = {run.truth for run in runs if run.part == part and run.counts}
        assert truths == {"none", *(cause.id for cause in CAUSES)}


def test_a_fault_that_does_no_harm_does_not_count(runs: tuple[Run, ...]) -> None:
    assert any(run.faults and not run.counts for run in runs)
    for run in runs:
        if run.faults and run.counts:
            assert min(run.margins[name] for name in run.faults) >= 0.1


def test_the_margin_is_a_share_of_what_the_healthy_run_gained() -> None:
    assert margin(faulty=0.6, undone=0.2, constant=1.0) == pytest.approx(0.5)
    assert margin(faulty=0.1, undone=0.2, constant=1.0) == pytest.approx(-0.125)
    assert margin(faulty=float("nan"), undone=0.2, constant=1.0) == LARGEST_MARGIN


def test_a_level_hides_what_it_does_not_know(runs: tuple[Run, ...]) -> None:
    run = next(run for run in runs if run.name.endswith("none.usual"))
    seen = {level: at_level(run, level) for level in LEVELS}
    recorded, unsampled, compared = seen["recorded"], seen["unsampled"], seen["compared"]
    history, curves = seen["history"], seen["curves"]
    assert recorded.recorded
    assert recorded.comparison is not None
    assert unsampled.recorded
    assert unsampled.comparison is None
    assert recorded.setup.constant_loss is not None
    assert not history.recorded
    assert history.setup.constant_loss is None
    assert history.setup.learning_rate is not None
    assert history.siblings is None
    assert compared.siblings is not None
    assert not compared.recorded
    assert compared.setup == history.setup
    assert curves.setup.learning_rate is None
    assert (curves.validation_loss == recorded.validation_loss).all()


def test_siblings_tell_nothing_of_what_was_injected(runs: tuple[Run, ...]) -> None:
    """What only the benchmark knows: the names of runs, of faults, and what undoing them brings."""
    for run in runs[:40]:
        siblings = at_level(run, "compared").siblings
        if siblings is not None:
            assert all(re.fullmatch(r"run-\d+", other.run_id) for other in siblings.compared)
            assert not any(other.name for other in siblings.compared)
            assert run.task not in repr(siblings)


def test_every_run_has_the_digests_of_its_data(runs: tuple[Run, ...]) -> None:
    for run in runs:
        assert set(digests_of(run.name)) == {"training", "eval"}


def test_half_of_the_other_runs_are_kept(runs: tuple[Run, ...]) -> None:
    names = [run.name for run in runs[:100]]
    kept = [is_kept(name, other) for name in names for other in names]
    assert sum(kept) / len(kept) == pytest.approx(KEPT, abs=0.05)


def test_the_published_accuracy_is_that_of_the_code(runs: tuple[Run, ...]) -> None:
    given = answers(run for run in runs if run.part == "test" and run.counts)
    page = PAGE.read_text(encoding="utf-8")
    for level in LEVELS:
        own = [a for a in given if a.level == level]
        row = re.search(rf"^\| {level} \|(.*)$", page, re.MULTILINE)
        assert row is not None
        published = [float(cell.split()[0]) for cell in row[1].strip(" |").split("|")]
        assert top_1(own).value == pytest.approx(published[0], abs=0.01)
        assert false_alarms(own).value == pytest.approx(published[2], abs=0.02)
        assert reliability(own).error == pytest.approx(published[4], abs=0.02)


def test_scoring_needs_no_training_framework() -> None:
    # Other tests may have imported it; the modules of the scoring do not.
    for name, module in list(sys.modules.items()):
        if name.startswith("benchmarks.faults") and not name.endswith((".model", ".loop")):
            assert not {"tensorflow", "keras", "tf"} & set(vars(module)), name
