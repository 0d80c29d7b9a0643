"""Is validation in another order: channels exchanged, pictures turned, classes renamed?

No column by itself shows it, but the model does: in the order that it was trained on its loss is
low again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from mlflow_plateau.profiles.table import channel_axis
from mlflow_plateau.recorder.witness.differentiable import Differentiable
from mlflow_plateau.recorder.witness.rows import Rows, Sample, arrays_in, each_array
from mlflow_plateau.recorder.witness.target_orders import as_predicted

ROWS = 256
"""Rows of each split that the loss is taken of."""

FEWEST = 32
"""Fewer rows say too little."""

MOST_CHANNELS = 4
"""More channels have too many orders to try."""

LEAST_GAP = 0.2
"""A validation loss that is higher than the training loss by less of it needs no explanation."""

EXPLAINS = 0.5
"""Part of the gap between the losses that the right order takes away, at least."""

AS_WELL = 0.1
"""What brings the loss down by all but this part of what the best order does is as good."""

BY_CHANCE = 0.5
"""In the right order the loss is at most this part of what the targets of other rows give: a model
that learned nothing may well be less sure, and so less wrong, of rows that it finds strange."""

MOSTLY_RIGHT = 0.15
"""Where the loss is less than this part of that of other rows' targets, few of them are wrong."""

Order = Callable[[Any], Any]


@dataclass(frozen=True)
class Arrangement:
    """The order in which the model knows the validation rows.

    Attributes:
        done: What puts them into it, in words that follow "with".
        losses: ``final_fit``, ``final_held_out`` and ``repaired_held_out``: losses in inference of
            training rows, of validation rows as they are, and of those in that order.
    """

    done: str
    losses: Mapping[str, float]


def arrangement(
    model: Differentiable, sample: Sample, seconds: float = math.inf
) -> Arrangement | None:
    """Returns the order that makes up for the gap of the losses, or ``None`` if none does.

    Args:
        model: The model, with the weights that the training ended with.
        sample: Rows of its data.
        seconds: How long it may take.
    """
    validation = sample.validation
    if sample.training.y is None or validation is None or validation.y is None:
        return None
    rows = validation.part(0, ROWS)
    if len(rows) < FEWEST:
        return None
    begin = time.perf_counter()
    fit = model.losses(sample.training.part(0, ROWS)).data
    held_out = model.losses(rows).data
    if not held_out - fit > LEAST_GAP * abs(held_out):
        return None
    tried: list[tuple[float, str, Rows]] = []
    for done, ordered in _ordered(rows):
        if (time.perf_counter() - begin) * (len(tried) + 3) > seconds * (len(tried) + 2):
            break  # One more would take too long.
        tried.append((_loss(model, ordered), done, ordered))
    has_time = time.perf_counter() - begin < seconds
    if has_time and not held_out < MOSTLY_RIGHT * _loss(model, _of_other_rows(rows)):
        predictions = model.predictions(rows)
        renumbered = None if predictions is None else as_predicted(rows, predictions)
        if renumbered is not None:
            tried.append((_loss(model, renumbered[1]), *renumbered))
    if not tried:
        return None
    # Of several that do as well the first, which is the likeliest, is meant.
    least = min(loss for loss, _, _ in tried)
    loss, done, ordered = next(
        one for one in tried if one[0] <= least + AS_WELL * max(held_out - least, 0.0)
    )
    if not loss <= held_out - EXPLAINS * (held_out - fit):
        return None
    if not loss <= BY_CHANCE * model.losses(_of_other_rows(ordered)).data:
        return None
    return Arrangement(
        done, {"final_fit": fit, "final_held_out": held_out, "repaired_held_out": loss}
    )


def _loss(model: Differentiable, rows: Rows) -> float:
    loss = model.losses(rows).data
    return loss if np.isfinite(loss) else math.inf


def _of_other_rows(rows: Rows) -> Rows:
    """Returns the rows, each with the targets of another."""
    return Rows(rows.x, each_array(lambda y: np.roll(y, 1, axis=0), rows.y), rows.weighted)


def _ordered(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """Yields rows of which one input is in another order, the likeliest first, and in which."""
    shapes = {array.shape[1:] for array in arrays_in(rows.x) if isinstance(array, np.ndarray)}
    for shape in sorted(shapes, key=len, reverse=True):
        for done, order in _orders_of(shape):
            yield done, Rows(_only_where(shape, order)(rows.x), rows.y, rows.weighted)


def _only_where(shape: tuple[int, ...], order: Order) -> Order:
    def ordered(array: Any) -> Any:
        fits = isinstance(array, np.ndarray) and array.shape[1:] == shape
        return order(array) if fits else array

    return lambda x: each_array(ordered, x)


def _orders_of(shape: tuple[int, ...]) -> Iterator[tuple[str, Order]]:
    if len(shape) not in (2, 3):
        return
    channels = channel_axis(shape) if len(shape) == 3 else -1
    count = shape[channels - 1 if channels > 0 else channels]
    if count <= MOST_CHANNELS:
        usual = tuple(range(count))
        for order in sorted(permutations(usual), key=lambda order: _moved(order, usual)):
            if order != usual:
                said = ", ".join(map(str, order))
                yield f"its channels in the order {said}", _taken(order, channels)
    if len(shape) == 2:
        yield "its steps in reverse order", lambda x: x[:, ::-1]
        return
    down, across = (2, 3) if channels == 1 else (1, 2)
    yield "its pictures turned upside down", lambda x: np.flip(x, down)
    yield "its pictures mirrored", lambda x: np.flip(x, across)
    yield "its pictures turned by half", lambda x: np.flip(x, (down, across))
    if shape[down - 1] == shape[across - 1]:
        yield "rows and columns of its pictures exchanged", lambda x: np.swapaxes(x, down, across)


def _moved(order: tuple[int, ...], usual: tuple[int, ...]) -> int:
    """Returns how many channels are moved; none counts where they are reversed, as most often."""
    reverse = order == usual[::-1]
    return 0 if reverse else sum(one != other for one, other in zip(order, usual, strict=True))


def _taken(order: tuple[int, ...], axis: int) -> Order:
    return lambda x: np.take(x, order, axis=axis)
