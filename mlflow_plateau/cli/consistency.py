"""``mlflow-plateau consistency``."""

from __future__ import annotations

from collections.abc import Mapping

import click

from mlflow_plateau.cli.terminal import complain, json_option, say, say_json
from mlflow_plateau.errors import ProfileError

FAILING: Mapping[str, frozenset[str]] = {
    "warn": frozenset(("warn", "fail", "unknown")),
    "fail": frozenset(("fail", "unknown")),
}
"""The verdicts at which ``--fail-on`` gives the exit code 1. A check that could compare nothing
must not let anything pass."""

UNREADABLE = 2
"""The exit code where data cannot be read; click gives the same for wrong options. 1 says that the
gate failed."""


@click.command()
@click.argument("train", metavar="TRAIN", type=click.Path())
@click.argument("validation", metavar="VALIDATION", type=click.Path())
@click.option("--target", metavar="COLUMN", help="The column that holds the targets.")
@click.option(
    "--fail-on",
    type=click.Choice(tuple(FAILING)),
    help="Exit with 1 where the verdict is this or worse, or nothing could be compared; without"
    " it, every verdict exits with 0.",
)
@json_option
@click.pass_context
def consistency(
    context: click.Context,
    train: str,
    validation: str,
    target: str | None,
    fail_on: str | None,
    as_json: bool,
) -> None:
    """Say whether TRAIN and VALIDATION data were treated alike.

    Each is a CSV, Parquet, .feather, .arrow, .npy or .npz file, a folder of Parquet files, or a
    saved profile. The columns of a file are taken as inputs, but for the target; an .npz file may
    hold the inputs as x and the targets as y. Columns of a CSV file that hold nothing but ISO dates
    are dates. Data that cannot be read exit with 2.
    """
    from mlflow_plateau.consistency import check_consistency

    try:
        report = check_consistency((train, target), (validation, target))
    except ProfileError as error:
        complain(str(error))
        context.exit(UNREADABLE)
    if as_json:
        say_json(report.to_dict())
    else:
        say(str(report))
    if fail_on is not None and report.verdict in FAILING[fail_on]:
        context.exit(1)
