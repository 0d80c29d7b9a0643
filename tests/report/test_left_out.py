"""What the recorder left out, and why, stands in the report, on the terminal and in the data."""

from __future__ import annotations

from dataclasses import replace

from mlflow_plateau.diagnosis import Diagnosis
from mlflow_plateau.history import Witnessed
from mlflow_plateau.report.html import render_report
from mlflow_plateau.report.text import render_text
from mlflow_plateau.weigh.left_out import left_out
from tests.report import diagnoses

STEPS = "what Muon makes of a gradient is not known"
SHORT = "2 of 3 were made with fewer rows (59 instead of 256)"


def test_each_probe_is_said_with_its_reason() -> None:
    said = left_out(Witnessed(steps_declined=STEPS, experiments_shortened=SHORT))
    diagnosis = replace(diagnoses.overfitting(), left_out=said)

    assert len(said) == 2
    for page in (render_report(diagnosis), " ".join(render_text(diagnosis).split())):
        assert STEPS in page
        assert "59 instead of 256" in page
    assert Diagnosis.from_dict(diagnosis.to_dict()).left_out == said


def test_what_cannot_be_done_without_gradients_is_said_once() -> None:
    why = "the model has a train_step of its own"
    said = left_out(Witnessed(gradients_declined=why, steps_declined=why, sharpness_declined=why))

    assert len(said) == 1
    assert why in said[0]


def test_documents_of_earlier_releases_left_nothing_out() -> None:
    document = diagnoses.overfitting().to_dict()
    del document["left_out"]

    assert Diagnosis.from_dict(document).left_out == ()


def test_two_things_that_one_reason_left_out_are_both_said() -> None:
    why = "the training rows have no targets that could be read"
    said = left_out(
        Witnessed(experiments_declined=why, gradients_declined=why, reference_declined=why)
    )
    assert [sentence.split(":")[0] for sentence in said] == [
        "No experiments were made with the model",
        "No quick reference models were fitted to the rows",
    ]
