"""Asks ``check_consistency`` about cases, and counts what is named right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.mutations.fresh_populations import FRESH_POPULATIONS
from benchmarks.mutations.later_populations import LATER_POPULATIONS
from benchmarks.mutations.populations import POPULATIONS
from benchmarks.mutations.second_look_populations import SECOND_LOOK_POPULATIONS
from benchmarks.mutations.split import Case, Split, drawn
from mlflow_plateau.consistency import ConsistencyReport, report
from mlflow_plateau.profiles import profile

ALL_POPULATIONS = {
    **POPULATIONS,
    **FRESH_POPULATIONS,
    **SECOND_LOOK_POPULATIONS,
    **LATER_POPULATIONS,
}

NATURAL = ("pass", "distribution_shift")
"""Kinds of cases in which nothing was done to the data."""

NO_TREATMENTS = ("distribution_shift", "label_shift", "too_small")
"""Kinds of findings that say of the rows what they are, and not what was done to them."""

CELLS = {
    "image": 432,
    "digits": 196,
    "series": 72,
    "scans": 100,
    "meters": 48,
    "codes": 40,
    "token": 24,
}
"""Values of a row, where there are many."""

LARGE_CELLS = 100_000_000
"""Controls of images and series are cut to so many values."""


def asked(split: Split) -> ConsistencyReport:
    return report(profile((split.x, split.y)), profile((split.v, split.w)))


def first(answer: ConsistencyReport) -> str:
    """Returns the kind of the first finding, or ``pass``."""
    return answer.findings[0].kind if answer.findings else "pass"


def alarm(answer: ConsistencyReport) -> str:
    """Returns the kind of the first finding that is more than information, or ``pass``."""
    serious = [finding.kind for finding in answer.findings if finding.severity != "info"]
    return serious[0] if serious else "pass"


def treatment(answer: ConsistencyReport) -> str:
    """Returns the first kind that says something was done to the data, else what comes first.

    Behind a shift that is named rightly a treatment that is none is as wrong as before it.
    """
    serious = [finding.kind for finding in answer.findings if finding.severity != "info"]
    return next((kind for kind in serious if kind not in NO_TREATMENTS), alarm(answer))


def said_of(case: Case, number: int, rows: int, seed: int) -> str:
    """Returns what is said of a case.

    Args:
        case: The case.
        number: Its place in its group, which its random numbers depend on.
        rows: Rows of both splits together.
        seed: Another draw.
    """
    kind, _, population, mutation = case
    random = np.random.default_rng([seed, rows, number])
    answer = asked(mutation(random, drawn(random, ALL_POPULATIONS[population], rows)))
    return treatment(answer) if kind.split(" or ")[0] in NATURAL else first(answer)


def is_right(kind: str, said: str) -> bool:
    """Whether it is what is to be said; a natural shift may also go unnoticed."""
    return said in kind.split(" or ") or ("distribution_shift" in kind and said == "pass")


def count(
    group: Sequence[Case], seeds: Sequence[int], sizes: Sequence[int], verbose: bool
) -> Mapping[str, list[bool]]:
    """Returns for each kind whether each case was named right; wrong ones are printed."""
    right: dict[str, list[bool]] = defaultdict(list)
    for number, case in enumerate(group):
        kind, name, population, _ = case
        wrong: Counter[str] = Counter()
        for rows in sizes:
            for seed in seeds:
                said = said_of(case, number, rows, seed)
                right[kind].append(is_right(kind, said))
                if not right[kind][-1]:
                    wrong[f"{said} at {rows:,} rows"] += 1
        if verbose and wrong:
            listed = ", ".join(f"{often} × {said}" for said, often in wrong.items())
            print(f"    {kind}: {name} ({population}): {listed}", flush=True)
    return right


def large_rows(population: str, rows: int) -> int:
    """Returns how many rows of a population fit in memory."""
    return min(rows, LARGE_CELLS // CELLS.get(population, 12))
