"""Whether the loss, the output layer and the targets belong together."""

from __future__ import annotations

from mlflow_plateau.signals.accuracy import no_accuracy
from mlflow_plateau.signals.head_rules import CROSS_ENTROPIES, DOUBTS, MISMATCHES
from mlflow_plateau.signals.progress import readable
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, signal
from mlflow_plateau.signals.view import View

NO_LOSS = Missing("the loss function is not known")
ALL_USUAL = "loss, output layer and targets belong together"

ROWS_AGAINST_EACH_OTHER = (
    "the loss compares each prediction with the targets of all rows: the predictions have a column"
    " more than the targets, and its subtraction stretches both to a square"
)


def mismatches(view: View) -> list[str]:
    """Returns what of loss, output and targets cannot work together, a clause each."""
    found = [why for rule in MISMATCHES if (why := rule(view.setup))]
    return [*found, ROWS_AGAINST_EACH_OTHER] if view.witnessed.targets_broadcast else found


def _doubts(view: View) -> list[str]:
    found = [why for rule in DOUBTS if (why := rule(view.setup))]
    curve = view.training
    if view.setup.loss in CROSS_ENTROPIES and curve is not None and curve.best < 0:
        found.append("a cross-entropy cannot be negative unless the targets are not probabilities")
    return found


@signal(unit="mismatches", sentence="{why}")
def head_mismatch(view: View) -> Measurement:
    """Number of combinations of loss, output activation and targets that cannot work."""
    setup = view.setup
    found = mismatches(view)
    if not found and setup.loss is None:
        return cannot_say(NO_LOSS)
    if not found and setup.output_activation is None:
        return cannot_say(Missing("the activation of the output layer is not known"))
    nothing = "loss, output layer and targets can work together" if _doubts(view) else ALL_USUAL
    return Measurement(float(len(found)), facts={"why": "; ".join(found) or nothing})


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
        return cannot_say(no_accuracy(view, "training"))
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


@signal(unit="doubts", sentence="{why}")
def head_doubts(view: View) -> Measurement:
    """Number of combinations of loss, output and targets that are unusual, if not impossible."""
    if view.setup.loss is None:
        return cannot_say(NO_LOSS)
    found = _doubts(view)
    nothing = "apart from that the output layer is a usual one" if mismatches(view) else ALL_USUAL
    return Measurement(float(len(found)), facts={"why": "; ".join(found) or nothing})
