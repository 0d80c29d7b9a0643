"""The model's size and its regularisation, against the data and the curves."""

from __future__ import annotations

import re

import numpy as np

from mlflow_plateau.counted import counted
from mlflow_plateau.layer_line import BETWEEN_LAYERS, LAYER
from mlflow_plateau.signals.batches import NO_ROWS
from mlflow_plateau.signals.gap import both_losses, ends
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, signal
from mlflow_plateau.signals.view import View

SIZE = "size of the model"
"""What several signals measure: all weights, those for each row, and those of its bottleneck."""

NO_SIZE = Missing("the number of weights is not known")
NO_ACTIVATIONS = Missing("the activations are not known")
NO_LAYERS = Missing("the layers are not known")

FELT = 0.01
"""A penalty that is this share of the loss is there, whatever kind it is of."""


def _size(parameters: int, rows: int | None) -> str:
    weights = counted(parameters, "trainable weight")
    return f"{weights} for {counted(rows, 'training row')}" if rows else weights


@signal(unit="decades", sentence="the model has {size}", fact=SIZE)
def parameters_per_row(view: View) -> Measurement:
    """log10(trainable weights / training rows)."""
    parameters, rows = view.setup.trainable_parameter_count, view.setup.training_rows
    if not parameters:
        return cannot_say(NO_SIZE)
    if not rows:
        return cannot_say(NO_ROWS)
    return Measurement(float(np.log10(parameters / rows)), facts={"size": _size(parameters, rows)})


@signal(unit="decades of weights", sentence="the model has {size}", fact=SIZE)
def model_size(view: View) -> Measurement:
    """log10(trainable weights)."""
    parameters = view.setup.trainable_parameter_count
    if not parameters:
        return cannot_say(NO_SIZE)
    size = _size(parameters, view.setup.training_rows)
    return Measurement(float(np.log10(parameters)), facts={"size": size})


FEW = 0.7
"""A model with more weights than this, for each row, may fit any rows."""

SQUARED = frozenset({"mean_squared_error", "mse"})


@signal(
    unit="decades",
    sentence="memorising alone would leave the validation loss at about {most:.2g} times the"
    " training loss ({size}); it is {times:.3g} times",
)
def gap_beyond_memory(view: View) -> Measurement:
    """log10(validation loss / training loss) − log10((1 + p) / (1 − p)), p weights for each row.

    Least squares with P weights on N rows lower the training loss to (1 − P/N) σ² on average, and
    have (1 + P/N) σ² on other rows (Mallows, 1973; Akaike, 1970). More than that is not memory.
    """
    setup, pair = view.setup, both_losses(view)
    if isinstance(pair, str):
        return cannot_say(pair)
    weights, rows = setup.trainable_parameter_count, setup.training_rows
    if not weights or not rows:
        return cannot_say(NO_SIZE if not weights else NO_ROWS)
    if setup.loss not in SQUARED or weights > FEW * rows:
        return cannot_say("only of least squares with fewer weights than rows is that known")
    training, validation = pair
    if training.end <= 0 or validation.end <= 0:
        return cannot_say("a loss is zero")
    most, times = (rows + weights) / (rows - weights), validation.end / training.end
    return Measurement(
        float(np.log10(times / most)),
        epochs=(validation.span[1], validation.span[1]),
        facts={"size": _size(weights, rows), "most": most, "times": times},
    )


@signal(unit="dropout rate", sentence="the largest dropout rate is {value:.2f}")
def dropout_rate(view: View) -> Measurement:
    """Largest dropout rate in the model."""
    rate = view.setup.dropout
    if rate is None:
        return cannot_say(Missing("the dropout rate is not known"))
    return Measurement(rate)


@signal(unit="penalty factor", sentence="the {which} is {value:.3g}")
def penalty_factor(view: View) -> Measurement:
    """Largest L2 penalty factor, or the decoupled weight decay if that is larger."""
    setup = view.setup
    factors = [factor for factor in (setup.l2, setup.weight_decay) if factor is not None]
    if not factors:
        return cannot_say(Missing("neither penalty nor weight decay is known"))
    share = view.recorded("penalty_share")
    if not any(factors) and share is not None and share.values[0] > FELT:
        return cannot_say("the penalty is of another kind, whose factor says something else")
    decays = (setup.weight_decay or 0.0) > (setup.l2 or 0.0)
    which = "decoupled weight decay" if decays else "largest L2 penalty factor"
    return Measurement(max(factors), facts={"which": which})


@signal(
    unit="share of the training loss",
    sentence="smoothed, the validation loss ends at {validation:.4g}, {side} the training loss"
    " ({training:.4g}) by {apart:.0%} of the latter",
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
        facts=ends(training, validation, abs(training.end)),
    )


WITH_UNITS = (
    "Dense",
    "Linear",
    "Conv",
    "GRU",
    "LSTM",
    "SimpleRNN",
    "RNN",
    "SeparableConv",
    "DepthwiseConv",
)
"""How the names of layers begin whose width says how much they can express."""

OPAQUE = ("Embedding", "MultiHeadAttention", "EinsumDense", "Functional", "Sequential")
"""Layers whose width the line does not say, or not what it means."""

SQUASHING = frozenset(("sigmoid", "tanh", "hard_sigmoid", "softsign"))
"""Activations whose gradient vanishes where they saturate."""


_ORDERED = re.compile(r"Conv|LSTM|GRU|RNN|Embedding|Attention|Transformer|Pool(?:ing)?\dD|Pool\dd")
"""Layers that read how the pixels of an image or the steps of a sequence are arranged."""


NO_COLUMNS = "single pixels or steps say next to nothing about an image or a sequence"


def reads_arrangement(view: View) -> bool:
    """Returns whether the model reads images or sequences, of which no column says much alone."""
    return bool(view.setup.layers and _ORDERED.search(view.setup.layers))


def _hidden_layers(view: View) -> list[tuple[int, str]] | None:
    """Returns width and activation of the layers with units, without those that put out."""
    if not view.setup.layers or "…" in view.setup.layers:
        return None
    layers = [LAYER.match(part) for part in view.setup.layers.split(BETWEEN_LAYERS)]
    if any(layer is None or layer[1].startswith(OPAQUE) for layer in layers):
        return None
    found = [
        (int(layer[2]), layer[3] or "linear")
        for layer in layers
        if layer is not None and layer[2] and layer[1].startswith(WITH_UNITS)
    ]
    # The activations of several outputs are joined by commas.
    outputs = 1 + (view.setup.output_activation or "").count(",")
    return found[:-outputs]


@signal(unit="layers", sentence="the model has {layers} with an activation that saturates")
def saturating_layers(view: View) -> Measurement:
    """Hidden layers with sigmoid-like activations: each takes a factor of the gradient."""
    layers = _hidden_layers(view)
    if layers is None:
        return cannot_say(NO_LAYERS)
    activations = [activation for _, activation in layers]
    if view.setup.hidden_activations is None and set(activations) == {"linear"}:
        return cannot_say(NO_ACTIVATIONS)  # A summary of the model names none.
    count = sum(activation in SQUASHING for activation in activations)
    return Measurement(float(count), facts={"layers": counted(count, "hidden layer")})


@signal(unit="decades of units", sentence="{narrowest}", fact=SIZE)
def narrowest_layer(view: View) -> Measurement:
    """log10(units of the narrowest hidden layer); −1 for a model without hidden layers."""
    layers = _hidden_layers(view)
    if layers is None:
        return cannot_say(NO_LAYERS)
    units = min((width for width, _ in layers), default=0)
    narrowest = f"the narrowest hidden layer has {counted(units, 'unit')}"
    return Measurement(
        float(np.log10(max(units, 0.1))),
        facts={"narrowest": narrowest if layers else "the model has no hidden layer"},
    )
