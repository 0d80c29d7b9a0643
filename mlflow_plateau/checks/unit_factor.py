"""One split is a constant multiple or an affine map of the other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.evidence import CLAIM, FITS, ORDINARY_RATIO
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fingerprints import STANDARD
from mlflow_plateau.checks.fix import applied, scaled_by
from mlflow_plateau.checks.input_fingerprints import scaled_alike
from mlflow_plateau.checks.labels import quantities
from mlflow_plateau.checks.lattice import step_of
from mlflow_plateau.checks.transformation import (
    KNOWN_FACTORS,
    Affine,
    affine_formula,
    best_affine,
    decimals,
    number,
    on_grid,
    ticked,
    with_constants,
)

KNOWN_MAPS = (
    (1.8, 32.0), (1 / 1.8, -32 / 1.8), (1.0, 273.15), (1.0, -273.15), (1.8, 32 - 273.15 * 1.8),
    (2.0, -1.0), (0.5, 0.5), (2 / 255, -1.0), (127.5, 127.5), (1.0, 1900.0), (1.0, -1900.0),
    (1.0, 2000.0), (1.0, -2000.0), (-1.0, 1.0), (-1.0, 255.0), (-1.0, 100.0),
)  # fmt: skip
"""Factors and offsets: temperatures, ranges of pixels, years, inverted scales."""

MANY = 3
"""This many columns with factors of their own that nobody has heard of were scaled."""

NATURAL = 2.0
"""Populations differ by factors up to this; a smaller one is a unit only if the digits say so."""

MUCH_WORSE = 4.0
"""Nats by which a known factor has to fit better than any natural one, to be told from it."""

UNNATURAL = 5.0
"""No population differs by such a factor, or by so many deviations, and in nothing else."""

CLOSE = 0.25
"""A known factor is tried if it is this close to the fitted one, in the logarithm."""

FREE_CONSTANTS = 6.0
"""What a factor or offset that nobody has heard of costs more, in nats."""

SAME = 1e-5
"""Factors that differ by less are one, rounded."""

SLIGHT = 0.05
"""A known factor may be off by this, in the logarithm: populations differ by as much …"""

STANDARD_ERRORS = 3.5
"""… or by so many standard errors of the mean, which chance brings about."""

LEAST_EXCHANGED = 3
"""So many columns in which yes and no are exchanged are no chance."""

FEW_VALUES = 16
"""Columns of at most this many values are masks, marks and grades."""

LEAST_ROWS = 12.0
"""Rows that a comparison has to be worth to fit anything."""


Key = tuple[str, float, float]
"""An input's name, a factor and an offset."""


def unit_factor(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds factors and offsets between units, and names the constants where they are known."""
    groups: dict[Key, list[NumberPair]] = defaultdict(list)
    fits: dict[Key, Affine] = {}
    for both in quantities(comparison):
        is_scaled = scaled_alike(both)
        for pair in both.features:
            if both.holds_dates(pair):
                continue
            # Of masks and marks most are zero: as a whole they hardly differ.
            fit = _unit(pair) if pair in both.different else _of_few_values(pair)
            # Of columns that were scaled alike another population is no unit, but a mirror image is
            # no population.
            if fit is not None and not (is_scaled(pair) and fit.factor > 0):
                key = (both.name, fit.factor, fit.offset)
                groups[key].append(pair)
                fits[key] = fit
        _mirror_all(both, groups)
    for key in [key for key, pairs in groups.items() if _may_be_shares(key, pairs)]:
        del groups[key]
    for both in quantities(comparison):
        own = {key: pairs for key, pairs in groups.items() if key[0] == both.name}
        pairs = [pair for several in own.values() for pair in several]
        unknown = [key for key in own if not _is_known(fits[key])]
        if len(unknown) >= MANY and len(own) >= MANY and 2 * len(pairs) >= len(both.different):
            yield _scaled(both, pairs)
        else:
            for key, alike in own.items():
                yield _hypothesis(both, alike, fits[key])


def _may_be_shares(key: Key, pairs: Sequence[NumberPair]) -> bool:
    """Whether nothing but shares of two values moved, which another population may exchange."""
    return (
        key[1] < 0
        and len(pairs) < LEAST_EXCHANGED
        and all(pair.train.two_valued and pair.validation.two_valued for pair in pairs)
        and all(np.array_equal(pair.train.low, pair.validation.low) for pair in pairs)
    )


def _mirror_all(both: InputPair, groups: dict[Key, list[NumberPair]]) -> None:
    """Takes columns along that the mirror image of others fits as well, as a shift often does."""
    for key in [key for key in groups if key[0] == both.name and key[1] < 0]:
        for pair in both.different:
            name, factor, offset = key
            if pair not in groups[key] and with_constants(pair, factor, offset).misfit <= FITS:
                for other, pairs in groups.items():
                    if other[0] == name and pair in pairs:
                        pairs.remove(pair)
                groups[key].append(pair)
    for key in [key for key, pairs in groups.items() if not pairs]:
        del groups[key]


def _is_known(fit: Affine) -> bool:
    return fit.factor in KNOWN_FACTORS or (fit.factor, fit.offset) in KNOWN_MAPS


def _scaled(both: InputPair, pairs: list[NumberPair]) -> Hypothesis:
    """Returns a scaling: nobody measures many columns in a unit of its own that nobody knows."""
    names = tuple(pair.name for pair in pairs)
    spreads = [
        np.ptp(np.log([getattr(pair, split).deviation for pair in pairs]))
        for split in ("train", "validation")
    ]
    one, other = ("train", "validation") if spreads[0] < spreads[1] else ("validation", "train")
    return Hypothesis(
        Finding(
            check="unit_factor",
            kind="scaling_missing",
            columns=names,
            transformation=f"{one} = factor · x + offset, others for each column, {other} = x",
            severity="fail",
            message=f"{one.capitalize()} is on another scale in {len(names)} columns"
            f" ({ticked(names)}), each by a factor of its own, as a scaler would do.",
            evidence=tuple(
                f"`{pair.name}` has mean {number(pair.train.mean)} and deviation"
                f" {number(pair.train.deviation)} in train, {number(pair.validation.mean)} and"
                f" {number(pair.validation.deviation)} in validation"
                for pair in pairs[:3]
            ),
            fix=scaled_by(both, pairs, STANDARD),
            treated=one,
        ),
        explains=frozenset(pair.place for pair in pairs),
        cost=CLAIM + FREE_CONSTANTS * len(pairs),
    )


def _unit(pair: NumberPair) -> Affine | None:
    """Returns the map between units that explains a column, if there is one."""
    if pair.rows < LEAST_ROWS:
        return None
    fitted = best_affine(pair)
    if fitted is None:
        return None
    exact = _between_lattices(pair, fitted)
    if exact is not None:
        return exact
    known = [with_constants(pair, factor, offset) for factor, offset in _candidates(pair, fitted)]
    known = [
        fit
        for fit in known
        if fit.misfit <= FITS and _credible(pair, fit) and not _off(pair, fit, fitted)
    ]
    if known:
        # What fits better by so little that chance may do it is less likely if it is less common.
        return min(
            enumerate(known, 1),
            key=lambda one: 2 * pair.rows * one[1].distance ** 2 + math.log(one[0]),
        )[1]
    moved = abs(pair.train.mean - pair.validation.mean)
    far = moved > UNNATURAL * max(pair.train.deviation, pair.validation.deviation)
    if fitted.misfit <= FITS and (abs(math.log(abs(fitted.factor))) > math.log(UNNATURAL) or far):
        return _rounded(pair, fitted)
    return None


def _of_few_values(pair: NumberPair) -> Affine | None:
    """Returns the known factor between all values of the two splits, where these are few."""
    train, validation = pair.train, pair.validation
    few = len(train.low) == len(validation.low) <= FEW_VALUES
    if not (few and train.atoms and validation.atoms and len(train.low) > 1):
        return None
    apart = min(float(side.total - side.mass[side.low == 0].sum()) for side in (train, validation))
    if apart < LEAST_ROWS or not (train.greatest and validation.greatest):
        return None
    factor = validation.greatest / train.greatest
    known = next((f for f in KNOWN_FACTORS if abs(f / factor - 1) <= SAME), None)
    if known is None or abs(math.log(abs(known))) < math.log(UNNATURAL):
        return None
    same = np.allclose(known * train.low, validation.low, rtol=SAME, atol=0.0)
    return with_constants(pair, known, 0.0) if same else None


def _between_lattices(pair: NumberPair, fitted: Affine) -> Affine | None:
    """Returns the factor between the steps of both splits' values, which is exact.

    A factor that populations may differ by is left to what they look like: they may be rounded.
    """
    mine, theirs = step_of(pair.train), step_of(pair.validation)
    if mine is None or theirs is None:
        return None
    factor = math.copysign(float(f"{theirs / mine:.6g}"), fitted.factor)
    known = next((f for f in KNOWN_FACTORS if abs(f / factor - 1) <= SAME), factor)
    fit = with_constants(pair, known, 0.0)
    natural = abs(math.log(abs(factor))) <= math.log(NATURAL)
    if natural or not _near(factor, fitted.factor) or fit.misfit > FITS:
        return None
    return fit


def _off(pair: NumberPair, fit: Affine, fitted: Affine) -> bool:
    """Whether the means rule constants out: by too many standard errors, and by enough to matter.

    A population may be richer by some percent besides.
    """
    train, validation = pair.train, pair.validation
    error = math.hypot(
        fit.factor * train.deviation / math.sqrt(train.rows),
        validation.deviation / math.sqrt(validation.rows),
    )
    moved = abs(validation.mean - fit.factor * train.mean - fit.offset)
    differs = abs(math.log(fitted.factor / fit.factor)) > SLIGHT
    return differs and moved > STANDARD_ERRORS * error and fitted.distance < fit.distance


def _candidates(pair: NumberPair, fitted: Affine) -> Iterator[tuple[float, float]]:
    for factor in KNOWN_FACTORS:
        if (factor < 0) == (fitted.factor < 0) and _near(factor, fitted.factor):
            yield factor, 0.0
    for factor, offset in KNOWN_MAPS:
        if (factor < 0) == (fitted.factor < 0) and _near(factor, fitted.factor):
            expected = factor * pair.train.mean + offset
            if abs(expected - pair.validation.mean) <= CLOSE * pair.validation.deviation:
                yield factor, offset


def _near(one: float, other: float) -> bool:
    return abs(math.log(one / other)) <= CLOSE


def _credible(pair: NumberPair, fit: Affine) -> bool:
    """Whether no population would do: by the size of the factor, its offset, or the digits."""
    if fit.factor < 0:
        return True
    moved = abs(pair.train.mean - pair.validation.mean)
    if moved > UNNATURAL * max(pair.train.deviation, pair.validation.deviation):
        return True
    error = pair.validation.deviation / math.sqrt(pair.rows)
    offset = fit.factor != 1 and abs(fit.offset) > max(0.1 * pair.validation.deviation, 4 * error)
    factor = not fit.offset and abs(math.log(fit.factor)) > math.log(NATURAL)
    if offset or factor:
        natural = min((other.distance for other in _natural(pair)), default=1.0)
        if 2 * pair.rows * (natural**2 - fit.distance**2) > MUCH_WORSE:
            return True
    return _digits_agree(pair, fit)


def _natural(pair: NumberPair) -> Iterator[Affine]:
    """Yields what populations do: all of it by a moderate factor, or moved by a few deviations."""
    train, validation = pair.train, pair.validation
    for mine, theirs in (
        (train.mean, validation.mean),
        (float(train.quantiles()[49]), float(validation.quantiles()[49])),
    ):
        if mine and theirs / mine > 0:
            yield with_constants(pair, min(max(theirs / mine, 1 / NATURAL), NATURAL), 0.0)
    moved = validation.mean - train.mean
    if abs(moved) <= ORDINARY_RATIO * max(train.deviation, validation.deviation):
        yield with_constants(pair, 1.0, moved)


def _digits_agree(pair: NumberPair, fit: Affine) -> bool:
    """Whether undoing the map brings validation's values onto the grid of train's, or the reverse.

    Heights in whole centimetres are not whole in inches; multiplied by 2.54 they are again.
    """
    digits = decimals(pair.train)
    back = (pair.validation.low - fit.offset) / fit.factor
    if digits is not None and pair.validation.atoms and on_grid(pair.validation.low, digits) < 0.5:
        return on_grid(back, digits) > 0.95
    digits = decimals(pair.validation)
    if digits is not None and pair.train.atoms and on_grid(pair.train.low, digits) < 0.5:
        return on_grid(pair.train.low * fit.factor + fit.offset, digits) > 0.95
    return False


def _rounded(pair: NumberPair, fitted: Affine) -> Affine:
    """Returns the fitted map without its offset or factor, where that fits too."""
    for factor, offset in (
        (float(f"{fitted.factor:.2g}"), 0.0),
        (fitted.factor, 0.0),
        (1.0, pair.validation.mean - pair.train.mean),
    ):
        simpler = with_constants(pair, factor, offset)
        if simpler.misfit <= FITS:
            return simpler
    return fitted


def _hypothesis(both: InputPair, pairs: list[NumberPair], fit: Affine) -> Hypothesis:
    names = tuple(pair.name for pair in pairs)
    known = _is_known(fit) or (all(_on_lattices(pair, fit) for pair in pairs))
    formula = affine_formula(fit.factor, fit.offset)
    example = pairs[0]
    return Hypothesis(
        Finding(
            check="unit_factor",
            kind="unit_factor",
            columns=names,
            transformation=formula,
            # A series that drifts can look like any factor and offset, and prices may double.
            severity="fail" if known and not _is_small(fit) else "warn",
            message=f"{ticked(names)}: {formula}. The medians are"
            f" {number(_median(example, train=True))} in train and"
            f" {number(_median(example, train=False))} in validation.",
            evidence=(
                f"after it the distributions of `{example.name}` differ by at most"
                f" {fit.distance:.1%} of the rows, before it by {example.distance:.0%}",
            ),
            fix=applied(both, pairs, lambda x: _undone(x, fit)),
            constants={"factor": fit.factor, "offset": fit.offset},
        ),
        explains=frozenset(pair.place for pair in pairs),
        cost=CLAIM + len(pairs) - 1 + fit.misfit + (0.0 if known else FREE_CONSTANTS),
    )


def _is_small(fit: Affine) -> bool:
    """Whether a mere factor is so small that it may as well have come about by itself."""
    return not fit.offset and 1 / ORDINARY_RATIO <= fit.factor <= ORDINARY_RATIO


def _on_lattices(pair: NumberPair, fit: Affine) -> bool:
    mine, theirs = step_of(pair.train), step_of(pair.validation)
    if mine is None or theirs is None or fit.offset:
        return False
    return abs(theirs / (mine * abs(fit.factor)) - 1) <= SAME


def _median(pair: NumberPair, train: bool) -> float:
    return float((pair.train if train else pair.validation).quantiles()[49])


def _undone(x: str, fit: Affine) -> str:
    """Returns the code that takes factor and offset off what ``x`` is the code of."""
    if fit.offset:
        x = f"{x} {'-' if fit.offset > 0 else '+'} {abs(fit.offset):.8g}"
    if fit.factor == 1:
        return x
    x = f"({x})" if fit.offset else x
    whole = 1 / fit.factor
    if abs(fit.factor) < 1 and abs(whole - round(whole)) < 1e-6 * abs(whole):
        return f"{x} * {round(whole)}"
    return f"-{x}" if fit.factor == -1 else f"{x} / {fit.factor:.8g}"
