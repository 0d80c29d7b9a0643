"""Functions that are told by the values that a column has, whatever their frequencies are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import partial

import numpy as np

from mlflow_plateau.checks.comparison import InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.lattice import step_of
from mlflow_plateau.checks.monotone_functions import (
    BRIGHTEST,
    OF_BYTES,
    OF_COLUMNS,
    OF_PIXELS,
    Treatment,
)

LEAST_ROWS = 12.0
"""Rows that a comparison has to be worth to tell transformations apart."""

LEAST_VALUES = 3
"""Different roots or logarithms, in all columns together, that are no chance."""

LEAST_GAPS = 8
"""So many values that one split has and the other has not, all of which a function skips, …"""

MOST = 0.8
"""… which is this part of those that it skips, are no chance."""

SINGLE = 6e-8
"""What float32 moves a value by, relative to it …"""

ROUNDED = 8 * SINGLE
"""… and what a power of it is off by, which is calculated from rounded values in float32."""

NATURAL_GROWTH = 3.0
"""The greatest count of another sample may be so many times greater."""

BYTES = np.arange(BRIGHTEST + 1, dtype=np.float64)
"""All that a pixel of eight bits can be."""

ROUNDED_BYTES = tuple(
    replace(one, function=partial(lambda one, whole, x: whole(one.function(x)), one, whole))
    for one in OF_BYTES
    for whole in (np.round, np.floor)
)
"""Functions of pixels that are whole numbers again: rounded, or cut off."""


def told_by_values(both: InputPair) -> dict[Treatment, list[NumberPair]]:
    """Returns what was applied to counts or pixels, told by their values alone, and where.

    Of counts one split holds whole numbers, the other 0, log 2, log 3 and so on; of pixels one
    holds multiples of 1/255, the other their roots. Where most are zero the distributions hardly
    differ, and where pictures are darker they differ as much, but no population has such values.
    """
    found: dict[Treatment, list[NumberPair]] = defaultdict(list)
    values: dict[Treatment, set[float]] = defaultdict(set)
    for pair in both.features:
        if pair.rows < LEAST_ROWS:
            continue
        for split, plain, done in (
            ("validation", pair.train, pair.validation),
            ("train", pair.validation, pair.train),
        ):
            function, told = _of_lattice(plain, done)
            if function:
                treatment = Treatment(split, function)
                found[treatment].append(pair)
                values[treatment] |= told
    return {one: pairs for one, pairs in found.items() if len(values[one]) >= LEAST_VALUES}


def _of_lattice(plain: Distribution, done: Distribution) -> tuple[str, set[float]]:
    """Returns which function of one split's lattice all values of the other are, and some of them.

    Empty where none is, or the values stand on that lattice themselves.
    """
    if plain.whole and done.whole:
        return _of_gaps(plain, done)
    step = 1.0 if plain.whole else step_of(plain)
    if step is None or not done.atoms or done.rounding > 1e-5:
        return "", set()
    places = done.low / step
    told = np.abs(places - np.round(places)) > 1e3 * SINGLE * np.maximum(np.abs(places), 1.0)
    if not told.any():
        return "", set()
    pixels = plain.least >= 0 and plain.greatest <= 1 and not plain.whole
    for one in (*OF_COLUMNS, *OF_PIXELS) if pixels else OF_COLUMNS:
        with np.errstate(all="ignore"):
            counts = np.round(one.inverse(done.low) / step)
            again, after = (one.function((counts + more) * step) for more in (0.0, 1.0))
            fits = np.abs(again - done.low) <= ROUNDED * np.abs(done.low) + SINGLE**2
            # Large numbers are close to each other's logarithms, whatever they are.
            apart = np.abs(after - again) > 1e3 * SINGLE * np.abs(done.low)
        least, greatest = min(plain.least, 0.0), NATURAL_GROWTH * max(plain.greatest, step)
        inside = (counts * step >= least) & (counts * step <= greatest)
        if bool(np.all(fits & inside & apart)):
            return one.name, set(np.round(done.low[told], 5).tolist())
    return "", set()


def _of_gaps(plain: Distribution, done: Distribution) -> tuple[str, set[float]]:
    """Returns which power of one split's bytes the other's are, and the values that it leaves out.

    Where a power is steep it skips some of the whole numbers, which no pictures do by themselves.
    """
    if not (_are_bytes(plain) and _are_bytes(done)):
        return "", set()
    between = BYTES[(done.least < BYTES) & (done.greatest > BYTES)]
    for one in ROUNDED_BYTES:
        made = np.isin(between, one.function(BYTES))
        gaps, rest = between[~made], between[made]
        if not len(rest) or len(gaps) < LEAST_GAPS or np.isin(gaps, done.low).any():
            continue
        if min(np.isin(gaps, plain.low).mean(), np.isin(rest, done.low).mean()) >= MOST:
            return one.name, set(gaps.tolist())
    return "", set()


def _are_bytes(column: Distribution) -> bool:
    return column.whole and column.least >= 0 and 1 < column.greatest <= BRIGHTEST
