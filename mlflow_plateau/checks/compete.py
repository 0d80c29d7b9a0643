"""Competing hypotheses: each column's difference is explained once, by what explains it best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from mlflow_plateau.checks.comparison import Comparison
from mlflow_plateau.checks.distribution_shift import OTHER_POPULATION, joined
from mlflow_plateau.checks.evidence import ORDINARY_SHIFT, harmonic
from mlflow_plateau.checks.finding import SEVERITIES, Finding, Hypothesis, Place
from mlflow_plateau.checks.kinds import KINDS
from mlflow_plateau.checks.label_shift import OTHER_SHARES

MARGIN = 0.7
"""By how much a feature has to differ more than the labels for them not to be the reason, divided
by √rows: the standard error of the difference of two shares."""

MANY_MORE = 2
"""Where so many times more columns moved that nothing explains, the population did, …"""

SELECTED = 15.0
"""… and a column that rows were chosen by, or that goes with such a one, may be so many times
narrower, and so many deviations away."""

_RANK = {kind: place for place, kind in enumerate(KINDS)}
"""Which finding comes first among equally serious ones."""


def winners(comparison: Comparison, hypotheses: Iterable[Hypothesis]) -> tuple[Finding, ...]:
    """Returns the findings that remain, most serious and most telling first.

    What rests on a fingerprint is taken as it is. For the rest, a hypothesis gains what it costs to
    call its columns another population, less its own cost; the greatest gain wins, and what it
    explains needs no other explanation.
    """
    certain = [h for h in hypotheses if h.certain or not h.explains]
    open_ones = [h for h in hypotheses if not h.certain and h.explains]
    taken: set[Place] = set()
    chosen: list[Hypothesis] = []
    mapped = frozenset().union(*(h.explains for h in certain if KINDS[h.finding.kind].maps))
    for hypothesis in certain:
        again = any(
            h.finding.kind == hypothesis.finding.kind and hypothesis.explains <= h.explains
            for h in chosen
            if hypothesis.explains
        )
        if again:
            continue  # said in other words
        if hypothesis.finding.kind == "imputed_differently" and hypothesis.explains <= mapped:
            continue  # the values at which rows pile up are train's, mapped
        chosen.append(hypothesis)
        taken |= hypothesis.explains
    # Other shares of the classes move a feature by no more than they differ themselves.
    labels = _labels([h for h in open_ones if not h.explains & taken])
    if labels:
        labels += _margin(comparison)
    gains = [(_gain(comparison, hypothesis, labels), hypothesis) for hypothesis in open_ones]
    others = _unexplained(gains, taken)
    for gain, hypothesis in sorted(gains, key=lambda one: -one[0]):
        already = len(hypothesis.explains & taken)
        if 2 * already >= len(hypothesis.explains) or gain < 0:
            continue
        if hypothesis.finding.kind == "unit_factor" and _is_rest(hypothesis, chosen):
            continue
        if _may_be_selected(comparison, hypothesis, others):
            continue
        chosen.append(hypothesis)
        taken |= hypothesis.explains
    return tuple(h.finding for h in sorted(joined(chosen), key=_order(comparison, chosen)))


def _unexplained(gains: Iterable[tuple[float, Hypothesis]], taken: set[Place]) -> int:
    """Returns how many columns moved of which nothing is said but that they did."""
    shifted: set[Place] = set()
    explained = set(taken)
    for gain, hypothesis in gains:
        if hypothesis.finding.transformation == OTHER_POPULATION:
            shifted |= hypothesis.explains
        elif gain >= 0:
            explained |= hypothesis.explains
    return len(shifted - explained)


def _may_be_selected(comparison: Comparison, hypothesis: Hypothesis, others: int) -> bool:
    """Whether what is said of columns comes from choosing rows by others, which moved as well.

    Args:
        comparison: The splits.
        hypothesis: What is said.
        others: How many other columns moved that nothing explains.
    """
    if hypothesis.finding.kind == "categories_recoded":
        return others > 0  # Which shares are alike is chance then.
    if not KINDS[hypothesis.finding.kind].maps or others < MANY_MORE * len(hypothesis.explains):
        return False
    pairs = [comparison.by_place.get(place) for place in hypothesis.explains]
    return all(pair is not None and pair.moved_within(SELECTED) for pair in pairs)


def _is_rest(factor: Hypothesis, chosen: Iterable[Hypothesis]) -> bool:
    """Whether factors are what is left of a scaler that was found in more columns of the input."""
    names = {name for name, _ in factor.explains}
    return any(
        {name for name, _ in other.explains} == names and len(other.explains) > len(factor.explains)
        for other in chosen
        if other.finding.kind == "scaling_missing"
    )


def _labels(hypotheses: Iterable[Hypothesis]) -> float:
    """Returns how far the classes' shares are apart, zero where they are the same."""
    shifts = [h.finding for h in hypotheses if h.finding.transformation == OTHER_SHARES]
    return max((finding.constants["distance"] for finding in shifts), default=0.0)


def _margin(comparison: Comparison) -> float:
    rows = harmonic(comparison.train.rows, comparison.validation.rows)
    return MARGIN / math.sqrt(max(rows, 1.0))


def _gain(comparison: Comparison, hypothesis: Hypothesis, labels: float) -> float:
    """Returns what a hypothesis saves against calling its columns another population.

    Args:
        comparison: The splits.
        hypothesis: The hypothesis.
        labels: Columns that are no farther apart than this, and moved by what populations move by,
            follow from other shares of the classes.
    """
    if KINDS[hypothesis.finding.kind].population:
        return 0.0
    saved = 0.0
    for place in hypothesis.explains:
        pair = comparison.by_place.get(place)
        cost = ORDINARY_SHIFT if pair is None else pair.as_shift
        if pair is None or pair.distance > labels or cost > ORDINARY_SHIFT:
            saved += cost
    return saved - hypothesis.cost


def _order(
    comparison: Comparison, chosen: list[Hypothesis]
) -> Callable[[Hypothesis], tuple[int, float]]:
    """Returns the key that sorts findings, the most serious and most telling first."""
    labels, margin = _labels(chosen), _margin(comparison)

    def key(hypothesis: Hypothesis) -> tuple[int, float]:
        finding = hypothesis.finding
        rank = float(_RANK[finding.kind])
        # Other shares of the classes move a feature by no more than they differ themselves.
        if finding.kind == "distribution_shift" and finding.constants["distance"] > labels + margin:
            rank = _RANK["label_shift"] - 0.5
        return -SEVERITIES.index(finding.severity), rank

    return key
