"""What only a witness inside the training knows: updates, gradients, batches."""

from __future__ import annotations

import math

import numpy as np

from mlflow_plateau.counted import counted, multiple
from mlflow_plateau.median import median
from mlflow_plateau.signals.chance import first_loss_excess
from mlflow_plateau.signals.finite import where_not_finite
from mlflow_plateau.signals.rate import NO_RATES, OF_ONE_SIZE
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, listed, signal
from mlflow_plateau.signals.view import View

INITIAL_WEIGHTS_GONE = "the first updates were so large that the initial weights are gone"

SMALL = 1e-2
"""Updates of a smaller share of the weights pass for usual or small ones …"""

THROWN_OFF = 0.5
"""… unless the first epoch's loss was that many powers of ten above a constant prediction's."""

LEAST_UPDATES_SEEN = 8
"""Of fewer epochs early and late ones are not told apart."""

NOT_RECORDED = Missing("the updates of the weights were not recorded")


def _late_median(view: View, name: str) -> tuple[float, tuple[float, float]] | None:
    curve = view.recorded(name)
    if curve is None:
        return None
    epochs, values = curve.tail(0.25)
    return median(values), (float(epochs[0]), float(epochs[-1]))


@signal(
    unit="decades",
    sentence="late in the run one update changed the weights by {ratio:.1e} of their size{still}",
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
    layers = view.witnessed.unmoved_layers
    still = f"; no weight of {listed(layers)} ever moved" if layers else ""
    return Measurement(
        float(np.log10(max(ratio, 1e-16))), epochs=epochs, facts={"ratio": ratio, "still": still}
    )


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
    ratio = median(curve.values[:count])
    if ratio < SMALL and _blown_up_at_first(view):
        return cannot_say(INITIAL_WEIGHTS_GONE)
    return Measurement(
        float(np.log10(max(ratio, 1e-16))),
        epochs=(float(curve.epochs[0]), float(curve.epochs[count - 1])),
        facts={"ratio": ratio},
    )


@signal(
    unit="decades",
    sentence="the first update changed the weights by {ratio:.2g} times their size, and the"
    " training loss of the first {axis} was {multiple} what a constant prediction reaches",
    needs="recorded",
)
def thrown_off(view: View) -> Measurement:
    """The lesser of log10(‖Δw‖ / ‖w‖) of the first update and ``first_loss_excess``.

    Tiny initial weights are far exceeded by the first update as well, and large inputs make a large
    first loss, but neither does both.
    """
    curve, excess = view.recorded("update_ratio"), first_loss_excess.measure(view)
    if curve is None:
        return cannot_say(NOT_RECORDED)
    if not excess.known:
        return cannot_say(excess.reason)
    ratio, first = float(curve.values[0]), float(curve.epochs[0])
    if first > view.history.epochs[0] or not ratio > 0:
        return cannot_say("the first update was not recorded")
    return Measurement(
        min(math.log10(ratio), excess.value),
        epochs=(first, first),
        facts={"ratio": ratio, "multiple": excess.facts["multiple"]},
    )


@signal(
    unit="multiples of a random walk",
    sentence="over an epoch the weights moved {value:.2g} times as far as a random walk of its"
    " {updates} would have",
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
        facts={"updates": counted(updates, "update")},
    )


@signal(
    unit="share of the way of single updates",
    sentence="over an epoch the weights moved {share:.0%} of the way that its {updates}"
    " would cover in a straight line",
    needs="recorded",
)
def update_alignment(view: View) -> Measurement:
    """‖w(end of epoch) − w(start)‖ / (‖Δw‖ updates), median: 1 where all updates point one way.

    Only noise-free gradients do that, such as that of a penalty alone.
    """
    displacement, ratio = view.recorded("epoch_displacement"), view.recorded("update_ratio")
    updates = view.setup.updates_per_epoch
    if displacement is None or ratio is None:
        return cannot_say(NOT_RECORDED)
    if not updates or updates < 3:
        return cannot_say("an epoch has too few updates")
    common, first, second = np.intersect1d(
        displacement.epochs, ratio.epochs, assume_unique=True, return_indices=True
    )
    moving = ratio.values[second] > 0
    if not moving.any():
        return cannot_say("nothing was updated")
    shares = displacement.values[first][moving] / (ratio.values[second][moving] * updates)
    return Measurement(
        median(shares),
        epochs=(float(common[0]), float(common[-1])),
        # Updates that shrank within the epoch cover more than those that were measured.
        facts={"updates": counted(updates, "update"), "share": min(median(shares), 1.0)},
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
    early = median(curve.values[:count])
    late = median(curve.values[-count:])
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
        return cannot_say(Missing("no training loss was logged"))
    return Measurement(late[0] / abs(curve.end), epochs=late[1])


@signal(
    unit="share of the measured epochs",
    sentence="in {value:.0%} of the measured epochs{half} the weights or their change"
    " were not finite{where}",
    needs="recorded",
)
def unmeasurable_updates(view: View) -> Measurement:
    """Epochs with batch losses but without finite weights and ‖Δw‖ / ‖w‖ / those epochs, late.

    ReLU, max-pooling and the like hide NaN: the weights are lost while the loss stays finite, at
    that of a constant prediction. Epochs whose training loss shows it do not count.
    """
    nothing = np.full(len(view.history), np.nan)
    ratios, spreads, weights = (
        view.history.recorded.get(name, nothing)
        for name in ("update_ratio", "batch_loss_spread", "lost_weights")
    )
    # Weights that were looked at themselves say it alone; what is lost stays lost.
    shown = view.history.training_logged & ~np.isfinite(view.history.training_loss)
    seen = (weights > 0) & ~shown
    known = ratios is not nothing and spreads is not nothing
    if not (known or seen.any()) or not view.setup.trainable_parameter_count:
        return cannot_say(NOT_RECORDED)
    measured = (np.isfinite(spreads) & ~shown) | seen
    lost = measured & (~np.isfinite(ratios) | seen)
    late, half = slice(len(measured) // 2, None), " of the second half"
    if seen.any() and not measured[late].any():
        late, half = slice(None), ""
    if measured[late].sum() < 2 and not seen[late].any():
        return cannot_say("fewer than 2 late epochs were measured")
    return Measurement(
        float(lost[late].sum() / measured[late].sum()),
        facts={"where": where_not_finite(view) if lost[late].any() else "", "half": half},
    )


def _blown_up_at_first(view: View) -> bool:
    """Returns whether the weights that early updates are measured against are enormous ones."""
    rates, excess = view.learning_rates, first_loss_excess.measure(view)
    large = view.setup.optimizer in OF_ONE_SIZE and len(rates) > 0 and rates[0] > LARGEST_RATE
    return large or (excess.known and excess.value > THROWN_OFF)


LARGEST_RATE = 0.03
"""Beyond it a few of their updates change a weight by more than it was initialised to."""


@signal(
    unit="decades",
    sentence="early in the run the weights had a size of about {size:.2g}",
    needs="recorded",
)
def weight_size_early(view: View) -> Measurement:
    """log10(learning rate / (‖Δw‖ / ‖w‖)), early: the root mean square of the weights under Adam.

    Adam's updates have about the size of the learning rate (Kingma & Ba 2015, section 2.1), so the
    ratio tells the size of the weights. Usual initialisers give 0.05 to 0.5.
    """
    curve = view.recorded("update_ratio")
    rates = view.learning_rates
    if curve is None or view.setup.optimizer not in OF_ONE_SIZE:
        return cannot_say("the updates were not recorded, or not made by an optimiser like Adam")
    if len(rates) == 0 or rates[0] <= 0:
        return cannot_say("the learning rate is not known, or zero")
    if rates[0] > LARGEST_RATE:
        return cannot_say(INITIAL_WEIGHTS_GONE)
    ratio = median(curve.values[: max(1, min(3, len(curve)))])
    if ratio <= 0:
        return cannot_say("nothing was updated")
    size = float(rates[0]) / ratio
    return Measurement(float(np.log10(size)), facts={"size": size})


@signal(
    unit="decades",
    sentence="measured in learning rates and against the weights, late updates are {multiple} the"
    " size of early ones",
    needs="recorded",
)
def weights_shrunk(view: View) -> Measurement:
    """log10 of (‖Δw‖ / ‖w‖ / learning rate), late over early: above 0 the weights have shrunk.

    A strong penalty pulls the weights to zero; in a healthy run they grow.
    """
    curve = view.recorded("update_ratio")
    if curve is None:
        return cannot_say(NOT_RECORDED)
    if len(curve) < LEAST_UPDATES_SEEN:
        return cannot_say("the updates were recorded in too few epochs to tell early from late")
    rates = view.history.learning_rate
    known = np.isfinite(rates)
    if not known.any():
        return cannot_say(NO_RATES)
    rate = np.interp(curve.epochs, view.history.epochs[known], rates[known])
    if (rate <= 0).any() or (curve.values <= 0).any():
        return cannot_say("there were no updates for part of the run")
    ratios = np.log10(curve.values / rate)
    count = max(2, len(curve) // 4)
    value = median(ratios[-count:]) - median(ratios[:count])
    return Measurement(value, epochs=curve.span, facts={"multiple": multiple(value)})
