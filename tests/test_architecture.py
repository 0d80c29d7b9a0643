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
] + [
    PACKAGE / f"{name}.py"
    for name in ("history", "tracked", "curve", "median", "layer_line", "diagnosis", "json_values")
]


ORDER = ("profiles", "checks", "reference", "align", "siblings", "signals", "causes", "weigh")
"""Rooms of the middle: each may know those before it."""

OUTER = {"store", "recorder", "cli", "diagnose", "evaluator"}
"""Rooms that know MLflow, Keras or both."""


def rooms_imported(path: Path) -> set[str]:
    """Returns the modules of the package that a file imports, as ``mlflow_plateau.room``."""
    text = path.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.startswith("mlflow_plateau.")}


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


@pytest.mark.parametrize("room", ORDER)
def test_data_flows_one_way(room: str) -> None:
    later = {f"mlflow_plateau.{other}" for other in ORDER[ORDER.index(room) + 1 :]}
    for path in sorted((PACKAGE / room).rglob("*.py")):
        found = {".".join(name.split(".")[:2]) for name in rooms_imported(path)}
        assert not found & later, path


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
