"""The diagnosis as a short section of markdown, for the run's description."""

from __future__ import annotations

import re

from mlflow_plateau.causes import NONE
from mlflow_plateau.counted import counted
from mlflow_plateau.diagnosis import Diagnosis
from mlflow_plateau.report.wording import (
    cause_title,
    cut,
    evidence_about,
    finding,
    finding_with_confidence,
    number,
    sentence,
    shown_name,
)
from mlflow_plateau.untrusted import printable

LONGEST_NOTE = 1500
"""Characters; what does not fit is left out from the end of its list."""

LONGEST_LINE = 220
EVIDENCE_SHOWN = 3
REMEDIES_SHOWN = 3

_MARKS = re.compile(r"([\\`*_\[\]|~#])")
_LINKS = re.compile(r"(?i)(?<=[a-z])(?=://)|(?<=\bwww)(?=\.)")


def render_note(diagnosis: Diagnosis) -> str:
    """Returns finding, strongest evidence, remedies and where to read on, as markdown.

    Untrusted text is escaped: it can start no markup, no tag and no link.
    """
    _, fact = finding(diagnosis)
    evidence = [
        f"- {_line(('Against: ' if item.direction == 'against' else '') + sentence(item.sentence))}"
        for item in evidence_about(diagnosis, diagnosis.cause)[:EVIDENCE_SHOWN]
    ]
    remedies = [
        f"{index}. {_line(sentence(remedy))}"
        for index, remedy in enumerate(diagnosis.remedies[:REMEDIES_SHOWN], start=1)
    ]
    present = ""
    if diagnosis.contributing:
        titles = ", ".join(cause_title(cause) for cause in diagnosis.contributing)
        present = _line(f"Also present: {titles}.")
    settle = ""
    if diagnosis.next_level and diagnosis.is_open and diagnosis.cause == NONE:
        settle = _line(f"To settle it: {sentence(diagnosis.next_level)}")
    beside = ""
    if diagnosis.siblings is not None:
        others = counted(len(diagnosis.siblings.compared), "other run")
        best = diagnosis.siblings.compared[0]
        beside = _line(
            f"Compared with {others} of the experiment; the best,"
            f" {shown_name(best)}, reached {number(best.theirs)} against {number(best.ours)}."
        )
    headline = f"**{_line(finding_with_confidence(diagnosis))}**"
    where = "More in the artifact `plateau/report.html`."
    while True:
        note = _join(
            headline,
            _line(fact),
            "\n".join(evidence),
            present,
            "\n".join(["**What to try**", "", *remedies]) if remedies else "",
            beside,
            settle,
            where,
        )
        if len(note) <= LONGEST_NOTE:
            return note
        if evidence or remedies:
            (evidence if len(evidence) >= len(remedies) else remedies).pop()
        elif present:
            present = ""
        elif beside:
            beside = ""
        elif settle:
            settle = ""
        else:
            # Nothing but characters that have to be escaped.
            return _join(headline[: LONGEST_NOTE // 2], where)


def _join(*paragraphs: str) -> str:
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _line(text: str) -> str:
    """Returns untrusted text as one line of markdown that shows just that text."""
    text = cut(printable(text).strip(), LONGEST_LINE)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINKS.sub("&#8203;", _MARKS.sub(r"\\\1", text))
