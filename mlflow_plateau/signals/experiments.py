"""What the recorder's experiments with the model on a sample of its rows brought to light."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mlflow_plateau.curve import Curve
from mlflow_plateau.median import median
from mlflow_plateau.signals.batches import NO_BATCH_SIZE
from mlflow_plateau.signals.chance import NO_CONSTANT, TRAINING_AGAINST_CONSTANT
from mlflow_plateau.signals.head import mismatches
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, listed, signal
from mlflow_plateau.signals.view import View

FLATTEST = 1e-9
"""Less curvature, in units of what a step can bear, is as good as none."""

MOST_PROGRESS = 0.9
"""After this share of its progress a training comes near a minimum, where the gradient vanishes."""

LEAST_GAIN = 1e-5
"""A step that lowers the loss by a smaller share gains nothing."""


def _none(view: View, declined: str | None = None) -> Measurement:
    """Returns that an experiment was not made, and why.

    Args:
        view: The history.
        declined: Why this one was not, if others were.
    """
    why = view.witnessed.experiments_declined or declined
    if why:
        return cannot_say(f"no experiments were made: {why}")
    if view.recorded("clean_fit") is None:
        return cannot_say(Missing("no experiments were made with the model"))
    if _late(view, "clean_fit") is None:
        return cannot_say("the last experiments were made in the first half of the run")
    return cannot_say("the experiments with the model do not tell")


def _no_gradients(view: View) -> Measurement:
    return _none(view, view.witnessed.gradients_declined)


def _no_steps(view: View) -> Measurement:
    return _none(view, view.witnessed.steps_declined)


def _late(view: View, name: str) -> Curve | None:
    """Returns what experiments gave, unless all were made too early to speak of the end."""
    curve, epochs = view.recorded(name), view.history.epochs
    if curve is None or curve.epochs[-1] < (epochs[0] + epochs[-1]) / 2:
        return None
    return curve


def _last(view: View, name: str) -> Measurement | None:
    curve = _late(view, name)
    if curve is None:
        return None
    epoch = float(curve.epochs[-1])
    return Measurement(float(curve.values[-1]), epochs=(epoch, epoch))


def _last_gradients(view: View, name: str, **facts: str) -> Measurement:
    found = _last(view, name)
    return _no_gradients(view) if found is None else replace(found, facts=facts)


def _in_layer(layers: tuple[str, ...] | None) -> str:
    return f"layer {layers[0]}" if layers else "one layer"


@signal(
    unit="share of the trainable weights",
    sentence="no gradient reaches {value:.1%} of the trainable weights{where}",
    needs="recorded",
)
def unreached_share(view: View) -> Measurement:
    """Share of the trainable weights whose gradient is zero on all rows of the sample, late."""
    if mismatches(view):
        return cannot_say("the loss and the output layer may leave no gradient by themselves")
    layers = view.witnessed.unreached_layers
    where = f", among them all of {listed(layers)}" if layers else ""
    return _last_gradients(view, "unreached_share", where=where)


@signal(
    unit="share of a layer's units",
    sentence="in {layer} no gradient reaches {value:.0%} of the units",
    needs="recorded",
)
def idle_units(view: View) -> Measurement:
    """The largest share over the hidden layers of units without a gradient, at the end.

    Dead units: ReLU that is negative for every row, or behind weights of zero.
    """
    return _last_gradients(view, "idle_units", layer=_in_layer(view.witnessed.idle_layers))


@signal(
    unit="mean cosine",
    sentence="in {layer} the units' weights have a mean cosine of {value:.2f}, where copies of each"
    " other have 1",
    needs="recorded",
)
def unit_similarity(view: View) -> Measurement:
    """The largest mean cosine over the hidden layers between the incoming weights of two units.

    Units that start alike get the same gradients and stay alike (Goodfellow et al., 2016, section
    8.4).
    """
    return _last_gradients(view, "unit_similarity", layer=_in_layer(view.witnessed.copied_layers))


@signal(
    unit="share of the weights in kernels",
    sentence="{value:.0%} of the weights get less than a hundredth of the gradient that others get"
    " for their size{where}",
    needs="recorded",
)
def starved_share(view: View) -> Measurement:
    """Share of weights in kernels with ‖g‖ / ‖w‖ below a hundredth of the largest, at the end.

    Gradients that vanish on their way through saturated layers (Glorot & Bengio, 2010).
    """
    layers = view.witnessed.starved_layers
    where = f": those of {listed(layers)}" if layers else ""
    return _last_gradients(view, "starved_share", where=where)


@signal(
    unit="share of a layer's outputs",
    sentence="in {layer} {value:.0%} of the outputs lie at an end of the activation, where next to"
    " no gradient passes",
    needs="recorded",
)
def saturated_share(view: View) -> Measurement:
    """The largest share over the hidden layers of outputs within 1 % of an activation's ends, late.

    Layers with tanh, the logistic function and the like (Glorot & Bengio, 2010, section 3).
    """
    where = _in_layer(view.witnessed.saturated_layers)
    return _last_gradients(view, "saturated_share", layer=where)


@signal(
    unit="share",
    sentence="already after the first epochs {what}",
    needs="recorded",
)
def degenerate_start(view: View) -> Measurement:
    """How far the hidden layers were initialised to what they cannot learn from, from 0 to 1.

    The largest of ``idle_units``, ``unit_similarity`` and ``starved_share`` where they were first
    measured: dead, copied or saturated units. Later all of these also come of other causes, such as
    one enormous update or a penalty.
    """
    forms = {
        "idle_units": "no gradient reaches {:.0%} of the units of {}",
        "unit_similarity": "the units of {1} are copies of each other, their weights have a"
        " mean cosine of {0:.2f}",
        "starved_share": "{:.0%} of the weights get less than a hundredth of the gradient that"
        " others get for their size",
    }
    curves = {name: curve for name in forms if (curve := view.recorded(name)) is not None}
    if not curves:
        return _no_gradients(view)
    name = max(curves, key=lambda name: float(curves[name].values[0]))
    value, epoch = float(curves[name].values[0]), float(curves[name].epochs[0])
    what = forms[name].format(value, _in_layer(view.witnessed.degenerate_layers))
    return Measurement(value, epochs=(epoch, epoch), facts={"what": what})


@signal(
    unit="decades above the edge of stability",
    sentence="after the first epochs the loss curved {edge:.2g} times as sharply as full-batch"
    " steps of this size can bear",
    needs="recorded",
)
def sharpness_at_first(view: View) -> Measurement:
    """log10(λ / 2), at first: λ is the largest eigenvalue of the Hessian in units of the step size.

    Above 0 a full-batch step along it ends further from the minimum than it began (Cohen et al.,
    2021, section 2); see ``recorder/witness/sharpness.py``. Later trainings that go well come near
    0, too.
    """
    curve = view.recorded("sharpness")
    if curve is None:
        return _none(view, view.witnessed.gradients_declined or view.witnessed.sharpness_declined)
    value, epoch = max(float(curve.values[0]), FLATTEST), float(curve.epochs[0])
    return Measurement(float(np.log10(value)), epochs=(epoch, epoch), facts={"edge": value})


@signal(
    unit="decades",
    sentence="early on the gradient's noise outweighs its direction up to batches of {scale:.3g}"
    " rows; a batch has {batch}",
    needs="recorded",
)
def noise_against_batch(view: View) -> Measurement:
    """log10(gradient noise scale / batch size), median over early experiments (McCandlish, 2018).

    Early are those before the training loss had made most of its progress, or the first one: at a
    minimum the gradient vanishes and the scale grows without bound, however good the batch size.
    """
    curve = view.recorded("gradient_noise_scale")
    batch = view.setup.batch_size
    if curve is None:
        return _no_gradients(view)
    if not batch:
        return cannot_say(NO_BATCH_SIZE)
    count = 1
    if view.training is not None:
        count = max(1, int(np.searchsorted(curve.epochs, _arrival(view.training), side="right")))
    scale = median(np.maximum(curve.values[:count], 1e-3))
    return Measurement(
        math.log10(scale / batch),
        epochs=(float(curve.epochs[0]), float(curve.epochs[count - 1])),
        facts={"scale": scale, "batch": batch},
    )


def _arrival(training: Curve) -> float:
    """Returns the epoch at which a training loss had made most of its progress."""
    arrived = training.smooth <= training.start - MOST_PROGRESS * (training.start - training.best)
    return float(training.epochs[int(np.argmax(arrived))])


@signal(
    unit="mean cosine",
    sentence="the gradients of two small batches have a mean cosine of {value:.2f} at the end",
    needs="recorded",
)
def gradient_agreement(view: View) -> Measurement:
    """Mean cosine of the gradients of two micro-batches of up to 32 rows, at the end."""
    return _last_gradients(view, "gradient_agreement")


@signal(
    unit="decades",
    sentence="along the direction of its update the loss would be lowest at {multiple:.3g} times"
    " the step that was taken",
    needs="recorded",
)
def best_step(view: View) -> Measurement:
    """log10 of the multiple of the current step with the lowest loss on rows held back, at the end.

    Where no step lowers the loss by as much as 1e-5 of it, there is no such multiple.
    """
    best, gain = _late(view, "best_multiple"), _step_gain(view)
    if gain is None:
        return _no_steps(view)
    if best is None or gain[0] < LEAST_GAIN or best.epochs[-1] != gain[1]:
        return cannot_say("no step in that direction lowers the loss")
    value = float(best.values[-1])
    return Measurement(value, epochs=(gain[1], gain[1]), facts={"multiple": 10.0**value})


@signal(
    unit="share of the loss",
    sentence="one step of the best size would lower the loss by {value:.1%}",
    needs="recorded",
)
def step_gain(view: View) -> Measurement:
    """What the best single step would lower the loss by on rows held back, late / the loss."""
    gain = _step_gain(view)
    if gain is None:
        return _no_steps(view)
    return Measurement(min(max(gain[0], 0.0), 1.0), epochs=(gain[1], gain[1]))


@signal(
    unit="share of the loss",
    sentence="one step of the current size along the gradient would {change} the loss by"
    " {size:.1%}",
    needs="recorded",
)
def step_harm(view: View) -> Measurement:
    """What a step of the current size adds to the loss on rows held back / the loss, at the end."""
    gain, fit = _late(view, "current_gain"), _late(view, "clean_fit")
    if gain is None or fit is None:
        return _no_steps(view)
    share = -float(gain.values[-1]) / max(abs(float(fit.values[-1])), 1e-30)
    epoch = float(gain.epochs[-1])
    return Measurement(
        min(max(share, -1.0), 10.0),
        epochs=(epoch, epoch),
        facts={"change": "raise" if share > 0 else "lower", "size": abs(share)},
    )


def _step_gain(view: View) -> tuple[float, float] | None:
    gain, fit = _late(view, "best_multiple_gain"), _late(view, "clean_fit")
    if gain is None or fit is None:
        return None
    return float(gain.values[-1]) / max(abs(float(fit.values[-1])), 1e-30), float(gain.epochs[-1])


def _clean(view: View) -> tuple[Curve, Curve] | None:
    fit, held_out = view.recorded("clean_fit"), view.recorded("clean_held_out")
    if fit is None or held_out is None:
        return None
    return fit, held_out


@signal(
    unit="share of the larger loss",
    sentence="on a sample of the rows, without dropout and penalty, the loss is {fit:.4g} in"
    " training and {held_out:.4g} in validation",
    needs="recorded",
)
def clean_gap(view: View) -> Measurement:
    """(validation loss − training loss) / the larger, both in inference, at the last weights."""
    clean = _clean(view)
    if clean is None or _late(view, "clean_fit") is None:
        return _none(view)
    fit, held_out = float(clean[0].values[-1]), float(clean[1].values[-1])
    epoch = float(clean[0].epochs[-1])
    return Measurement(
        (held_out - fit) / max(abs(held_out), abs(fit), 1e-30),
        epochs=(epoch, epoch),
        facts={"fit": fit, "held_out": held_out},
    )


@signal(
    unit="share of the larger loss",
    sentence="on a sample of the rows, without dropout and penalty, after {axis} {first:.10g} the"
    " loss was {fit:.4g} in training and {held_out:.4g} in validation",
    needs="recorded",
)
def clean_gap_at_first(view: View) -> Measurement:
    """The same at the first experiments: splits that differ do so from the first epoch on."""
    clean = _clean(view)
    if clean is None:
        return _none(view)
    fit, held_out = float(clean[0].values[0]), float(clean[1].values[0])
    epoch = float(clean[0].epochs[0])
    return Measurement(
        (held_out - fit) / max(abs(held_out), abs(fit), 1e-30),
        epochs=(epoch, epoch),
        facts={"fit": fit, "held_out": held_out, "first": epoch},
    )


@signal(
    unit="share of the loss",
    sentence="after the first epochs the penalty was {value:.0%} of the loss that is trained on",
    needs="recorded",
)
def penalty_share_at_first(view: View) -> Measurement:
    """Penalty / (penalty + loss without dropout), at the first experiments.

    Later on it misleads: a strong penalty has pulled the weights to zero and itself with them, and
    beside the small loss of a good model a harmless one is much.
    """
    curve = view.recorded("penalty_share")
    if curve is None:
        return _none(view)
    epoch = float(curve.epochs[0])
    return Measurement(float(curve.values[0]), epochs=(epoch, epoch))


@signal(
    unit="multiples of the constant prediction's loss",
    sentence="on a sample of the rows, without dropout and penalty, the training loss is"
    " {value:.2f} times that of a constant prediction",
    fact=TRAINING_AGAINST_CONSTANT,
    needs="recorded",
)
def clean_fit_against_constant(view: View) -> Measurement:
    """Training loss in inference at the end / loss of a constant prediction."""
    fit, constant = _late(view, "clean_fit"), view.setup.constant_loss
    if fit is None:
        return _none(view)
    if constant is None or constant <= 0:
        return cannot_say(NO_CONSTANT)
    epoch = float(fit.epochs[-1])
    return Measurement(min(float(fit.values[-1]) / constant, 10.0), epochs=(epoch, epoch))
