"""How a recorded training ends: what becomes of its run, and the diagnosis."""

from __future__ import annotations

import sys

from mlflow_plateau.recorder import step_axis
from mlflow_plateau.recorder.patience import AFTER_TRAINING, patience
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import notice

RUN_STATUSES = {
    "completed": "FINISHED",
    "stopped": "FINISHED",
    "interrupted": "KILLED",
    "failed": "FAILED",
}
"""MLflow's status of a run that the recorder started, by how its training ended."""


def outcome_of(error: BaseException | None, *, stopped: bool) -> str:
    """Returns how a training ended, in the words of ``Setup.outcome``.

    Args:
        error: What it raised, if anything.
        stopped: Whether it ended before its planned epochs without an error.
    """
    if error is not None:
        return "failed" if isinstance(error, Exception) else "interrupted"
    return "stopped" if stopped else "completed"


def leave(scope: RunScope, outcome: str, *, reachable: bool) -> None:
    """Lets others have a run, and ends it if the recorder started it.

    Args:
        scope: The run.
        outcome: How the training ended, in the words of ``Setup.outcome``.
        reachable: Whether the tracking store still takes what it is given.
    """
    scope.release()
    scope.end(RUN_STATUSES[outcome], reachable=reachable)
    if scope.owned:
        step_axis.forget(scope.run_id)


def diagnose_run(scope: RunScope, monitor: str | None, *, silent: bool = False) -> None:
    """Has a run diagnosed and prints the finding to standard error; never raises.

    Args:
        scope: The run.
        monitor: The metric that the diagnosis is about; recognised by its name if left out.
        silent: Whether to print nothing.
    """
    from mlflow_plateau.diagnose import diagnose
    from mlflow_plateau.report.text import render_text

    try:
        with patience(AFTER_TRAINING):
            found = diagnose(scope.run_id, monitor=monitor, tracking_uri=scope.tracking_uri)
        # A program without a console has no standard error.
        if not silent and sys.stderr is not None:
            sys.stderr.write(f"\n{render_text(found)}\n")
    except Exception as error:
        # The training is over and logged; what is missing can be made up for at any time.
        notice(f"run {scope.run_id} could not be diagnosed", error, silent=silent)
