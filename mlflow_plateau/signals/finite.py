"""NaN and infinity among the losses."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.counted import counted, multiple
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, listed, signal
from mlflow_plateau.signals.view import View


@signal(
    unit="share of the logged losses",
    sentence="{count:,.0f} of {logged} {are} NaN or infinite{where}",
)
def non_finite_share(view: View) -> Measurement:
    """Logged losses, training and validation, that are NaN or infinite / all logged losses."""
    history = view.history
    both = (history.training_logged, history.validation_logged)
    logged = sum(int(np.count_nonzero(curve)) for curve in both)
    if logged == 0:
        return cannot_say(Missing("no loss was logged"))
    training = history.training_logged & ~np.isfinite(history.training_loss)
    validation = history.validation_logged & ~np.isfinite(history.validation_loss)
    count = int(np.count_nonzero(training) + np.count_nonzero(validation))
    first = (
        float(history.epochs[int(np.argmax(training | validation))])
        if count
        else float(history.epochs[0])
    )
    return Measurement(
        count / logged,
        epochs=(first, float(history.epochs[-1])),
        facts={
            "count": float(count),
            "logged": counted(logged, "logged loss", "logged losses"),
            "are": "is" if count == 1 else "are",
            "epoch": first,
            "where": f", the first at {history.axis} {first:.10g}{where_not_finite(view)}"
            if count
            else "",
        },
    )


def where_not_finite(view: View) -> str:
    """Returns where else NaN or infinity was seen, in clauses that follow a semicolon.

    In the rows, from their profiles; in the weights, when that was first seen; and in the gradients
    of the last experiments.
    """
    witnessed, comparison = view.witnessed, view.history.comparison
    said = [
        f"{finding.message[0].lower()}{finding.message[1:].partition(';')[0]}"
        for finding in (comparison.findings if comparison else ())
        if finding.kind == "non_finite"
    ]
    weights = view.recorded("lost_weights")
    if witnessed.lost_weights and weights is not None and (weights.values > 0).any():
        epoch = float(weights.epochs[int(np.argmax(weights.values > 0))])
        said.append(
            f"weights of {listed(witnessed.lost_weights)} were first seen to be so after"
            f" {view.history.axis} {epoch:.10g}"
        )
    if witnessed.lost_gradients:
        said.append(f"so are the gradients of {listed(witnessed.lost_gradients)}")
    return "".join(f"; {clause}" for clause in said)


@signal(
    unit="decades",
    sentence="{what}",
)
def growth_before_non_finite(view: View) -> Measurement:
    """log10(largest of the last two finite training losses / the best before), in blown-up runs.

    Near 0 the values turned non-finite out of the blue (bad data, log of zero); well above, the
    loss blew up first, which is what too large steps do. Within an epoch the recorder sees it: see
    ``recorder/measure/loss_growth.py``.
    """
    history = view.history
    bad = history.training_logged & ~np.isfinite(history.training_loss)
    if not bad.any():
        return cannot_say("the training loss stayed finite")
    within = view.recorded("batch_loss_growth")
    if within is not None:
        growth, epoch = float(within.values.max()), float(within.epochs[0])
        words = (
            f"within {history.axis} {epoch:.10g}, before the first NaN or infinity, the losses of"
            f" single batches had grown to {multiple(growth)} the least"
        )
        return Measurement(growth, epochs=(epoch, epoch), facts={"what": words})
    before = history.training_loss[: int(np.argmax(bad))]
    before = before[np.isfinite(before)]
    if len(before) < 2 or before.min() <= 0:
        return cannot_say("fewer than two positive training losses came before the first NaN")
    last, best = float(before[-2:].max()), float(before.min())
    growth = float(np.log10(last / best))
    words = (
        f"before the first NaN or infinity the training loss had grown to {multiple(growth)}"
        f" its best ({last:.4g} against {best:.4g})"
    )
    return Measurement(growth, facts={"what": words})
