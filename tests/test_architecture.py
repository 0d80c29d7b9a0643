"""The middle of the house knows neither MLflow nor a training framework."""

import ast
from pathlib import Path

import pytest

import mlflow_plateau

PACKAGE = Path(mlflow_plateau.__file__).parent
FORBIDDEN = {"mlflow", "keras", "tensorflow", "torch", "jax"}
MIDDLE = [
    path
    for room in ("align", "signals", "causes", "weigh", "report", "profiles", "checks")
    for path in sorted((PACKAGE / room).rglob("*.py"))
] + [PACKAGE / "history.py", PACKAGE / "tracked.py", PACKAGE / "diagnosis.py"]


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
def test_the_middle_imports_no_framework(path: Path) -> None:
    assert not imported(path) & FORBIDDEN


def test_only_the_recorder_imports_keras() -> None:
    outside = [p for p in PACKAGE.rglob("*.py") if "record" not in p.relative_to(PACKAGE).parts]
    assert not [p for p in outside if imported(p) & {"keras", "tensorflow", "torch", "jax"}]
