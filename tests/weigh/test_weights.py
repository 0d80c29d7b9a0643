"""The fitted numbers belong to the declarations, and never turn evidence around."""

import runpy
from pathlib import Path

import pytest

from mlflow_plateau.causes import CAUSES, HEALTHY
from mlflow_plateau.causes.cause import Clue
from mlflow_plateau.weigh.weights import Weight, Weights, fitted_weights


def weights_of(clue: Clue, weight: Weight) -> Weights:
    return Weights(1.0, {"overfitting": 0.0}, {("overfitting", clue.name): weight}, {})


def test_every_declared_clue_has_a_weight_and_no_other_has() -> None:
    weights = fitted_weights()
    declared = {(c.id, clue.name) for c in (HEALTHY, *CAUSES) for clue in c.evidence}
    assert set(weights.clues) == declared
    assert set(weights.priors) == {c.id for c in (HEALTHY, *CAUSES)}
    assert len(declared) == sum(len(c.evidence) for c in (HEALTHY, *CAUSES))


def test_no_weight_is_negative() -> None:
    weights = fitted_weights()
    assert weights.temperature > 0
    for weight in weights.clues.values():
        assert weight.presence >= 0
        assert weight.absence >= 0


def test_only_expected_signs_speak_by_their_absence() -> None:
    weights = fitted_weights()
    for cause in (HEALTHY, *CAUSES):
        for clue in cause.evidence:
            assert clue.expected or weights.clues[cause.id, clue.name].absence == 0


def test_no_cause_is_likely_before_there_is_evidence() -> None:
    weights = fitted_weights()
    assert weights.priors["none"] == 0
    assert all(weights.priors[cause.id] <= -1 for cause in CAUSES)


def test_the_weights_say_where_they_come_from() -> None:
    provenance = fitted_weights().provenance
    assert provenance["command"] == "python -m benchmarks.faults fit"
    assert not set(provenance["weights_from"]) & set(provenance["temperature_from"])


@pytest.mark.parametrize(("supports", "sign"), [(True, 1.0), (False, -1.0)])
def test_a_clue_adds_its_weight_and_takes_off_its_absence(supports: bool, sign: float) -> None:
    overfitting = CAUSES[0]
    clue = Clue("rise_from_best", 1.0, 0.1, above=True, supports=supports)
    weights = weights_of(clue, Weight(2.0, 1.0))
    assert weights.contribution(overfitting, clue, 3.0) == pytest.approx(2.0 * sign)
    assert weights.contribution(overfitting, clue, -1.0) == pytest.approx(-1.0)
    assert weights.contribution(overfitting, clue, 1.0) == pytest.approx(sign - 0.5)


def test_the_documentation_has_the_weights_of_the_package() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = runpy.run_path(str(docs / "write_causes.py"))["page"]()
    assert (docs / "causes.md").read_text(encoding="utf-8") == page, "run docs/write_causes.py"
