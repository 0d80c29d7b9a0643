"""The middle of the house knows neither MLflow nor a training framework."""

import ast
from pathlib import Path

import pytest

import mlflow_plateau

PACKAGE = Path(mlflow_plateau.__file__).parent
FORBIDDEN = {"mlflow", "keras", "tensorflow", "torch", "jax"}
MIDDLE = [
    path
    for room in (
        *("align", "siblings", "signals", "causes", "weigh", "report", "profiles", "checks"),
        "reference",
    )
    for path in sorted((PACKAGE / room).rglob("*.py"))
] + [PACKAGE / "history.py", PACKAGE / "tracked.py", PACKAGE / "diagnosis.py"]


OUTER = {"store", "recorder", "cli", "diagnose", "evaluator"}
"""Rooms that know MLflow, Keras or both."""


def rooms_imported(path: Path) -> set[str]:
    """Returns the modules of the package that a file imports, as ``mlflow_plateau.room``."""
    text = path.read_text(encoding="utf-8")
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    return {node.module for node in nodes if (node.module or "").startswith("mlflow_plateau.")}


def imported(path: Path) -> set[str]:
    """Returns the first names of all modules that a file imports, wherever it does so."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", MIDDLE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_middle_imports_no_framework_and_no_outer_room(path: Path) -> None:
    assert not imported(path) & FORBIDDEN
    assert not {name.split(".")[1] for name in rooms_imported(path)} & OUTER


def test_only_the_recorder_imports_keras() -> None:
    outside = [p for p in PACKAGE.rglob("*.py") if "recorder" not in p.relative_to(PACKAGE).parts]
    assert not [p for p in outside if imported(p) & {"keras", "tensorflow", "torch", "jax"}]


def test_what_is_measured_while_others_train_calls_no_blas() -> None:
    # Its threads go on spinning on the cores that the training needs.
    calls = {"dot", "vdot", "inner", "matmul", "norm"}
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for room in ("measure", "witness")
        for path in sorted((PACKAGE / "recorder" / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult))
        or (isinstance(node, ast.Attribute) and node.attr in calls and "np" in ast.dump(node.value))
    ]
    assert not found
