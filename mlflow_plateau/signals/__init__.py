"""The signals: each measures one quantity on a history, or says why it cannot.

A new signal is one function in one of these files (or a new file) and one line in ``SIGNALS``.
"""

from __future__ import annotations

from mlflow_plateau.signals import (
    accuracy,
    batches,
    chance,
    finite,
    gap,
    head,
    model,
    movement,
    progress,
    rate,
    recorded,
    scatter,
    siblings,
    splits,
)
from mlflow_plateau.signals.signal import Measurement, Signal
from mlflow_plateau.signals.view import View

__all__ = ["SIGNALS", "Measurement", "Signal", "View", "signal_by_name"]

SIGNALS: tuple[Signal, ...] = (
    progress.training_progress,
    progress.validation_progress,
    progress.training_late_fall,
    progress.second_half_share,
    progress.training_steadiness,
    progress.plateau_share,
    gap.gap_at_first,
    gap.gap_at_half_progress,
    gap.gap_at_end,
    gap.gap_growth,
    gap.rise_from_best,
    gap.progress_lost,
    gap.rise_in_noise,
    gap.training_fall_since_best,
    gap.losses_together,
    gap.validation_follows,
    scatter.training_scatter,
    scatter.validation_scatter,
    scatter.spike_height,
    scatter.blow_up,
    scatter.training_rise,
    chance.validation_against_constant,
    chance.training_against_constant,
    chance.distance_from_constant,
    chance.first_loss_excess,
    chance.target_shift,
    chance.validation_end_against_constant,
    finite.non_finite_share,
    finite.growth_before_non_finite,
    movement.validation_movement,
    movement.training_movement,
    movement.later_movement,
    movement.trainable_share,
    rate.learning_rate_position,
    rate.largest_learning_rate,
    rate.learning_rate_decay,
    rate.rate_after_onset,
    rate.progress_per_rate,
    batches.batch_size,
    batches.updates_per_epoch,
    batches.total_updates,
    batches.batch_share,
    model.parameters_per_row,
    model.model_size,
    model.dropout_rate,
    model.penalty_factor,
    model.validation_below_training,
    model.saturating_layers,
    model.narrowest_layer,
    head.head_mismatch,
    head.accuracy_left_behind,
    head.head_doubts,
    accuracy.validation_accuracy_range,
    accuracy.accuracy_gap,
    accuracy.training_accuracy,
    accuracy.accuracy_gain,
    recorded.update_ratio_late,
    recorded.update_ratio_early,
    recorded.update_coherence,
    recorded.update_alignment,
    recorded.gradient_norm_change,
    recorded.batch_scatter,
    recorded.unmeasurable_updates,
    recorded.weight_size_early,
    recorded.weights_shrunk,
    splits.treated_differently,
    splits.another_population,
    splits.splits_differ,
    siblings.lower_rate_better,
    siblings.higher_rate_better,
    siblings.smaller_batch_better,
    siblings.larger_batch_better,
    siblings.larger_model_better,
    siblings.smaller_model_better,
    siblings.other_activation_better,
    siblings.more_regularization_better,
    siblings.less_regularization_better,
    siblings.slower_decay_better,
    siblings.other_loss_better,
    siblings.other_optimizer_better,
    siblings.other_preprocessing_better,
    siblings.other_data_better,
    siblings.other_validation_better,
    siblings.best_sibling,
    siblings.nothing_tried_better,
    siblings.repetitions_better,
    siblings.best_rate_tried,
)

_BY_NAME = {signal.name: signal for signal in SIGNALS}


def signal_by_name(name: str) -> Signal:
    """Returns the signal of that name.

    Raises:
        KeyError: If there is none.
    """
    return _BY_NAME[name]
