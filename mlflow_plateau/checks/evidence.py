"""How much a difference says, given how many rows show it. Effects first, evidence second."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

EFFECT = 0.1
"""The least distance of two distributions (share of rows, Kolmogorov–Smirnov or total variation)
that is worth a word: what a model sees as another population, not what many rows make visible."""

TOLERANCE = 0.02
"""Distances up to this are no objection to a transformation: a histogram's bins are as wide."""

FALSE_FINDINGS = 1e-5
"""Share of comparisons of like with like in which some column may look different."""

ENOUGH = -math.log(FALSE_FINDINGS)
"""What is less surprising is chance, in nats."""

FITS = 7.0
"""A transformation fits where its misfit is at most this many nats: one sample in a thousand."""

CLAIM = 10.0
"""What naming a transformation costs, in nats: one in some twenty thousand differences is so."""

ORDINARY_SHIFT = 14.0
"""What calling a column another population costs, if it moved by what populations move by."""

EXTREME_SHIFT = 40.0
"""The same where it moved by more: a thousandfold income."""

ORDINARY_RATIO = 3.0
"""Populations' deviations differ by up to this factor, and their means by as many deviations."""


def harmonic(train: float, validation: float) -> float:
    """Returns the number of rows that two samples are worth when compared."""
    total = train + validation
    return train * validation / total if total > 0 else 0.0


def nats(distance: float, rows: float, tolerance: float = TOLERANCE) -> float:
    """Returns how much a distance speaks against "the same": 2·n·d², from the DKW inequality."""
    return 2.0 * rows * max(distance - tolerance, 0.0) ** 2


def discoveries(evidence: Sequence[float]) -> list[bool]:
    """Returns which of several differences are real, after Benjamini and Hochberg (1995).

    Args:
        evidence: −log of half the p-value of each.
    """
    if not evidence:
        return []
    p = np.minimum(2 * np.exp(-np.asarray(evidence, dtype=np.float64)), 1.0)
    order = np.argsort(p)
    below = p[order] <= FALSE_FINDINGS * np.arange(1, len(p) + 1) / len(p)
    found = np.zeros(len(p), dtype=bool)
    if below.any():
        found[order[: int(np.flatnonzero(below)[-1]) + 1]] = True
    return [bool(value) for value in found]


def likelihood_ratio(share: float, rows: float, other: float, others: float) -> float:
    """Returns how much two shares differ, in nats: half of the G statistic."""
    pooled = (share * rows + other * others) / (rows + others)
    return rows * _divergence(share, pooled) + others * _divergence(other, pooled)


def _divergence(share: float, from_share: float) -> float:
    """Returns the Kullback–Leibler divergence of two shares."""
    divergence = 0.0
    for one, other in ((share, from_share), (1 - share, 1 - from_share)):
        if one > 0:
            divergence += one * math.log(one / other)
    return divergence


def log_factorial(count: int) -> float:
    """Returns log(count!), the nats that a permutation costs."""
    return math.lgamma(count + 1)


def total_variation(
    one: np.ndarray[tuple[int], np.dtype[np.float64]],
    other: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> float:
    """Returns half the sum of absolute differences of two vectors of shares."""
    return float(np.abs(one - other).sum()) / 2


def counts_differ(
    one: np.ndarray[tuple[int], np.dtype[np.float64]],
    other: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> bool:
    """Whether two rows of counts come from different shares, beyond chance.

    Either all of them together say so, or one against the others does, as when one is missing.
    """
    table = np.array([one, other])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return False
    columns = table.shape[1]
    return bool(min(_chance_of(table), columns * _chance_of_one(table)) < FALSE_FINDINGS / 2)


def one_source(
    one: np.ndarray[tuple[int], np.dtype[np.float64]],
    other: np.ndarray[tuple[int], np.dtype[np.float64]],
    *,
    or_equal_shares: bool = False,
) -> float:
    """Returns how much two rows of counts speak for the same unknown shares, in nats.

    It is the logarithm of the Bayes factor against shares of their own, all of which are as likely
    beforehand.

    Args:
        one: Counts.
        other: Counts of the same categories.
        or_equal_shares: Whether all categories may as well be as frequent as each other by design.
    """
    rival = _of_unknown_shares(one) + _of_unknown_shares(other)
    if or_equal_shares:
        rival = max(rival, -float(one.sum() + other.sum()) * math.log(len(one)))
    return _of_unknown_shares(one + other) - rival


def _of_unknown_shares(counts: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Returns the log-probability of rows with such counts, averaged over all shares (Laplace)."""
    return (
        math.lgamma(len(counts))
        - math.lgamma(float(counts.sum()) + len(counts))
        + sum(math.lgamma(count + 1) for count in counts.tolist())
    )


def _chance_of_one(table: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Returns how probable the least probable single count is, given all others (Fisher's test)."""
    from scipy.stats import hypergeom

    one, other = table
    of_both = one + other
    below = hypergeom.cdf(one, table.sum(), of_both, one.sum())
    above = hypergeom.cdf(other, table.sum(), of_both, other.sum())
    return 2 * float(np.minimum(below, above).min())


def _chance_of(table: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Returns with what probability one distribution gives rows of counts that differ so much.

    The weaker of Pearson's statistic and the likelihood ratio decides: small counts mislead them in
    different directions.
    """
    from scipy.stats import chi2

    rows = table.sum(axis=1, keepdims=True)
    expected = rows * table.sum(axis=0) / table.sum()
    pearson = float(((table - expected) ** 2 / expected).sum())
    logs = np.log(np.where(table > 0, table / expected, 1.0))
    ratio = 2 * float((table * logs).sum())
    return float(chi2.sf(min(pearson, ratio), table.shape[1] - 1))


def variation_of_chance(categories: int, rows: float) -> float:
    """Returns a total variation that two samples of one population stay below.

    The mean is at most √(k / (2π·n)) with n the harmonic number of rows; by McDiarmid it is
    exceeded by √(log(1/α) / (2n)) with probability α.
    """
    if rows <= 0:
        return 1.0
    mean = math.sqrt(max(categories - 1, 1) / (2 * math.pi * rows))
    return mean + math.sqrt(math.log(1 / FALSE_FINDINGS) / (2 * rows))
