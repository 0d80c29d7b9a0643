"""Which combinations of loss, output and targets cannot work, and which are unusual.

Each rule looks at one thing and says in words what is wrong, or returns nothing. What it does not
know it leaves alone. `tests/signals/test_head.py` holds a table of combinations, and
`tests/recorder/test_heads.py` has Keras compute them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np

from mlflow_plateau.history import Setup
from mlflow_plateau.layer_line import BETWEEN_LAYERS

Rule = Callable[[Setup], str]

BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
"""Cross-entropies that take each unit for a question of its own."""

CATEGORICAL = frozenset({"categorical_crossentropy", "categorical_focal_crossentropy"})
"""Cross-entropies that take the units for the classes, and targets for their probabilities."""

SPARSE = "sparse_categorical_crossentropy"

CROSS_ENTROPIES = BINARY | CATEGORICAL | {SPARSE}
"""Losses that read the output as probabilities, or as logits if told so."""

REGRESSION_LOSSES = frozenset(
    {"mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "mse", "mae"}
)
"""Losses that compare the output with the target itself."""

DIFFERENCES = REGRESSION_LOSSES | {
    "mean_squared_logarithmic_error",
    "mean_absolute_percentage_error",
}
"""All losses that are lowest where the output is the target."""

HINGES = frozenset({"hinge", "squared_hinge"})

BROADCAST = frozenset(
    {
        *DIFFERENCES,
        *HINGES,
        *("poisson", "kl_divergence", "categorical_focal_crossentropy", "categorical_hinge"),
        "cosine_similarity",
    }
)
"""Losses for which Keras stretches targets of another width without a word; others refuse them."""

RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, np.inf),
    "exponential": (0.0, np.inf),
    "log_softmax": (-np.inf, 0.0),
    "log_sigmoid": (-np.inf, 0.0),
}
"""What an output activation can reach, where that is not everything."""

SIGNED = frozenset(
    {
        *("linear", "tanh", "hard_tanh", "softsign", "elu", "selu", "celu", "gelu", "silu"),
        *("swish", "leaky_relu", "p_relu", "mish", "log_softmax", "log_sigmoid"),
    }
)
"""Output activations that give negative numbers too."""

POSITIVE = frozenset({"softplus", "exponential"})
"""Output activations that give any number above 0: probabilities, once divided by their sum."""

NOT_PROBABILITIES = SIGNED | POSITIVE | {"relu", "relu6"}
"""Output activations that give no probabilities; nothing is said of one that is not known."""

SLACK = 0.01
"""Targets that were scaled to a range exactly may overshoot by rounding: by 1 % of their range."""

MOST_BY_CHANCE = 4
"""A mean of 1 gives a count of more than 4 once in 270 rows."""

CLASSES = frozenset(("binary", "signs", "one_hot", "multi_hot"))
"""Kinds of targets that are classes, whatever loss they are learned with."""

MOST_CLASSES = 50
"""More distinct whole targets than this are counts, not classes."""


def _softmax_over_one_unit(setup: Setup) -> str:
    if setup.output_activation == "softmax" and setup.output_units == 1:
        return "a softmax over one unit is always 1, whatever the model computes"
    return ""


def _classes_over_one_unit(setup: Setup) -> str:
    # The softmax over one unit is said already.
    if setup.output_units != 1 or setup.output_activation == "softmax":
        return ""
    if setup.loss in CATEGORICAL | {SPARSE}:
        return f"{setup.loss} over one unit is always 0: it takes one unit for each class"
    if setup.loss == "kl_divergence":
        return "kl_divergence over one unit only pushes it up: it takes one unit for each class"
    if setup.loss == "cosine_similarity":
        return "the cosine similarity of single numbers is their sign, which has no gradient"
    return ""


def _logits_taken_for_probabilities(setup: Setup) -> str:
    activation = setup.output_activation
    if setup.loss not in CROSS_ENTROPIES or setup.from_logits is not False:
        return ""
    # Keras divides the outputs by their sum, so that classes may have any positive weights.
    if activation not in NOT_PROBABILITIES or (
        setup.loss not in BINARY and activation in POSITIVE and setup.output_units != 1
    ):
        return ""
    return (
        f"{setup.loss} expects probabilities (from_logits=False), but the output layer is"
        f" {activation}"
    )


def _logits_of_one_sign(setup: Setup) -> str:
    if setup.loss not in BINARY or not setup.from_logits:
        return ""
    low, high = RANGES.get(setup.output_activation or "", (-np.inf, np.inf))
    # Behind a sigmoid or a softmax Keras finds the logits by itself.
    if setup.output_activation in NOT_PROBABILITIES and (low == 0 or high == 0):
        return (
            f"{setup.loss} takes the output for logits (from_logits=True), but the output layer is"
            f" {setup.output_activation}: no probability "
            + ("below" if low == 0 else "above")
            + " a half can be expressed"
        )
    return ""


def _squashed_twice(setup: Setup) -> str:
    if setup.loss not in CROSS_ENTROPIES:
        return ""
    before, _, end = (setup.layers or "").rpartition(BETWEEN_LAYERS)
    first, again = _SQUASHED.search(before), _SQUASHES_ALONE.fullmatch(end)
    # PyTorch's losses of logits squash whatever they are given.
    in_loss = setup.framework in OF_PYTORCH and setup.from_logits
    if in_loss and setup.output_activation in ("softmax", "sigmoid"):
        last = "sigmoid" if setup.loss in BINARY else "softmax"
        how = f"through a {setup.output_activation}, and {setup.loss} takes it for logits"
    elif first and again:
        last = (again[1] or again[2]).lower()
        how = f"through a {first[1].lower()} and a {last} after that"
    else:
        return ""
    if last == "sigmoid":
        return f"the output goes {how}: no probability below a half can be expressed"
    most = math.e / (math.e + max(setup.output_units or 2, 2) - 1)
    return f"the output goes {how}: no class can get a probability above {most:.2f}"


_SQUASHED = re.compile(r"\b(softmax|sigmoid)\)?$", re.IGNORECASE)

_SQUASHES_ALONE = re.compile(r"(Softmax|Sigmoid)|Activation\((softmax|sigmoid)\)")
"""Layers that have no weights between what they squash and what came before."""

OF_PYTORCH = frozenset(("pytorch", "lightning", "transformers"))
"""Frameworks whose losses are PyTorch's."""


def _unnormalised_divergence(setup: Setup) -> str:
    known = NOT_PROBABILITIES | {"sigmoid", "hard_sigmoid"}
    if setup.loss != "kl_divergence" or setup.output_units == 1:
        return ""
    if setup.output_activation in known:
        return (
            "kl_divergence expects probabilities that add up to 1, but the output layer is"
            f" {setup.output_activation}: all units are pushed up"
        )
    return ""


def _targets_out_of_reach(setup: Setup) -> str:
    reach = RANGES.get(setup.output_activation or "")
    low, high = setup.target_minimum, setup.target_maximum
    if reach is None or low is None or high is None:
        return ""
    if setup.loss == "poisson" and high > MOST_BY_CHANCE * reach[1]:
        return (
            f"there are counts of {high:.4g}, but a {setup.output_activation} output {_said(reach)}"
        )
    if setup.loss not in DIFFERENCES:
        return ""
    slack = SLACK * (high - low)
    if low < reach[0] - slack or high > reach[1] + slack:
        return (
            f"the targets run from {low:.4g} to {high:.4g}, but a {setup.output_activation} output"
            f" {_said(reach)}"
        )
    return ""


def _said(reach: tuple[float, float]) -> str:
    low, high = reach
    if np.isinf(high):
        return f"never falls below {low:g}"
    return f"never rises above {high:g}" if np.isinf(low) else f"only reaches {low:g} to {high:g}"


def _targets_out_of_range(setup: Setup) -> str:
    low, high = setup.target_minimum, setup.target_maximum
    if low is None or high is None:
        return ""
    runs = f"they run from {low:.4g} to {high:.4g}"
    if setup.loss in BINARY and (low < 0 or high > 1):
        return f"{setup.loss} expects targets between 0 and 1, but {runs}"
    if setup.loss == "kl_divergence" and (low < 0 or high > 1):
        return f"kl_divergence expects probabilities as targets, but {runs}"
    if setup.loss == "poisson" and low < 0:
        return f"poisson expects counts as targets, which are not negative, but {runs}"
    if setup.loss == "mean_squared_logarithmic_error" and low < -SLACK * (high - low):
        return f"{setup.loss} takes negative targets for 0, but {runs}"
    if setup.loss in HINGES and (low < -1 or high > 1):
        return f"{setup.loss} expects the targets −1 and 1 (or 0 and 1), but {runs}"
    if setup.loss == "mean_absolute_percentage_error" and (low == 0 or high == 0):
        return "a target of 0 makes mean_absolute_percentage_error ten million times as large"
    return ""


def _shares_for_classes(setup: Setup) -> str:
    if setup.target_kind in ("shares", "numbers"):
        if setup.loss == SPARSE:
            return f"{SPARSE} expects whole numbers as class ids, but the targets have fractions"
        if setup.loss in HINGES:
            return f"{setup.loss} expects the targets −1 and 1, but they have fractions"
    return ""


def _class_without_unit(setup: Setup) -> str:
    high, units = setup.target_maximum, setup.output_units
    if setup.loss != SPARSE or high is None or not units:
        return ""
    if high >= units > 1:
        return f"the largest class id is {high:.0f}, but the output has {units} units"
    return ""


def _targets_of_another_width(setup: Setup) -> str:
    targets, units = setup.target_units, setup.output_units
    if setup.loss not in BROADCAST or not targets or not units or targets == units:
        return ""
    if targets == 1:
        return (
            f"each of the {units} outputs is compared with the same target: the targets have one"
            " column"
        )
    if units == 1:
        return f"one output is compared with all {targets} columns of the targets"
    return ""


MISMATCHES: tuple[Rule, ...] = (
    _softmax_over_one_unit,
    _classes_over_one_unit,
    _logits_taken_for_probabilities,
    _logits_of_one_sign,
    _squashed_twice,
    _unnormalised_divergence,
    _targets_out_of_reach,
    _targets_out_of_range,
    _shares_for_classes,
    _class_without_unit,
    _targets_of_another_width,
)
"""Each names one combination that Keras accepts and that cannot work, or returns nothing."""


MOST_NUMBERS = 8
"""More numbers at once are pixels and the like, which an autoencoder gets within its reach."""


def _squashed_numbers(setup: Setup) -> str:
    activation = setup.output_activation or "linear"
    if setup.loss not in REGRESSION_LOSSES or activation not in RANGES:
        return ""
    if setup.target_kind in CLASSES:
        return (
            f"classes are learned with {setup.loss} through a {activation} output, which has no"
            " gradient where it is surely wrong"
        )
    if setup.target_minimum is not None and setup.target_maximum is not None:
        return ""  # Within reach, or else it is said that they are not.
    if (setup.output_units or 1) > MOST_NUMBERS:
        return ""
    return f"numbers are predicted through a {activation} output, which has a limited range"


def _probabilities_of_another_kind(setup: Setup) -> str:
    softmax = setup.loss in BINARY and setup.output_activation == "softmax"
    sigmoid = setup.loss in CATEGORICAL | {SPARSE} and setup.output_activation == "sigmoid"
    if softmax or sigmoid:
        return f"{setup.loss} is fed by a {setup.output_activation}"
    return ""


def _weights_of_classes(setup: Setup) -> str:
    positive = setup.loss not in BINARY and setup.output_activation in POSITIVE
    if setup.loss in CROSS_ENTROPIES and setup.from_logits is False and positive:
        return f"{setup.loss} divides a {setup.output_activation} output by its sum"
    return ""


def _limited_logits(setup: Setup) -> str:
    limits = ("tanh", "hard_tanh", "softsign")
    if setup.loss in CROSS_ENTROPIES and setup.from_logits and setup.output_activation in limits:
        return f"logits from a {setup.output_activation} output cannot express certainty"
    return ""


def _class_ids_as_numbers(setup: Setup) -> str:
    classes = setup.target_classes
    if setup.loss in REGRESSION_LOSSES and classes and 2 < classes <= MOST_CLASSES:
        return f"the {classes} distinct whole targets look like class ids, but {setup.loss} is used"
    return ""


def _no_probabilities_for_classes(setup: Setup) -> str:
    kinds = ("multi_hot", "single_entries", "signs", "counts", "whole", "shares", "numbers")
    if setup.loss in CATEGORICAL and setup.target_kind in kinds and setup.target_units != 1:
        return f"{setup.loss} expects targets that add up to 1 in each row, which they do not"
    return ""


def _sign_out_of_reach(setup: Setup) -> str:
    low, _ = RANGES.get(setup.output_activation or "", (-1.0, 1.0))
    if setup.loss in HINGES and low == 0:
        return f"{setup.loss} tells classes by their sign, but a {setup.output_activation} has none"
    return ""


def _negative_rates(setup: Setup) -> str:
    if setup.loss == "poisson" and setup.output_activation in SIGNED:
        return f"poisson is NaN for negative outputs, which a {setup.output_activation} layer gives"
    return ""


DOUBTS: tuple[Rule, ...] = (
    _squashed_numbers,
    _probabilities_of_another_kind,
    _weights_of_classes,
    _limited_logits,
    _class_ids_as_numbers,
    _no_probabilities_for_classes,
    _sign_out_of_reach,
    _negative_rates,
)
"""Each names one combination that is unusual, if not impossible, or returns nothing."""
