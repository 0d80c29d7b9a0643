"""Text that was read from a tracking server, made fit to be shown or put into a message."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_NAME = 80
"""Longer names are cut where they are quoted in a sentence."""

MOST_NAMES = 20
"""As many names are quoted_list in an error message."""


def printable(text: str) -> str:
    """Returns the text on one line, without control, formatting and surrogate characters."""
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "" for letter in text
    )


def printable_lines(text: str) -> str:
    """Returns the text with its line breaks kept and everything else as ``printable`` leaves it."""
    return "\n".join(printable(line) for line in text.split("\n"))


def quoted(name: str) -> str:
    """Returns a name in single quotes, printable and cut where it is very long."""
    name = printable(name)
    return f"'{name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + '…'}'"


def quoted_list(names: Iterable[str]) -> str:
    """Returns the names quoted and separated by commas, with a count of those left out."""
    names = list(names)
    more = len(names) - MOST_NAMES
    shown = ", ".join(quoted(name) for name in names[:MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
