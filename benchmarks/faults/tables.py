"""The scores as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.faults.answers import Answer, is_healthy
from benchmarks.faults.dataset import LEVELS
from benchmarks.faults.score import FIGURES, confusion, per_cause, top_1
from mlflow_plateau.causes import CAUSES, NONE


def levels_of(answers: Sequence[Answer]) -> tuple[str, ...]:
    """Returns the levels that were asked for."""
    return tuple(dict.fromkeys(answer.level for answer in answers))


def figures(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields the lines of a Markdown table: a row per level, a column per figure."""
    yield "| level | " + " | ".join(FIGURES) + " |"
    yield "| --- |" + " --- |" * len(FIGURES)
    for level in levels_of(answers):
        own = [a for a in answers if a.level == level]
        yield f"| {level} | " + " | ".join(str(f(own)) for f in FIGURES.values()) + " |"


def causes(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields the lines of a Markdown table: precision and recall of each cause."""
    yield "| cause | runs | precision | recall |"
    yield "| --- | ---: | ---: | ---: |"
    for row in per_cause(answers):
        yield f"| `{row.cause}` | {row.count} | {row.precision:.2f} | {row.recall:.2f} |"


def confused(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields the lines of a Markdown table: what each truth was taken for, most often first."""
    counts = confusion(answers)
    yield "| truth | runs | answers |"
    yield "| --- | ---: | --- |"
    for truth in (NONE, *(cause.id for cause in CAUSES)):
        found = {answer: n for (t, answer), n in counts.items() if t == truth}
        ranked = sorted(found.items(), key=lambda item: -item[1])
        text = ", ".join(f"{answer} {n}" for answer, n in ranked)
        yield f"| `{truth}` | {sum(found.values())} | {text} |"


def controls(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields the lines of a Markdown table: false alarms of each kind of control."""
    yield "| control | runs | " + " | ".join(LEVELS) + " |"
    yield "| --- | ---: |" + " ---: |" * len(LEVELS)
    healthy = [a for a in answers if is_healthy(a)]
    for control in sorted({a.run.control for a in healthy}):
        own = [a for a in healthy if a.run.control == control]
        alarms = [sum(a.cause != NONE for a in own if a.level == level) for level in LEVELS]
        yield f"| `{control}` | {len(own) // len(LEVELS)} | " + " | ".join(map(str, alarms)) + " |"


def tasks(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields the lines of a Markdown table: top-1 of each task, a column per level."""
    yield "| task | " + " | ".join(LEVELS) + " |"
    yield "| --- |" + " --- |" * len(LEVELS)
    for task in sorted({a.run.task for a in answers}):
        own = [[a for a in answers if a.run.task == task and a.level == level] for level in LEVELS]
        yield f"| `{task}` | " + " | ".join(str(top_1(at_level)) for at_level in own) + " |"


def pairs(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields the lines of a Markdown table: what is found of two faults at once."""
    yield "| level | runs | the worse is named | either is named | both, one as contributing |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for level in LEVELS:
        own = [a for a in answers if a.level == level and len(a.run.faults) == 2]
        named = sum(a.right for a in own)
        either = sum(a.cause in a.run.harmful for a in own)
        both = sum(set(a.run.harmful) <= {a.cause, *a.contributing} for a in own)
        yield f"| {level} | {len(own)} | {named} | {either} | {both} |"
