"""Batch size and the number of updates."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.counted import counted
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, signal
from mlflow_plateau.signals.view import View

NO_BATCH_SIZE = Missing("the batch size is not known")
NO_ROWS = Missing("the number of training rows is not known")
NO_UPDATES = Missing("neither the updates per epoch nor rows and batch size are known")


@signal(unit="rows", sentence="each update saw {rows}")
def batch_size(view: View) -> Measurement:
    """Rows per update."""
    size = view.setup.batch_size
    if not size:
        return cannot_say(NO_BATCH_SIZE)
    return Measurement(float(size), facts={"rows": counted(size, "row")})


def _updates_per_epoch(view: View) -> float | None:
    setup = view.setup
    if setup.updates_per_epoch:
        return float(setup.updates_per_epoch)
    if setup.training_rows and setup.batch_size:
        return float(np.ceil(setup.training_rows / setup.batch_size))
    return None


@signal(unit="updates", sentence="an epoch has {updates}")
def updates_per_epoch(view: View) -> Measurement:
    """Optimiser steps per epoch: logged, or rows / batch size."""
    updates = _updates_per_epoch(view)
    if updates is None:
        return cannot_say(NO_UPDATES)
    return Measurement(updates, facts={"updates": counted(updates, "update")})


@signal(unit="decades of updates", sentence="the whole run had {updates}")
def total_updates(view: View) -> Measurement:
    """log10(optimiser steps in the whole run)."""
    updates = _updates_per_epoch(view)
    if updates is None:
        return cannot_say(NO_UPDATES)
    if view.history.axis != "epoch":
        return cannot_say("the curves do not count epochs")
    first, last = float(view.history.epochs[0]), float(view.history.epochs[-1])
    total = updates * (last - first + 1)
    return Measurement(float(np.log10(total)), facts={"updates": counted(total, "update")})


@signal(
    unit="share of the training rows",
    sentence="a batch holds {value:.0%} of the training rows ({size:,.0f} of {rows:,.0f})",
)
def batch_share(view: View) -> Measurement:
    """Batch size / training rows."""
    size, rows = view.setup.batch_size, view.setup.training_rows
    if not size:
        return cannot_say(NO_BATCH_SIZE)
    if not rows:
        return cannot_say(NO_ROWS)
    return Measurement(min(size / rows, 1.0), facts={"size": size, "rows": rows})
