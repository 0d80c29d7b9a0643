"""The diagnosis for the terminal, at the end of a bad day: what it is, why, and what to try."""

from __future__ import annotations

import textwrap

from mlflow_plateau.causes import NONE
from mlflow_plateau.diagnosis import Diagnosis, Evidence
from mlflow_plateau.report.wording import (
    cause_title,
    causes_with_evidence,
    compared_with,
    differs_in,
    epoch,
    evidence_about,
    finding,
    finding_with_confidence,
    number,
    sentence,
    shown_name,
    status_title,
)
from mlflow_plateau.untrusted import printable

WIDTH = 100
"""Characters in a line, at most."""

EVIDENCE_SHOWN = 5
"""The terminal shows so many pieces of evidence; the report holds all."""

REMEDIES_SHOWN = 5
FINDINGS_SHOWN = 3
SIBLINGS_SHOWN = 3
LEFT_OUT_SHOWN = 3

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("–—−‐‑", "-"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("‘’", "'"),
        "…": "...",
        "×": "x",
        "·": "-",
        "≥": ">=",
        "≤": "<=",
        "→": "->",
        "±": "+/-",
        "\u00a0": " ",
    }
)


def render_text(diagnosis: Diagnosis) -> str:
    """Returns the diagnosis as plain text of at most ``WIDTH`` columns, without a final line break.

    Its own signs are ASCII; letters of other scripts in the names of metrics stay as they are.
    """
    _, fact = finding(diagnosis)
    lines = [
        *_wrapped(finding_with_confidence(diagnosis)),
        *_wrapped(fact, "  "),
        *_wrapped(_standing(diagnosis), "  "),
    ]
    lines += _evidence(diagnosis)
    lines += _preprocessing(diagnosis)
    lines += _siblings(diagnosis)
    if diagnosis.contributing:
        present = ", ".join(cause_title(cause) for cause in diagnosis.contributing)
        lines += ["", *_wrapped(f"Also present: {present}.")]
    if diagnosis.remedies:
        lines += ["", "What to try"]
        for index, remedy in enumerate(diagnosis.remedies[:REMEDIES_SHOWN], start=1):
            lines += _wrapped(sentence(remedy), f"  {index}. ")
    if diagnosis.next_level and diagnosis.is_open:
        lines += ["", *_wrapped(f"To settle it: {sentence(diagnosis.next_level)}")]
    if diagnosis.left_out:
        lines += ["", "Left out by the recorder"]
        for item in diagnosis.left_out[:LEFT_OUT_SHOWN]:
            lines += _wrapped(sentence(item), "  - ")
        if len(diagnosis.left_out) > LEFT_OUT_SHOWN:
            lines.append(f"    ({len(diagnosis.left_out) - LEFT_OUT_SHOWN} more in the report)")
    if diagnosis.run_id:
        lines += [
            "",
            *_wrapped(f"Run {diagnosis.run_id}, report in its artifact plateau/report.html"),
        ]
    return "\n".join(lines)


def _standing(diagnosis: Diagnosis) -> str:
    status = status_title(diagnosis.status).lower()
    named = f"Cause: {diagnosis.cause}. " if diagnosis.cause != NONE else ""
    return f"Status: {status}. {named}Evidence from: {diagnosis.level}."


def _evidence(diagnosis: Diagnosis) -> list[str]:
    """Returns the lines of evidence on the named cause, or on those that were considered."""
    about = [diagnosis.cause] if diagnosis.cause != NONE else causes_with_evidence(diagnosis)
    lines: list[str] = []
    for cause in about:
        items = evidence_about(diagnosis, cause)
        if not items:
            continue
        subject = "Evidence" if cause == diagnosis.cause else f"Considered: {cause_title(cause)}"
        lines += ["", *_wrapped(f"{subject} (+ for, - against)")]
        for item in items[:EVIDENCE_SHOWN]:
            lines += _wrapped(sentence(item.sentence), f"  {_sign(item)} ")
        if len(items) > EVIDENCE_SHOWN:
            lines.append(f"    ({len(items) - EVIDENCE_SHOWN} more in the report)")
    return lines


def _preprocessing(diagnosis: Diagnosis) -> list[str]:
    """Returns the lines on serious differences between the splits that are no evidence above."""
    shown = evidence_about(diagnosis, diagnosis.cause)[:EVIDENCE_SHOWN]
    said = {item.sentence for item in shown if item.direction == "for"}
    serious = [
        found
        for found in diagnosis.findings
        if found.severity != "info" and found.message.rstrip(".") not in said
    ]
    if not serious:
        return []
    lines = ["", f"Training against validation data: {diagnosis.consistency}"]
    for found in serious[:FINDINGS_SHOWN]:
        lines += _wrapped(sentence(found.message), f"  {found.severity}: ")
    if len(serious) > FINDINGS_SHOWN:
        lines.append(f"    ({len(serious) - FINDINGS_SHOWN} more in the report)")
    return lines


def _siblings(diagnosis: Diagnosis) -> list[str]:
    """Returns the lines on the runs that this one was compared with, the best first."""
    siblings = diagnosis.siblings
    if siblings is None:
        return []
    lines = ["", *_wrapped(sentence(compared_with(siblings)))]
    for run in siblings.compared[:SIBLINGS_SHOWN]:
        reached = (
            f"{shown_name(run)} ({run.run_id}): {number(run.theirs)} against {number(run.ours)} up"
            f" to {diagnosis.curves.axis} {epoch(run.epochs)}, {differs_in(run)}"
        )
        lines += _wrapped(reached, f"  {100 * run.gain:+4.0f}%  ")
    if len(siblings.compared) > SIBLINGS_SHOWN:
        lines.append(f"    ({len(siblings.compared) - SIBLINGS_SHOWN} more in the report)")
    return lines


def _sign(item: Evidence) -> str:
    return "+" if item.direction == "for" else "-"


def _wrapped(text: str, start: str = "") -> list[str]:
    """Returns the text in lines of at most ``WIDTH`` columns, all indented like the first.

    Args:
        text: Untrusted text.
        start: What the first line starts with.
    """
    return textwrap.wrap(
        printable(text).translate(_PLAIN),
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_on_hyphens=False,
    )
