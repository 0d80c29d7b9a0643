"""The entry points of MLproject: what they pass on, and that one really runs."""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow.projects import _project_spec

ROOT = Path(__file__).parents[2]
PROJECT = _project_spec.load_project(str(ROOT))
ENTRY_POINTS = PROJECT._entry_points  # MLflow has no public way to list them.
EXAMPLES = sorted(set(ENTRY_POINTS) - {"main", "all"})


def options(program: Path) -> dict[str, str]:
    """Returns the options that a program declares, with their defaults."""
    found = {}
    for call in ast.walk(ast.parse(program.read_text())):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "add_argument":
            default = next(word.value for word in call.keywords if word.arg == "default")
            name = call.args[0]
            assert isinstance(name, ast.Constant)
            found[name.value] = str(ast.literal_eval(default))
    return found


def command(entry_point: str, parameters: dict[str, str]) -> list[str]:
    return shlex.split(ENTRY_POINTS[entry_point].compute_command(parameters, None))


def test_all_promised_entry_points_are_there() -> None:
    assert set(ENTRY_POINTS) == {
        *("main", "overfitting", "underfitting", "learning_rate", "preprocessing"),
        *("unrepresentative", "batch_size", "loss_function", "saddle_point", "all"),
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_entry_point_passes_on_what_its_program_takes(name: str) -> None:
    _, program, *words = command(name, {})
    passed = dict(zip(words[::2], words[1::2], strict=True))
    declared = options(ROOT / program)

    assert passed.keys() == declared.keys()
    for option, default in declared.items():
        assert passed[option] == default or float(passed[option]) == float(default)


def test_a_parameter_reaches_the_program() -> None:
    words = command("learning_rate", {"learning_rate": "1e-5", "epochs": "3"})

    assert words[words.index("--learning_rate") + 1] == "1e-5"
    assert words[words.index("--epochs") + 1] == "3"


def test_the_diagnosis_lands_in_the_run_that_mlflow_run_made(tracking_uri: str) -> None:
    activated = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    arguments = ["-e", "saddle_point", "-P", "epochs=12", "--env-manager", "local"]
    done = subprocess.run(
        [sys.executable, "-m", "mlflow", "run", str(ROOT), *arguments],
        env={**os.environ, "MLFLOW_TRACKING_URI": tracking_uri, "PATH": activated},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    client = mlflow.MlflowClient()
    (run,) = client.search_runs([each.experiment_id for each in client.search_experiments()])
    assert run.info.status == "FINISHED"
    assert run.data.tags["mlflow.project.entryPoint"] == "saddle_point"
    assert run.data.params["epochs"] == "12"
    assert run.data.tags["plateau.cause"] == "critical_point"
    assert run.info.run_id in done.stderr
