"""The group of commands; each has its file, imported only when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from mlflow_plateau.cli.terminal import complain
from mlflow_plateau.errors import PlateauError

COMMANDS = {
    "consistency": "Say whether train and validation data were treated alike.",
    "diagnose": "Say why a run's validation loss stopped improving.",
    "explain": "Say what a cause is and how to tell it from others.",
    "runs": "Find runs by their diagnosis.",
}
"""What each command does, so that the help need not import them."""


class _Commands(click.Group):
    """Loads a command when it is called, and says errors in one line instead of a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"mlflow_plateau.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PlateauError as error:
            complain(str(error))
            ctx.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mlflow-plateau", prog_name="mlflow-plateau")
def main() -> None:
    """Why has my validation loss stopped improving? A diagnosis for every MLflow run."""
