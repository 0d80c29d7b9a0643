"""The distance between the training and the validation loss, and how it came about."""

from __future__ import annotations

import math

import numpy as np

from mlflow_plateau.curve import Curve
from mlflow_plateau.median import median
from mlflow_plateau.signals.progress import readable
from mlflow_plateau.signals.signal import Measurement, cannot_say, signal
from mlflow_plateau.signals.view import View
from mlflow_plateau.tracked import FloatArray

FIRST_SHARE = 0.05
"""“At first” means the first twentieth of the run, at least two points."""

MOST_LOST = 100.0
"""A validation loss that hardly fell at all lost a multiple of it; more than this says no more."""

MOST_NOISES = 1e3
"""A rise of more standard deviations than this counts as so many."""


def both_losses(view: View) -> tuple[Curve, Curve] | str:
    """Returns training and validation curve if both have a shape, otherwise why not."""
    training = readable(view.training, "training")
    validation = readable(view.validation, "validation")
    if isinstance(training, str):
        return training
    if isinstance(validation, str):
        return validation
    return training, validation


def _beside(training: Curve, validation: Curve) -> FloatArray:
    """Returns the smoothed training loss at the epochs of the validation."""
    if training.epochs is validation.epochs:
        return training.smooth
    return np.interp(validation.epochs, training.epochs, training.smooth)


def _at(curve: Curve, epoch: float) -> float:
    return float(np.interp(epoch, curve.epochs, curve.smooth))


@signal(
    unit="share of the training loss",
    sentence="in the first epochs the validation loss lay {value:+.0%} from the training loss"
    " ({validation:.4g} against {training:.4g})",
)
def gap_at_first(view: View) -> Measurement:
    """Median of (validation − training) / |training| over the first twentieth of the run."""
    pair = both_losses(view)
    if isinstance(pair, str):
        return cannot_say(pair)
    training, validation = pair
    count = max(2, round(FIRST_SHARE * len(validation)))
    epochs = validation.epochs[:count]
    at_training = np.interp(epochs, training.epochs, training.values)
    level = median(np.abs(at_training))
    if level == 0:
        return cannot_say("the first training losses are zero")
    gap = median(validation.values[:count] - at_training)
    return Measurement(
        gap / level,
        epochs=(float(epochs[0]), float(epochs[-1])),
        facts={
            "validation": median(validation.values[:count]),
            "training": median(at_training),
        },
    )


@signal(
    unit="share of the first training loss",
    sentence="when the training loss had made half of its progress, at {axis} {epoch:.10g}, the"
    " validation loss lay {value:+.0%} of the first training loss away from it",
)
def gap_at_half_progress(view: View) -> Measurement:
    """(validation − training) / |first training loss| where training is half-way to its best.

    By then the model has learned what is common to all rows and had no time to memorise: a gap says
    that the two splits differ.
    """
    pair = both_losses(view)
    if isinstance(pair, str):
        return cannot_say(pair)
    training, validation = pair
    progress = training.start - training.best
    if training.start == 0 or progress <= 3 * training.noise:
        return cannot_say("the training loss made no progress beyond its noise")
    half = int(np.argmax(training.smooth <= training.start - 0.5 * progress))
    epoch = float(training.epochs[half])
    gap = _at(validation, epoch) - float(training.smooth[half])
    return Measurement(gap / abs(training.start), epochs=(epoch, epoch), facts={"epoch": epoch})


@signal(
    unit="share of the validation loss",
    sentence="smoothed, the validation loss ends at {validation:.4g}, {side} the training loss"
    " ({training:.4g}) by {apart:.0%} of the former",
)
def gap_at_end(view: View) -> Measurement:
    """(validation − training) / |validation| of the smoothed ends."""
    pair = both_losses(view)
    if isinstance(pair, str):
        return cannot_say(pair)
    training, validation = pair
    if validation.end == 0:
        return cannot_say("the validation loss is zero")
    return Measurement(
        (validation.end - training.end) / abs(validation.end),
        epochs=(validation.span[1], validation.span[1]),
        facts=ends(training, validation, abs(validation.end)),
    )


def ends(training: Curve, validation: Curve, whole: float) -> dict[str, float | str]:
    """Returns where both losses end, on which side the validation loss is, and how far, as a share.

    Args:
        training: The training loss.
        validation: The validation loss.
        whole: What it is a share of.
    """
    return {
        "training": training.end,
        "validation": validation.end,
        "side": "above" if validation.end >= training.end else "below",
        "apart": abs(validation.end - training.end) / whole,
    }


@signal(
    unit="share of the validation loss",
    sentence="smoothed, the gap between validation and training loss grew by {growth:.4g} over"
    " the run, {value:.0%} of the validation loss",
)
def gap_growth(view: View) -> Measurement:
    """Growth of (validation − training) from its least in the first third, / |validation|."""
    pair = both_losses(view)
    if isinstance(pair, str):
        return cannot_say(pair)
    training, validation = pair
    gaps = validation.smooth - _beside(training, validation)
    early = float(gaps[: max(2, len(gaps) // 3)].min())
    growth = float(gaps[-1]) - max(early, 0.0)
    if validation.end == 0:
        return cannot_say("the validation loss is zero")
    return Measurement(
        growth / abs(validation.end), epochs=validation.span, facts={"growth": growth}
    )


@signal(
    unit="share of the best validation loss",
    sentence="smoothed, the validation loss was lowest at {axis} {epoch:.10g} ({best:.4g}) and"
    " ended at {end:.4g}, {value:+.1%}",
)
def rise_from_best(view: View) -> Measurement:
    """(end − best) / |best| of the smoothed validation loss."""
    curve = readable(view.validation, "validation")
    if isinstance(curve, str):
        return cannot_say(curve)
    if curve.best == 0:
        return cannot_say("the best validation loss is zero")
    return Measurement(
        (curve.end - curve.best) / abs(curve.best),
        epochs=(curve.best_epoch, curve.span[1]),
        facts={"best": curve.best, "end": curve.end, "epoch": curve.best_epoch},
    )


@signal(
    unit="share of the progress",
    sentence="of what the smoothed validation loss had gained ({start:.4g} to {best:.4g}),"
    " {value:.0%} was lost again by the end ({end:.4g})",
)
def progress_lost(view: View) -> Measurement:
    """(end − best) / (start − best) of the smoothed validation loss: 1 where all is lost again.

    Unlike a share of the loss itself this does not depend on the loss that is left at best.
    """
    curve = readable(view.validation, "validation")
    if isinstance(curve, str):
        return cannot_say(curve)
    gained = curve.start - curve.best
    if gained <= 1e-9 * curve.scale:
        return cannot_say("the validation loss never fell")
    return Measurement(
        min((curve.end - curve.best) / gained, MOST_LOST),
        epochs=(curve.best_epoch, curve.span[1]),
        facts={"start": curve.start, "best": curve.best, "end": curve.end},
    )


@signal(
    unit="standard deviations of the noise",
    sentence="the rise of the smoothed validation loss from its lowest is {at_least}{value:,.0f}"
    " times the noise of the curve",
)
def rise_in_noise(view: View) -> Measurement:
    """(end − best) / σ, up to 1,000; σ: deviation of the smoothed loss from its trend."""
    curve = readable(view.validation, "validation")
    if isinstance(curve, str):
        return cannot_say(curve)
    rise = (curve.end - curve.best) / max(curve.smooth_noise, 1e-9 * curve.scale)
    return Measurement(
        min(rise, MOST_NOISES),
        epochs=(curve.best_epoch, curve.span[1]),
        facts={"at_least": "at least " if rise > MOST_NOISES else ""},
    )


@signal(
    unit="share of the training loss",
    sentence="since {axis} {epoch:.10g}, where the smoothed validation loss was lowest, the"
    " training loss fell by {value:.1%} ({before:.4g} to {end:.4g})",
)
def training_fall_since_best(view: View) -> Measurement:
    """(training at the best validation epoch − training at the end) / |the former|."""
    pair = both_losses(view)
    if isinstance(pair, str):
        return cannot_say(pair)
    training, validation = pair
    before = _at(training, validation.best_epoch)
    if before == 0:
        return cannot_say("the training loss is zero")
    return Measurement(
        (before - training.end) / abs(before),
        epochs=(validation.best_epoch, training.span[1]),
        facts={"before": before, "end": training.end, "epoch": validation.best_epoch},
    )


@signal(
    unit="correlation",
    sentence="the correlation of training and validation loss over the run is {value:.2f}",
)
def losses_together(view: View) -> Measurement:
    """Pearson correlation of the smoothed training and validation loss over the run."""
    pair = both_losses(view)
    if isinstance(pair, str):
        return cannot_say(pair)
    training, validation = pair
    other = _beside(training, validation)
    if (
        other.max() - other.min() <= 1e-9 * training.scale
        or validation.smooth.max() - validation.smooth.min() <= 1e-9 * validation.scale
    ):
        return cannot_say("one of the losses never moved")
    correlation = _correlation(other, validation.smooth)
    if correlation is None:
        return cannot_say("one of the losses never moved")
    return Measurement(correlation, epochs=validation.span)


def _correlation(first: FloatArray, second: FloatArray) -> float | None:
    """Returns Pearson's correlation of two curves of shape ``(n,)``, ``None`` for constants."""
    first = first - first.sum() / len(first)
    second = second - second.sum() / len(second)
    length, other = math.sqrt(first @ first), math.sqrt(second @ second)
    if length == 0 or other == 0:
        return None
    return min(max(float(first @ second) / length / other, -1.0), 1.0)


@signal(
    unit="share of the training loss's progress",
    sentence="smoothed, the training loss fell by {training:.4g} in all, and the validation loss"
    " followed by {value:.0%} of that",
)
def validation_follows(view: View) -> Measurement:
    """(start − best) of the validation loss / (start − best) of the training loss, from 0 to 2.

    About 1 where what is learned holds for the validation rows too.
    """
    pair = both_losses(view)
    if isinstance(pair, str):
        return cannot_say(pair)
    training, validation = pair
    fallen = training.start - training.best
    followed = validation.start - validation.best
    if fallen <= 3 * training.noise or fallen <= 1e-9 * training.scale:
        return cannot_say("the training loss made no progress beyond its noise")
    return Measurement(
        min(max(followed / fallen, 0.0), 2.0),
        epochs=validation.span,
        facts={"training": fallen},
    )
