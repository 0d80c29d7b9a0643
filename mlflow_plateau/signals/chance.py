"""The losses against that of a constant prediction."""

from __future__ import annotations

import math

import numpy as np

from mlflow_plateau.counted import multiple
from mlflow_plateau.curve import Curve
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, signal
from mlflow_plateau.signals.view import View

TRAINING_AGAINST_CONSTANT = "training loss against that of a constant prediction"
"""What several signals measure: at its best, at its end, and without dropout and penalty."""

NO_CONSTANT = Missing("the loss of a constant prediction is not known for this run")
SCORES = "the curves are scores, not losses"


def _against_constant(
    view: View, curve: Curve | None, constant: float | None, which: str
) -> Measurement:
    if view.history.higher_is_better:
        return cannot_say(SCORES)
    if constant is None or constant <= 0:
        return cannot_say(NO_CONSTANT)
    if curve is None:
        return cannot_say(Missing(f"no {which} loss was logged"))
    return Measurement(
        curve.best / constant, epochs=curve.span, facts={"best": curve.best, "constant": constant}
    )


@signal(
    unit="multiples of the constant prediction's loss",
    sentence="smoothed, the best validation loss is {best:.4g}, {value:.2f} times what a constant"
    " prediction reaches ({constant:.4g})",
)
def validation_against_constant(view: View) -> Measurement:
    """Best smoothed validation loss / loss of a constant prediction.

    The constant is the best one for the training targets; its loss is taken on the validation
    targets where it is known, otherwise on the training targets.
    """
    setup = view.setup
    constant = setup.validation_constant_loss or setup.constant_loss
    return _against_constant(view, view.validation, constant, "validation")


@signal(
    unit="multiples of the constant prediction's loss",
    sentence="smoothed, the best training loss is {best:.4g}, {value:.2f} times what a constant"
    " prediction reaches ({constant:.4g})",
    fact=TRAINING_AGAINST_CONSTANT,
)
def training_against_constant(view: View) -> Measurement:
    """Best smoothed training loss / loss of the best constant prediction on training targets."""
    return _against_constant(view, view.training, view.setup.constant_loss, "training")


@signal(
    unit="share of the constant prediction's loss",
    sentence="smoothed, the training loss ends {value:.1%} away from what a constant prediction"
    " reaches ({end:.4g} against {constant:.4g})",
    fact=TRAINING_AGAINST_CONSTANT,
)
def distance_from_constant(view: View) -> Measurement:
    """|training loss at the end − constant prediction's loss| / the latter."""
    constant, curve = view.setup.constant_loss, view.training
    if view.history.higher_is_better:
        return cannot_say(SCORES)
    if constant is None or constant <= 0:
        return cannot_say(NO_CONSTANT)
    if curve is None:
        return cannot_say(Missing("no training loss was logged"))
    return Measurement(
        abs(curve.end - constant) / constant,
        epochs=curve.span,
        facts={"end": curve.end, "constant": constant},
    )


@signal(
    unit="decades",
    sentence="the training loss of the first {axis} was {first:.4g}, {multiple} what a"
    " constant prediction reaches ({constant:.4g})",
)
def first_loss_excess(view: View) -> Measurement:
    """log10(first training loss / constant prediction's loss): above 0 the first steps did harm."""
    constant, curve = view.setup.constant_loss, view.training
    if view.history.higher_is_better:
        return cannot_say(SCORES)
    if constant is None or constant <= 0:
        return cannot_say(NO_CONSTANT)
    if curve is None or curve.first <= 0:
        return cannot_say("no positive training loss was logged")
    value = float(np.log10(curve.first / constant))
    return Measurement(
        value,
        epochs=(curve.span[0], curve.span[0]),
        facts={"first": curve.first, "multiple": multiple(value), "constant": constant},
    )


@signal(
    unit="multiples of the constant prediction's loss",
    sentence="smoothed, the validation loss ends at {end:.4g}, {value:.2f} times what a constant"
    " prediction reaches ({constant:.4g})",
)
def validation_end_against_constant(view: View) -> Measurement:
    """Smoothed validation loss at the end / loss of a constant prediction."""
    setup, curve = view.setup, view.validation
    constant = setup.validation_constant_loss or setup.constant_loss
    if view.history.higher_is_better:
        return cannot_say(SCORES)
    if constant is None or constant <= 0:
        return cannot_say(NO_CONSTANT)
    if curve is None:
        return cannot_say(Missing("no validation loss was logged"))
    return Measurement(
        curve.end / constant, epochs=curve.span, facts={"end": curve.end, "constant": constant}
    )


@signal(
    unit="share of the constant prediction's training loss",
    sentence="the best constant for the training targets has a loss of {training:.4g} on them and"
    " of {validation:.4g} on the validation targets ({value:+.0%}): the targets differ",
)
def target_shift(view: View) -> Measurement:
    """(validation − training) / training loss of the best constant for the training targets.

    0 but for chance where both splits were drawn alike; the model has no part in it.
    """
    training, validation = view.setup.constant_loss, view.setup.validation_constant_loss
    if training is None or validation is None or training <= 0:
        return cannot_say(NO_CONSTANT)
    return Measurement(
        (validation - training) / training, facts={"training": training, "validation": validation}
    )


@signal(
    unit="share of the constant prediction's loss",
    sentence="the training loss came down to {training:.1%} of a constant prediction's, the"
    " validation loss, at its best, to {validation:.1%}",
)
def learned_by_heart(view: View) -> Measurement:
    """Best validation loss / its constant's loss − best training loss / its constant's.

    The generalisation gap in units that do not shrink with it: near a loss of zero a hundredth is
    many times nothing, and here a hundredth. Both are smoothed. Where the training loss was also
    measured without dropout and penalty, the lower of the two counts.
    """
    validation = validation_against_constant.measure(view)
    training = training_against_constant.measure(view)
    constant = view.setup.constant_loss
    if not (validation.known and training.known and constant):
        return validation if not validation.known else training
    left = [training.value]
    clean = view.recorded("clean_fit")
    if clean is not None and np.isfinite(clean.values[-1]):
        left.append(float(clean.values[-1]) / constant)
    return Measurement(
        validation.value - min(left),
        epochs=validation.epochs,
        facts={"training": min(left), "validation": validation.value},
    )


LEAST_FIRST = 0.5
"""A cross-entropy begins at no less than this part of log K, unlike a squared error of shares, …"""

GREATEST_FIRST = 3.0
"""… and at no more than this multiple."""

CATEGORICAL = frozenset({"categorical_crossentropy", "sparse_categorical_crossentropy"})
"""Losses whose output has a unit for each class."""


def _guessing_loss(view: View) -> float | str:
    """Returns log K, the cross-entropy of holding K classes for equally likely, or why not.

    No constant prediction that a training settles at is worse, so it stands in where the classes'
    shares are not known.
    """
    setup = view.setup
    if view.history.higher_is_better:
        return "the loss is no cross-entropy"
    if setup.constant_loss is not None:
        return "the loss of the best constant prediction is known"
    if setup.loss == "binary_crossentropy":
        return math.log(2)
    if setup.loss in CATEGORICAL and setup.output_units is not None and setup.output_units > 1:
        return math.log(setup.output_units)
    if setup.loss is None and setup.output_units and view.metric("accuracy") is not None:
        # Autologging names no loss. Classes are told apart: by what, the first loss must allow.
        guessing = math.log(max(setup.output_units, 2))
        first = math.nan if view.training is None else view.training.first / guessing
        if LEAST_FIRST <= first <= GREATEST_FIRST:
            return guessing
    return "the loss is no cross-entropy, or the number of classes is not known"


def _against_guessing(view: View, curve: Curve | None, which: str) -> Measurement:
    guessing = _guessing_loss(view)
    if isinstance(guessing, str):
        return cannot_say(guessing)
    if curve is None:
        return cannot_say(Missing(f"no {which} loss was logged"))
    return Measurement(
        curve.best / guessing, epochs=curve.span, facts={"best": curve.best, "guessing": guessing}
    )


@signal(
    unit="multiples of log K",
    sentence="smoothed, the best training loss is {best:.4g}, {value:.2f} times what guessing"
    " reaches ({guessing:.4g})",
)
def training_against_guessing(view: View) -> Measurement:
    """Best smoothed training loss / log K, where the loss of the best constant is not known."""
    return _against_guessing(view, view.training, "training")


@signal(
    unit="multiples of log K",
    sentence="smoothed, the best validation loss is {best:.4g}, {value:.2f} times what guessing"
    " reaches ({guessing:.4g})",
)
def validation_against_guessing(view: View) -> Measurement:
    """Best smoothed validation loss / log K, where the loss of the best constant is not known."""
    return _against_guessing(view, view.validation, "validation")
