"""Writes docs/causes.md from the declarations of the causes and the signals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mlflow_plateau.causes import CAUSES, HEALTHY, Cause, Clue
from mlflow_plateau.signals import SIGNALS, Signal, signal_by_name
from mlflow_plateau.weigh.weights import Weights, fitted_weights

PAGE = Path(__file__).parent / "causes.md"

INTRODUCTION = """\
# The causes, and what they are told by

<!-- Written by docs/write_causes.py from the declarations and their fitted weights. -->

A cause's log-odds are its prior plus what each of its clues adds. A clue compares a
[signal](#signals) with a threshold: far beyond it the clue adds its weight, far on the other side
nothing, or, where the sign belongs to the cause, the weight of its absence; in between a logistic
curve leads from one to the other. Weights are in nats (0.7 doubles the odds) and were fitted by
`python -m benchmarks.faults fit`; clues that the fit found worthless are left out here. A signal
that a run cannot tell adds nothing either way.
"""


def page() -> str:
    """Returns the page."""
    weights = fitted_weights()
    lines = [INTRODUCTION]
    for cause in (*CAUSES, HEALTHY):
        lines += [*_cause(cause, weights), ""]
    lines += ["## Signals", "", *_signals(), ""]
    return "\n".join(lines)


def _cause(cause: Cause, weights: Weights) -> Iterator[str]:
    yield from (f"## {cause.title}", "", f"`{cause.id}`. {cause.looks_like}", "")
    for other, how in cause.not_to_confuse_with.items():
        yield f"- not [`{other}`](#{_anchor(other)}): {how}"
    yield from ("", f"| sign | weight (prior {weights.priors[cause.id]:+.1f}) | absence |")
    yield "| --- | ---: | ---: |"
    for clue in cause.evidence:
        weight = weights.clues[cause.id, clue.name]
        if weight.presence or weight.absence:
            presence = weight.presence if clue.supports else -weight.presence
            absence = f"{-weight.absence:.1f}" if weight.absence else ""
            yield f"| {_sign(clue)} | {presence:+.1f} | {absence} |"
    if cause.remedies:
        yield from ("", "What to try:", "")
        for place, said in enumerate(cause.remedies_in_general, 1):
            yield f"{place}. {said[0].upper()}{said[1:]}".replace("<", "&lt;")
    yield from ("", f"What would prove it: an experiment in which {cause.experiment}.")
    if cause.references:
        yield from ("", *(f"- {reference}" for reference in cause.references))


def _anchor(cause: str) -> str:
    title = next(item.title for item in CAUSES if item.id == cause)
    return title.lower().replace(" ", "-")


def _sign(clue: Clue) -> str:
    unit = signal_by_name(clue.signal).unit
    return f"`{clue.signal}` {'above' if clue.above else 'below'} {clue.threshold:g} ({unit})"


def _signals() -> Iterator[str]:
    yield "| signal | unit | needs | what it is |"
    yield "| --- | --- | --- | --- |"
    for signal in SIGNALS:
        yield f"| `{signal.name}` | {signal.unit} | `{signal.needs}` | {_said(signal)} |"


def _said(signal: Signal) -> str:
    return " ".join(signal.documentation.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
