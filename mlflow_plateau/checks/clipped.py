"""Values beyond an end were cut off in one split only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import ENOUGH, FITS, likelihood_ratio
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import applied
from mlflow_plateau.checks.labels import quantities
from mlflow_plateau.checks.transformation import misfit, shown

CLIP = "clip({})"

MOST_CLIPPED = 0.95
"""Who clips away more has nothing left."""

CLIPPED = 0.01
"""Share of rows that have to stand at the end for a split to be called clipped."""


def clipped(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds columns whose rows pile up at one split's end, as many as the other has beyond it."""
    for both in quantities(comparison):
        for pair in both.features:
            yield from _clipped(both, pair)


def _clipped(both: InputPair, pair: NumberPair) -> Iterator[Hypothesis]:
    for clipped, other, split in (
        (pair.validation, pair.train, "validation"),
        (pair.train, pair.validation, "train"),
    ):
        if clipped.constant:
            continue
        ends: dict[str, float] = {}
        beyond_all = 0.0
        evidence = 0.0
        for name, end, piled, last in (
            ("low", clipped.least, clipped.at_least, other.at_least),
            ("high", clipped.greatest, clipped.at_greatest, other.at_greatest),
        ):
            beyond = _share(other, end, name == "low")
            if beyond < CLIPPED or last > beyond * other.total / 2:
                continue  # what stands at one place is no tail, but a value that was filled in
            there, usual = piled / clipped.total, _share_at(other, end)
            if 2 * last >= there * other.total:
                continue  # both pile up at their ends, which moved
            if there - usual >= beyond / 2:
                ends[name] = end
                beyond_all += beyond
                evidence += likelihood_ratio(there, clipped.rows, usual, other.rows)
        # None of the rows is beyond the ends, although so many of both splits' could be, …
        beyond_rows = beyond_all * other.rows
        evidence += beyond_rows * math.log1p(clipped.rows / max(other.rows, 1.0))
        # … wherever the ends would have come to lie.
        evidence -= len(ends) * math.log(max(beyond_rows, 1.0))
        if ends and beyond_all <= MOST_CLIPPED and evidence > ENOUGH:
            low, high = ends.get("low", -math.inf), ends.get("high", math.inf)
            of_train = split == "validation"
            against, _ = misfit(pair, partial(np.clip, a_min=low, a_max=high), of_train=of_train)
            if against <= FITS:
                yield _hypothesis(both, pair, split, ends, beyond_all)


def _share(column: Distribution, end: float, below: bool) -> float:
    """Returns the share of rows that surely lie beyond a value."""
    slack = 1e-6 * abs(end)
    beyond = column.high < end - slack if below else column.low > end + slack
    return float(column.mass[beyond].sum()) / column.total


def _share_at(column: Distribution, value: float) -> float:
    """Returns the share of rows that may stand at a value, were they spread evenly in each lump."""
    slack = 1e-6 * abs(value)
    there = (column.low <= value + slack) & (column.high >= value - slack)
    known = there & (column.high - column.low <= 2 * slack)
    return float(column.mass[known].sum()) / column.total


def _hypothesis(
    both: InputPair, pair: NumberPair, split: str, ends: dict[str, float], beyond: float
) -> Hypothesis:
    other = "train" if split == "validation" else "validation"
    limits = " and ".join(shown(pair, end) for end in ends.values())
    return Hypothesis(
        Finding(
            check="clipped",
            kind="monotone_transform",
            columns=(pair.name,),
            transformation=f"{split} = clip({other}) at {limits}",
            severity="fail" if beyond >= 0.05 else "warn",
            message=f"`{pair.name}` was clipped at {limits} in {split} only: {beyond:.1%} of"
            f" {other} lies beyond, and as many rows of {split} stand exactly there.",
            fix=applied(
                both,
                [pair],
                lambda x: f"np.clip({x}, {ends.get('low')}, {ends.get('high')})",
                other,
            ),
            constants={f"limit_{place}": end for place, end in enumerate(ends.values())},
            treated=split,
            function=CLIP,
        ),
        explains=frozenset([pair.place]),
        certain=True,
    )
