"""``mlflow-plateau runs``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mlflow_plateau.cli.terminal import json_option, say, say_json, tracking_uri_option
from mlflow_plateau.untrusted import printable

if TYPE_CHECKING:
    import pandas as pd

LONGEST_CELL = 32
"""Longer names are cut in the table."""

COLUMNS = {
    "run_id": "run",
    "experiment": "experiment",
    "run_name": "name",
    "status": "status",
    "cause": "cause",
    "confidence": "confidence",
    "onset_epoch": "onset",
    "contributing": "contributing",
}
"""The columns of the table, with their headings."""


@click.command()
@click.option("--cause", metavar="ID", help="Only runs with this cause, such as overfitting.")
@click.option("--status", metavar="STATUS", help="Only runs with this status, such as stalled.")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Only diagnoses at least this confident, 0 to 1.",
)
@click.option(
    "--experiment",
    "experiment_names",
    multiple=True,
    metavar="NAME",
    help="Only this experiment; may be given several times.",
)
@json_option
@tracking_uri_option
def runs(
    cause: str | None,
    status: str | None,
    min_confidence: float,
    experiment_names: tuple[str, ...],
    as_json: bool,
    tracking_uri: str | None,
) -> None:
    """Find runs by their diagnosis, newest first."""
    from mlflow_plateau.store.search import filter_for, search_runs

    try:
        filter_for(cause, status, min_confidence)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    frame = search_runs(
        cause, status, min_confidence, experiment_names or None, tracking_uri=tracking_uri
    )
    if as_json:
        say_json(json.loads(frame.to_json(orient="records", date_format="iso")))
    elif len(frame):
        say(_table(frame))
    else:
        say("No diagnosed run matches. Diagnose runs with: mlflow-plateau diagnose RUN")


def _table(frame: pd.DataFrame) -> str:
    """Returns the runs as lines of a table."""
    rows = [list(COLUMNS.values())]
    for record in frame[list(COLUMNS)].to_dict("records"):
        record["confidence"] = f"{record['confidence']:.2f}"
        onset = record["onset_epoch"]
        record["onset_epoch"] = f"{onset:g}" if onset == onset else "-"
        rows.append([_cell(value) for value in record.values()])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: object) -> str:
    text = printable(str(value or "-"))
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
