"""Histories with a known truth, made from the laws that learning curves follow."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from mlflow_plateau.history import History, MetricNames, Setup, SplitComparison, Witnessed
from mlflow_plateau.siblings.sibling import Siblings


def history(
    training: Any,
    validation: Any,
    *,
    epochs: Any = None,
    rates: Any = None,
    metrics: dict[str, Any] | None = None,
    recorded: dict[str, Any] | None = None,
    higher_is_better: bool = False,
    axis: str = "epoch",
    comparison: SplitComparison | None = None,
    siblings: Siblings | None = None,
    **known: Any,
) -> History:
    """Returns a history of the given losses; NaN counts as logged.

    What else is known fills the fields of ``Setup`` and ``Witnessed``.
    """
    witnessed = {f.name: known.pop(f.name) for f in fields(Witnessed) if f.name in known}
    training = np.asarray(training, dtype=float)
    validation = np.asarray(validation, dtype=float)
    count = len(training)
    rate = np.full(count, np.nan) if rates is None else np.asarray(rates, float)
    return History(
        run_id="0123456789abcdef0123456789abcdef",
        epochs=np.arange(count, dtype=float) if epochs is None else np.asarray(epochs, float),
        training_loss=training,
        validation_loss=validation,
        training_logged=np.ones(count, bool),
        validation_logged=np.ones(count, bool),
        learning_rate=np.broadcast_to(rate, (count,)).copy(),
        metrics={name: np.asarray(v, float) for name, v in (metrics or {}).items()},
        recorded={name: np.asarray(v, float) for name, v in (recorded or {}).items()},
        setup=Setup(**known),
        witnessed=Witnessed(**witnessed),
        comparison=comparison,
        siblings=siblings,
        names=MetricNames("loss", "val_loss", None),
        axis=axis,
        higher_is_better=higher_is_better,
    )


HEALTHY_SETUP: dict[str, Any] = {
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "batch_size": 32,
    "updates_per_epoch": 32,
    "training_rows": 1000,
    "validation_rows": 500,
    "parameter_count": 5000,
    "trainable_parameter_count": 5000,
    "loss": "binary_crossentropy",
    "from_logits": False,
    "output_activation": "sigmoid",
    "output_units": 1,
    "dropout": 0.0,
    "l2": 0.0,
    "target_minimum": 0.0,
    "target_maximum": 1.0,
    "target_classes": 2,
    "constant_loss": 0.6931,
}
"""A training with nothing unusual about it."""


def falling(
    start: float, floor: float, time_constant: float, count: int, noise: float, seed: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Returns floor + (start − floor) exp(−t / time_constant), with multiplicative noise."""
    scatter = 1 + noise * np.random.default_rng(seed).standard_normal(count)
    decay = np.exp(-np.arange(count) / time_constant)
    return np.asarray((floor + (start - floor) * decay) * scatter)


def with_setup(**changes: Any) -> dict[str, Any]:
    """Returns the healthy setup with changes."""
    return {**HEALTHY_SETUP, **changes}


def converged(seed: int = 0, count: int = 120) -> History:
    """Both losses settle at a low noise floor."""
    return history(
        falling(0.7, 0.20, 8, count, 0.004, seed),
        falling(0.7, 0.22, 8, count, 0.008, seed + 1),
        **HEALTHY_SETUP,
    )


def improving(seed: int = 0, count: int = 60) -> History:
    """Both losses are still falling at the end."""
    return history(
        falling(0.7, 0.05, 40, count, 0.004, seed),
        falling(0.7, 0.08, 40, count, 0.006, seed + 1),
        **HEALTHY_SETUP,
    )


def overfitting(seed: int = 0, count: int = 120) -> History:
    """The training loss goes to zero, the validation loss turns and rises."""
    turn = np.maximum(np.arange(count) - 25, 0)
    return history(
        falling(0.7, 0.002, 20, count, 0.01, seed),
        falling(0.7, 0.40, 12, count, 0.008, seed + 1) + 0.006 * turn,
        **with_setup(parameter_count=40_000, trainable_parameter_count=40_000),
    )


def insufficient_capacity(seed: int = 0, count: int = 120) -> History:
    """A tiny model levels off between the constant's loss and what the data allow."""
    return history(
        falling(0.70, 0.45, 6, count, 0.003, seed),
        falling(0.70, 0.46, 6, count, 0.006, seed + 1),
        **with_setup(parameter_count=12, trainable_parameter_count=12),
    )


def vanishing_updates(seed: int = 0, count: int = 120) -> History:
    """The rate decays by a half every three epochs; the loss freezes on its way down."""
    rate = 1e-3 * 0.5 ** (np.arange(count) / 3)
    travelled = np.cumsum(rate)
    scatter = np.random.default_rng(seed).standard_normal((2, count)) * 0.001
    training = 0.7 * np.exp(-travelled / 0.008)
    return history(
        training * (1 + scatter[0]),
        (training + 0.02) * (1 + scatter[1]),
        rates=rate,
        **HEALTHY_SETUP,
    )


def unrepresentative_validation(seed: int = 0, count: int = 120) -> History:
    """The validation loss lies half as high again from the first epoch and stays there."""
    return history(
        falling(0.70, 0.20, 8, count, 0.004, seed),
        falling(0.98, 0.42, 8, count, 0.008, seed + 1),
        **HEALTHY_SETUP,
    )


def inconsistent_preprocessing(seed: int = 0, count: int = 120) -> History:
    """Training goes well; the validation loss is several times a constant's, and erratic."""
    wander = np.cumsum(np.random.default_rng(seed).standard_normal(count)) * 0.08
    return history(falling(0.70, 0.05, 8, count, 0.004, seed), 4.0 + wander, **HEALTHY_SETUP)


def learning_rate_too_small(seed: int = 0, count: int = 120) -> History:
    """Both losses creep down in a nearly straight line."""
    return history(
        falling(0.72, 0.20, 700, count, 0.0003, seed),
        falling(0.72, 0.22, 700, count, 0.0003, seed + 1),
        **with_setup(learning_rate=1e-5),
    )


def learning_rate_too_large(seed: int = 0, count: int = 120) -> History:
    """Both losses bounce around a high level, with spikes."""
    generator = np.random.default_rng(seed)
    spikes = np.where(generator.random(count) < 0.08, 1.5 * generator.random(count), 0.0)
    training = falling(0.9, 0.62, 3, count, 0.08, seed) + spikes
    return history(
        training, falling(0.9, 0.64, 3, count, 0.12, seed + 1), **with_setup(learning_rate=0.1)
    )


def critical_point(seed: int = 0, count: int = 120) -> History:
    """Dead units: the loss is flat at a constant prediction's, and the weights come to rest."""
    return history(
        falling(0.700, 0.6931, 0.6, count, 1e-5, seed),
        falling(0.699, 0.6945, 0.6, count, 1e-5, seed + 1),
        metrics={"accuracy": np.full(count, 0.51), "val_accuracy": np.full(count, 0.5)},
        recorded={
            "update_ratio": falling(1e-3, 1e-5, 4, count, 0.01, seed),
            "epoch_displacement": falling(1e-2, 1e-4, 4, count, 0.01, seed + 1),
        },
        **HEALTHY_SETUP,
    )


def batch_size_too_small(seed: int = 0, count: int = 120) -> History:
    """With single rows per update both losses wander around a level."""
    return history(
        falling(0.70, 0.40, 4, count, 0.04, seed),
        falling(0.70, 0.42, 4, count, 0.07, seed + 1),
        **with_setup(batch_size=1, updates_per_epoch=1000),
    )


def batch_size_too_large(seed: int = 0, count: int = 60) -> History:
    """One update per epoch: smooth, slow, straight."""
    return history(
        falling(0.72, 0.10, 200, count, 0.0003, seed),
        falling(0.72, 0.12, 200, count, 0.0003, seed + 1),
        **with_setup(batch_size=1000, updates_per_epoch=1),
    )


def loss_mismatch(seed: int = 0, count: int = 120) -> History:
    """A softmax over one unit: the loss settles where the constant output 1 puts it."""
    return history(
        falling(8.0, 7.70, 2, count, 0.001, seed),
        falling(8.0, 7.60, 2, count, 0.001, seed + 1),
        **with_setup(output_activation="softmax"),
    )


def no_learnable_signal(seed: int = 0, count: int = 120) -> History:
    """Training memorises some rows; validation never beats a constant."""
    return history(
        falling(0.71, 0.60, 60, count, 0.002, seed),
        falling(0.71, 0.70, 6, count, 0.002, seed + 1) + 0.0002 * np.arange(count),
        metrics={
            "accuracy": 1 - falling(0.5, 0.3, 60, count, 0.01, seed),
            "val_accuracy": falling(0.5, 0.5, 1, count, 0.02, seed + 1),
        },
        **HEALTHY_SETUP,
    )


def excessive_regularization(seed: int = 0, count: int = 120) -> History:
    """A dropout of 0.9: the training loss stays high, the validation loss below it."""
    return history(
        falling(0.80, 0.55, 6, count, 0.004, seed),
        falling(0.70, 0.44, 6, count, 0.006, seed + 1),
        **with_setup(dropout=0.9),
    )


def non_finite_values(seed: int = 0, count: int = 40) -> History:
    """The losses turn NaN out of the blue."""
    training = falling(0.70, 0.20, 8, count, 0.004, seed)
    validation = falling(0.70, 0.22, 8, count, 0.008, seed + 1)
    training[12:] = validation[12:] = np.nan
    return history(training, validation, **HEALTHY_SETUP)


def not_training(seed: int = 0, count: int = 40) -> History:
    """All layers are frozen: the validation loss repeats to the last digit."""
    rounding = 1e-8 * np.random.default_rng(seed).standard_normal(count)
    return history(
        0.81 + rounding,
        np.full(count, 0.8237492),
        **with_setup(trainable_parameter_count=0),
    )


FAULTY = {
    function.__name__: function
    for function in (
        overfitting,
        insufficient_capacity,
        vanishing_updates,
        unrepresentative_validation,
        inconsistent_preprocessing,
        learning_rate_too_small,
        learning_rate_too_large,
        critical_point,
        batch_size_too_small,
        batch_size_too_large,
        loss_mismatch,
        no_learnable_signal,
        excessive_regularization,
        non_finite_values,
        not_training,
    )
}
"""A history for each cause, by the cause's id."""
