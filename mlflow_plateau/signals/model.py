"""The model's size and its regularisation, against the data and the curves."""

from __future__ import annotations

import numpy as np

from mlflow_plateau.signals.gap import both_losses
from mlflow_plateau.signals.signal import Measurement, cannot_say, signal
from mlflow_plateau.signals.view import View


@signal(
    unit="decades",
    sentence="the model has {parameters:,.0f} trainable weights for {rows:,.0f} training rows",
)
def parameters_per_row(view: View) -> Measurement:
    """log10(trainable weights / training rows)."""
    parameters, rows = view.setup.trainable_parameter_count, view.setup.training_rows
    if not parameters or not rows:
        return cannot_say("the number of weights or of training rows is not known")
    return Measurement(
        float(np.log10(parameters / rows)),
        facts={"parameters": float(parameters), "rows": float(rows)},
    )


@signal(
    unit="decades of weights",
    sentence="in size the model is of the order of 10^{value:.1f} trainable weights",
)
def model_size(view: View) -> Measurement:
    """log10(trainable weights)."""
    parameters = view.setup.trainable_parameter_count
    if not parameters:
        return cannot_say("the number of weights is not known")
    return Measurement(float(np.log10(parameters)))


@signal(unit="dropout rate", sentence="the largest dropout rate is {value:.2f}")
def dropout_rate(view: View) -> Measurement:
    """Largest dropout rate in the model."""
    rate = view.setup.dropout
    return cannot_say("the dropout rate is not known") if rate is None else Measurement(rate)


@signal(unit="penalty factor", sentence="the largest L2 penalty factor is {value:.3g}")
def penalty_factor(view: View) -> Measurement:
    """Largest L2 penalty factor, or the decoupled weight decay if that is larger."""
    factors = [f for f in (view.setup.l2, view.setup.weight_decay) if f is not None]
    if not factors:
        return cannot_say("neither penalty nor weight decay is known")
    return Measurement(max(factors))


@signal(
    unit="share of the training loss",
    sentence="at the end the validation loss lies {value:.0%} below the training loss"
    " ({validation:.4g} against {training:.4g})",
)
def validation_below_training(view: View) -> Measurement:
    """(training − validation) / |training| of the smoothed ends.

    Keras reports the training loss with dropout active and averaged over the epoch.
    """
    pair = both_losses(view)
    if isinstance(pair, str):
        return cannot_say(pair)
    training, validation = pair
    if training.end == 0:
        return cannot_say("the training loss is zero")
    return Measurement(
        (training.end - validation.end) / abs(training.end),
        epochs=(validation.span[1], validation.span[1]),
        facts={"training": training.end, "validation": validation.end},
    )
