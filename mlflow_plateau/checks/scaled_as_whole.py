"""Both splits were scaled as a whole: each with its own numbers, or both with common ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.evidence import CLAIM, ENOUGH, FITS
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fingerprints import continuous, is_standard, surprise_of, tolerance
from mlflow_plateau.checks.fix import scaled_as_one
from mlflow_plateau.checks.input_fingerprints import (
    AGREE,
    CENTRED_TOGETHER,
    LEAST_COLUMNS,
    RANGES_TOGETHER,
    STANDARD_TOGETHER,
    Together,
    are_rows_centred,
    are_whole,
    scaled_one_by_one,
    spread_of,
    whole_rows,
)
from mlflow_plateau.checks.transformation import best_affine, ticked, with_constants
from mlflow_plateau.profiles.input_profile import InputProfile

HARMLESS = 0.01
"""Statistics of two samples that differ by no more deviations are the same for a model."""

SYMMETRIC = 1e-6
"""Values that end as far below zero as above may be mirrored: their mean is zero by itself."""

AT_AN_END = 1e-3
"""Where more than this part of the rows stands at an end, values end there by themselves."""

MOST_TRIED = 8
"""This many columns are asked for a map that all may share."""


@dataclass(frozen=True)
class Whole:
    """All values of one split, or of both, as if they stood in one column.

    Attributes:
        mean: Their mean.
        deviation: Their deviation.
        rows: Rows that they stand in.
        error: The standard error of their mean: rows are drawn, not single values.
        cells: How many there are.
        mirrored: Whether they may be mirrored at zero.
    """

    mean: float
    deviation: float
    rows: float
    error: float
    cells: float
    mirrored: bool

    @classmethod
    def of(cls, *states: InputProfile) -> Whole:
        """Returns the values of some splits."""
        rows = np.array([state.rows for state in states], dtype=np.float64)
        shares = rows / rows.sum()
        means, deviations = np.array([spread_of(state) for state in states]).T
        row_means, row_deviations = np.array([whole_rows(state) for state in states]).T
        mean, row_mean = float(shares @ means), float(shares @ row_means)
        # Of deviations from the common mean: squares of what is far from zero have no digits left.
        variance = float(shares @ (deviations**2 + (means - mean) ** 2))
        between = float(shares @ (row_deviations**2 + (row_means - row_mean) ** 2))
        least = min(float(state.moments.least.min()) for state in states)
        greatest = max(float(state.moments.greatest.max()) for state in states)
        return cls(
            mean=mean,
            deviation=math.sqrt(variance),
            rows=float(rows.sum()),
            error=math.sqrt(between / rows.sum()),
            cells=float(sum(state.moments.count.sum() for state in states)),
            mirrored=abs(least + greatest) <= SYMMETRIC * max(-least, greatest),
        )

    def bears(self, way: Together) -> bool:
        """Whether they bear the mark of a scaler by their moments, and not by chance."""
        if way is STANDARD_TOGETHER:
            return is_standard(self.mean, self.deviation, self.rows) and self._is_no_chance(way)
        centred = abs(self.mean) <= tolerance(self.rows) * self.deviation
        return centred and not self.mirrored and self._is_no_chance(way)

    def _is_no_chance(self, way: Together) -> bool:
        """Whether what was drawn hardly ever comes so close.

        The mean is normal around zero with its standard error: √(2/π) · |m| / e; the deviation
        varies by at least 1 / √(2 · cells), as much as if all values were independent.
        """
        nats = surprise_of(math.sqrt(2 / math.pi) * abs(self.mean) / max(self.error, 1e-300))
        if way is STANDARD_TOGETHER:
            off = abs(self.deviation - 1)
            nats += surprise_of(2 * math.sqrt(self.cells / math.pi) * off)
        return nats >= ENOUGH


def scaled_as_whole(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds marks of scaling all columns together that validation must not bear.

    With train's numbers validation's mean is off zero by chance, and its range is not exactly 1.
    """
    for both in comparison.features:
        columns = continuous(both)
        if not (both.exact and are_whole(both) and columns) or both.sequences:
            continue
        if scaled_one_by_one(both, columns):
            continue
        found = _by_moments(both, columns) or _by_range(both, columns)
        if found is not None:
            yield found


def _by_moments(both: InputPair, columns: Sequence[NumberPair]) -> Hypothesis | None:
    """Returns a mean of zero, and perhaps a deviation of one, in validation or in both splits."""
    if are_rows_centred(both.train) or are_rows_centred(both.validation):
        return None  # Each row has its own statistics.
    train, validation, together = (
        Whole.of(*states)
        for states in ((both.train,), (both.validation,), (both.train, both.validation))
    )
    if not min(train.error, validation.error) > 0:
        return None
    for way in (STANDARD_TOGETHER, CENTRED_TOGETHER):
        of_train, of_validation = way.bears(both.train), way.bears(both.validation)
        harmless = validation.error <= HARMLESS * validation.deviation
        if of_train and of_validation and validation.bears(way):
            return _refit(both, columns, way, harmless=harmless, certain=True)
        if not (of_train or of_validation) and together.bears(way):
            return _fit_on_both(both, columns, way, train)
    return None


def _by_range(both: InputPair, columns: Sequence[NumberPair]) -> Hypothesis | None:
    """Returns a range of exactly 1 in both splits, if one map takes all columns to train's.

    Populations do not move by one map in all columns and still end at the same round numbers.
    """
    different = [pair for pair in columns if pair in both.different]
    if len(different) < LEAST_COLUMNS:
        return None
    for way in RANGES_TOGETHER:
        states = both.train, both.validation
        if not all(way.bears(state) and _ends_alone(state) for state in states):
            continue
        for fit in map(best_affine, different[:MOST_TRIED]):
            if fit is None or not fit.factor > 0:
                continue
            fits = [with_constants(pair, fit.factor, fit.offset).misfit for pair in different]
            if sum(misfit <= FITS for misfit in fits) >= AGREE * len(fits):
                return _refit(both, different, way, harmless=False, certain=False)
    return None


def _ends_alone(state: InputProfile) -> bool:
    """Whether hardly a value stands at the greatest of all."""
    moments = state.moments
    top = moments.greatest == moments.greatest.max()
    return int(moments.at_greatest[top].sum()) <= 1 + AT_AN_END * state.rows


def _refit(
    both: InputPair,
    columns: Sequence[NumberPair],
    way: Together,
    *,
    harmless: bool,
    certain: bool,
) -> Hypothesis:
    names = tuple(pair.name for pair in columns)
    return Hypothesis(
        Finding(
            check="scaled_as_whole",
            kind="scaler_refit",
            columns=names,
            transformation=f"validation was {way.name} with its own statistics instead of train's",
            severity="warn" if harmless else "fail",
            message="Each split was scaled as a whole with its own statistics: both splits have"
            f" {way.mark} to the last digit ({ticked(names)}).",
            evidence=(f"with train's statistics, validation would not have {way.mark}",),
            fix=scaled_as_one(both, way.statistics),
            treated="validation",
            function=way.name,
        ),
        explains=frozenset(pair.place for pair in columns),
        cost=CLAIM,
        certain=certain,
    )


def _fit_on_both(
    both: InputPair, columns: Sequence[NumberPair], way: Together, train: Whole
) -> Hypothesis:
    names = tuple(pair.name for pair in columns)
    return Hypothesis(
        Finding(
            check="scaled_as_whole",
            kind="scaler_fit_on_both",
            columns=names,
            transformation=f"both splits were {way.name} with their common statistics",
            severity="warn",
            message="Train and validation were scaled as a whole with their common statistics:"
            f" pooled they have {way.mark} to the last digit ({ticked(names)}), train alone does"
            " not.",
            evidence=(
                f"train alone has mean {train.mean:.3g} and deviation {train.deviation:.6g} over"
                " all columns",
            ),
            fix=scaled_as_one(both, way.statistics),
        ),
        explains=frozenset(pair.place for pair in columns),
        certain=True,
    )
