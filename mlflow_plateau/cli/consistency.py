"""``mlflow-plateau consistency``."""

from __future__ import annotations

import click

from mlflow_plateau.cli.terminal import json_option, say, say_json


@click.command()
@click.argument("train", metavar="TRAIN", type=click.Path())
@click.argument("validation", metavar="VALIDATION", type=click.Path())
@json_option
def consistency(train: str, validation: str, as_json: bool) -> None:
    """Say whether TRAIN and VALIDATION data were treated alike.

    Each is a CSV, Parquet, .npy or .npz file, or a saved profile. The columns of a file are taken
    as inputs; an .npz file may hold the inputs as x and the targets as y.
    """
    from mlflow_plateau.consistency import check_consistency

    report = check_consistency(train, validation)
    if as_json:
        say_json(report.to_dict())
    else:
        say(str(report))
