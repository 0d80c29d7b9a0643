"""The learning rate: against what is usual for the optimiser, and its decay."""

from __future__ import annotations

import math

import numpy as np

from mlflow_plateau.counted import multiple
from mlflow_plateau.history import Setup
from mlflow_plateau.signals.progress import readable
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, signal
from mlflow_plateau.signals.view import View
from mlflow_plateau.tracked import FloatArray

USUAL_LEARNING_RATE = {
    "adam": 1e-3,
    "adamw": 1e-3,
    "nadam": 1e-3,
    "adamax": 2e-3,
    "amsgrad": 1e-3,
    "rmsprop": 1e-3,
    "lion": 1e-4,
    "adagrad": 1e-2,
    "adadelta": 1.0,
    "adafactor": 1e-3,
    "ftrl": 1e-2,
    "sgd": 1e-2,
    "momentum": 1e-2,
    "muon": 1e-3,
    "lamb": 1e-3,
}
"""Where a search starts: the libraries' defaults, for Adadelta and Lion their papers'."""


OF_ONE_SIZE = frozenset(
    ("adam", "adamw", "nadam", "adamax", "amsgrad", "rmsprop", "lion", "muon", "lamb")
)
"""Optimisers whose steps are as large as the rate says, however large the gradients are."""

DISTANCES = ("squared_error", "absolute_error", "mse", "mae", "huber", "log_cosh")
"""Losses of numbers that an output has to reach, in words of their names."""

FAR_TARGETS = 10.0
"""A new model's outputs are of the order of one: larger targets are far from all of them."""

USUAL_OF_ANY = (1e-4, 1e-2)
"""What is usual for some optimiser or other, Adadelta apart."""

LEAST_EPOCHS = 4
"""Of fewer epochs the first may be apart by chance."""

TIMES_APART = 4.0
"""The first loss was moved if it is so many times farther from the others than they scatter, …"""

LEAST_MOVE = 0.01
"""… and by this part of their level."""

MOST_DECADES = 16.0
"""What a rate that fell to zero fell by."""

NO_RATE = Missing("the learning rate is not known")
NO_RATES = Missing("the learning rate was not logged by epoch")


def usual_learning_rate(optimizer: str | None) -> float | None:
    """Returns the usual learning rate of an optimiser, ``None`` for an unknown one."""
    return USUAL_LEARNING_RATE.get((optimizer or "").lower())


def farthest_target(setup: Setup) -> float | None:
    """Returns the size of the largest target where a new model is far from it, else ``None``."""
    low, high = setup.target_minimum, setup.target_maximum
    is_distance = any(word in (setup.loss or "") for word in DISTANCES)
    if low is None or high is None or not is_distance:
        return None
    farthest = max(abs(low), abs(high))
    return farthest if farthest >= FAR_TARGETS else None


def usual_for(setup: Setup) -> float | None:
    """Returns the usual learning rate of a run's optimiser; ``None`` for an unknown one.

    Where steps are of one size and targets far away (t times ten), the weights of two layers have
    √t times as far to go, and the rate that is usual for them is as much higher.
    """
    usual, farthest = usual_learning_rate(setup.optimizer), farthest_target(setup)
    if usual is None or farthest is None or (setup.optimizer or "").lower() not in OF_ONE_SIZE:
        return usual
    return usual * math.sqrt(farthest / FAR_TARGETS)


@signal(
    unit="decades",
    sentence="the learning rate {rate:.3g} is {multiple} what is usual for {optimizer}"
    " ({usual:.3g})",
)
def learning_rate_position(view: View) -> Measurement:
    """log10(largest learning rate used / the optimiser's usual one).

    Where the optimiser is not known, the nearest rate that is usual for any stands for its own; for
    far targets t the usual one of Adam and its like is √(t / 10) times as high.
    """
    rates = view.learning_rates
    if len(rates) == 0:
        return cannot_say(NO_RATE)
    rate = float(rates.max())
    if rate <= 0:
        return cannot_say("the learning rate is zero")
    usual, optimizer = usual_for(view.setup), str(view.setup.optimizer)
    if usual is None:
        low, high = USUAL_OF_ANY
        usual, optimizer = min(max(rate, low), high), "any optimiser"
    elif usual != usual_learning_rate(view.setup.optimizer):
        optimizer += f" and targets of up to {farthest_target(view.setup):.3g}"
    value = float(np.log10(rate / usual))
    return Measurement(
        value,
        facts={
            "rate": rate,
            "multiple": multiple(value),
            "usual": usual,
            "optimizer": optimizer,
        },
    )


def _moved_before_it_was_zero(view: View) -> bool:
    """Whether the rate was zero whenever it was logged, though something moved the first loss.

    Rates are logged when an epoch ends: one that was spent by then is not among them.
    """
    rates, curve = view.learning_rates, view.training
    if not len(rates) or rates.max() > 0 or curve is None or len(curve) < LEAST_EPOCHS:
        return False
    first, rest = float(curve.values[0]), curve.values[1:]
    level = float(np.median(rest))
    return abs(first - level) > max(TIMES_APART * float(np.ptp(rest)), LEAST_MOVE * abs(level))


@signal(unit="learning rate", sentence="the largest learning rate of the run was {value:.3g}")
def largest_learning_rate(view: View) -> Measurement:
    """The largest learning rate used."""
    rates = view.learning_rates
    if len(rates) == 0:
        return cannot_say(NO_RATE)
    if _moved_before_it_was_zero(view):
        return cannot_say("the learning rate was spent before it was first logged")
    return Measurement(float(rates.max()))


@signal(
    unit="decades",
    sentence="the learning rate fell from {peak} to {last:.3g}",
)
def learning_rate_decay(view: View) -> Measurement:
    """log10(peak / last learning rate), at most 16.

    It is 16 where the rate was zero whenever it was logged, and the loss moved before that.
    """
    rates = view.learning_rates
    if _moved_before_it_was_zero(view):
        peak = "whatever moved the loss in the first epoch"
        return Measurement(MOST_DECADES, facts={"peak": peak, "last": 0.0})
    if len(rates) < 2:
        return cannot_say(NO_RATES)
    highest, last = float(rates.max()), float(rates[-1])
    if highest <= 0:
        return cannot_say("the learning rate is zero")
    decades = float(np.log10(highest / max(last, highest * 10**-MOST_DECADES)))
    return Measurement(decades, facts={"peak": f"{highest:.3g}", "last": last})


def _spent(view: View) -> FloatArray | str:
    """Cumulative learning rate over the epochs, from 0 to 1: how far the steps could carry."""
    rates = view.history.learning_rate
    known = np.isfinite(rates)
    if known.sum() < 2:
        return NO_RATES
    filled = np.interp(view.history.epochs, view.history.epochs[known], rates[known])
    total = float(filled.sum())
    if total <= 0:
        return "the learning rate is zero"
    return np.cumsum(filled) / total


@signal(
    unit="share of the summed learning rate",
    sentence="the epochs since the onset of the plateau had {value:.1%} of the run's summed"
    " learning rate",
)
def rate_after_onset(view: View) -> Measurement:
    """Σ learning rate after the onset / Σ learning rate over the run.

    The summed rate is the time of the gradient flow that the optimiser discretises (Smith et al.
    2018, arXiv:1711.00489): a loss that is flat over many epochs of which the rate left nothing was
    not given the time to fall.
    """
    if view.plateau is None:
        return cannot_say("there is no plateau")
    spent = _spent(view)
    if isinstance(spent, str):
        return cannot_say(spent)
    at_onset = float(np.interp(view.plateau.onset_epoch, view.history.epochs, spent))
    return Measurement(
        1.0 - at_onset, epochs=(view.plateau.onset_epoch, float(view.history.epochs[-1]))
    )


@signal(
    unit="share of all progress",
    sentence="the training loss made {value:.0%} of its progress in the last fifth of the summed"
    " learning rate: it was still falling when the rate vanished",
)
def progress_per_rate(view: View) -> Measurement:
    """Fall of the training loss over the last fifth of the summed learning rate / its whole fall.

    About 0.2 for a loss that falls straight in gradient-flow time, ~0 for one that had saturated.
    """
    curve = readable(view.training, "training")
    spent = _spent(view)
    if isinstance(spent, str):
        return cannot_say(spent)
    if isinstance(curve, str):
        return cannot_say(curve)
    progress = curve.start - curve.end
    if progress <= 3 * curve.smooth_noise or progress <= 1e-9 * curve.scale:
        return cannot_say("the training loss made no progress beyond its noise")
    times = np.interp(curve.epochs, view.history.epochs, spent)
    before = float(np.interp(0.8, times, curve.smooth))
    return Measurement((before - curve.end) / progress, epochs=curve.span)
