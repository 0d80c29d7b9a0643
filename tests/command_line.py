"""The commands, called in this process with what they print kept."""

from __future__ import annotations

from inspect import signature

from click.testing import CliRunner, Result

from mlflow_plateau.cli import main

# Since click 8.2 the runner always keeps standard output and standard error apart.
APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}


def call(*arguments: str) -> Result:
    """Calls ``mlflow-plateau`` with ``arguments``."""
    return CliRunner(**APART).invoke(main, arguments)
