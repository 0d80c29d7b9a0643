"""The report as one self-contained page, and the small one that a notebook shows."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mlflow_plateau.causes import NONE
from mlflow_plateau.diagnosis import Diagnosis, Evidence
from mlflow_plateau.report import wording
from mlflow_plateau.untrusted import printable

if TYPE_CHECKING:
    from mlflow_plateau.checks.comparison import NumberPair
    from mlflow_plateau.siblings.sibling import Sibling

SUMMARY_EVIDENCE = 3
"""A notebook shows so many pieces of evidence."""

LEAST_SHOWN_PROBABILITY = 0.005
"""Causes less probable than this are counted, not listed."""

LONGEST_NAME = 120

PLOT_DPI = 192
"""Dots per inch of the page's plot, for screens that show two dots where others show one."""


def render_report(
    diagnosis: Diagnosis,
    columns: Sequence[NumberPair] = (),
    server: str | None = None,
    compared: str = "",
) -> str:
    """Returns the report as an HTML page that needs no other file and no script.

    Args:
        diagnosis: The diagnosis.
        columns: Columns of train and validation whose distributions are shown.
        server: Address of MLflow's user interface, for links to other runs; without it their ids
            are shown.
        compared: How much of train and validation was compared, in words.
    """
    from mlflow_plateau.report import distributions
    from mlflow_plateau.report.curves import render_png

    return (
        _templates()
        .get_template("report.html.j2")
        .render(
            diagnosis=diagnosis,
            finding=wording.finding(diagnosis),
            plot=_embedded(render_png(diagnosis, heading=False, dpi=PLOT_DPI)),
            columns=[pair.name for pair in columns],
            distributions=_embedded(distributions.render_png(columns, dpi=PLOT_DPI))
            if columns
            else "",
            evidence=_evidence(diagnosis),
            probable=_probable(diagnosis),
            siblings=_siblings(diagnosis, server),
            compared=compared,
        )
    )


def render_summary(diagnosis: Diagnosis) -> str:
    """Returns finding, strongest evidence and remedies as an HTML fragment, styled in its tags."""
    return (
        _templates()
        .get_template("summary.html.j2")
        .render(
            diagnosis=diagnosis,
            finding=wording.finding(diagnosis),
            evidence=wording.evidence_about(diagnosis, _subject(diagnosis))[:SUMMARY_EVIDENCE],
        )
    )


@dataclass(frozen=True)
class _Row:
    """A line in a table of evidence.

    Attributes:
        evidence: What was measured.
        epochs: What it was measured over, in words.
        length: Length of the bar that shows its weight, as a share of the longest.
    """

    evidence: Evidence
    epochs: str
    length: float


@dataclass(frozen=True)
class _About:
    """The evidence on one cause.

    Attributes:
        cause: Id of the cause.
        role: ``named``, ``contributing`` or ``considered``.
        speaks_for: What speaks for it, strongest first.
        speaks_against: What speaks against it, strongest first.
    """

    cause: str
    role: str
    speaks_for: list[_Row]
    speaks_against: list[_Row]


@dataclass(frozen=True)
class _Compared:
    """A line in the table of compared runs.

    Attributes:
        sibling: The run.
        link: Its page in MLflow's user interface; empty where that is not known.
    """

    sibling: Sibling
    link: str


_ID = re.compile(r"[\w-]+", re.ASCII)
"""What may stand in a link."""


def _siblings(diagnosis: Diagnosis, server: str | None) -> list[_Compared]:
    """Returns the compared runs: all that did better or worse, one row each."""
    siblings = diagnosis.siblings
    if siblings is None:
        return []
    rows = []
    for sibling in siblings.compared:
        ids = (siblings.experiment_id, sibling.run_id)
        is_safe = server is not None and all(map(_ID.fullmatch, ids))
        link = f"{server}/#/experiments/{ids[0]}/runs/{ids[1]}" if is_safe else ""
        rows.append(_Compared(sibling, link))
    return rows


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(
        sentence=wording.sentence,
        number=wording.number,
        signed=wording.signed,
        epoch=wording.epoch,
        epoch_count=wording.epoch_count,
        percent=wording.percent,
        cause_title=wording.cause_title,
        cause_meaning=wording.cause_meaning,
        status_title=wording.status_title,
        words=wording.words,
        metric=_metric,
        differs_in=wording.differs_in,
        shown_name=wording.shown_name,
        compared_with=wording.compared_with,
    )
    templates.globals.update(
        axis_title=wording.axis_title,
        level_meaning=wording.level_meaning,
        confidence=wording.confidence,
        NO_CAUSE=NONE,
    )
    return templates


def _embedded(image: bytes) -> str:
    return base64.b64encode(image).decode("ascii")


def _finalize(value: Any) -> Any:
    """Strips what does not print from untrusted text; what is already markup is left alone."""
    return printable(value) if type(value) is str else value


def _metric(name: str) -> str:
    return wording.shorten(printable(name), LONGEST_NAME)


def _subject(diagnosis: Diagnosis) -> str:
    """Returns the cause that the diagnosis is mostly about."""
    return diagnosis.cause if diagnosis.cause != NONE else diagnosis.runner_up


def _evidence(diagnosis: Diagnosis) -> list[_About]:
    longest = max((abs(item.weight) for item in diagnosis.evidence), default=0.0) or 1.0

    def rows(items: list[Evidence], direction: str) -> list[_Row]:
        return [
            _Row(item, wording.measured_over(item), abs(item.weight) / longest)
            for item in items
            if item.direction == direction
        ]

    tables = []
    for cause in wording.causes_with_evidence(diagnosis):
        items = wording.evidence_about(diagnosis, cause)
        role = "considered"
        if cause == diagnosis.cause:
            role = "named"
        elif cause in diagnosis.contributing:
            role = "contributing"
        tables.append(_About(cause, role, rows(items, "for"), rows(items, "against")))
    return tables


def _probable(diagnosis: Diagnosis) -> list[tuple[str, float]]:
    ranked = sorted(diagnosis.causes.items(), key=lambda item: -item[1])
    return [(cause, share) for cause, share in ranked if share >= LEAST_SHOWN_PROBABILITY]
