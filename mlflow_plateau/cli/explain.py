"""``mlflow-plateau explain``."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import click

from mlflow_plateau.cli.terminal import json_option, say, say_json

if TYPE_CHECKING:
    from mlflow_plateau.causes import Cause

WIDTH = 88
"""Characters to a line."""


@click.command()
@click.argument("cause", metavar="[CAUSE]", required=False)
@json_option
def explain(cause: str | None, as_json: bool) -> None:
    """Say what CAUSE looks like, what it is mistaken for, and what helps.

    Without CAUSE, list all causes.
    """
    from mlflow_plateau.causes import CAUSES, cause_by_id

    if cause is None:
        if as_json:
            say_json([_document(item) for item in CAUSES])
        else:
            width = max(len(item.id) for item in CAUSES)
            say("\n".join(f"{item.id:<{width}}  {item.title}" for item in CAUSES))
        return
    try:
        found = cause_by_id(cause)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        say_json(_document(found))
    else:
        say(_page(found))


def _document(cause: Cause) -> dict[str, Any]:
    return {
        "id": cause.id,
        "title": cause.title,
        "looks_like": cause.looks_like,
        "not_to_confuse_with": dict(cause.not_to_confuse_with),
        "signals": [
            {
                "signal": clue.signal,
                "speaks": "for" if clue.supports else "against",
                "where": "above" if clue.above else "below",
                "threshold": clue.threshold,
            }
            for clue in cause.evidence
        ],
        "remedies": list(cause.remedies_in_general),
        "experiment": cause.experiment,
        "references": list(cause.references),
    }


def _page(cause: Cause) -> str:
    sections = [
        f"{cause.title} ({cause.id})",
        _wrapped(cause.looks_like),
        _list(
            "Not to be confused with",
            [f"{other}: {how}" for other, how in cause.not_to_confuse_with.items()],
        ),
        _list("What to try", cause.remedies_in_general),
        _list("What would prove it", [f"An experiment in which {cause.experiment}."]),
        _list("References", cause.references),
        f"Runs with it:\n  mlflow-plateau runs --cause {cause.id}",
    ]
    return "\n\n".join(section for section in sections if section)


def _list(title: str, items: Any) -> str:
    lines = [_wrapped(item, "  - ", "    ") for item in items if item]
    return "\n".join([f"{title}:", *lines]) if lines else ""


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest)
