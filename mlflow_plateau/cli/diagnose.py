"""``mlflow-plateau diagnose``."""

from __future__ import annotations

import click

from mlflow_plateau.cli.terminal import json_option, say, say_json, tracking_uri_option


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option(
    "--monitor", metavar="NAME", help="The validation metric; recognised by its name if left out."
)
@click.option("--no-log", is_flag=True, help="Do not write the diagnosis into the run.")
@click.option(
    "--no-siblings", is_flag=True, help="Do not compare the run with others of its experiment."
)
@json_option
@tracking_uri_option
def diagnose(
    run_id: str,
    monitor: str | None,
    no_log: bool,
    no_siblings: bool,
    as_json: bool,
    tracking_uri: str | None,
) -> None:
    """Say why the validation loss of RUN (a run id) stopped improving.

    Works on any MLflow run, whatever logged it. The diagnosis is also written into the run: as
    tags, metrics, a section of its description, and artifacts under plateau/.
    """
    from mlflow_plateau.diagnose import diagnose as diagnose_run
    from mlflow_plateau.report.text import render_text

    diagnosis = diagnose_run(
        run_id,
        monitor=monitor,
        log=not no_log,
        siblings=not no_siblings,
        tracking_uri=tracking_uri,
    )
    if as_json:
        say_json(diagnosis.to_dict())
    else:
        say(render_text(diagnosis))
