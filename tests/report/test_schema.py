from __future__ import annotations

import importlib.resources
import json
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pytest

from mlflow_plateau.causes import CAUSES
from mlflow_plateau.diagnosis import LEVELS, SCHEMA_VERSION, STATUSES, Diagnosis
from mlflow_plateau.history import History, MetricNames
from mlflow_plateau.weigh import diagnose_history
from tests.report import diagnoses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCS = Path(__file__).parent.parent.parent / "docs"
HONEST = [
    make
    for make in diagnoses.MAKERS
    # An id with angle brackets is no id; validating 100,000 points takes ten seconds.
    if make not in (diagnoses.hostile, diagnoses.long_run)
]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    file = importlib.resources.files("mlflow_plateau.report") / "diagnosis.schema.json"
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    return document


def described_objects(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "diagnosis", schema
    for name in ("evidence", "siblings", "sibling", "difference", "curves"):
        yield name, schema["$defs"][name]


@pytest.mark.parametrize("make", HONEST, ids=lambda make: make.__name__)
def test_every_document_is_valid(make: Callable[[], Diagnosis], schema: dict[str, Any]) -> None:
    document = json.loads(json.dumps(make().to_dict(), allow_nan=False))

    jsonschema.validate(document, schema)


@pytest.mark.parametrize("epochs", [0, 1, 200])
def test_what_the_package_diagnoses_is_valid(epochs: int, schema: dict[str, Any]) -> None:
    axis = np.arange(float(epochs))
    training = np.exp(-axis / 20)
    validation = 0.5 + training / 2 + np.where(axis > 50, (axis - 50) / 200, 0)
    everywhere = np.ones(epochs, dtype=bool)
    history = History(
        "run",
        axis,
        training,
        validation,
        everywhere,
        everywhere,
        np.full(epochs, np.nan),
        names=MetricNames("loss", "val_loss"),
    )

    document = json.loads(json.dumps(diagnose_history(history).to_dict(), allow_nan=False))

    jsonschema.validate(document, schema)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "stuck"},
        {"confidence": 1.5},
        {"schema_version": 2},
        {"evidence": [{"cause": "overfitting"}]},
        {"onset_epoch": "early"},
    ],
    ids=str,
)
def test_wrong_documents_are_refused(wrong: dict[str, Any], schema: dict[str, Any]) -> None:
    document = diagnoses.overfitting().to_dict() | wrong

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


def test_the_schema_describes_every_field_and_no_other(schema: dict[str, Any]) -> None:
    document = diagnoses.compared().to_dict()
    siblings = document["siblings"]
    real = {
        "diagnosis": document,
        "evidence": document["evidence"][0],
        "siblings": siblings,
        "sibling": siblings["compared"][0],
        "difference": siblings["compared"][0]["differences"][0],
        "curves": document["curves"],
    }
    for name, described in described_objects(schema):
        assert list(described["properties"]) == list(real[name])
        assert described["required"] == list(real[name])
        assert all(field["description"].endswith(".") for field in described["properties"].values())


def test_the_schema_has_the_words_of_the_package(schema: dict[str, Any]) -> None:
    properties = schema["properties"]

    assert tuple(properties["status"]["enum"]) == STATUSES
    assert tuple(properties["level"]["enum"]) == LEVELS
    assert properties["schema_version"]["const"] == SCHEMA_VERSION
    for cause in CAUSES:
        jsonschema.validate(cause.id, schema["$defs"]["cause"])


def test_the_documentation_is_that_of_the_schema(schema: dict[str, Any]) -> None:
    script = runpy.run_path(str(DOCS / "write_diagnosis.py"))
    page = (DOCS / "diagnosis.md").read_text(encoding="utf-8")

    assert page == script["page"](schema), "run: python docs/write_diagnosis.py"
    for _, described in described_objects(schema):
        for name in described["properties"]:
            assert f"| `{name}` |" in page
