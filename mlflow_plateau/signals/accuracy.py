"""What the accuracy says beside the loss."""

from __future__ import annotations

import math

from mlflow_plateau.median import median
from mlflow_plateau.signals.head_rules import CROSS_ENTROPIES
from mlflow_plateau.signals.progress import FEWEST_POINTS
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, signal
from mlflow_plateau.signals.view import View
from mlflow_plateau.tracked import FloatArray

FEW_ROWS = 50
"""This many validation rows are taken for granted where their number is not known."""

LATE = 0.25
"""“At the end” means the last quarter of the run."""


def _accuracy(view: View, name: str) -> FloatArray | None:
    values = view.metric(name)
    return values if values is not None and len(values) >= FEWEST_POINTS else None


def no_accuracy(view: View, which: str) -> str:
    """Returns that an accuracy was not logged, which is missed where classes are predicted."""
    reason = f"no {which} accuracy was logged"
    return Missing(reason) if view.setup.loss in CROSS_ENTROPIES else reason


def _end(values: FloatArray) -> float:
    return median(values[-max(1, round(LATE * len(values))) :])


@signal(
    unit="accuracy",
    sentence="the validation accuracy varied by {value:.2g} over the whole run"
    " ({low:.3f} to {high:.3f})",
)
def validation_accuracy_range(view: View) -> Measurement:
    """Largest − smallest validation accuracy: 0 where the model always gives the same answers."""
    values = _accuracy(view, "val_accuracy")
    if values is None:
        return cannot_say(no_accuracy(view, "validation"))
    low, high = float(values.min()), float(values.max())
    return Measurement(high - low, facts={"low": low, "high": high})


@signal(
    unit="accuracy",
    sentence="at the end the training accuracy is {training:.3f} and the validation accuracy"
    " {validation:.3f}",
)
def accuracy_gap(view: View) -> Measurement:
    """Training − validation accuracy at the end of the run."""
    training, validation = _accuracy(view, "accuracy"), _accuracy(view, "val_accuracy")
    if training is None:
        return cannot_say(no_accuracy(view, "training"))
    if validation is None:
        return cannot_say(no_accuracy(view, "validation"))
    facts = {"training": _end(training), "validation": _end(validation)}
    return Measurement(facts["training"] - facts["validation"], facts=facts)


@signal(unit="accuracy", sentence="at the end the training accuracy is {value:.3f}")
def training_accuracy(view: View) -> Measurement:
    """Training accuracy at the end of the run: 1 where every row is known by heart."""
    values = _accuracy(view, "accuracy")
    return (
        cannot_say(no_accuracy(view, "training")) if values is None else Measurement(_end(values))
    )


@signal(
    unit="accuracy",
    sentence="over the run the training accuracy went from {first:.3f} to {last:.3f}",
)
def accuracy_gain(view: View) -> Measurement:
    """Training accuracy at the end − in the first epoch."""
    values = _accuracy(view, "accuracy")
    if values is None:
        return cannot_say(no_accuracy(view, "training"))
    first, last = float(values[0]), _end(values)
    return Measurement(last - first, facts={"first": first, "last": last})


@signal(
    unit="share of the accuracy of guessing",
    sentence="the validation accuracy ends at {validation:.3f}, where guessing among {classes:.0f}"
    " classes gets {guessing:.3f} right and training {training:.3f}",
)
def worse_than_guessing(view: View) -> Measurement:
    """1 − K · (validation accuracy at the end + two standard errors of guessing), K classes.

    Accuracy below chance means that something was learned and is applied the wrong way round.
    Negative where the accuracy is better than that.
    """
    training, validation = _accuracy(view, "accuracy"), _accuracy(view, "val_accuracy")
    if training is None or validation is None:
        return cannot_say(no_accuracy(view, "validation" if training is not None else "training"))
    setup = view.setup
    units = setup.output_units or setup.target_classes
    if not units:
        return cannot_say("the number of classes is not known")
    classes = max(units, 2)
    rows = setup.validation_rows or FEW_ROWS
    guessing = 1 / classes
    error = math.sqrt(guessing * (1 - guessing) / rows)
    facts = {
        "validation": _end(validation),
        "training": _end(training),
        "guessing": guessing,
        "classes": float(classes),
    }
    if facts["training"] < guessing + 2 * error:
        return cannot_say("training is no better than guessing either")
    return Measurement(1 - classes * (facts["validation"] + 2 * error), facts=facts)
