"""Rare words have ids of their own in one split, and are all one unknown word in the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlflow_plateau.checks.comparison import Comparison, InputPair
from mlflow_plateau.checks.evidence import ENOUGH
from mlflow_plateau.checks.finding import WHOLE_INPUT, Finding, Hypothesis
from mlflow_plateau.checks.fix import comment
from mlflow_plateau.checks.ids import id_frequencies
from mlflow_plateau.profiles.patterns import Float64

LEAST_SHARE = 0.01
"""Ids that the other split lacks have to be this part of all."""

AS_MUCH = 0.25
"""One id is more frequent by about what is missing: up to this part of it more or less."""


def vocabulary_cut(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds ids from one on that one split lacks, all of which are one other id there."""
    for both in comparison.features:
        if not both.sequences:
            continue
        train, validation = id_frequencies(both)
        for split, shares, others, rows in (
            ("validation", validation, train, both.validation.sampled),
            ("train", train, validation, both.train.sampled),
        ):
            found = _unknown_word(shares, others, rows)
            if found is not None:
                yield _hypothesis(both, split, *found)


def _unknown_word(shares: Float64, others: Float64, rows: int) -> tuple[int, int, float] | None:
    """Returns the greatest id of a split, the one that stands for those beyond, and their share.

    Args:
        shares: The share of each id in the split.
        others: The same in the other split.
        rows: Rows of the split.
    """
    if not shares.any() or not others.any():
        return None
    last = int(np.flatnonzero(shares)[-1])
    missing = float(others[last + 1 :].sum())
    # None of so many rows holds one of them, which chance does not do.
    if missing < LEAST_SHARE or missing * rows < ENOUGH:
        return None
    more = shares[: last + 1] - others[: last + 1]
    unknown = int(more.argmax())
    moved_elsewhere = float(np.maximum(np.delete(more, unknown), 0.0).sum())
    if abs(more[unknown] - missing) > AS_MUCH * missing or moved_elsewhere > more[unknown]:
        return None
    return last, unknown, missing


def _hypothesis(both: InputPair, split: str, last: int, unknown: int, missing: float) -> Hypothesis:
    other = "train" if split == "validation" else "validation"
    return Hypothesis(
        Finding(
            check="vocabulary_cut",
            kind="token_offset",
            columns=(both.name,),
            transformation=f"{split} has {unknown} for {other}'s ids above {last}",
            severity="fail",
            message=f"The ids above {last}, {missing:.0%} of {other}'s, are all {unknown} in"
            f" {split}: its vocabulary ends there.",
            evidence=(f"the id {unknown} is as much more frequent in {split}",),
            fix=comment("turn the texts of both splits into ids with the same vocabulary"),
        ),
        explains=frozenset([(both.name, WHOLE_INPUT)]),
        certain=True,
    )
