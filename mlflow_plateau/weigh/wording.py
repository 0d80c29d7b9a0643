"""The finding in one sentence, and what would settle what is still open."""

from __future__ import annotations

from mlflow_plateau.causes import NONE, cause_by_id
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
    return f"best {value:.4g} at {view.history.axis} {epoch:.10g} of {view.history.epochs[-1]:.10g}"


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
            return f"{title}: the {quantity} still improves ({best}), but less than it could."
        return f"Still improving: no plateau yet in the {quantity} ({best})."
    since = f" since {axis} {view.plateau.onset_epoch:.10g}" if view.plateau else ""
    if status == "converged":
        return (
            f"Converged: the {quantity} is flat{since} ({best}), and nothing was found that would"
            " improve it."
        )
    return f"{title}: the {quantity} has not improved{since} ({best})."


def what_would_settle(level: str, status: str, cause: str, runner_up: str) -> str:
    """Returns what the next level of evidence would tell that this one cannot."""
    doubt = [cause_by_id(answer).title.lower() for answer in (cause, runner_up) if answer != NONE]
    if not doubt:
        return ""
    question = " from ".join(doubt) if len(doubt) == 2 else f"{doubt[0]} from a healthy run"
    leading = cause_by_id(cause if cause != NONE else runner_up)
    if level in ("history", "compared"):
        beside = (
            " Or run it once more in the same experiment with only that changed:"
            f" {leading.experiment[0].lower()}{leading.experiment[1:]}"
        )
        return (
            "Trained under mlflow_plateau.autolog(), the run would also hold the size of its"
            " updates and gradients and the loss of a constant prediction, which help to tell"
            f" {question}.{beside if level == 'history' else ''}"
        )
    return f"An experiment: {leading.experiment}"
