"""``mlflow-plateau consistency``."""

from __future__ import annotations

import click

from mlflow_plateau.cli.terminal import json_option, say, say_json


@click.command()
@click.argument("train", metavar="TRAIN", type=click.Path())
@click.argument("validation", metavar="VALIDATION", type=click.Path())
@click.option("--target", metavar="COLUMN", help="The column that holds the targets.")
@json_option
def consistency(train: str, validation: str, target: str | None, as_json: bool) -> None:
    """Say whether TRAIN and VALIDATION data were treated alike.

    Each is a CSV, Parquet, .feather, .arrow, .npy or .npz file, a folder of Parquet files, or a
    saved profile. The columns of a file are taken as inputs, but for the target; an .npz file may
    hold the inputs as x and the targets as y.
    """
    from mlflow_plateau.consistency import check_consistency

    report = check_consistency((train, target), (validation, target))
    if as_json:
        say_json(report.to_dict())
    else:
        say(str(report))
