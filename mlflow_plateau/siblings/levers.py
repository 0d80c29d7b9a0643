"""What differs between two runs, by the lever that was moved."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mlflow_plateau.align.setup import is_training
from mlflow_plateau.counted import multiple
from mlflow_plateau.layer_line import BETWEEN_LAYERS, LAYER
from mlflow_plateau.siblings.facts import Facts
from mlflow_plateau.siblings.sibling import DATA_SET, Difference
from mlflow_plateau.siblings.words import (
    ACTIVATION,
    BATCH_SIZE,
    DATA,
    LEARNING_RATE,
    LOSS,
    MODEL,
    OPTIMIZER,
    OTHER,
    PREPROCESSING,
    REGULARIZATION,
    SCHEDULE,
    VALIDATION_DATA,
)

SAME = 0.02
"""Numbers whose logarithms differ by less were meant to be the same."""

SAME_ROWS = 0.3
"""Splits whose sizes differ by less, as a logarithm, may be the same data."""

LEAST_DECAY = 0.5
"""Schedules that end less than this many powers of ten apart are alike."""

MOST_LEVERS = 2
"""Runs that differ in more say nothing about any one of them."""

ROWS = frozenset((DATA, VALIDATION_DATA))
"""The losses of other rows say nothing about anything else that differs."""

ZERO_STEP = 3.0
"""As large a change, as a logarithm, as from nothing to something counts."""


def differences(ours: Facts, theirs: Facts) -> tuple[Difference, ...] | None:
    """Returns what differs between two runs, or ``None`` where it is too much.

    What only one of them says anything about is taken for the same, unless it is a parameter of its
    own (``hidden2``): recorders and habits change while an experiment goes on. But runs of which
    nothing is known to differ are no repetitions where only one says anything of its setup, or of
    its data.
    """
    found: list[Difference] = []
    for difference in _differences(ours, theirs):
        found.append(difference)
        if len({item.lever for item in found} - ROWS) > MOST_LEVERS:
            return None
    if any(item.lever == PREPROCESSING for item in found):
        # What was done to the rows gives them other digests.
        found = [item for item in found if not item.name.endswith(DATA_SET)]
    levers = {item.lever for item in found}
    if levers & ROWS and levers - ROWS:
        return None
    return tuple(found) if found or _say_alike(ours, theirs) else None


def _say_alike(ours: Facts, theirs: Facts) -> bool:
    """Whether both or neither of two runs say anything of their setup, and of their data."""
    of_setup = [
        any(
            getattr(facts.setup, name) is not None
            for name in ("learning_rate", "batch_size", "optimizer", "loss", "parameter_count")
        )
        for facts in (ours, theirs)
    ]
    return of_setup[0] == of_setup[1] and bool(ours.data) == bool(theirs.data)


def _differences(ours: Facts, theirs: Facts) -> Iterator[Difference]:
    a, b = ours.setup.learning_rate, theirs.setup.learning_rate
    if a is not None and b is not None and (a == 0) != (b == 0):
        # Not to train at all is no lower rate.
        yield Difference(OTHER, "learning_rate", f"{a:.4g}", f"{b:.4g}")
    else:
        yield from _number(LEARNING_RATE, "learning_rate", ours, theirs)
    yield from _number(BATCH_SIZE, "batch_size", ours, theirs)
    yield from _optimizer(ours, theirs)
    yield from _dropout(ours, theirs)
    for name in ("l2", "weight_decay"):
        yield from _number(REGULARIZATION, name, ours, theirs, absent=0.0)
    for name in ("loss", "from_logits", "output_activation", "output_units"):
        yield from _text(LOSS, name, ours, theirs)
    yield from _model(ours, theirs)
    yield from _data(ours, theirs)
    if ours.decay is not None and theirs.decay is not None:
        change = theirs.decay - ours.decay
        if abs(change) > LEAST_DECAY:
            yield Difference(
                SCHEDULE,
                "learning rate decay",
                f"to {multiple(-ours.decay)} the first",
                f"to {multiple(-theirs.decay)} the first",
                change,
            )
    yield from _others(ours, theirs)


def _number(
    lever: str, name: str, ours: Facts, theirs: Facts, absent: float | None = None
) -> Iterator[Difference]:
    a, b = getattr(ours.setup, name), getattr(theirs.setup, name)
    a, b = (absent if value is None else value for value in (a, b))
    if a is None or b is None:
        return
    change = _change(float(a), float(b))
    if change:
        yield Difference(lever, name, f"{a:.4g}", f"{b:.4g}", change)


def _change(ours: float, theirs: float) -> float:
    """Returns the logarithm of how much larger theirs is; 0 where they are alike."""
    if ours == theirs:
        return 0.0
    if ours <= 0 or theirs <= 0:
        return math.copysign(ZERO_STEP, theirs - ours)
    change = math.log(theirs / ours)
    return change if abs(change) > SAME else 0.0


def _text(lever: str, name: str, ours: Facts, theirs: Facts) -> Iterator[Difference]:
    a, b = getattr(ours.setup, name), getattr(theirs.setup, name)
    if a is not None and b is not None and a != b:
        yield Difference(lever, name, str(a), str(b))


def _optimizer(ours: Facts, theirs: Facts) -> Iterator[Difference]:
    a, b = ours.setup.optimizer, theirs.setup.optimizer
    # AdamW is Adam with a weight decay, which is compared on its own.
    if a and b and a.removesuffix("w") != b.removesuffix("w"):
        yield Difference(OPTIMIZER, "optimizer", a, b)
    else:
        yield from _number(OPTIMIZER, "momentum", ours, theirs)


def _dropout(ours: Facts, theirs: Facts) -> Iterator[Difference]:
    rates = (ours.dropout, theirs.dropout)
    if None not in rates:
        change = _change(*(float(rate or 0) for rate in rates))
    else:  # How much is dropped nobody knows, but that something is.
        change = ZERO_STEP * ((rates[0] == 0) - (rates[1] == 0))
    if change:
        our, their = ("some" if rate is None else f"{rate:.4g}" for rate in rates)
        yield Difference(REGULARIZATION, "dropout", our, their, change)


def _model(ours: Facts, theirs: Facts) -> Iterator[Difference]:
    a, b = ours.setup.parameter_count, theirs.setup.parameter_count
    size = _change(a, b) if a and b else 0.0
    if ours.layers and theirs.layers and ours.layers != theirs.layers:
        if _body(ours.layers) != _body(theirs.layers) or size:
            larger = size if _is_resized(ours.layers, theirs.layers) else 0.0
            yield Difference(MODEL, "layers", ours.layers, theirs.layers, larger)
    elif size:
        yield Difference(MODEL, "parameter_count", f"{a:,}", f"{b:,}", size)
    activations = [facts.setup.hidden_activations for facts in (ours, theirs)]
    if None not in activations and activations[0] != activations[1]:
        a_names, b_names = (", ".join(names or ()) for names in activations)
        yield Difference(ACTIVATION, "activations", a_names, b_names)
    shares = [_trainable(facts) for facts in (ours, theirs)]
    if None not in shares and shares[0] != shares[1]:
        yield Difference(OTHER, "trainable weights", f"{shares[0]:.0%}", f"{shares[1]:.0%}")


def _is_resized(ours: str, theirs: str) -> bool:
    """Whether one model has all that the other has, no layer less and none narrower."""
    a, b = (
        [
            (found[1], int(found[2] or 0))
            for part in _body(layers).split(BETWEEN_LAYERS)
            if (found := LAYER.match(part))
        ]
        for layers in (ours, theirs)
    )
    return _contains(a, b) or _contains(b, a)


def _contains(larger: list[tuple[str, int]], smaller: list[tuple[str, int]]) -> bool:
    remaining = iter(larger)
    return all(
        any(kind == other and width <= wide for other, wide in remaining) for kind, width in smaller
    )


def _body(layers: str) -> str:
    """Returns the layers before the last: the head belongs to the loss."""
    return layers.rpartition(BETWEEN_LAYERS)[0]


def _trainable(facts: Facts) -> float | None:
    whole, part = facts.setup.parameter_count, facts.setup.trainable_parameter_count
    return None if not whole or part is None else part / whole


def _data(ours: Facts, theirs: Facts) -> Iterator[Difference]:
    for use in sorted(ours.data.keys() & theirs.data.keys()):
        if ours.data[use] != theirs.data[use]:
            lever = DATA if is_training(use) else VALIDATION_DATA
            yield Difference(lever, f"{use}{DATA_SET}", ours.data[use], theirs.data[use])
    if not any(is_training(use) for use in ours.data.keys() & theirs.data.keys()):
        a, b = ours.setup.training_rows, theirs.setup.training_rows
        change = _change(a, b) if a and b else 0.0
        if abs(change) > SAME_ROWS:
            yield Difference(DATA, "training rows", f"{a:,}", f"{b:,}", change)


def _others(ours: Facts, theirs: Facts) -> Iterator[Difference]:
    for name in sorted(ours.others.keys() | theirs.others.keys()):
        lever, a = ours.others.get(name, ("", ""))
        their_lever, b = theirs.others.get(name, ("", ""))
        if a == b:
            continue
        numbers = [_as_number(value) for value in (a, b)]
        change = 0.0
        if numbers[0] is not None and numbers[1] is not None:
            change = _change(numbers[0], numbers[1])
            if not change:
                continue
        if name in ours.others and name in theirs.others:
            yield Difference(lever or their_lever, name, a, b, change)
        elif (lever or their_lever) != OTHER:
            yield Difference(lever or their_lever, name, a, b)


def _as_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
