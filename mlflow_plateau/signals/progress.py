"""How far the losses came, and how much of it lately."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.counted import counted
from mlflow_plateau.curve import Curve
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, signal
from mlflow_plateau.signals.view import View

FEWEST_POINTS = 5
"""Below this many points a curve has no shape."""

LATE_SHARE = 0.25
"""“Late” means the last quarter of the run."""


def readable(curve: Curve | None, which: str) -> Curve | str:
    """Returns the curve if it has a shape, otherwise why it has none."""
    if curve is None:
        return Missing(f"no finite {which} loss was logged")
    if len(curve) < FEWEST_POINTS:
        points = counted(len(curve), "finite point")
        return Missing(f"the {which} loss has {points}, {FEWEST_POINTS} are needed")
    return curve


def _late_fall(logged: Curve | None, which: str) -> Measurement:
    curve = readable(logged, which)
    if isinstance(curve, str):
        return cannot_say(curve)
    before = curve.at(1 - LATE_SHARE)
    if before == 0:
        return cannot_say(f"the {which} loss is zero")
    epoch = float(curve.epochs[round((1 - LATE_SHARE) * (len(curve) - 1))])
    return Measurement(
        (before - curve.end) / abs(before),
        epochs=(epoch, curve.span[1]),
        facts={"before": before, "end": curve.end},
    )


@signal(
    unit="share of the training loss",
    sentence="over the last quarter the smoothed training loss fell by {value:.1%}"
    " ({before:.4g} to {end:.4g})",
)
def training_late_fall(view: View) -> Measurement:
    """(s(¾) − s(1)) / |s(¾)| of the smoothed training loss s; negative where it rose."""
    return _late_fall(view.training, "training")


@signal(
    unit="share of the first training loss",
    sentence="smoothed, the training loss came down from {start:.4g} to {best:.4g}, by {value:.1%}",
)
def training_progress(view: View) -> Measurement:
    """(start − best) / |start| of the training loss."""
    curve = readable(view.training, "training")
    if isinstance(curve, str):
        return cannot_say(curve)
    if curve.start == 0:
        return cannot_say("the first training loss is zero")
    return Measurement(
        (curve.start - curve.best) / abs(curve.start),
        epochs=curve.span,
        facts={"start": curve.start, "best": curve.best},
    )


@signal(
    unit="share of the first validation loss",
    sentence="smoothed, the validation loss came down from {start:.4g} to {best:.4g}, by"
    " {value:.1%}",
)
def validation_progress(view: View) -> Measurement:
    """(start − best) / |start| of the validation loss."""
    curve = readable(view.validation, "validation")
    if isinstance(curve, str):
        return cannot_say(curve)
    if curve.start == 0:
        return cannot_say("the first validation loss is zero")
    return Measurement(
        (curve.start - curve.best) / abs(curve.start),
        epochs=curve.span,
        facts={"start": curve.start, "best": curve.best},
    )


@signal(
    unit="share of all progress",
    sentence="{value:.0%} of all progress in training loss was made in the second half of the run",
)
def second_half_share(view: View) -> Measurement:
    """(s(½) − s(1)) / (s(0) − s(1)) of the training loss: ½ for a straight line, ~0 when saturated.

    A loss that saturates makes nearly all its progress in the first half; one that is carried by
    too small steps makes as much in the second half as in the first.
    """
    curve = readable(view.training, "training")
    if isinstance(curve, str):
        return cannot_say(curve)
    progress = curve.start - curve.end
    if progress <= 3 * curve.smooth_noise or progress <= 1e-9 * curve.scale:
        return cannot_say("the training loss made no progress beyond its noise")
    return Measurement(
        min(max((curve.at(0.5) - curve.end) / progress, -1.0), 1.0), epochs=curve.span
    )


@signal(
    unit="share of the way travelled",
    sentence="the training loss ended {net:.3g} below its start after going up and down by"
    " {travelled:.3g} in all: {value:.0%} of its way was progress",
)
def training_steadiness(view: View) -> Measurement:
    """(v(0) − v(end)) / Σ|v(i+1) − v(i)|: 1 for a steady fall, near 0 or below for bouncing."""
    curve = readable(view.training, "training")
    if isinstance(curve, str):
        return cannot_say(curve)
    travelled = float(np.abs(np.diff(curve.values)).sum())
    if travelled <= 1e-9 * curve.scale:
        return cannot_say("the training loss never moved")
    net = curve.first - float(curve.values[-1])
    return Measurement(
        net / travelled, epochs=curve.span, facts={"net": net, "travelled": travelled}
    )


@signal(
    unit="share of the run",
    sentence="the validation loss is on a plateau since {axis} {onset:.10g}, for {value:.0%} of the"
    " run",
)
def plateau_share(view: View) -> Measurement:
    """Length of the final plateau as a share of the run; 0 while it still improves."""
    curve = readable(view.validation, "validation")
    if isinstance(curve, str):
        return cannot_say(curve)
    if view.plateau is None:
        return Measurement(0.0, epochs=curve.span, facts={"onset": curve.span[1]})
    return Measurement(
        view.plateau.share,
        epochs=(view.plateau.onset_epoch, curve.span[1]),
        facts={"onset": view.plateau.onset_epoch},
    )
