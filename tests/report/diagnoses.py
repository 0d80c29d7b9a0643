"""Diagnoses built by hand, one for each thing that a report has to show well."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np

from mlflow_plateau.checks import Finding
from mlflow_plateau.diagnosis import Curves, Diagnosis, Evidence
from mlflow_plateau.siblings.sibling import Difference, Sibling, Siblings

RUN_ID = "3f2a9c1be0d74c5f8a6b7d1e2c3f4a5b"
HOSTILE_NAMES = ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "{{7*7}}")


def _plain(values: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _evidence(
    cause: str,
    weight: float,
    sentence: str,
    signal: str = "rise_from_best",
    value: float = 0.4,
    unit: str = "share of the best validation loss",
    epochs: tuple[float, float] | None = (34.0, 499.0),
) -> Evidence:
    return Evidence(cause, signal, value, unit, epochs, weight, sentence)


def overfitting() -> Diagnosis:
    noise = np.random.default_rng(0)
    epochs = np.arange(500.0)
    training = 0.7 * np.exp(-epochs / 60) + 1e-3 + 0.0005 * noise.standard_normal(500)
    validation = 0.45 + 0.3 * np.exp(-epochs / 10) + 8e-4 * epochs
    validation += 0.01 * noise.standard_normal(500)
    best = int(np.argmin(validation))
    return Diagnosis(
        run_id=RUN_ID,
        status="stalled",
        cause="overfitting",
        confidence=0.9712,
        headline=(
            f"Overfitting: the validation loss has not improved since epoch 52"
            f" (best {validation[best]:.4g} at epoch {best} of 499)."
        ),
        reason="the validation loss is flat or rises since epoch 52",
        runner_up="no_learnable_signal",
        contributing=("no_learnable_signal", "excessive_regularization"),
        causes={
            "overfitting": 0.9712,
            "no_learnable_signal": 0.0154,
            "none": 0.0074,
            "unrepresentative_validation": 0.004,
            "learning_rate_too_large": 0.002,
        },
        evidence=(
            _evidence(
                "overfitting",
                2.48,
                "the validation loss was best at epoch 34 (0.4412) and ended at 0.8491, +92.4%",
            ),
            _evidence(
                "overfitting",
                1.93,
                "since the best validation epoch (34) the training loss fell by 99.7%"
                " (0.3961 to 0.001202)",
                "training_fall_since_best",
                0.997,
                "share of the training loss",
            ),
            _evidence(
                "overfitting",
                1.02,
                "the rise of the validation loss from its best value is 38.6 times the noise of"
                " the curve",
                "rise_in_noise",
                38.6,
                "standard deviations of the noise",
            ),
            _evidence(
                "overfitting",
                0.41,
                "the model has 12.4 trainable weights per training row",
                "parameters_per_row",
                1.09,
                "decades",
                None,
            ),
            _evidence(
                "overfitting",
                -0.31,
                "in the first epochs the validation loss lay +8% from the training loss"
                " (0.74 against 0.68)",
                "gap_at_first",
                0.08,
                "share of the training loss",
                (0.0, 24.0),
            ),
            _evidence(
                "no_learnable_signal",
                1.2,
                "the best validation loss is 0.4412, 0.99 times what a constant prediction"
                " reaches on the training targets (0.4456)",
                "validation_against_constant",
                0.99,
                "multiples of the constant prediction's loss",
                (0.0, 499.0),
            ),
        ),
        remedies=(
            "stop at epoch 34, where the validation loss was best: EarlyStopping("
            "monitor='val_loss', patience=20, restore_best_weights=True)",
            "regularise: dropout of about 0.3 (it is 0) or weight decay of about 1e-4",
            "use fewer weights (12,417 for 1,000 training rows) or more training data",
        ),
        next_level=(
            "Trained under mlflow_plateau.autolog(), the run would also hold the size of its"
            " updates and gradients and the loss of a constant prediction, which help to tell"
            " overfitting from no learnable signal."
        ),
        onset_epoch=52.0,
        best_epoch=float(best),
        wasted_epochs=447.0,
        wasted_fraction=0.894,
        unknown={
            "update_ratio": "it was not recorded",
            "gradient_norm": "it was not recorded",
            "learning_rate_decay": "no learning rate was logged",
            "repair_share": "the model was not tried on such rows",
        },
        unmeasured=("no learning rate was logged",),
        notes=("The point at epoch 500 repeats epoch 34: restored weights, left out.",),
        curves=Curves(
            _plain(epochs),
            _plain(training),
            _plain(validation),
            training_name="loss",
            validation_name="val_loss",
        ),
        version="0.1.0",
    )


def improving_slowly() -> Diagnosis:
    epochs = np.arange(40.0)
    training = 0.6935 - 2e-4 * epochs
    rate = 1e-5 * 0.5 ** (epochs // 10)
    return Diagnosis(
        run_id=RUN_ID,
        status="improving",
        cause="learning_rate_too_small",
        confidence=0.83,
        headline=(
            "Learning rate too small: the validation loss still improves (best 0.6863 at epoch 39"
            " of 39), but less than it could."
        ),
        reason="the validation loss falls to the end",
        causes={"learning_rate_too_small": 0.83, "none": 0.12, "batch_size_too_large": 0.05},
        evidence=(
            _evidence(
                "learning_rate_too_small",
                2.0,
                "the largest learning rate of the run was 1e-05",
                "largest_learning_rate",
                1e-5,
                "learning rate",
                (0.0, 39.0),
            ),
        ),
        remedies=("raise the learning rate from 1e-05 to about 0.001",),
        best_epoch=39.0,
        level="recorded",
        curves=Curves(
            _plain(epochs),
            _plain(training),
            _plain(training + 0.0005),
            _plain(rate),
            training_name="loss",
            validation_name="val_loss",
        ),
        version="0.1.0",
    )


def converged() -> Diagnosis:
    epochs = np.arange(1.0, 121.0)
    training = 0.05 + 2.0 * np.exp(-epochs / 9)
    return Diagnosis(
        run_id=RUN_ID,
        status="converged",
        confidence=0.91,
        headline=(
            "Converged: the validation loss is flat since epoch 71 (best 0.0612 at epoch 118 of"
            " 120), and nothing was found that would improve it."
        ),
        causes={"none": 0.91, "insufficient_capacity": 0.09},
        onset_epoch=71.0,
        best_epoch=118.0,
        wasted_epochs=49.0,
        wasted_fraction=0.41,
        consistency="pass",
        curves=Curves(
            _plain(epochs),
            _plain(training),
            _plain(training * 1.2),
            _plain(np.full(120, 1e-3)),
            training_name="loss",
            validation_name="val_loss",
        ),
        version="0.1.0",
    )


def diverged() -> Diagnosis:
    training = [1.0, 1.4, 8.0, 90.0, 4e3, 1e9, math.inf, math.nan, math.nan, math.nan]
    validation = [1.1, 1.3, 9.0, 99.0, 5e3, 1e10, math.nan, math.nan, math.nan, math.nan]
    return Diagnosis(
        run_id=RUN_ID,
        status="diverged",
        cause="non_finite_values",
        confidence=0.99,
        headline=(
            "Diverged (NaN or infinite values): the training loss is NaN or infinite, for the first"
            " time at epoch 6."
        ),
        reason="the training loss is NaN or infinite, for the first time at epoch 6",
        contributing=("learning_rate_too_large",),
        causes={"non_finite_values": 0.99, "learning_rate_too_large": 0.01},
        evidence=(
            _evidence(
                "non_finite_values",
                3.0,
                "8 of 20 logged losses are NaN or infinite, the first at epoch 6",
                "non_finite_share",
                0.4,
                "share of the logged losses",
                (0.0, 9.0),
            ),
            _evidence(
                "learning_rate_too_large",
                1.0,
                "before the first NaN or infinity the training loss had grown without bound",
                "growth_before_non_finite",
                math.inf,
                "decades",
                (0.0, 5.0),
            ),
        ),
        remedies=("lower the learning rate from 1 to about 0.01",),
        best_epoch=0.0,
        curves=Curves(
            _plain(range(10)),
            tuple(training),
            tuple(validation),
            training_name="loss",
            validation_name="val_loss",
        ),
    )


def one_epoch() -> Diagnosis:
    return Diagnosis(
        run_id=RUN_ID,
        status="inconclusive",
        headline="Inconclusive: the run has 1 epoch; a plateau takes at least 8.",
        reason="the run has 1 epoch; a plateau takes at least 8",
        next_level="Train for at least 8 epochs, then diagnose the run again.",
        best_epoch=0.0,
        curves=Curves((0.0,), (0.7,), (0.72,), training_name="loss", validation_name="val_loss"),
    )


def no_validation() -> Diagnosis:
    epochs = np.arange(30.0)
    return Diagnosis(
        run_id=RUN_ID,
        status="inconclusive",
        headline=(
            "Inconclusive: no validation loss was logged; give fit validation data, or name the"
            " metric to look at with monitor=."
        ),
        reason=(
            "no validation loss was logged; give fit validation data, or name the metric to look"
            " at with monitor="
        ),
        curves=Curves(
            _plain(epochs), _plain(1 / (1 + epochs)), (None,) * 30, training_name="train/loss"
        ),
    )


def compared() -> Diagnosis:
    lower = Difference("learning_rate", "learning_rate", "0.1", "0.001", -4.6)
    wider = Difference("model", "units", "64", "", 0.0)
    data = Difference("data", "training data", "9f3c", "1b7e", 0.0)
    runs = (
        Sibling("1" * 32, "gentle-owl-17", (lower,), 0.45, 0.75, 0.19, 29.0, "val_loss"),
        Sibling("2" * 32, "", (lower, wider), 0.2, 0.75, 0.5, 29.0, "val_loss"),
        Sibling("3" * 32, "again", (), -0.01, 0.75, 0.76, 29.0, "val_loss"),
        Sibling("4" * 32, "worse", (data,), -1.0, 0.75, math.inf, 29.0, "val_loss"),
    )
    return dataclasses.replace(
        overfitting(), level="compared", siblings=Siblings("7", runs, 0.02, "repetitions", 1200)
    )


def hostile() -> Diagnosis:
    tag, image, template = HOSTILE_NAMES
    return dataclasses.replace(
        overfitting(),
        run_id=image,
        headline=f"Overfitting: {tag} has not improved {template}\x1b[31m\u202e.",
        reason=f"{tag} $\\frac{{1}}{{0}}$ _a_ *b* `c` [d](javascript:alert(3)) https://evil.example",
        contributing=(tag, "no_learnable_signal"),
        causes={"overfitting": 0.9, tag: 0.1},
        evidence=(
            _evidence("overfitting", 2.0, f"{image} rose by 40%\x07", tag, 0.4, template),
            _evidence(tag, -1.0, f"{template}\r\nrose", image, math.nan, tag, None),
        ),
        remedies=(f"monitor='{image}'", f"{template} \ud800 损失"),
        next_level=tag,
        findings=(
            Finding(
                check=image,
                kind="unit_factor",
                columns=(tag, image),
                transformation=f"validation = {template}",
                severity="fail",
                message=f"{tag} is in other units\x1b[31m.",
                evidence=(f"{image}\r\n{template}",),
                fix=f"x = 1  # {tag}\nx_validation /= 1000",
                constants={"factor": math.inf},
            ),
        ),
        notes=(image,),
        siblings=Siblings(
            image,
            (
                Sibling(
                    'x" onclick="alert(4)',
                    tag,
                    (Difference("model", image, f"{template}\x1b[2J", tag * 50, math.inf),),
                    0.5,
                    math.nan,
                    -math.inf,
                    3.0,
                    image,
                ),
            ),
            0.1,
            "curves",
            1,
        ),
        unknown={tag: image},
        unmeasured=(tag, image),
        consistency=tag,
        level=template,
        version=tag,
        curves=dataclasses.replace(
            overfitting().curves,
            axis=image,
            training_name=f"$\\frac{{ {tag} 损失",
            validation_name=f"_{image}\x1b[2J" + "x" * 300,
        ),
    )


def long_run() -> Diagnosis:
    noise = np.random.default_rng(1)
    steps = np.arange(100_000.0)
    training = 3 * (1 + steps / 300) ** -0.5 * np.exp(0.15 * noise.standard_normal(100_000))
    training[70_001] = 40.0
    validation: list[float | None] = [None] * 100_000
    for step in range(999, 100_000, 1000):
        validation[step] = float(3 * (1 + step / 300) ** -0.4 + 0.02 * noise.standard_normal())
    rate = 1e-3 * 0.5 * (1 + np.cos(np.pi * steps / 100_000))
    return Diagnosis(
        run_id=RUN_ID,
        status="stalled",
        cause="vanishing_updates",
        confidence=0.62,
        headline="Vanishing updates: the validation loss has not improved since step 80000.",
        causes={"vanishing_updates": 0.62, "none": 0.38},
        onset_epoch=80_000.0,
        best_epoch=98_999.0,
        wasted_epochs=19_999.0,
        wasted_fraction=0.2,
        curves=Curves(
            _plain(steps),
            _plain(training),
            tuple(validation),
            _plain(rate),
            axis="step",
            training_name="train/loss_step",
            validation_name="eval/loss",
        ),
    )


def score() -> Diagnosis:
    epochs = np.arange(60.0)
    training = 1 - 0.9 * np.exp(-epochs / 8)
    validation = 0.78 - 0.7 * np.exp(-epochs / 6)
    return Diagnosis(
        run_id=RUN_ID,
        status="stalled",
        cause="overfitting",
        confidence=0.74,
        headline=(
            "Overfitting: the val_accuracy has not improved since epoch 31 (best 0.78 at epoch 59"
            " of 59)."
        ),
        causes={"overfitting": 0.74, "none": 0.26},
        onset_epoch=31.0,
        best_epoch=59.0,
        wasted_epochs=28.0,
        wasted_fraction=0.47,
        curves=Curves(
            _plain(epochs),
            _plain(training),
            _plain(validation),
            training_name="accuracy",
            validation_name="val_accuracy",
            higher_is_better=True,
        ),
    )


def sparse_validation() -> Diagnosis:
    base = overfitting()
    validation = tuple(
        value if index % 5 == 4 else None for index, value in enumerate(base.curves.validation_loss)
    )
    return dataclasses.replace(
        base,
        best_epoch=34.0,
        curves=dataclasses.replace(base.curves, validation_loss=validation),
    )


def constant() -> Diagnosis:
    base = converged()
    flat = (0.6931471824645996,) * 120
    curves = dataclasses.replace(base.curves, training_loss=flat, validation_loss=flat)
    return dataclasses.replace(
        base,
        cause="not_training",
        status="stalled",
        headline="Nothing is being trained: the validation loss has not improved since epoch 1.",
        onset_epoch=1.0,
        best_epoch=1.0,
        curves=curves,
    )


def all_nan() -> Diagnosis:
    base = diverged()
    curves = dataclasses.replace(
        base.curves, training_loss=(math.nan,) * 10, validation_loss=(math.nan,) * 10
    )
    return dataclasses.replace(base, best_epoch=None, curves=curves)


def outlying_loss_below_zero() -> Diagnosis:
    base = converged()
    training = -3.0 + np.exp(-np.arange(120.0) / 9)
    validation = training + 0.2
    validation[60] = 4e5
    curves = dataclasses.replace(
        base.curves, training_loss=_plain(training), validation_loss=_plain(validation)
    )
    return dataclasses.replace(base, curves=curves)


def nan_stretch() -> Diagnosis:
    base = converged()
    validation = list(base.curves.validation_loss)
    validation[40:60] = [math.nan] * 20
    validation[50] = 0.3
    curves = dataclasses.replace(base.curves, validation_loss=tuple(validation))
    return dataclasses.replace(base, curves=curves)


def empty() -> Diagnosis:
    return Diagnosis(run_id="", status="inconclusive")


MAKERS: tuple[Callable[[], Diagnosis], ...] = (
    overfitting,
    improving_slowly,
    converged,
    diverged,
    one_epoch,
    no_validation,
    compared,
    hostile,
    long_run,
    score,
    sparse_validation,
    constant,
    all_nan,
    outlying_loss_below_zero,
    nan_stretch,
    empty,
)
