"""The section that a diagnosis has in a run's description, between two markers."""

from __future__ import annotations

import re

BEGIN = "<!-- mlflow-plateau:begin -->"
END = "<!-- mlflow-plateau:end -->"

LONGEST_NOTE = 8000
"""MLflow cuts the values of tags at this length, and the description is one."""

ELLIPSIS = "\n…"

# From a begin to the nearest end, with no other begin between: a marker that lost its partner is
# left standing, and so is the text around it.
_SECTION = re.compile(f"{re.escape(BEGIN)}(?:(?!{re.escape(BEGIN)}).)*?{re.escape(END)}", re.DOTALL)


def merge_note(existing: str, section: str) -> str:
    """Puts a section into a description, in the place of the one that it has.

    Args:
        existing: The run's description, as a user and earlier diagnoses wrote it.
        section: The new text of the section, Markdown.

    Returns:
        The description. What stands outside the markers is kept as it is; where there is not enough
        room the section is cut, and left out where it would say nothing.
    """
    found = _SECTION.search(existing)
    before = (existing[: found.start()] if found else existing).rstrip("\n")
    after = _without_sections(existing[found.end() :]) if found else ""
    before, after = _spaced(before, "\n\n", ""), _spaced(after, "", "\n\n")
    room = LONGEST_NOTE - len(before) - len(after) - len(f"{BEGIN}\n\n{END}")
    section = section.replace(BEGIN, "").replace(END, "").strip()
    if len(section) > room:
        section = section[: max(room - len(ELLIPSIS), 0)].rstrip() + ELLIPSIS
    if room < len(ELLIPSIS) + 1 or not section:
        return (before + after).strip("\n") if found else existing
    return f"{before}{BEGIN}\n{section}\n{END}{after}"


def _without_sections(text: str) -> str:
    *pieces, last = _SECTION.split(text)
    return "\n\n".join([*(piece.strip("\n") for piece in pieces), last.lstrip("\n")])


def _spaced(text: str, after: str, before: str) -> str:
    return f"{before}{text}{after}" if text.strip() else ""
