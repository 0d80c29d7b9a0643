"""What a diagnosis is made from: a run's curves on one epoch axis, and what is known of its setup.

This module knows neither MLflow nor Keras. ``align`` makes a ``History`` out of a tracked run; the
signals read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_plateau.tracked import BoolArray, FloatArray

if TYPE_CHECKING:
    from mlflow_plateau.checks.finding import Finding
    from mlflow_plateau.siblings.sibling import Siblings


@dataclass(frozen=True)
class Setup:
    """How the model was trained, as far as the run says; ``None`` where it does not say.

    Attributes:
        framework: What it was trained with: ``keras``, ``pytorch`` (a loop), ``lightning``,
            ``transformers`` (Hugging Face's ``Trainer``), ``boosting`` (XGBoost, LightGBM, …).
        optimizer: Lower-case class name: ``adam``, ``sgd``, ``rmsprop``, ….
        learning_rate: The learning rate at the first update; of a schedule, the largest of the
            first epoch.
        momentum: Momentum of SGD.
        weight_decay: Decoupled weight decay per update.
        batch_size: Rows per update.
        updates_per_epoch: Optimiser steps per epoch.
        training_rows: Rows in the training split.
        validation_rows: Rows in the validation split.
        parameter_count: Weights in the model, trainable or not.
        trainable_parameter_count: Weights that the optimiser may change.
        loss: Snake-case name of the loss: ``binary_crossentropy``, ``mean_squared_error``, ….
        from_logits: Whether a cross-entropy takes logits.
        output_activation: Activation of the last layer: ``sigmoid``, ``softmax``, ``linear``, ….
        output_units: Width of the last layer.
        layers: The layers in a line, for people: ``Dense(128, relu) > Dense(1, sigmoid)``.
        hidden_activations: The distinct activations before the last layer.
        dropout: The largest dropout rate in the model; 0 where there is none.
        l2: The largest L2 penalty factor on a kernel; 0 where there is none.
        target_minimum: Smallest training target.
        target_maximum: Largest training target.
        target_units: Width of a target row, where it and its prediction are numbers or vectors.
        target_kind: What a target row holds: one number that is ``binary`` (0 or 1), ``signs``
            (−1 or 1), ``counts``, ``whole``, ``shares`` (from 0 to 1) or ``numbers``; or several
            that are ``one_hot``, ``multi_hot``, ``distributions`` (they add up to 1),
            ``single_entries`` (but one of them is 0), or of the kinds before.
        target_classes: Number of distinct training targets where these are whole numbers.
        constant_loss: Loss of the best constant prediction on the training targets, in the units of
            the training loss.
        validation_constant_loss: Loss of that same constant prediction on the validation targets.
        frozen_layers: Names of the layers with weights of which none is trainable.
        planned_epochs: The number of epochs that was asked for.
        has_validation: Whether ``fit`` was given validation data.
        outcome: How training ended: ``completed``, ``stopped`` (a callback), ``interrupted``
            (KeyboardInterrupt) or ``failed`` (an exception).
    """

    framework: str | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    momentum: float | None = None
    weight_decay: float | None = None
    batch_size: int | None = None
    updates_per_epoch: int | None = None
    training_rows: int | None = None
    validation_rows: int | None = None
    parameter_count: int | None = None
    trainable_parameter_count: int | None = None
    loss: str | None = None
    from_logits: bool | None = None
    output_activation: str | None = None
    output_units: int | None = None
    layers: str | None = None
    hidden_activations: tuple[str, ...] | None = None
    dropout: float | None = None
    l2: float | None = None
    target_minimum: float | None = None
    target_maximum: float | None = None
    target_units: int | None = None
    target_kind: str | None = None
    target_classes: int | None = None
    constant_loss: float | None = None
    validation_constant_loss: float | None = None
    frozen_layers: tuple[str, ...] | None = None
    planned_epochs: int | None = None
    has_validation: bool | None = None
    outcome: str | None = None


@dataclass(frozen=True)
class Witnessed:
    """What only the recorder can say of a whole training; ``None`` where it does not say.

    Experiments with a sample of the rows and quick reference models found it; see
    ``recorder/witness`` and ``reference``.

    Attributes:
        targets_broadcast: Whether the loss compares each prediction with the targets of all rows,
            because the predictions have a column and the targets have none.
        learnable_share: Share of the variance of the training targets that quick models of another
            make predict on rows that they were not fitted on; see ``reference``.
        learnable_share_error: Its standard error.
        learnable_share_validation: The same share on the validation rows.
        learnable_share_validation_error: Its standard error.
        reference_loss: The quick model's loss on validation rows, in units of the training loss.
        split_separability: How well the inputs of the two splits are told apart, from 0 to 1.
        repair: What was undone in a sample of the validation rows to measure ``repaired_held_out``,
            in words that follow "with".
        experiments_declined: Why the recorder made no (more) experiments with the model, in words.
        gradients_declined: Why no gradients were taken, in words.
        steps_declined: Why no steps of other sizes were tried, in words.
        sharpness_declined: Why the sharpness was not measured, in words.
        reference_declined: Why no quick reference models were asked, in words.
        experiments_shortened: What of the experiments the time budget did not allow, in words.
        unmoved_layers: Names of the layers with trainable weights that no update ever changed.
        unreached_layers: Names of the layers that no gradient reached, at the last experiments.
        idle_layers: Name of the layer with the largest share of units that no gradient reached.
        copied_layers: Name of the layer whose units are most alike.
        starved_layers: Names of the layers with less than a hundredth of the relative gradient.
        saturated_layers: Name of the layer with the largest share of outputs at an end.
        degenerate_layers: Names of the layers worst at the first experiments.
        lost_gradients: Names of the layers whose gradient was not finite, at the last experiments.
        lost_weights: Names of the layers whose weights were not finite when that was first seen.
    """

    targets_broadcast: bool | None = None
    learnable_share: float | None = None
    learnable_share_error: float | None = None
    learnable_share_validation: float | None = None
    learnable_share_validation_error: float | None = None
    reference_loss: float | None = None
    split_separability: float | None = None
    repair: str | None = None
    experiments_declined: str | None = None
    gradients_declined: str | None = None
    steps_declined: str | None = None
    sharpness_declined: str | None = None
    reference_declined: str | None = None
    experiments_shortened: str | None = None
    unmoved_layers: tuple[str, ...] | None = None
    unreached_layers: tuple[str, ...] | None = None
    idle_layers: tuple[str, ...] | None = None
    copied_layers: tuple[str, ...] | None = None
    starved_layers: tuple[str, ...] | None = None
    saturated_layers: tuple[str, ...] | None = None
    degenerate_layers: tuple[str, ...] | None = None
    lost_gradients: tuple[str, ...] | None = None
    lost_weights: tuple[str, ...] | None = None


@dataclass(frozen=True)
class MetricNames:
    """Which logged metrics were read as what, by the names that they have in the store."""

    training_loss: str | None = None
    validation_loss: str | None = None
    learning_rate: str | None = None


@dataclass(frozen=True)
class SplitComparison:
    """What comparing the training and the validation rows brought to light.

    Attributes:
        verdict: ``pass``, ``warn``, ``fail`` or ``unknown``.
        findings: The differences, most serious first.
        training_rows: Rows in the training split.
        validation_rows: Rows in the validation split.
    """

    verdict: str
    findings: tuple[Finding, ...]
    training_rows: int
    validation_rows: int


@dataclass(frozen=True)
class History:
    """A run's curves on one axis.

    Attributes:
        run_id: The run that the curves come from.
        epochs: The axis, shape ``(n,)``, strictly increasing, as logged (Keras counts from 0).
        training_loss: Shape ``(n,)``; NaN where it was not logged, ±inf where it was infinite.
        validation_loss: Shape ``(n,)``; NaN where it was not logged (``validation_freq`` > 1).
        training_logged: Shape ``(n,)``; True where a training loss was logged, also a NaN one.
        validation_logged: Shape ``(n,)``; True where a validation loss was logged, also a NaN one.
        learning_rate: Shape ``(n,)``; NaN where it is not known.
        metrics: Further metrics by name, each of shape ``(n,)``; validation metrics start with
            ``val_``, whatever they were called in the store.
        recorded: What the recorder measured, by its name without the ``plateau/`` prefix, each of
            shape ``(n,)``: ``update_ratio``, ``epoch_displacement``, ``gradient_norm``,
            ``batch_loss_spread``, ``batch_loss_growth`` (of an epoch that ended in NaN),
            ``lost_weights``, ``epoch_seconds``; and, at some epochs, what
            experiments with a sample of the rows gave: ``clean_fit``, ``clean_held_out``,
            ``penalty_share``, ``gradient_noise_scale``, ``gradient_agreement``,
            ``unreached_share``, ``idle_units``, ``unit_similarity``, ``starved_share``,
            ``saturated_share``, ``best_multiple``, ``best_multiple_gain``, ``current_gain``,
            ``sharpness``, ``step_curvature``, ``experiment_rows``; and, at
            the last one, ``final_fit``, ``final_held_out``,
            ``repaired_held_out``, ``held_out_inside``, ``held_out_outside``, ``inside_rows``,
            ``outside_rows``, ``reweighted_held_out``, ``reweighted_rows``; see
            ``recorder/witness``.
        setup: What is known of the training's configuration.
        witnessed: What else the recorder had to say, of the training as a whole.
        comparison: How the two splits compare; ``None`` where they are not known.
        siblings: How the run compares with others of its experiment; ``None`` where there are none.
        names: Which metric was read as what.
        axis: What a unit of ``epochs`` is: ``epoch`` or ``step``.
        higher_is_better: Whether the monitored curve is a score (accuracy) rather than a loss.
        status: MLflow's status of the run.
        notes: What was cleaned, one sentence each.
    """

    run_id: str
    epochs: FloatArray
    training_loss: FloatArray
    validation_loss: FloatArray
    training_logged: BoolArray
    validation_logged: BoolArray
    learning_rate: FloatArray
    metrics: Mapping[str, FloatArray] = field(default_factory=dict)
    recorded: Mapping[str, FloatArray] = field(default_factory=dict)
    setup: Setup = field(default_factory=Setup)
    witnessed: Witnessed = field(default_factory=Witnessed)
    comparison: SplitComparison | None = None
    siblings: Siblings | None = None
    names: MetricNames = field(default_factory=MetricNames)
    axis: str = "epoch"
    higher_is_better: bool = False
    status: str = "FINISHED"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.epochs)
