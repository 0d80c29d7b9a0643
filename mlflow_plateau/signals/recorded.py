"""What only a witness inside the training knows: updates, gradients, batches."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.signals.signal import Measurement, cannot_say, signal
from mlflow_plateau.signals.view import View

NOT_RECORDED = "the recorder was not there"


def _late_median(view: View, name: str) -> tuple[float, tuple[float, float]] | None:
    curve = view.recorded(name)
    if curve is None:
        return None
    epochs, values = curve.tail(0.25)
    return float(np.median(values)), (float(epochs[0]), float(epochs[-1]))


@signal(
    unit="decades",
    sentence="late in the run one update changed the weights by {ratio:.1e} of their size",
    needs="recorded",
)
def update_ratio_late(view: View) -> Measurement:
    """log10 of the median ‖Δw‖ / ‖w‖ of single updates over the last quarter.

    About 1e-3 is healthy (Karpathy, Lecture notes CS231n, “Ratio of weights:updates”).
    """
    late = _late_median(view, "update_ratio")
    if late is None:
        return cannot_say(NOT_RECORDED)
    ratio, epochs = late
    return Measurement(float(np.log10(max(ratio, 1e-16))), epochs=epochs, facts={"ratio": ratio})


@signal(
    unit="decades",
    sentence="early in the run one update changed the weights by {ratio:.1e} of their size",
    needs="recorded",
)
def update_ratio_early(view: View) -> Measurement:
    """log10 of the median ‖Δw‖ / ‖w‖ of single updates over the first quarter."""
    curve = view.recorded("update_ratio")
    if curve is None:
        return cannot_say(NOT_RECORDED)
    count = max(1, len(curve) // 4)
    ratio = float(np.median(curve.values[:count]))
    return Measurement(
        float(np.log10(max(ratio, 1e-16))),
        epochs=(float(curve.epochs[0]), float(curve.epochs[count - 1])),
        facts={"ratio": ratio},
    )


@signal(
    unit="multiples of a random walk",
    sentence="over an epoch the weights moved {value:.2g} times as far as a random walk of its"
    " {updates:.0f} updates would have",
    needs="recorded",
)
def update_coherence(view: View) -> Measurement:
    """‖w(end of epoch) − w(start)‖ / (‖Δw‖ √updates), median over the last quarter.

    1 for independent updates, √updates for updates that all point the same way, below 1 for updates
    that undo each other.
    """
    displacement = _late_median(view, "epoch_displacement")
    ratio = _late_median(view, "update_ratio")
    updates = view.setup.updates_per_epoch
    if displacement is None or ratio is None:
        return cannot_say(NOT_RECORDED)
    if not updates or updates < 3 or ratio[0] <= 0:
        return cannot_say("an epoch has too few updates, or they are zero")
    return Measurement(
        displacement[0] / (ratio[0] * float(np.sqrt(updates))),
        epochs=displacement[1],
        facts={"updates": float(updates)},
    )


@signal(
    unit="decades",
    sentence="the gradient norm went from {early:.2g} to {late:.2g}",
    needs="recorded",
)
def gradient_norm_change(view: View) -> Measurement:
    """log10(median gradient norm of the last quarter / of the first quarter)."""
    curve = view.recorded("gradient_norm")
    if curve is None or len(curve) < 4:
        return cannot_say("the gradient norm was not recorded")
    count = max(1, len(curve) // 4)
    early = float(np.median(curve.values[:count]))
    late = float(np.median(curve.values[-count:]))
    if early <= 0:
        return cannot_say("the first gradients were zero")
    return Measurement(
        float(np.log10(max(late, 1e-16 * early) / early)),
        epochs=curve.span,
        facts={"early": early, "late": late},
    )


@signal(
    unit="share of the training loss",
    sentence="within an epoch the losses of single batches scatter by {value:.0%} of the training"
    " loss",
    needs="recorded",
)
def batch_scatter(view: View) -> Measurement:
    """Standard deviation of batch losses within an epoch / training loss, over the last quarter."""
    late = _late_median(view, "batch_loss_spread")
    curve = view.training
    if late is None:
        return cannot_say(NOT_RECORDED)
    if curve is None or curve.end == 0:
        return cannot_say("no training loss was logged")
    return Measurement(late[0] / abs(curve.end), epochs=late[1])
