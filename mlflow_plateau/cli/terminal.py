"""Output: text that can do nothing to a terminal, and options that several commands have."""

from __future__ import annotations

import json
from typing import Any

import click

from mlflow_plateau.untrusted import printable, printable_lines

tracking_uri_option = click.option(
    "--tracking-uri",
    metavar="URI",
    help="The tracking store; MLFLOW_TRACKING_URI or MLflow's default if left out.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def say(text: str) -> None:
    """Prints text of several lines without what could steer a terminal."""
    click.echo(printable_lines(text))


def say_json(value: Any) -> None:
    """Prints a value as JSON."""
    click.echo(json.dumps(value, indent=2, allow_nan=False))


def complain(message: str) -> None:
    """Prints one line to standard error."""
    click.echo(f"mlflow-plateau: {printable(message)}", err=True)
