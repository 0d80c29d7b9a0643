"""One split is scaled, the other is not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import CLAIM, FITS, ORDINARY_SHIFT
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fingerprints import (
    MAX_ABS,
    MIN_MAX,
    POWER,
    RANGES,
    SCALERS,
    STANDARD,
    UNIT_RANGE,
    Scaler,
    continuous,
    standardised_by_rows,
)
from mlflow_plateau.checks.fix import applied, scaled_by
from mlflow_plateau.checks.labels import quantities
from mlflow_plateau.checks.pixel_normalisation import normalised_otherwise
from mlflow_plateau.checks.transformation import (
    KNOWN_FACTORS,
    Affine,
    best_affine,
    best_multiple,
    decimals,
    number,
    ticked,
    with_constants,
)
from mlflow_plateau.checks.yeo_johnson import best_power
from mlflow_plateau.counted import counted

AGREE = 0.8
"""Share of the scaled columns that have to be raw in the other split: a population moves some."""

RAW = 1.0
"""Departure of the median column from being scaled, in deviations or powers of two."""

TELLING = 0.25
"""Share of the rows away from the commonest value for a column to show whether it is scaled."""

PIXELS = ((255.0, 0.0), (127.5, 127.5))
"""raw = factor · scaled + offset, for pixels scaled to [0, 1] and to [−1, 1]."""

BRIGHTER = 4.0
"""The brightest pixel of one split is at most this many times brighter than that of the other."""

COMMONEST = 2.0
"""Nothing is forgotten as often as the division by 255; what it costs less for that, in nats."""

BRIGHT = 0.9
"""The brightest of many pixels between 0 and 1 is at least this, …"""

BRIGHT_BYTE = 200
"""… and that of whole ones up to 255 more than this."""

CLOSE = 0.25
"""A factor that people know is tried if it is this close to the one found, in the logarithm."""

LEAST_COLUMNS = 3
"""This many columns agreeing on a division by 255 are an image's pixels."""


def scaling_missing(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds splits of which one is scaled, by statistics or by 255, and one raw."""
    for both in quantities(comparison):
        columns = continuous(both)
        if not columns or standardised_by_rows(both.train) != standardised_by_rows(both.validation):
            continue
        pixels = list(_pixels(both, columns)) or list(normalised_otherwise(both, columns))
        yield from pixels
        if pixels:
            continue
        for train_is_scaled in (True, False):
            found: list[Hypothesis] = []
            for scaler in SCALERS:
                # What other scalers leave has mean 0 or deviation 1 as well.
                if not (found and scaler.only_exact):
                    found += _scaled(both, columns, scaler, train_is_scaled)
            yield from found
        yield from _by_constants(both, columns)


def _sides(pair: NumberPair, train_is_scaled: bool) -> tuple[Distribution, Distribution]:
    """Returns the scaled and the raw side of a column."""
    sides = pair.train, pair.validation
    return sides if train_is_scaled else (sides[1], sides[0])


def _scaled(
    both: InputPair, columns: Sequence[NumberPair], scaler: Scaler, train_is_scaled: bool
) -> Iterator[Hypothesis]:
    own = [
        pair for pair in columns if both.exact and scaler.bears(_sides(pair, train_is_scaled)[0])
    ]
    is_unit = _is_unit(scaler, own, train_is_scaled)
    if is_unit and both.train.layout.pooled:
        return  # Pixels end at 0 and 1 by themselves.
    exact = len(own) >= scaler.least_own and not (is_unit and len(own) == 1)
    telling = [
        pair for pair in columns if min(pair.train.elsewhere, pair.validation.elsewhere) >= TELLING
    ]
    scaled = (
        [pair for pair in columns if pair in own or scaler.nearly(_sides(pair, train_is_scaled)[0])]
        if exact
        else _nearly_scaled(both, telling, scaler, train_is_scaled)
    )
    bearing = [pair for pair in scaled if scaler.bears(_sides(pair, train_is_scaled)[1])]
    if not scaled or len(bearing) > (1 - AGREE) * len(scaled):
        return
    telling = [pair for pair in telling if pair in scaled]
    raw = [pair for pair in telling if pair in both.different]
    if not raw or len(raw) < AGREE * len(telling):
        return
    if not exact and len(raw) > 1 and _are_in_other_units(raw):
        return
    far = median(scaler.departure(_sides(pair, train_is_scaled)[1]) for pair in scaled) >= RAW
    # Counts need not be far: no population of them has fractions, nor one of prices more digits.
    rounded = [pair for pair in raw if _is_rounded(pair, train_is_scaled)]
    if len(rounded) < AGREE * len(raw) and not (far and _is_beyond_populations(raw)):
        return
    if scaler.shaped:
        if not _agree(MIN_MAX, raw):
            yield _hypothesis(both, scaled, raw, scaler, train_is_scaled, exact)
    elif not exact and scaler in (MIN_MAX, UNIT_RANGE) and _agree(MAX_ABS, raw):
        return  # nothing was taken off: it is a multiple
    elif _agree(scaler, raw):
        yield _hypothesis(both, scaled, raw, scaler, train_is_scaled, exact)
    elif scaler is STANDARD and _agree_after_power(raw, train_is_scaled):
        yield _hypothesis(both, scaled, raw, POWER, train_is_scaled, exact)


def _are_in_other_units(raw: Sequence[NumberPair]) -> bool:
    """Whether all columns are multiples by one factor that people know."""
    ratio = median(pair.validation.deviation / pair.train.deviation for pair in raw)
    return any(
        all(with_constants(pair, known, 0.0).misfit <= FITS for pair in raw)
        for known in KNOWN_FACTORS
        if known > 0 and abs(math.log(known / ratio)) <= CLOSE
    )


def _is_rounded(pair: NumberPair, train_is_scaled: bool) -> bool:
    """Whether values have few digits after the point on the raw side, and more when scaled."""
    scaled, raw = _sides(pair, train_is_scaled)
    return raw.whole or (decimals(raw) is not None and decimals(scaled) is None)


def _is_beyond_populations(columns: Sequence[NumberPair]) -> bool:
    """Whether most columns differ by more than populations do that were scaled alike.

    A single column that moved as a whole may have kept its deviation: that has to differ.
    """
    beyond = [pair for pair in columns if pair.as_shift > ORDINARY_SHIFT]
    if len(columns) == 1 and beyond:
        ratio = columns[0].validation.deviation / columns[0].train.deviation
        return abs(math.log2(ratio)) >= RAW
    return 2 * len(beyond) >= len(columns)


def _is_unit(scaler: Scaler, own: Sequence[NumberPair], train_is_scaled: bool) -> bool:
    """Whether columns end at 1 since they were divided by a number that people know."""
    factors = [_ends_ratio(*_sides(pair, train_is_scaled)) for pair in own]
    return scaler in RANGES and any(
        all(abs(factor / known - 1) < 1e-6 for factor in factors) for known in KNOWN_FACTORS
    )


def _ends_ratio(scaled: Distribution, raw: Distribution) -> float:
    return max(abs(raw.least), abs(raw.greatest)) / max(abs(scaled.least), abs(scaled.greatest))


def _nearly_scaled(
    both: InputPair, columns: Sequence[NumberPair], scaler: Scaler, train_is_scaled: bool
) -> Sequence[NumberPair]:
    """Returns what was scaled with the other split's statistics, as is right, that staying raw."""
    if len(columns) < scaler.least_nearly or scaler.only_exact:
        return ()
    scaled = [pair for pair in columns if scaler.nearly(_sides(pair, train_is_scaled)[0])]
    if len(scaled) < AGREE * len(columns):
        # Small samples of long tails end elsewhere; but no population moves all columns so far.
        scaled = [pair for pair in both.different if pair.as_shift > ORDINARY_SHIFT]
        if len(scaled) < max(AGREE * len(columns), LEAST_COLUMNS):
            return ()
        if _typical(scaler, scaled, train_is_scaled) > RAW:
            return ()
    # What is divided by its greatest size ends near 1 like much else; it has to be a multiple.
    rivals = [
        one for one in SCALERS if one is not MAX_ABS and not one.shaped and not one.only_exact
    ]
    nearest = min(rivals, key=lambda one: _typical(one, scaled, train_is_scaled))
    return scaled if scaler is nearest or scaler not in rivals else ()


def _typical(scaler: Scaler, columns: Sequence[NumberPair], train_is_scaled: bool) -> float:
    """Returns how far the median column is from being scaled so."""
    return median(scaler.departure(_sides(pair, train_is_scaled)[0]) for pair in columns)


def _agree(scaler: Scaler, raw: Sequence[NumberPair]) -> bool:
    """Whether the columns have the same shape in both splits, on another scale."""
    fits = [best_multiple(pair) if scaler is MAX_ABS else best_affine(pair) for pair in raw]
    good = [fit for fit in fits if fit is not None and fit.misfit <= FITS and fit.factor > 0]
    return len(good) >= AGREE * len(raw)


def _agree_after_power(raw: Sequence[NumberPair], train_is_scaled: bool) -> bool:
    """Whether the columns have the same shape once one split has been made symmetrical."""
    fits = [best_power(*_sides(pair, train_is_scaled)) for pair in raw]
    return sum(fit.misfit <= FITS for fit in fits) >= AGREE * len(raw)


def _hypothesis(
    both: InputPair,
    scaled_columns: Sequence[NumberPair],
    columns: Sequence[NumberPair],
    scaler: Scaler,
    train_is_scaled: bool,
    exact: bool,
) -> Hypothesis:
    one, other = ("train", "validation") if train_is_scaled else ("validation", "train")
    example = max(columns, key=lambda pair: scaler.departure(_sides(pair, train_is_scaled)[1]))
    scaled, raw = _sides(example, train_is_scaled)
    names = tuple(pair.name for pair in columns)
    how = "has" if exact else "has nearly"
    certain = _is_beyond_populations(columns)
    doubt = (
        ()
        if certain
        else ("the difference is small enough for the rows of another population as well",)
    )
    return Hypothesis(
        Finding(
            check="scaling_missing",
            kind="scaling_missing",
            columns=names,
            transformation=f"{one} = {scaler.formula}, {other} = x",
            severity="fail" if certain else "warn",
            message=f"{one.capitalize()} is {scaler.name}, {other} is not:"
            f" `{example.name}` has mean {number(raw.mean)} and deviation {number(raw.deviation)}"
            f" there, against {_mean(scaled)} and {number(scaled.deviation)}.",
            evidence=(
                f"{one} {how} {scaler.mark} in {counted(len(columns), 'column')} ({ticked(names)})",
                f"the {other} columns have the same shapes on another scale",
                *doubt,
            ),
            fix=scaled_by(both, scaled_columns, scaler),
            constants={
                "mean": raw.mean,
                "deviation": raw.deviation,
                "minimum": raw.least,
                "maximum": raw.greatest,
            },
            treated=one,
            function=scaler.name,
        ),
        explains=frozenset(pair.place for pair in scaled_columns),
        cost=CLAIM,
        certain=exact and certain,
    )


def _mean(column: Distribution) -> str:
    """Returns a mean; what is zero to the last digit is zero."""
    return number(column.mean if abs(column.mean) > 1e-6 * column.deviation else 0.0)


def _pixels(both: InputPair, columns: Sequence[NumberPair]) -> Iterator[Hypothesis]:
    """Yields a division by 255 that all columns of an image agree on."""
    if not both.train.layout.pooled and len(columns) < LEAST_COLUMNS:
        return
    for train_is_scaled in (True, False):
        scaled = [_sides(pair, train_is_scaled)[0] for pair in columns]
        raw = [_sides(pair, train_is_scaled)[1] for pair in columns]
        if not (min(c.least for c in raw) >= 0 and 1.5 < max(c.greatest for c in raw) <= 255):
            continue
        for factor, offset in PIXELS:
            low, high = -offset / factor, (255 - offset) / factor
            brightest = factor * max(c.greatest for c in scaled) + offset
            if not 1 / BRIGHTER <= max(c.greatest for c in raw) / max(brightest, 1.0) <= BRIGHTER:
                continue
            inside = low - 1e-4 <= min(c.least for c in scaled)
            if not (inside and max(c.greatest for c in scaled) <= high + 1e-4):
                continue
            fits = [_pixel_fit(pair, factor, offset, train_is_scaled) for pair in columns]
            if sum(fit.misfit <= FITS for fit in fits) < AGREE * len(fits):
                continue
            formula = "x / 255" if not offset else "x / 127.5 − 1"
            constants = 1 / factor, (0.0 - offset) / factor
            yield _pixel_hypothesis(both, columns, formula, constants, train_is_scaled)
            return


def _pixel_fit(pair: NumberPair, factor: float, offset: float, train_is_scaled: bool) -> Affine:
    if train_is_scaled:
        return with_constants(pair, factor, offset)
    return with_constants(pair, 1 / factor, -offset / factor)


def _pixel_hypothesis(
    both: InputPair,
    columns: Sequence[NumberPair],
    formula: str,
    constants: tuple[float, float],
    train_is_scaled: bool,
) -> Hypothesis:
    one, other = ("train", "validation") if train_is_scaled else ("validation", "train")
    scaled = [_sides(pair, train_is_scaled)[0] for pair in columns]
    raw = [_sides(pair, train_is_scaled)[1] for pair in columns]
    highest = number(max(column.greatest for column in scaled))
    return Hypothesis(
        Finding(
            check="scaling_missing",
            kind="scaling_missing",
            columns=tuple(pair.name for pair in columns),
            transformation=f"{one} = {formula}, {other} = x",
            severity="fail",
            message=f"{one.capitalize()} is {formula}, {other} is not: its greatest value is"
            f" {number(max(column.greatest for column in raw))} against {highest}.",
            evidence=(
                f"after {formula} the splits agree in"
                f" {counted(len(columns), 'column or channel', 'columns or channels')} of"
                f" `{both.name}`",
            ),
            fix=applied(
                both,
                columns,
                lambda x: f"{x} / 255" if "255" in formula else f"{x} / 127.5 - 1",
                other,
            ),
            constants=dict(zip(("factor", "offset"), constants, strict=True)),
            treated=one,
        ),
        explains=frozenset(pair.place for pair in columns),
        cost=CLAIM - COMMONEST,
    )


def _by_constants(both: InputPair, columns: Sequence[NumberPair]) -> Iterator[Hypothesis]:
    """Yields an image normalised with constants from elsewhere, the other split being pixels."""
    if not both.train.layout.pooled or set(columns) != set(both.different):
        return
    for train_is_scaled in (True, False):
        scaled = [_sides(pair, train_is_scaled)[0] for pair in columns]
        raw = [_sides(pair, train_is_scaled)[1] for pair in columns]
        top = max(column.greatest for column in raw)
        pixels = min(column.least for column in raw) >= 0 and (
            BRIGHT < top <= 1 or (BRIGHT_BYTE < top <= 255 and all(column.whole for column in raw))
        )
        if not pixels or min(column.least for column in scaled) >= 0:
            continue
        fits = [best_affine(pair) for pair in columns]
        good = [fit for fit in fits if fit is not None and fit.misfit <= FITS and fit.factor > 0]
        if len(good) == len(columns):
            yield _hypothesis(both, columns, columns, STANDARD, train_is_scaled, exact=False)
            return
