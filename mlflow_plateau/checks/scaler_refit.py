"""Each split was scaled with its own statistics, or the scaler was fitted on validation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.evidence import FALSE_FINDINGS
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fingerprints import (
    MIN_MAX,
    SCALERS,
    STANDARD,
    Scaler,
    continuous,
    departure,
    has_mark,
)
from mlflow_plateau.checks.labels import quantities
from mlflow_plateau.checks.transformation import listed

NEAR = 1.0
"""A column that departs less from being scaled was scaled, with statistics from elsewhere."""

HARMLESS_ROWS = 10_000
"""With so many rows the statistics of two samples are the same to a percent."""


def scaler_refit(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds the mark of a scaler in validation, where it must not be: it was fitted on train."""
    for both in quantities(comparison):
        columns = continuous(both)
        if not both.exact or not columns:
            continue
        for scaler in SCALERS:
            yield from _refit(both, columns, scaler)


def _refit(both: InputPair, columns: Sequence[NumberPair], scaler: Scaler) -> Iterator[Hypothesis]:
    validation = [pair for pair in columns if has_mark(scaler, pair.validation)]
    twice = [pair for pair in validation if has_mark(scaler, pair.train)]
    of_train = [pair for pair in columns if has_mark(scaler, pair.train)]
    if scaler is MIN_MAX:
        against_chance = sum(_surprise(pair) for pair in twice)
        # A scaler that was used on one column was used on all that are like it.
        if len(twice) < len(of_train) or against_chance < -math.log(FALSE_FINDINGS):
            return
    if not twice and scaler is STANDARD:
        elsewhere = [pair for pair in validation if departure(scaler, pair.train) < NEAR]
        if len(elsewhere) >= 2 and len(elsewhere) == len(validation):
            yield _hypothesis(elsewhere, scaler, of_train=False)
    elif twice and len(twice) == len(validation):
        yield _hypothesis(twice, scaler, of_train=True)


def _surprise(pair: NumberPair) -> float:
    """Returns how surprising it is that validation reaches train's minimum and maximum, in nats."""
    train, rows = pair.train, pair.validation.total
    surprise = 0.0
    for count in (train.at_least, train.at_greatest):
        share = min(count / train.total, 1 - 1e-12)
        reached = -math.expm1(rows * math.log1p(-share))
        surprise -= math.log(max(reached, 1e-300))
    return surprise


def _hypothesis(columns: Sequence[NumberPair], scaler: Scaler, of_train: bool) -> Hypothesis:
    names = tuple(pair.name for pair in columns)
    rows = min(pair.validation.total for pair in columns)
    error = 1 / math.sqrt(rows)
    where = "both splits have" if of_train else "validation has, and train has not,"
    said = (
        "Each split was scaled with its own statistics"
        if of_train
        else "The scaler was fitted on validation instead of train"
    )
    return Hypothesis(
        Finding(
            check="scaler_refit",
            kind="scaler_refit",
            columns=names,
            transformation="validation was "
            f"{scaler.name} with its own statistics instead of train's",
            severity="warn" if rows >= HARMLESS_ROWS else "fail",
            message=f"{said}: {where} {scaler.mark} to the last digit in {listed(names)}.",
            evidence=(
                f"with train's statistics, validation's means would be off zero by about"
                f" {error:.2g} (one standard error of {rows:,.0f} rows)"
                if scaler is STANDARD
                else "validation reaches the minimum and maximum of train in every column",
            ),
            fix=(
                f"scaler = {scaler.code}().fit(x_train)  # never fit on validation\n"
                "x_train, x_validation = scaler.transform(x_train), scaler.transform(x_validation)"
            ),
            constants={"columns": float(len(names)), "standard_error": error},
        ),
        explains=frozenset(pair.place for pair in columns),
        certain=True,
    )
