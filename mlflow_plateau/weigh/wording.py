"""The finding in one sentence, and what would settle what is still open."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.causes import HEALTHY, NONE, cause_by_id
from mlflow_plateau.signals import View
from mlflow_plateau.weigh.course import Course


def _quantity(view: View) -> str:
    if not view.history.higher_is_better:
        return "validation loss"
    return view.history.names.validation_loss or "validation score"


def _best(view: View) -> str:
    if view.best is None:
        return "no finite value"
    value, epoch = view.best
    at = f"{view.history.axis} {epoch:.10g} of {view.history.epochs[-1]:.10g}"
    return f"{value:.4g} at {at}"


STILL_FALLS = 0.1
"""A validation loss that fell by this share along the plateau, if only at times, has not ended."""

MEMORISED = 0.3
"""A training loss that fell by this share along the plateau learned something that is of no use."""


def _by_heart(view: View) -> str:
    """Returns that a plateau is one of the validation loss only, where it is."""
    training, validation = view.training, view.validation
    if not (training and validation and view.plateau) or view.history.higher_is_better:
        return ""
    onset = float(np.interp(view.plateau.onset_epoch, training.epochs, training.smooth))
    held_out = float(np.interp(view.plateau.onset_epoch, validation.epochs, validation.smooth))
    later = validation.values[validation.epochs > view.plateau.onset_epoch]
    if len(later) and held_out - float(later.min()) > STILL_FALLS * abs(held_out):
        return ""  # Noise hides that the validation loss goes on falling.
    if training.end >= validation.end or onset - training.end < MEMORISED * abs(onset):
        return ""
    return (
        f" From then on the training loss fell from {onset:.4g} to {training.end:.4g}: from"
        " there on the model only memorises."
    )


def headline(view: View, course: Course, status: str, cause: str) -> str:
    """Returns the finding in one sentence."""
    axis = view.history.axis
    title = cause_by_id(cause).title if cause != NONE else ""
    if status == "diverged":
        return f"Diverged ({title}): {course.reason}."
    if status == "inconclusive":
        return f"Inconclusive: {course.reason}."
    best = _best(view)
    quantity = _quantity(view)
    if status == "improving":
        if title:
            return f"{title}: the {quantity} still improves (best {best}), but less than it could."
        return f"Still improving: no plateau yet in the {quantity} (best {best})."
    since = f" since {axis} {view.plateau.onset_epoch:.10g}" if view.plateau else ""
    # The plateau is that of the smoothed curve; a single value may be lower later on.
    single = f"best single value {best}"
    if status == "converged":
        return (
            f"Converged: the {quantity} is flat{since} ({single}), and nothing was found that"
            f" would improve it.{_by_heart(view)}"
        )
    return f"{title}: the {quantity} has not improved noticeably{since} ({single})."


WITNESSED = (
    "Recorded while it trains (mlflow_plateau.autolog for Keras, record for PyTorch), the run would"
    " also hold the size of its updates and gradients, the loss of a constant prediction and a"
    " comparison of both data sets"
)
"""What the recorder adds to curves and parameters."""


def what_would_settle(level: str, status: str, cause: str, rival: str) -> str:
    """Returns what the next level of evidence would tell that this one cannot.

    Nothing where the curves cannot be read: then the reason says what is missing.

    Args:
        level: The level that the answer stands on.
        status: What was decided.
        cause: Id of the named cause, or ``none``.
        rival: Id of the cause that may well be meant instead, or ``none``.
    """
    doubt = [cause_by_id(answer) for answer in (cause, rival) if answer != NONE]
    if not doubt and status == "inconclusive":
        return ""
    leading = doubt[0] if doubt else HEALTHY
    if level == "recorded":
        return f"Check whether {leading.experiment}." if doubt else ""
    if not doubt:
        return f"{WITNESSED}, which may show what curves do not."
    other = doubt[1].title.lower() if len(doubt) == 2 else "a healthy run"
    beside = f" Or check, with one more run in the same experiment, whether {leading.experiment}."
    return (
        f"{WITNESSED}, which help to tell {leading.title.lower()} from {other}."
        f"{beside if level == 'history' else ''}"
    )
