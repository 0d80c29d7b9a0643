"""The scores as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.faults.answers import Answer
from benchmarks.faults.dataset import LEVELS
from benchmarks.faults.score import FIGURES, confusion, per_cause
from mlflow_plateau.causes import CAUSES, NONE


def figures(answers: Sequence[Answer]) -> Iterator[str]:
    """Yields the lines of a Markdown table: a row per level, a column per figure."""
    yield "| level | " + " | ".join(FIGURES) + " |"
    yield "| --- |" + " --- |" * len(FIGURES)
    for level in LEVELS:
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
