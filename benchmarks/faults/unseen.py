"""Faults of kinds that no weight was fitted on: half of the kinds are kept from the fit in turn.

Beside the weighed clues stands a random forest on the very same signals. What it has ahead on kinds
that it knows, and loses on those that it does not, is what it remembers of how they were made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier

from benchmarks.faults.dataset import Run
from benchmarks.faults.examples import Examples, examples
from benchmarks.faults.fit import ALONE, WEIGHTS, Regularization, log_odds, minimise
from benchmarks.faults.kinds import HALVES, lies_in

LEVELS = ("history", "unsampled", "recorded")
"""Where there are enough signals for a forest."""

TREES = 500

NOT_MEASURED = -1e9
"""Stands for what a signal cannot say, below all that it can."""

Positions = npt.NDArray[np.intp]
"""Answers, by their position in ``ANSWERS``; 0 is health."""

Method = Callable[[Examples, Examples], Positions]
"""Learns from some examples and answers for others."""


def unseen(runs: Sequence[Run]) -> Iterator[str]:
    """Yields the lines of a Markdown table: top-1 and false alarms by level and method.

    Counted is the most probable answer, whatever its confidence, on the runs of the test part that
    have one fault or none.
    """
    counted = [run for run in runs if run.counts and len(run.faults) < len(HALVES)]
    known = examples([run for run in counted if run.part == "fit"], ALONE)
    yield "| level | method | top-1, kinds known | top-1, kinds not known | false alarms |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for level in LEVELS:
        tested = examples([run for run in counted if run.part == "test"], (level,))
        of_level = examples([run for run in counted if run.part == "fit"], (level,))
        for name, method, learned_from in (
            ("weighed clues", _weighed, known),
            ("random forest", _forest, of_level),
        ):
            yield f"| {level} | {name} | {_shares(method, learned_from, tested)} |"


def _shares(method: Method, known: Examples, tested: Examples) -> str:
    truth = tested.truth.argmax(axis=1)
    faulty = truth > 0
    all_kinds = method(known, tested)
    other_kinds = np.zeros_like(truth)
    for half in HALVES:
        own = np.array([lies_in(faults, half) for faults in known.faults])
        others = np.array([not lies_in(faults, half) for faults in tested.faults])
        other_kinds[others] = method(known.of(own), tested)[others]
    figures = (
        (all_kinds == truth)[faulty].mean(),
        (other_kinds == truth)[faulty].mean(),
        (all_kinds != 0)[~faulty].mean(),
    )
    return " | ".join(f"{figure:.3f}" for figure in figures)


def _weighed(known: Examples, tested: Examples) -> Positions:
    provenance = json.loads(WEIGHTS.read_text(encoding="utf-8"))["provenance"]
    numbers = minimise(known, Regularization(provenance["penalty"], provenance["declared"]))
    return np.where(tested.possible, log_odds(numbers, tested), -np.inf).argmax(axis=1)


def _forest(known: Examples, tested: Examples) -> Positions:
    forest = RandomForestClassifier(
        TREES,
        min_samples_leaf=2,
        max_features=0.3,
        class_weight="balanced_subsample",
        random_state=0,
    )
    forest.fit(_filled(known), known.truth.argmax(axis=1))
    return np.asarray(forest.predict(_filled(tested)), dtype=np.intp)


def _filled(of: Examples) -> npt.NDArray[np.float64]:
    return np.nan_to_num(of.signals, nan=NOT_MEASURED, posinf=-NOT_MEASURED, neginf=NOT_MEASURED)
