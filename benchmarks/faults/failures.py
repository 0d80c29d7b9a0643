"""Which runs are answered wrongly, and which evidence they wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.faults.ablation import PARTS_OF_THE_RECORD, without
from benchmarks.faults.answers import Answer
from benchmarks.faults.dataset import at_level
from mlflow_plateau.causes import CAUSES, NONE
from mlflow_plateau.weigh import diagnose_history

MOST_PARTS = 3
"""This many parts of the record are named for each truth."""


def wanted(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields the lines of a Markdown table: what the runs that curves do not tell were told by.

    A run hangs on a part of the record if it is answered rightly with all of it, and wrongly
    without that part.

    Args:
        answers: Those at all levels.
    """
    at = {(a.level, a.run.name): a for a in answers}
    missed = [a.run for a in answers if a.level == "history" and not a.right]
    yield "| truth | missed at `history` | `unsampled` tells | `recorded` tells | hang on |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for truth in (NONE, *(cause.id for cause in CAUSES)):
        own = [run for run in missed if run.truth == truth]
        if not own:
            continue
        told = [run for run in own if at["recorded", run.name].right]
        unsampled = sum(at["unsampled", run.name].right for run in own)
        parts = Counter(part for run in told for part in _hangs_on(at["recorded", run.name]))
        named = ", ".join(f"{part} {n}" for part, n in parts.most_common(MOST_PARTS))
        yield f"| `{truth}` | {len(own)} | {unsampled} | {len(told)} | {named or '-'} |"


def _hangs_on(answer: Answer) -> Iterator[str]:
    """Yields the parts of the record without which a right answer is wrong."""
    for part, names in PARTS_OF_THE_RECORD.items():
        if names:
            history = at_level(without(answer.run, names), "recorded")
            if not Answer.of(answer.run, "recorded", diagnose_history(history)).right:
                yield part


def wrong(answers: Sequence[Answer], level: str) -> Iterator[str]:
    """Yields the lines of a Markdown table: every wrong answer at a level, the surest first."""
    own = [a for a in answers if a.level == level and not a.right]
    yield "| run | truth | answer | confidence | also named, or next |"
    yield "| --- | --- | --- | ---: | --- |"
    for a in sorted(own, key=lambda a: -a.confidence):
        given = a.cause if a.cause != NONE else a.status
        beside = [*a.contributing, *(other for other in a.ranked[:2] if other != a.cause)]
        shown = ", ".join(dict.fromkeys(f"`{other}`" for other in beside))
        yield f"| `{a.run.name}` | `{a.run.truth}` | `{given}` | {a.confidence:.2f} | {shown} |"


def alarms(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields the lines of a Markdown table: every cause named of a healthy run, and why it was."""
    own = [a for a in answers if not a.run.faults and a.cause != NONE]
    yield "| level | run | answer | confidence | what spoke for it most |"
    yield "| --- | --- | --- | ---: | --- |"
    for a in own:
        evidence = diagnose_history(at_level(a.run, a.level)).evidence
        most = max((e for e in evidence if e.cause == a.cause), key=lambda e: e.weight)
        yield f"| {a.level} | `{a.run.name}` | `{a.cause}` | {a.confidence:.2f} | {most.sentence} |"
