"""Whether anything moved at all."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.counted import counted
from mlflow_plateau.curve import Curve
from mlflow_plateau.signals.model import NO_SIZE
from mlflow_plateau.signals.progress import FEWEST_POINTS, readable
from mlflow_plateau.signals.signal import Measurement, cannot_say, listed, signal
from mlflow_plateau.signals.view import View

STILL = -16.0
"""Value of a curve that never moved: the resolution of a double, in decades."""

LATER = "movement after the first tenth of the run"
"""What several signals measure."""


def _movement(logged: Curve | None, which: str) -> Measurement:
    curve = readable(logged, which)
    if isinstance(curve, str):
        return cannot_say(curve)
    if not curve.values.any():
        return cannot_say(f"the {which} loss is 0 throughout, as if it were not tracked")
    spread = float(curve.values.max() - curve.values.min()) / curve.scale
    return Measurement(
        float(np.log10(max(spread, 10**STILL))),
        epochs=curve.span,
        facts={"spread": spread, "level": curve.level},
    )


@signal(
    unit="decades of the validation loss",
    sentence="over the whole run the validation loss varied by {spread:.2g} of its level"
    " ({level:.4g})",
)
def validation_movement(view: View) -> Measurement:
    """log10((max − min) / median |v|) of the validation loss.

    Validation has no dropout and no shuffling: with unchanged weights its loss repeats to the last
    bits, so anything above −6 means that weights moved.
    """
    return _movement(view.validation, "validation")


@signal(
    unit="decades of the training loss",
    sentence="over the whole run the training loss varied by {spread:.2g} of its level"
    " ({level:.4g})",
)
def training_movement(view: View) -> Measurement:
    """log10((max − min) / median |v|) of the training loss."""
    return _movement(view.training, "training")


@signal(
    unit="decades of the training loss",
    sentence="after the first tenth of the run the training loss varied by {spread:.2g} of its"
    " level ({level:.4g})",
    fact=LATER,
)
def later_movement(view: View) -> Measurement:
    """log10((max − min) / median |v|) of the training loss after the first tenth of the run.

    A loss that froze after a few epochs has stopped for good; one that converges keeps creeping.
    """
    curve = readable(view.training, "training")
    if isinstance(curve, str):
        return cannot_say(curve)
    if len(curve) < 2 * FEWEST_POINTS:
        return cannot_say(f"the training loss has fewer than {2 * FEWEST_POINTS} finite points")
    epochs, values = curve.tail(0.9)
    return _movement(Curve(epochs, values), "training")


MOVED = -1.5
"""A training loss that varied by this many decades of its level did move: by 3 %."""


@signal(
    unit="decades of the training loss",
    sentence="the training loss moved at first, but after the first tenth of the run it varied by"
    " {spread:.2g} of its level only",
    fact=LATER,
)
def frozen_loss(view: View) -> Measurement:
    """``later_movement`` of a training loss that moved at first.

    Training on batches in ever new orders does not repeat its loss to six digits unless no gradient
    is left: every unit died or saturates.
    """
    moved = training_movement.measure(view)
    if not moved.known or moved.value < MOVED:
        return cannot_say("the training loss did not move at first")
    return later_movement.measure(view)


@signal(
    unit="share of the weights",
    sentence="{trainable:,.0f} of {total} can be trained{frozen}",
)
def trainable_share(view: View) -> Measurement:
    """Trainable weights / all weights."""
    trainable, total = view.setup.trainable_parameter_count, view.setup.parameter_count
    if trainable is None or not total:
        return cannot_say(NO_SIZE)
    layers = view.setup.frozen_layers
    frozen = f"; frozen: {listed(layers)}" if layers else ""
    return Measurement(
        trainable / total,
        facts={"trainable": float(trainable), "total": counted(total, "weight"), "frozen": frozen},
    )
