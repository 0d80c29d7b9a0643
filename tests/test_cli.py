from __future__ import annotations

import json
import subprocess
import sys

import pytest
from mlflow import MlflowClient

from mlflow_plateau.causes import CAUSES
from tests.command_line import call
from tests.store.runs import log_overfitting, our_tags

HEAVY = ("mlflow", "numpy", "pandas", "scipy", "matplotlib", "keras", "tensorflow", "jinja2")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["--version"], ["diagnose", "--help"], ["runs", "-h"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from mlflow_plateau.cli import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        f"print('imported', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.endswith("imported []\n"), done.stdout + done.stderr


def test_help_lists_the_commands() -> None:
    result = call("--help")
    assert result.exit_code == 0
    for command in ("diagnose", "runs", "explain"):
        assert command in result.output
        assert call(command, "--help").exit_code == 0


def test_the_package_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mlflow_plateau", "explain", "overfiting"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: mlflow-plateau explain")


class TestDiagnose:
    def test_prints_the_finding_and_writes_it(self, tracking_uri: str) -> None:
        run_id = log_overfitting()
        result = call("diagnose", run_id)
        assert result.exit_code == 0, result.output
        assert run_id in result.stdout
        assert "plateau/report.html" in result.stdout
        assert "plateau.cause" in our_tags(run_id)

    def test_prints_json_that_is_the_document(self, tracking_uri: str) -> None:
        run_id = log_overfitting()
        result = call("diagnose", run_id, "--json", "--no-log", "--tracking-uri", tracking_uri)
        assert json.loads(result.stdout)["run_id"] == run_id
        assert our_tags(run_id) == {}

    def test_looks_at_the_metric_that_is_named(self, tracking_uri: str) -> None:
        run_id = log_overfitting()
        result = call("diagnose", run_id, "--json", "--monitor", "loss")
        assert json.loads(result.stdout)["curves"]["training_name"] == "loss"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["nosuchrun"], "There is no run 'nosuchrun'"),
            (["nosuchrun"], "Use the run's id"),
            (["0" * 32], "Check the id"),
            (["{run}", "--monitor", "nope"], "no metric 'nope'"),
            (["x", "--tracking-uri", "http://me:secret@127.0.0.1:1"], "does not answer"),
            (["x\x1b[31m"], "There is no run 'x[31m'"),
        ],
    )
    def test_says_what_is_wrong_in_one_line(
        self, tracking_uri: str, arguments: list[str], message: str
    ) -> None:
        run_id = log_overfitting(3)
        result = call("diagnose", *(argument.format(run=run_id) for argument in arguments))
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.startswith("mlflow-plateau: ")
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
        assert "secret" not in result.stderr
        assert "\x1b" not in result.stderr

    def test_wants_a_run(self) -> None:
        assert call("diagnose").exit_code == 2

    def test_prints_nothing_that_steers_the_terminal(self, tracking_uri: str) -> None:
        """A run's name, metrics and parameters are other people's text."""
        run_id = log_overfitting()
        MlflowClient().log_param(run_id, "loss", "evil\x1b]0;title\x07\x1b[2Jfunction")
        result = call("diagnose", run_id, "--no-log")
        assert result.exit_code == 0
        assert all(letter.isprintable() or letter == "\n" for letter in result.stdout)


class TestRuns:
    def test_prints_a_table(self, tracking_uri: str) -> None:
        run_id = log_overfitting()
        MlflowClient().set_tag(run_id, "mlflow.runName", "red\x1b[31m\nname")
        call("diagnose", run_id)
        result = call("runs", "--experiment", "here")
        assert result.exit_code == 0
        heading, row = result.stdout.splitlines()
        assert heading.startswith("run ")
        assert row.startswith(run_id)
        assert "\x1b" not in row

    def test_prints_json(self, tracking_uri: str) -> None:
        run_id = log_overfitting()
        cause = json.loads(call("diagnose", run_id, "--json").stdout)["cause"]
        result = call("runs", "--cause", cause, "--min-confidence", "0.01", "--json")
        (row,) = json.loads(result.stdout)
        assert (row["run_id"], row["cause"]) == (run_id, cause)

    def test_says_that_nothing_was_found(self, tracking_uri: str) -> None:
        result = call("runs", "--status", "stalled")
        assert result.exit_code == 0
        assert "No diagnosed run matches" in result.stdout
        assert json.loads(call("runs", "--json").stdout) == []

    @pytest.mark.parametrize(
        "arguments",
        [["--cause", "overfiting"], ["--status", "fine"], ["--min-confidence", "80"], ["--nope"]],
    )
    def test_a_question_that_makes_no_sense_is_a_usage_error(self, arguments: list[str]) -> None:
        assert call("runs", *arguments).exit_code == 2

    def test_an_unknown_experiment(self, tracking_uri: str) -> None:
        result = call("runs", "--experiment", "there")
        assert result.exit_code == 1
        assert "'there'" in result.stderr


class TestExplain:
    def test_lists_every_cause(self) -> None:
        lines = call("explain").stdout.splitlines()
        assert [line.split()[0] for line in lines] == [cause.id for cause in CAUSES]

    @pytest.mark.parametrize("cause", [cause.id for cause in CAUSES])
    def test_explains_a_cause(self, cause: str) -> None:
        result = call("explain", cause)
        assert result.exit_code == 0
        assert cause in result.stdout
        assert "What to try:" in result.stdout
        assert "{" not in result.stdout
        assert json.loads(call("explain", cause, "--json").stdout)["id"] == cause

    def test_an_unknown_cause_is_a_usage_error_that_lists_them(self) -> None:
        result = call("explain", "overfiting")
        assert result.exit_code == 2
        assert "no_learnable_signal" in result.stderr
