"""Noise, oscillation, spikes and blow-ups."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.curve import Curve
from mlflow_plateau.median import median
from mlflow_plateau.signals.progress import readable
from mlflow_plateau.signals.signal import Measurement, cannot_say, signal
from mlflow_plateau.signals.view import View


def _scatter(logged: Curve | None, which: str) -> Measurement:
    curve = readable(logged, which)
    if isinstance(curve, str):
        return cannot_say(curve)
    epochs, values = curve.tail(0.5)
    level = median(np.abs(values))
    if level == 0:
        return cannot_say(f"the {which} loss is zero")
    return Measurement(
        curve.late_noise / level,
        epochs=(float(epochs[0]), float(epochs[-1])),
        facts={"noise": curve.late_noise},
    )


@signal(
    unit="share of the training loss",
    sentence="from {axis} to {axis} the training loss scatters by {noise:.3g},"
    " {value:.1%} of its level",
)
def training_scatter(view: View) -> Measurement:
    """Noise of the training loss (see ``Curve.noise``) over its median, in the second half."""
    return _scatter(view.training, "training")


@signal(
    unit="share of the validation loss",
    sentence="from {axis} to {axis} the validation loss scatters by {noise:.3g},"
    " {value:.1%} of its level",
)
def validation_scatter(view: View) -> Measurement:
    """Noise of the validation loss (see ``Curve.noise``) over its median, in the second half."""
    return _scatter(view.validation, "validation")


@signal(
    unit="multiples of the first training loss",
    sentence="{what}",
)
def spike_height(view: View) -> Measurement:
    """max(v(i) − min(v(0…i))) / |v(0)| of the raw training loss."""
    curve = readable(view.training, "training")
    if isinstance(curve, str):
        return cannot_say(curve)
    if curve.start == 0:
        return cannot_say("the first training loss is zero")
    rises = curve.values - np.minimum.accumulate(curve.values)
    highest = int(np.argmax(rises))
    height = float(rises[highest]) / abs(curve.start)
    what = (
        f"the training loss jumped to {curve.values[highest]:.4g} at {view.history.axis}"
        f" {curve.epochs[highest]:.10g}, {height:.2g} times its first value above the best before"
        " it"
    )
    never = "the training loss never rose above what it had come down to"
    return Measurement(height, epochs=curve.span, facts={"what": what if height else never})


@signal(
    unit="decades",
    sentence="the training loss ended at {end:.4g}, having been as low as {best:.4g}"
    " and having started at {start:.4g}",
)
def blow_up(view: View) -> Measurement:
    """log10(end / max(start, 0+)) of the training loss; above 0 it ended higher than it began."""
    curve = view.training
    if curve is None or len(curve) < 2:
        return cannot_say("the training loss has fewer than 2 finite points")
    end = median(curve.values[-3:])
    if curve.first <= 0 or end <= 0:
        return cannot_say("the training loss is not positive")
    return Measurement(
        float(np.log10(end / curve.first)),
        epochs=curve.span,
        facts={"end": end, "best": float(curve.values.min()), "start": curve.first},
    )


@signal(
    unit="share of the best training loss",
    sentence="smoothed, the training loss itself ended {value:.0%} above its best ({end:.4g}"
    " against {best:.4g} at {axis} {epoch:.10g})",
)
def training_rise(view: View) -> Measurement:
    """(end − best) / |best| of the smoothed training loss: a healthy one ends near its best."""
    curve = readable(view.training, "training")
    if isinstance(curve, str):
        return cannot_say(curve)
    if curve.best == 0:
        return cannot_say("the best training loss is zero")
    return Measurement(
        (curve.end - curve.best) / abs(curve.best),
        epochs=(curve.best_epoch, curve.span[1]),
        facts={"end": curve.end, "best": curve.best, "epoch": curve.best_epoch},
    )
