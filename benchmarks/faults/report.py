"""Writes docs/accuracy.md: how often the diagnosis is right on tasks that it was not fitted on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.faults.ablation import ablation, missing
from benchmarks.faults.answers import Answer, answers
from benchmarks.faults.dataset import (
    FILES,
    LARGEST_MARGIN_OF_CONTROLS,
    LARGEST_RISE_OF_CONTROLS,
    LEVELS,
    SMALLEST_MARGIN,
    UNRECORDED,
    Run,
    load,
)
from benchmarks.faults.failures import alarms, wanted, wrong
from benchmarks.faults.parts import PARTS
from benchmarks.faults.plot import draw_reliability
from benchmarks.faults.tables import causes, confused, controls, figures, pairs, tasks
from benchmarks.faults.unseen import unseen
from mlflow_plateau.causes import CAUSES, NONE
from mlflow_plateau.weigh import CONVERGED_THRESHOLD, DECISION_THRESHOLD, SAMPLED_THRESHOLD

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "accuracy.md"
PLOT = DOCS / "accuracy-reliability.png"

INTRODUCTION = f"""\
# How often the diagnosis is right

<!-- Written by `python -m benchmarks.faults report`. -->

Small Keras trainings on {{tasks}} tasks were run with an injected fault, one thing changed, and
without it. A fault counts only if undoing it, and nothing else, improves the clean validation loss
by at least {SMALLEST_MARGIN:.0%} of what the healthy training gained over a constant prediction;
a healthy run counts only if no other healthy setting was better by {LARGEST_MARGIN_OF_CONTROLS:.0%}
and its validation loss did not end above its best, by {LARGEST_MARGIN_OF_CONTROLS:.0%} of what was
gained or {LARGEST_RISE_OF_CONTROLS:.0%} of the best. The weights were fitted on the tasks
{{fit}}, the temperature on {{tune}}; the thresholds were chosen on both, with weights that were
fitted on other tasks. Everything below is about {{test}}, which no fit and no choice of a
threshold has seen; people have: the wrong answers are listed below.

What a level of evidence knows:

- `curves`: losses and scores by epoch and nothing else;
- `history`: also the parameters that anybody can log (optimiser, rates, sizes, head,
  regularisation), but nothing that needs the data or a witness;
- `compared`: as `history`, and beside it the other runs of the task, half of them kept by chance,
  with the digests of their data sets: an experiment in which the run without the fault may or may
  not be found;
- `unsampled`: what the recorder writes where it gets at no rows, as with several devices;
- `recorded`: all that it writes, from experiments and reference models on a sample of the rows too.

A cause is named from a confidence of {SAMPLED_THRESHOLD:.2f} on where the recorder got at rows,
otherwise from {DECISION_THRESHOLD:.2f} on; a plateau is called converged from
{CONVERGED_THRESHOLD:.2f} on. *top-1* is the share of faulty runs whose cause is
named (of two faults at once, the one that costs more), *top-2* the share where it is named or among
the two most probable answers, *false alarms* the share of healthy runs in which any cause is named,
*coverage* the share of runs that are not `inconclusive`, and the *calibration error* is the
expected one over {{bins}} bins of the confidence, among those. Brackets hold 95 % intervals:
Wilson's for shares, from resampled runs for the calibration error. Runs of one task are alike, so
other tasks may differ by more: see the table by task.
"""


IN_PYTORCH = """\
## In PyTorch

The trainings of the test tasks once more, in PyTorch, with its own defaults and a loop that logs
`train_loss`, `val_loss`, `lr` and the hyper-parameters as people do. Nothing was fitted on them,
and which faults count was measured again. No activation and no head is logged there, which a
recorder would know."""

WITHOUT = """\
## What each part of the record is worth

The level `recorded` on the test tasks with one part of the record left out; the weights stay those
that were fitted with all of it, so that parts which tell the same stand in for each other."""

WANTED = """\
## What curves do not tell, and what would

Of the runs that `history` answers wrongly, how many are answered rightly from what a recorder
writes without getting at any row (`unsampled`), and with them (`recorded`); and on which part of
the record that hangs, because without it alone the answer is wrong again. Where nothing is named,
several parts tell the same."""

WRONG = """\
Every wrong answer at the level `recorded`:"""

UNSEEN = """\
## Faults of kinds that were not fitted on

Weights fitted on half of the kinds of faults of the fit tasks, asked about the other half on the
test tasks, and the other way round; beside the weighed clues a random forest on the same signals.
Here the most probable answer counts, however sure it is, on runs with one fault or none; false
alarms are those with all kinds known."""

ALARMS = """\
Every healthy run of which a cause was named, and what spoke for it most. At `compared` that may be
a run of the same setting with another rate that was far ahead at equal epochs: `short` and
`still_improving` are healthy since they were on their way, not since no other rate was faster."""

LEFT_OUT = """\
Controls that were left out, because another setting was better or the validation loss rose: whether
a cause named there is a false alarm, nobody knows."""


def report(jobs: int = 1) -> str:
    """Writes the page and its plot, and returns the table of figures."""
    runs = load()
    tested = [run for run in runs if run.part == "test"]
    given = answers([run for run in tested if run.counts], jobs)
    doubtful = answers([run for run in tested if not run.counts and not run.faults], jobs)
    torch_runs = [run for run in load(FILES["pytorch"]) if run.counts]
    in_pytorch = answers(torch_runs, jobs, UNRECORDED)
    text = "\n".join(page(runs, given, doubtful, in_pytorch)) + "\n"
    PAGE.write_text(text, encoding="utf-8")
    draw_reliability(given, PLOT)
    return "\n".join(figures(given))


def page(
    runs: Sequence[Run],
    given: Sequence[Answer],
    doubtful: Sequence[Answer],
    in_pytorch: Sequence[Answer],
) -> Iterator[str]:
    """Yields the lines of the page.

    Args:
        runs: The whole data set.
        given: The answers on the test part.
        doubtful: Those on its controls that were left out.
        in_pytorch: Those on the same trainings in PyTorch.
    """
    from benchmarks.faults.score import BINS

    yield INTRODUCTION.format(
        tasks=sum(map(len, PARTS.values())),
        bins=BINS,
        **{part: ", ".join(f"`{task}`" for task in tasks) for part, tasks in PARTS.items()},
    )
    yield from ("## Figures", "", *figures(given), "")
    yield f"![Confidence against the share that is right]({PLOT.name})\n"
    yield from ("top-1 by task:", "", *tasks(given), "")
    for level in LEVELS[::-1]:
        own = [a for a in given if a.level == level]
        yield from (f"## `{level}`", "", *causes(own), "", "What each truth was taken for:", "")
        yield from (*confused(own), "")
    tested = [run for run in runs if run.part == "test" and run.counts]
    yield from (WITHOUT, "", *ablation(tested), "")
    if parts := missing(tested):
        yield (
            "Not recorded yet when these trainings were made, so that nothing rests on it:"
            f" {', '.join(parts)}."
        )
        yield ""
    yield from (WANTED, "", *wanted(given), "")
    yield from (WRONG, "", *wrong(given, "recorded"), "")
    yield from (UNSEEN, "", *unseen(runs), "")
    yield from ("## Healthy runs", "", "False alarms by kind of control:", "", *controls(given), "")
    yield from (ALARMS, "", *alarms(given), "")
    yield from (LEFT_OUT, "", *controls(doubtful), "")
    yield from ("## Two faults at once", "", *pairs(given), "")
    yield from (IN_PYTORCH, "", *figures(in_pytorch), "")
    yield from ("## The data set", "", *_composition(runs), "")


def _composition(runs: Sequence[Run]) -> Iterator[str]:
    """Yields the lines of a Markdown table: runs by cause and part, and those that do not count."""
    counted = Counter((run.truth, run.part) for run in runs if run.counts)
    harmless = Counter(_injected(run) for run in runs if not run.counts)
    yield "| injected | fit | tune | test | left out: no harm done, or doubtful |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for cause in (NONE, *(c.id for c in CAUSES)):
        parts = " | ".join(str(counted[cause, part]) for part in PARTS)
        yield f"| `{cause}` | {parts} | {harmless[cause]} |"


def _injected(run: Run) -> str:
    return run.faults[0].partition("/")[0] if run.faults else NONE
