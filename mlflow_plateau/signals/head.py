"""Whether the loss, the output layer and the targets belong together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlflow_plateau.history import Setup
from mlflow_plateau.signals.progress import readable
from mlflow_plateau.signals.signal import Measurement, cannot_say, signal
from mlflow_plateau.signals.view import View

CROSS_ENTROPIES = frozenset(
    {"binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"}
)
"""Losses that read the output as probabilities, or as logits if told so."""

PROBABILITIES = frozenset({"sigmoid", "softmax", "hard_sigmoid"})
"""Output activations that give probabilities."""

RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "softplus": (0.0, np.inf),
    "exponential": (0.0, np.inf),
}
"""What an output activation can reach."""

REGRESSION_LOSSES = frozenset(
    {"mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "mse", "mae"}
)
"""Losses that compare the output with the target itself."""

MOST_CLASSES = 50
"""More distinct whole targets than this are counts, not classes."""


def _softmax_over_one_unit(setup: Setup) -> str:
    if setup.output_activation == "softmax" and setup.output_units == 1:
        return "a softmax over one unit is always 1, whatever the model computes"
    return ""


def _logits_taken_for_probabilities(setup: Setup) -> str:
    if setup.loss in CROSS_ENTROPIES and setup.from_logits is False:
        activation = setup.output_activation or "linear"
        if activation not in PROBABILITIES:
            return (
                f"{setup.loss} expects probabilities (from_logits=False), but the output layer is"
                f" {activation}"
            )
    return ""


def _targets_out_of_reach(setup: Setup) -> str:
    reach = RANGES.get(setup.output_activation or "")
    low, high = setup.target_minimum, setup.target_maximum
    if reach is None or low is None or high is None or setup.loss not in REGRESSION_LOSSES:
        return ""
    # One percent of slack: targets scaled to the range exactly may overshoot by rounding.
    slack = 0.01 * (high - low)
    if low < reach[0] - slack or high > reach[1] + slack:
        return (
            f"the targets run from {low:.4g} to {high:.4g}, but a {setup.output_activation} output"
            f" only reaches {reach[0]:g} to {reach[1]:g}"
        )
    return ""


def _binary_targets_out_of_range(setup: Setup) -> str:
    low, high = setup.target_minimum, setup.target_maximum
    if setup.loss != "binary_crossentropy" or low is None or high is None:
        return ""
    if low < 0 or high > 1:
        return (
            "binary_crossentropy expects targets between 0 and 1, but they run from"
            f" {low:.4g} to {high:.4g}"
        )
    return ""


def _class_without_unit(setup: Setup) -> str:
    high, units = setup.target_maximum, setup.output_units
    if setup.loss != "sparse_categorical_crossentropy" or high is None or not units:
        return ""
    if high >= units:
        return f"the largest class id is {high:.0f}, but the output has {units} units"
    return ""


RULES: tuple[Callable[[Setup], str], ...] = (
    _softmax_over_one_unit,
    _logits_taken_for_probabilities,
    _targets_out_of_reach,
    _binary_targets_out_of_range,
    _class_without_unit,
)
"""Each names one combination that Keras accepts and that cannot work, or returns nothing."""


@signal(unit="mismatches", sentence="{why}")
def head_mismatch(view: View) -> Measurement:
    """Number of combinations of loss, output activation and targets that cannot work."""
    setup = view.setup
    if setup.loss is None or setup.output_activation is None:
        return cannot_say("the loss or the output activation is not known")
    found = [why for rule in RULES if (why := rule(setup))]
    return Measurement(
        float(len(found)),
        facts={"why": "; ".join(found) or "loss, output layer and targets belong together"},
    )


@signal(
    unit="share",
    sentence="the training loss fell by {loss_fall:.0%}, the training accuracy stayed between"
    " {low:.2f} and {high:.2f}",
)
def accuracy_left_behind(view: View) -> Measurement:
    """Relative fall of the training loss minus the gain of the training accuracy, from 0 to 1.

    High where the loss improves and the accuracy does not follow; not measured where the accuracy
    was already above 0.95, or the loss did not fall.
    """
    known = view.metric("accuracy")
    curve = readable(view.training, "training")
    if isinstance(curve, str):
        return cannot_say(curve)
    if known is None:
        return cannot_say("no training accuracy was logged")
    if len(known) < 5 or curve.start <= 0:
        return cannot_say("the training accuracy has fewer than 5 points")
    fall = (curve.start - curve.best) / curve.start
    low, high = float(known.min()), float(known.max())
    if high > 0.95 or fall <= 0:
        return cannot_say("the accuracy is near 1 or the loss did not fall")
    return Measurement(
        max(fall - (high - low), 0.0),
        epochs=curve.span,
        facts={"loss_fall": fall, "low": low, "high": high},
    )


def _squashed_numbers(setup: Setup) -> str:
    activation = setup.output_activation or "linear"
    if setup.loss in REGRESSION_LOSSES and activation in RANGES:
        return f"numbers are predicted through a {activation} output, which has a limited range"
    return ""


def _probabilities_of_another_kind(setup: Setup) -> str:
    pairs = {("binary_crossentropy", "softmax"), ("categorical_crossentropy", "sigmoid"),
             ("sparse_categorical_crossentropy", "sigmoid")}  # fmt: skip
    if (setup.loss, setup.output_activation) in pairs:
        return f"{setup.loss} is fed by a {setup.output_activation}"
    return ""


def _class_ids_as_numbers(setup: Setup) -> str:
    classes = setup.target_classes
    if setup.loss in REGRESSION_LOSSES and classes and 2 < classes <= MOST_CLASSES:
        return f"the {classes} distinct whole targets look like class ids, but {setup.loss} is used"
    return ""


def _negative_crossentropy(view: View) -> str:
    curve = view.training
    if view.setup.loss in CROSS_ENTROPIES and curve is not None and curve.best < 0:
        return "a cross-entropy cannot be negative unless the targets are no probabilities"
    return ""


@signal(unit="doubts", sentence="{why}")
def head_doubts(view: View) -> Measurement:
    """Number of combinations of loss, output and targets that are unusual, if not impossible."""
    setup = view.setup
    if setup.loss is None:
        return cannot_say("the loss is not known")
    rules = (_squashed_numbers, _probabilities_of_another_kind, _class_ids_as_numbers)
    found = [why for rule in rules if (why := rule(setup))]
    if why := _negative_crossentropy(view):
        found.append(why)
    return Measurement(
        float(len(found)), facts={"why": "; ".join(found) or "nothing about the head is unusual"}
    )
