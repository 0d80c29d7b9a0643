from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlflow_plateau.diagnosis import Curves, Diagnosis, Evidence
from tests.report import diagnoses

if TYPE_CHECKING:
    from collections.abc import Callable


def through_json(diagnosis: Diagnosis) -> Diagnosis:
    text = json.dumps(diagnosis.to_dict(), allow_nan=False)
    return Diagnosis.from_dict(json.loads(text))


@pytest.mark.parametrize("make", diagnoses.MAKERS, ids=lambda make: make.__name__)
def test_a_diagnosis_comes_back_from_json_as_it_was(make: Callable[[], Diagnosis]) -> None:
    diagnosis = make()

    assert through_json(diagnosis) == diagnosis


def test_json_keeps_apart_what_was_not_logged_what_was_nan_and_what_was_infinite() -> None:
    curves = Curves((0.0, 1.0, 2.0, 3.0), training_loss=(None, math.nan, math.inf, -math.inf))
    diagnosis = Diagnosis("run", "diverged", curves=curves)

    document = diagnosis.to_dict()
    back = through_json(diagnosis).curves.training_loss

    assert document["curves"]["training_loss"] == [None, "NaN", "Infinity", "-Infinity"]
    assert back[0] is None
    assert back[1] is not None
    assert math.isnan(back[1])
    assert back[2:] == (math.inf, -math.inf)


def test_a_metric_may_be_called_nan() -> None:
    diagnosis = Diagnosis("NaN", "stalled", curves=Curves(training_name="NaN"), headline="Infinity")

    back = through_json(diagnosis)

    assert (back.run_id, back.headline, back.curves.training_name) == ("NaN", "Infinity", "NaN")


def test_numpy_scalars_become_json_numbers() -> None:
    evidence = Evidence("overfitting", "s", np.float32(0.5), "u", None, np.float64(1), "s")
    diagnosis = Diagnosis(
        "run", "stalled", confidence=np.float64(0.5), onset_epoch=np.int64(3), evidence=(evidence,)
    )

    back = through_json(diagnosis)

    assert back.onset_epoch == 3
    assert back.evidence[0].value == 0.5


def test_a_document_of_another_version_is_refused_with_what_to_do() -> None:
    document = {**diagnoses.overfitting().to_dict(), "schema_version": 2}

    with pytest.raises(ValueError, match=r"schema version 2.*Diagnose the run again"):
        Diagnosis.from_dict(document)


@pytest.mark.parametrize("missing", ["headline", "curves"])
def test_a_document_that_lacks_a_field_is_refused_by_the_fields_name(missing: str) -> None:
    document = diagnoses.overfitting().to_dict()
    del document[missing]

    with pytest.raises(ValueError, match=missing):
        Diagnosis.from_dict(document)


def test_fields_added_by_a_later_version_are_ignored() -> None:
    document = diagnoses.overfitting().to_dict()
    document["later"] = 1
    document["curves"]["later"] = 1
    document["evidence"][0]["later"] = 1

    assert Diagnosis.from_dict(document) == diagnoses.overfitting()


def test_a_diagnosis_shows_itself_as_text_and_in_a_notebook() -> None:
    diagnosis = diagnoses.overfitting()

    assert str(diagnosis).startswith("Overfitting")
    assert "Overfitting" in diagnosis._repr_html_()
