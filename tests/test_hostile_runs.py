"""Whatever a tracking server holds, a diagnosis comes to its end and says something harmless."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

from mlflow_plateau.align import align
from mlflow_plateau.report.note import LONGEST_NOTE, render_note
from mlflow_plateau.report.text import render_text
from mlflow_plateau.siblings.facts import facts_of
from mlflow_plateau.store.note import BEGIN, merge_note
from mlflow_plateau.tracked import Points, TrackedRun
from mlflow_plateau.weigh import diagnose_history
from mlflow_plateau.weigh.idioms import idioms
from tests.report import diagnoses

EPOCHS = 60
STEPS = np.arange(EPOCHS)
FALLING = 0.1 + np.exp(-STEPS / 10.0)
RISING = FALLING + 0.02 * STEPS

pytestmark = pytest.mark.timeout(60)


def run(
    metrics: Mapping[str, np.ndarray],
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> TrackedRun:
    curves = {"loss": FALLING, "val_loss": RISING, **metrics}
    return TrackedRun(
        run_id="0" * 32,
        metrics={name: Points(STEPS, np.asarray(v, float), STEPS) for name, v in curves.items()},
        params=dict(params or {}),
        tags=dict(tags or {}),
    )


RUNS = {
    "a step beyond all numbers": run(
        {
            "plateau/best_multiple": np.full(EPOCHS, 400.0),
            "plateau/best_multiple_gain": np.full(EPOCHS, 0.5),
        }
    ),
    "a rate below all numbers": run({"lr": np.r_[np.full(EPOCHS - 1, 1e-320), 0.0]}),
    "a rate beyond all numbers": run({"lr": np.full(EPOCHS, 1e308)}),
    "a name of digits": run({"val_" + "9" * 5000: RISING}),
    "a name of one long word": run({"a" * 80_000: RISING}),
    "layers without end": run({}, {"plateau.layers": "Dropout" * 800 + "!"}),
    "parameters of digits": run({}, {"learning_rate": "9" * 5000, "batch_size": "9" * 5000}),
}


@pytest.mark.parametrize("name", RUNS)
def test_it_is_diagnosed(name: str) -> None:
    diagnosis = diagnose_history(align(RUNS[name]))

    assert diagnosis.status in ("stalled", "improving", "diverged", "inconclusive")
    assert render_text(diagnosis)
    facts_of(RUNS[name], {})


@pytest.mark.parametrize("framework", ["keras", "lightning"])
def test_a_name_of_a_metric_is_no_code_in_a_remedy(framework: str) -> None:
    evil = "val_loss'), __import__('os').system('id'), print('"

    said = idioms(framework, evil, 5)["early_stopping"]

    assert said is not None
    call = ast.parse(said.partition(" beside")[0], mode="eval").body
    assert isinstance(call, ast.Call)
    assert {word.arg: ast.literal_eval(word.value) for word in call.keywords}["monitor"] == evil


def test_a_title_that_has_to_be_escaped_is_cut() -> None:
    hostile = dataclasses.replace(
        diagnoses.overfitting(), cause="&" * 220, headline=f"{'&' * 300}: {'&' * 300}"
    )

    assert len(render_note(hostile)) <= LONGEST_NOTE


def test_a_description_of_empty_lines_stays() -> None:
    description = "\n" * 100_000 + "mine"

    assert merge_note(description, "found").startswith(description[:10])
    assert BEGIN not in merge_note(description, "found")
