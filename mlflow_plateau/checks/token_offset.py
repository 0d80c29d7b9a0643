"""Sequences of ids: shifted ids, padding on the other side, another vocabulary."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import ndtr

from mlflow_plateau.checks.comparison import Comparison, InputPair
from mlflow_plateau.checks.evidence import (
    EFFECT,
    ENOUGH,
    harmonic,
    total_variation,
)
from mlflow_plateau.checks.finding import WHOLE_INPUT, Finding, Hypothesis
from mlflow_plateau.checks.fix import comment, name_of
from mlflow_plateau.checks.ids import id_frequencies, padding_id
from mlflow_plateau.profiles.patterns import Float64, Int64

FARTHEST = 1000
"""Offsets up to this are tried."""

PADDED = 0.2
"""Share of rows with padding on a side for the side to be a habit…"""

TIMES = 4.0
"""…and how many times rarer it is on that side in the other split."""

GAIN = 0.005
"""How much more of the frequencies (Bhattacharyya's coefficient) has to agree after an offset."""

NATS_PER_GAIN = 16.0
"""Evidence in a gain of 1, for each row; a row's ids are worth about four independent ones."""

LEFT = 0.7
"""An offset leaves at most this part of what the frequencies differ by, …"""

MUCH = 1.5
"""… or so many times what chance brings."""

ROW_WORTH = 8
"""A row is worth at most so many independent ids."""

CANDIDATES = 8
"""Offsets that are looked at closely."""

EXCHANGED = 4.0
"""Frequencies differ this many times more by id than by rank if the ids were exchanged."""

OTHER_VOCABULARY = 0.2
"""Correlation of the frequencies of ids below which they are not the same words."""

LEAST_ROWS = 10.0
"""Rows that a comparison has to be worth."""

NOT_IN_ALL = 0.02
"""A mark may have been cut off from this part of the rows."""

OUT_OF_ORDER = 0.7
"""Where validation's ids are numbered by validation's frequencies, at most this part of the
neighbours are out of order that would be if they were numbered by train's. Texts that were cut off
after that leave about half of them."""

LEAST_EXPECTED = 2.0
"""Neighbours of which fewer values are expected in validation say nothing of their order."""


def token_offset(comparison: Comparison) -> Iterator[Hypothesis]:
    """Finds what was done differently to ids: offset, padding side, padding id, vocabulary."""
    for both in comparison.features:
        rows = harmonic(both.train.sampled, both.validation.sampled)
        if both.sequences and rows >= LEAST_ROWS:
            yield from _padding(both, rows)
            yield from _ids(both, rows)


def _padding(both: InputPair, rows: float) -> Iterator[Hypothesis]:
    one, other = both.train.sequences, both.validation.sequences
    if one is None or other is None:
        return
    leading = (
        _share(one.leading, both.train.sampled),
        _share(other.leading, both.validation.sampled),
    )
    trailing = (
        _share(one.trailing, both.train.sampled),
        _share(other.trailing, both.validation.sampled),
    )
    if _moved(leading, rows) and _moved(trailing, rows):
        before = "end" if trailing[0] > leading[0] else "start"
        after = "start" if before == "end" else "end"
        yield _hypothesis(
            both,
            f"train is padded at the {before}, validation at the {after}",
            f"Sequences are padded at the {before} in train and at the {after} in validation.",
            f"rows that end with padding: {trailing[0]:.0%} in train, {trailing[1]:.0%} in"
            f" validation; that start with it: {leading[0]:.0%} and {leading[1]:.0%}",
            _padded(both, padding_id(other.leading, other.trailing) or 0, before),
            {"padded_at_end": float(before == "end")},
        )
    mine, theirs = (
        padding_id(one.leading, one.trailing),
        padding_id(other.leading, other.trailing),
    )
    padded = min(max(leading[0], trailing[0]), max(leading[1], trailing[1]))
    if mine != theirs and mine is not None and theirs is not None and padded >= PADDED:
        offset = _best_offset(both, rows)
        if offset is not None and offset[0] == theirs - mine:
            return
        yield _hypothesis(
            both,
            f"train is padded with {mine}, validation with {theirs}",
            f"Sequences are padded with the id {mine} in train and {theirs} in validation.",
            f"{padded:.0%} of the rows are padded",
            _applied(both, lambda x: f"np.where({x} == {theirs}, {mine}, {x})"),
            {"train": float(mine), "validation": float(theirs)},
        )


def _applied(both: InputPair, expression: Callable[[str], str]) -> str:
    x = name_of(both, "validation")
    return f"{x} = {expression(x)}"


def _padded(both: InputPair, fill: int, side: str) -> str:
    """Returns code that moves the padding of each row to one side; the rest keeps its order."""
    sign = "==" if side == "end" else "!="
    return _applied(
        both,
        lambda x: (
            f"np.take_along_axis({x}, np.argsort({x} {sign} {fill}, axis=1, kind='stable'), axis=1)"
        ),
    )


def _unshifted(both: InputPair, x: str, step: int) -> str:
    """Returns code that takes an offset off ids, and gives the padding train's id."""
    one, other = both.train.sequences, both.validation.sequences
    ours = padding_id(one.leading, one.trailing) if one else None
    theirs = padding_id(other.leading, other.trailing) if other else None
    moved = f"np.maximum({x} - {step}, 0)" if step > 0 else f"{x} + {-step}"
    return (
        moved if ours is None or theirs is None else f"np.where({x} == {theirs}, {ours}, {moved})"
    )


def _share(counts: Int64, rows: int) -> float:
    return float(counts.sum()) / max(rows, 1)


def _moved(shares: tuple[float, float], rows: float) -> bool:
    low, high = sorted(shares)
    surely = 2 * rows * (high - low) ** 2 > ENOUGH
    return high >= PADDED and low * TIMES <= high and surely


def _best_offset(both: InputPair, rows: float) -> tuple[int, float, float] | None:
    """Returns the offset that makes the frequencies agree best, and the variation before and after.

    ``None`` where none is better than no offset.
    """
    train, validation = _of_known_words(*id_frequencies(both))
    size = len(train)
    # Overlap for every offset at once: a correlation of square roots, by Fourier transform.
    length = 1 << (2 * size - 1).bit_length()
    spectrum = np.conj(np.fft.rfft(np.sqrt(train), length)) * np.fft.rfft(
        np.sqrt(validation), length
    )
    overlap = np.fft.irfft(spectrum, length)
    farthest = min(FARTHEST, size - 1)
    offsets = np.concatenate([np.arange(1, farthest + 1), np.arange(-farthest, 0)])
    likely = offsets[np.argsort(-overlap[offsets])[:CANDIDATES]].tolist()
    # The overlap leaves out what an offset cannot bring about, which may be the commonest ids.
    best = min(likely, key=lambda offset: _left(train, validation, offset))
    gain = _overlap(train, validation, best) - _overlap(train, validation, 0)
    if gain < GAIN or NATS_PER_GAIN * rows * gain < ENOUGH:
        return None
    before = total_variation(train, validation)
    after = _left(train, validation, best)
    chance = _chance(train, validation, rows * min(len(both.train.layout.columns), ROW_WORTH))
    agree = after < before and after <= max(LEFT * before, MUCH * chance)
    return (best, before, after) if agree else None


def _chance(train: Float64, validation: Float64, values: float) -> float:
    """Returns about how much the frequencies of ids differ by chance, in total variation."""
    seen = min(int(np.count_nonzero(train + validation)), 4096)
    return math.sqrt(seen / (2 * math.pi * values))


def _of_known_words(train: Float64, validation: Float64) -> tuple[Float64, Float64]:
    """Leaves out validation's first id where train has none so low: it stands for unknown words."""
    first = int(np.argmax(validation > 0))
    if not train.any() or first >= int(np.argmax(train > 0)):
        return train, validation
    known = validation.copy()
    known[first] = 0.0
    return train, known / max(float(known.sum()), 1e-12)


def _left(train: Float64, validation: Float64, offset: int) -> float:
    """Returns what frequencies differ by after an offset, without ids that become the padding."""
    moved = _shifted(train, offset)
    return total_variation(moved / max(float(moved.sum()), 1e-12), validation)


def _overlap(train: Float64, validation: Float64, offset: int) -> float:
    """Returns Bhattacharyya's coefficient after an offset, over the ids that both can have.

    An id that an offset makes the padding is lost in one split; it counts in neither.
    """
    moved = _shifted(train, offset)
    possible = np.ones(len(train), dtype=bool)
    if offset > 0:
        possible[: offset + 1] = False
    elif offset < 0:
        possible[offset:] = False
        possible[0] = False
    mine, theirs = moved[possible], validation[possible]
    total = math.sqrt(float(mine.sum()) * float(theirs.sum()))
    return float(np.sqrt(mine * theirs).sum()) / total if total > 0.5 else 0.0


def _shifted(shares: Float64, offset: int) -> Float64:
    moved = np.zeros_like(shares)
    if offset == 0:
        return shares
    if offset > 0:
        moved[offset:] = shares[:-offset]
    else:
        moved[:offset] = shares[-offset:]
    return moved


def _ids(both: InputPair, rows: float) -> Iterator[Hypothesis]:
    train, validation = id_frequencies(both)
    before = total_variation(train, validation)
    places = len(both.train.layout.columns)
    chance = _chance(train, validation, rows * min(places, ROW_WORTH))
    offset = _best_offset(both, rows)
    if offset is not None:
        step, before, after = offset
        sign = "+" if step > 0 else "−"
        yield _hypothesis(
            both,
            f"validation = train {sign} {abs(step)}",
            f"Ids of validation are train's {sign} {abs(step)}.",
            f"by id the frequencies differ by {before:.0%} of the values, after taking"
            f" {step:+d} back by {after:.0%}",
            _applied(both, lambda x: _unshifted(both, x, step)),
            {"offset": float(step)},
        )
        return
    special = _once_in_every_row(both)
    if special:
        one, other, ids = special
        listed = ", ".join(map(str, ids))
        yield _hypothesis(
            both,
            f"{one}'s rows hold the id {listed} once each, {other}'s never",
            f"Each row of {one} holds the id {listed} once, no row of {other} does: marks of the"
            " beginning or the end of a text are missing there.",
            f"{len(ids)} of the ids stand in as many places of {one} as it has rows",
            comment("turn the texts of both splits into ids with the same marks around them"),
        )
        return
    numbered = _numbered_by_own_frequencies(both)
    if numbered is not None:
        expected, found = numbered
        yield _hypothesis(
            both,
            "validation's ids are numbered by validation's own frequencies",
            "Validation's ids come from another vocabulary: each split's ids are numbered by how"
            " often they occur in that split.",
            f"in train's order {expected:.0f} neighbouring ids would be more frequent than the one"
            f" before, {found} are",
            comment("turn the texts of both splits into ids with train's tokenizer"),
        )
        return
    if before < max(EFFECT, MUCH * chance):
        return
    common = train + validation > 2 / max(rows * places, 1)
    roots = np.sqrt(train[common]), np.sqrt(validation[common])
    alike = float(np.dot(*roots))
    shape = _sorted_overlap(train, validation)
    exchanged = before > 0.5 or before > EXCHANGED * (1 - shape)
    unseen = float(validation[train == 0].sum())
    if alike < OTHER_VOCABULARY or (exchanged and _correlation(*roots) < OTHER_VOCABULARY < shape):
        yield _hypothesis(
            both,
            "validation's ids come from another vocabulary",
            "Validation's ids come from another vocabulary: the same ids are other words.",
            f"by id the frequencies differ by {before:.0%} of the values; {unseen:.0%} of"
            " validation's values have ids that train never has",
            comment("turn the texts of both splits into ids with train's tokenizer"),
        )


def _once_in_every_row(both: InputPair) -> tuple[str, str, list[int]] | None:
    """Returns the split, the other one, and the ids that only the former has, once in every row."""
    splits = {"train": both.train, "validation": both.validation}
    for one, other in (("train", "validation"), ("validation", "train")):
        mine, theirs = splits[one].sequences, splits[other].sequences
        if mine is None or theirs is None:
            return None
        never = np.ones(len(mine.ids), dtype=bool)
        never[: len(theirs.ids)] = theirs.ids[: len(mine.ids)] == 0
        rows = splits[one].sampled
        once = np.abs(mine.ids - rows) <= NOT_IN_ALL * rows
        padding = padding_id(mine.leading, mine.trailing)
        found = [int(i) for i in np.flatnonzero(once & never) if i != padding]
        if found:
            return one, other, found
    return None


def _numbered_by_own_frequencies(both: InputPair) -> tuple[float, int] | None:
    """Returns how many neighbouring ids would be out of order in validation, and how many are.

    With train's tokenizer, counts in validation are about Poisson around train's shares, and where
    those of neighbours are nearly the same either may be larger. ``None`` where that is so.
    """
    shares, _ = id_frequencies(both)
    sequences = both.validation.sequences
    if sequences is None or not shares.any():
        return None
    size = min(len(shares), len(sequences.ids))
    counts = np.where(shares[:size] > 0, sequences.ids[:size], 0)
    rates = shares[:size] * counts.sum()
    tells = (rates[:-1] + rates[1:] >= LEAST_EXPECTED) & (rates[:-1] > 0) & (rates[1:] > 0)
    before, after = rates[:-1][tells], rates[1:][tells]
    # The difference of two such counts is about normal, and whole.
    chances = ndtr((after - before - 0.5) / np.sqrt(after + before))
    found = int(np.count_nonzero(counts[1:][tells] > counts[:-1][tells]))
    expected, variance = float(chances.sum()), float((chances * (1 - chances)).sum())
    if found > OUT_OF_ORDER * expected or not variance:
        return None
    surprise = (expected - found) ** 2 / (2 * variance)
    return (expected, found) if surprise > ENOUGH else None


def _correlation(one: Float64, other: Float64) -> float:
    if len(one) < 3 or not one.std() or not other.std():
        return 1.0
    return float(np.corrcoef(one, other)[0, 1])


def _sorted_overlap(one: Float64, other: Float64) -> float:
    return 1 - total_variation(np.sort(one), np.sort(other))


def _hypothesis(
    both: InputPair,
    transformation: str,
    message: str,
    evidence: str,
    fix: str,
    constants: dict[str, float] | None = None,
) -> Hypothesis:
    return Hypothesis(
        Finding(
            check="token_offset",
            kind="token_offset",
            columns=(both.name,),
            transformation=transformation,
            severity="fail",
            message=message,
            evidence=(evidence,),
            fix=fix,
            constants=constants or {},
        ),
        explains=frozenset([(both.name, WHOLE_INPUT)]),
        certain=True,
    )
