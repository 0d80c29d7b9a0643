"""Undoes, in rows of validation, what a finding says was done differently to them.

A finding is a suspicion; whether a model does better on rows that were put right is a proof. What
is undone follows from the finding's constants and, where they differ from column to column, from
the two profiles. A kind that is not in ``UNDONE`` cannot be undone: what was lost is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlflow_plateau.checks.clipped import CLIP
from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.finding import Finding
from mlflow_plateau.checks.fingerprints import RANGES
from mlflow_plateau.checks.ids import padding_id
from mlflow_plateau.checks.input_fingerprints import BY_ROW
from mlflow_plateau.checks.monotone_functions import FUNCTIONS, Function
from mlflow_plateau.checks.transformation import best_affine, ticked
from mlflow_plateau.profiles.patterns import Float64
from mlflow_plateau.profiles.table import Layout, channel_axis

Array = npt.NDArray[Any]
Undo = Callable[[Array], Array]
"""From validation's rows of one input, shape ``(rows, …)``, to the same treated as train's."""


@dataclass(frozen=True)
class Repair:
    """How to treat validation as train was treated.

    Attributes:
        kind: The kind of the finding.
        input: Name of the input or target that it is about.
        done: What it does, in words that follow "with".
        undo: Does it to validation's rows of that input, which it leaves as they are.
    """

    kind: str
    input: str
    done: str
    undo: Undo


def repair_of(finding: Finding, comparison: Comparison) -> Repair | None:
    """Returns what undoes a finding, or ``None`` where it cannot be undone.

    Args:
        finding: What was done differently.
        comparison: The two splits that it was found in.
    """
    about = [both for both in comparison.inputs if _is_about(both, finding)]
    undone = UNDONE.get(finding.kind)
    # Where two inputs have columns of the same names nobody knows which is meant.
    if undone is None or len(about) != 1:
        return None
    found = undone(finding, about[0])
    return None if found is None else Repair(finding.kind, about[0].name, *found)


def _is_about(both: InputPair, finding: Finding) -> bool:
    names = {both.name, *_places(both)}
    return bool(finding.columns) and names.issuperset(finding.columns)


def _said(finding: Finding, both: InputPair) -> str:
    """Returns the columns in words; the only column of an array has no name worth saying."""
    alone = not both.train.layout.named and len(both.train.layout.columns) == 1
    return ticked((both.name,) if alone else finding.columns)


def _places(both: InputPair) -> dict[str, int]:
    """Returns train's number of each column by its name in messages."""
    return {both.column_name(mine): mine for mine, _ in both.matched}


Undone = tuple[str, Undo] | None


def _scaling_missing(finding: Finding, both: InputPair) -> Undone:
    """Puts validation on train's scale: by known constants for pixels, else those that fit best.

    The scaler itself left with the rows that it was fitted on. What is known is that of each column
    both splits are one distribution, up to factor and offset; of rows that were scaled one by one
    not even that.
    """
    if finding.function in BY_ROW:
        return None
    of_train = finding.treated == "train"
    done = "train's scaling applied" if of_train else "its scaling undone"
    if "factor" in finding.constants:
        factor, offset = finding.constants["factor"], finding.constants["offset"]
        pairs = [pair for pair in both.features if pair.name in finding.columns]
        if of_train:
            return _each(both, pairs, done, _always(lambda x: factor * x + offset))
        return _each(both, pairs, done, _always(lambda x: (x - offset) / factor))
    # Whoever forgot the scaler forgot it for columns of two values and of one as well.
    pairs = [p for p in both.features if p in both.different or p.name in finding.columns]
    return _each(both, pairs, done, _to_train)


def _scaler_refit(finding: Finding, both: InputPair) -> Undone:
    """Gives validation train's mean and deviation, where a scaler of ranges took them away.

    A column that was standardised by itself has train's mean and deviation already: what it had
    before is not known.
    """
    if not any(scaler.name == finding.function for scaler in RANGES):
        return None
    pairs = [pair for pair in both.features if pair.name in finding.columns]
    return _each(both, pairs, "train's range applied", _by_moments)


def _to_train(pair: NumberPair) -> Function:
    """Returns the map that makes validation's column agree with train's."""
    fit = best_affine(pair)
    if fit is None or not fit.factor > 0:
        return _by_moments(pair)
    return lambda x: (x - fit.offset) / fit.factor


def _by_moments(pair: NumberPair) -> Function:
    train, validation = pair.train, pair.validation
    # A scaler leaves the width of a constant column as it is.
    known = train.deviation > 0 and validation.deviation > 0
    factor = train.deviation / validation.deviation if known else 1.0
    return lambda x: (x - validation.mean) * factor + train.mean


def _unit_factor(finding: Finding, both: InputPair) -> Undone:
    factor, offset = finding.constants["factor"], finding.constants["offset"]
    pairs = [pair for pair in both.features if pair.name in finding.columns]
    done = f"{finding.transformation} undone in {_said(finding, both)}"
    return _each(both, pairs, done, _always(lambda x: (x - offset) / factor))


def _monotone_transform(finding: Finding, both: InputPair) -> Undone:
    pairs = [pair for pair in both.features if pair.name in finding.columns]
    columns = _said(finding, both)
    name, of_train = finding.function, finding.treated == "train"
    if name in FUNCTIONS:
        done = f"{name.format('x')} {'applied to' if of_train else 'undone in'} {columns}"
        known = FUNCTIONS[name]
        return _each(both, pairs, done, _always(known.function if of_train else known.inverse))
    if name == CLIP and of_train:
        limits = frozenset(finding.constants.values())
        done = f"{columns} clipped as in train"
        return _each(both, pairs, done, lambda pair: _clip(pair, limits))
    return None  # What was cut off, or only ranked, is not known any more.


def _clip(pair: NumberPair, limits: frozenset[float]) -> Function:
    low = pair.train.least if pair.train.least in limits else -np.inf
    high = pair.train.greatest if pair.train.greatest in limits else np.inf
    return lambda x: np.clip(x, low, high)


def _imputed_differently(finding: Finding, both: InputPair) -> Undone:
    """Fills in validation what is filled in train: where that is missing, or something else."""
    ours, theirs = finding.constants.get("train"), finding.constants.get("validation")
    if ours is None or (theirs is None and "missing" not in finding.constants):
        return None

    def fill(x: Float64) -> Float64:
        missing = np.isnan(x) if theirs is None else np.isclose(x, theirs, rtol=1e-6, atol=1e-12)
        return np.where(missing, ours, x)

    pairs = [pair for pair in both.features if pair.name in finding.columns]
    done = f"missing values of {_said(finding, both)} filled as in train"
    return _each(both, pairs, done, _always(fill))


def _columns_permuted(finding: Finding, both: InputPair) -> Undone:
    """Puts columns back to where train has them."""
    layout, theirs = both.train.layout, both.validation.layout
    if not (_is_whole(layout) and _is_whole(theirs)) or layout.shape != theirs.shape:
        return None
    order = np.arange(len(layout.columns))
    for mine, other in both.matched:
        order[mine] = other
    places = _places(both)
    for name, place in finding.constants.items():
        order[places[name]] = int(place)
    if sorted(order.tolist()) != list(range(len(order))):
        return None
    axis = _axis(layout)
    what = "channels" if layout.pooled else "columns"
    return f"its {what} in train's order", lambda x: np.take(x, order, axis=axis)


def _recoded(finding: Finding, both: InputPair) -> Undone:
    """Gives validation's categories or classes train's codes."""
    codes = {theirs: float(mine) for mine, theirs in finding.constants.items()}
    if not codes or both.train.layout.shape != both.validation.layout.shape:
        return None
    done = f"train's codes in {_said(finding, both)}"
    if both.is_target and len(both.train.layout.columns) > 1:
        order = np.arange(len(both.train.layout.columns))
        for theirs, mine in codes.items():
            order[int(mine)] = int(theirs)
        return done, lambda y: np.take(y, order, axis=-1)
    numbers, places = dict(both.matched), _places(both)
    named = [numbers[places[name]] for name in finding.columns if name in places]
    columns = named or list(range(len(both.validation.layout.columns)))

    def translate(x: Float64) -> Float64:
        found = x.copy()
        for theirs, mine in codes.items():
            found[x == theirs] = mine
        return found

    return _on_columns(both, done, dict.fromkeys(columns, translate))


def _token_offset(finding: Finding, both: InputPair) -> Undone:
    """Takes an offset off ids, or pads sequences where and with what train does."""
    one, other = both.train.sequences, both.validation.sequences
    if one is None or other is None:
        return None
    ours = padding_id(one.leading, one.trailing)
    theirs = padding_id(other.leading, other.trailing)
    constants, input_name = finding.constants, _said(finding, both)
    if "offset" in constants:
        step = int(constants["offset"])
        done = f"{abs(step)} {'taken off' if step > 0 else 'added to'} the ids of {input_name}"
        return done, lambda x: _without_offset(x, step, ours, theirs)
    if "padded_at_end" in constants and theirs is not None:
        at_end, fill = bool(constants["padded_at_end"]), theirs
        side = "end" if at_end else "start"
        done = f"the padding of {input_name} at the {side}"
        return done, lambda x: _padded_at(x, fill, at_end=at_end)
    if "validation" in constants:
        fill, instead = int(constants["validation"]), int(constants["train"])
        done = f"{input_name} padded with {instead}"
        return done, lambda x: np.where(_in_padding(x, fill), instead, x).astype(x.dtype)
    return None


def _without_offset(x: Array, step: int, ours: int | None, theirs: int | None) -> Array:
    moved = np.maximum(x.astype(np.int64) - step, 0)
    if theirs is not None and ours is not None:
        moved = np.where(x == theirs, ours, moved)
    return moved.astype(x.dtype)


def _in_padding(x: Array, fill: int) -> npt.NDArray[np.bool_]:
    """Returns where an id fills the start or the end of its row."""
    is_fill = x == fill
    starts = np.logical_and.accumulate(is_fill, axis=1)
    ends = np.logical_and.accumulate(is_fill[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(starts | ends)


def _padded_at(x: Array, fill: int, *, at_end: bool) -> Array:
    """Returns the rows with all of their padding on one side."""
    padding = _in_padding(x, fill)
    # A stable sort keeps the ids in their order.
    order = np.argsort(padding if at_end else ~padding, axis=1, kind="stable")
    return np.take_along_axis(x, order, axis=1)


def _always(function: Function) -> Callable[[NumberPair], Function]:
    return lambda _: function


def _each(
    both: InputPair,
    pairs: list[NumberPair],
    done: str,
    function: Callable[[NumberPair], Function],
) -> Undone:
    numbers = dict(both.matched)
    return _on_columns(both, done, {numbers[pair.place[1]]: function(pair) for pair in pairs})


def _on_columns(both: InputPair, done: str, functions: Mapping[int, Function]) -> Undone:
    """Returns what applies a function to each of some of validation's columns."""
    layout = both.validation.layout
    if not functions or not _is_whole(layout):
        return None
    axis = _axis(layout)

    def undo(values: Array) -> Array:
        columns = np.moveaxis(values[:, None] if values.ndim == 1 else values, axis, -1)
        found = np.array(columns, dtype=np.result_type(values.dtype, np.float32))
        with np.errstate(all="ignore"):
            for place, function in functions.items():
                found[..., place] = function(columns[..., place].astype(np.float64))
        found = np.moveaxis(found, -1, axis).reshape(values.shape)
        whole = values.dtype.kind in "iu" and np.array_equal(found, np.rint(found))
        return found.astype(values.dtype) if whole else found

    return done, undo


def _axis(layout: Layout) -> int:
    return channel_axis(layout.shape) if layout.pooled else -1


def _is_whole(layout: Layout) -> bool:
    """Whether all columns of an array of rows of one length were measured, under their numbers."""
    if None in layout.shape:
        return False
    axis = _axis(layout)
    count = layout.shape[axis - 1 if axis > 0 else axis] if layout.shape else 1
    return count == len(layout.columns)


UNDONE: Mapping[str, Callable[[Finding, InputPair], Undone]] = {
    "scaling_missing": _scaling_missing,
    "scaler_refit": _scaler_refit,
    "unit_factor": _unit_factor,
    "monotone_transform": _monotone_transform,
    "imputed_differently": _imputed_differently,
    "columns_permuted": _columns_permuted,
    "categories_recoded": _recoded,
    "labels_recoded": _recoded,
    "token_offset": _token_offset,
}
"""How each kind of finding is undone."""
