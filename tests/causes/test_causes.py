"""Each cause: a run that has it, a run that looks alike and does not, and one too short to tell."""

import re
from dataclasses import replace

import numpy as np
import pytest

from mlflow_plateau.causes import CAUSES, cause_by_id
from mlflow_plateau.causes.cause import contradicts, supports
from mlflow_plateau.history import History
from mlflow_plateau.weigh import diagnose_history
from tests.generated import (
    FAULTY,
    converged,
    falling,
    history,
    improving,
    overfitting,
    with_setup,
)

SEEDS = range(5)


def first_points(of: History, count: int) -> History:
    return replace(
        of,
        epochs=of.epochs[:count],
        training_loss=of.training_loss[:count],
        validation_loss=of.validation_loss[:count],
        training_logged=of.training_logged[:count],
        validation_logged=of.validation_logged[:count],
        learning_rate=of.learning_rate[:count],
        metrics={name: values[:count] for name, values in of.metrics.items()},
        recorded={name: values[:count] for name, values in of.recorded.items()},
    )


def look_alike(cause: str) -> History:
    """Returns a history that resembles the cause's in one respect and is healthy."""
    if cause in ("learning_rate_too_small", "batch_size_too_large"):
        return improving()
    if cause == "vanishing_updates":
        # A cosine to zero over a loss that had long settled.
        rates = 1e-3 * (1 + np.cos(np.linspace(0, np.pi, 120))) / 2
        return replace(converged(), learning_rate=rates)
    if cause == "excessive_regularization":
        return replace(converged(), setup=replace(converged().setup, dropout=0.3))
    if cause == "learning_rate_too_large":
        return history(
            falling(0.7, 0.2, 8, 120, 0.03, 1), falling(0.7, 0.22, 8, 120, 0.03, 2), **with_setup()
        )
    return converged()


@pytest.mark.parametrize("cause", [cause.id for cause in CAUSES])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_that_has_the_cause_is_told_so(cause: str, seed: int) -> None:
    diagnosis = diagnose_history(FAULTY[cause](seed))
    assert diagnosis.cause == cause
    assert diagnosis.confidence > 0.6
    assert diagnosis.remedies
    assert diagnosis.evidence[0].cause == cause
    assert diagnosis.evidence[0].weight > 0


@pytest.mark.parametrize("cause", [cause.id for cause in CAUSES])
def test_a_run_that_looks_alike_is_left_alone(cause: str) -> None:
    diagnosis = diagnose_history(look_alike(cause))
    assert diagnosis.cause == "none"
    assert diagnosis.status in ("converged", "improving")


@pytest.mark.parametrize("cause", [c.id for c in CAUSES if c.id != "non_finite_values"])
def test_three_epochs_are_too_few_to_tell(cause: str) -> None:
    diagnosis = diagnose_history(first_points(FAULTY[cause](), 3))
    assert diagnosis.status == "inconclusive"
    assert diagnosis.cause == "none"
    assert "3 finite points" in diagnosis.reason


def test_the_declarations_are_complete() -> None:
    ids = [cause.id for cause in CAUSES]
    assert len(set(ids)) == len(ids) == 15
    for cause in CAUSES:
        assert cause.title
        assert cause.looks_like.endswith(".")
        assert not cause.experiment.endswith(".")
        assert cause.experiment[0].islower()
        assert cause.references
        assert set(cause.not_to_confuse_with) <= set(ids) - {cause.id}
        assert any(clue.supports for clue in cause.evidence)


INSTRUCTIONS = frozenset(
    (
        *("add", "change", "check", "clip", "compare", "cross-validate", "decay", "draw", "drop"),
        *("fit", "give", "go", "halve", "keep", "look", "lower", "normalise", "pair", "raise"),
        *(
            "regularise",
            "restart",
            "restore",
            "run",
            "set",
            "standardise",
            "stop",
            "train",
            "treat",
            "unfreeze",
        ),
        *("use", "warm", "widen"),
    )
)
OF_KERAS = re.compile(r"EarlyStopping|Normalization|clipnorm|\btf\.|Keras|\bcompile\b|trainable =")


@pytest.mark.parametrize("cause", [cause.id for cause in CAUSES])
def test_remedies_are_instructions_and_name_no_framework(cause: str) -> None:
    for remedy in cause_by_id(cause).remedies:
        for wording in remedy.wordings:
            assert re.split("[ :]", wording)[0] in INSTRUCTIONS, wording
            assert not OF_KERAS.search(wording)


@pytest.mark.parametrize("framework", [None, "pytorch", "lightning", "transformers", "boosting"])
@pytest.mark.parametrize("cause", [cause.id for cause in CAUSES])
def test_only_a_run_of_keras_is_told_what_keras_calls_it(cause: str, framework: str | None) -> None:
    made = FAULTY[cause]()
    other = replace(made, setup=replace(made.setup, framework=framework))
    said = "\n".join(diagnose_history(other).remedies)
    assert said
    assert not re.search(r"restore_best_weights|BatchNormalization|clipnorm|\btf\.|Keras", said)


def test_a_run_of_keras_is_told_the_callback_with_its_values() -> None:
    made = overfitting()
    of_keras = replace(made, setup=replace(made.setup, framework="keras"))
    (stop,) = [r for r in diagnose_history(of_keras).remedies if r.startswith("stop at epoch")]
    assert stop.endswith(
        "EarlyStopping(monitor='val_loss', patience=12, restore_best_weights=True)"
    )


def test_a_run_that_was_stopped_is_not_told_to_stop() -> None:
    made = overfitting()
    stopped = replace(made, setup=replace(made.setup, outcome="stopped"))
    remedies = diagnose_history(stopped).remedies
    assert remedies[0].startswith("restore the weights of epoch")
    assert not any(remedy.startswith("stop at") for remedy in remedies)


def test_an_unknown_cause_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"no cause 'overfiting'.*overfitting"):
        cause_by_id("overfiting")


def test_a_clue_is_there_beyond_its_threshold_and_not_before_it() -> None:
    clue = supports("rise_from_best", above=1.0, scale=0.1, expected=True)
    assert clue.membership(3.0) == pytest.approx(1.0)
    assert clue.membership(1.0) == pytest.approx(0.5)
    assert clue.membership(-1.0) == pytest.approx(0.0, abs=1e-6)
    against = contradicts("rise_from_best", below=1.0, scale=0.1)
    assert against.membership(-1.0) == pytest.approx(1.0)
    assert clue.name == "rise_from_best > 1"


def test_a_clue_takes_one_threshold() -> None:
    with pytest.raises(ValueError, match="either above= or below="):
        supports("rise_from_best", above=1.0, below=0.0, scale=0.1)
