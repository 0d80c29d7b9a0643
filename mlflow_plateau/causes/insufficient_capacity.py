"""Insufficient capacity."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

INSUFFICIENT_CAPACITY = Cause(
    id="insufficient_capacity",
    title="Insufficient capacity",
    looks_like="Training and validation loss level off together, well above what the data allow:"
    " the model is too small or too simple for their structure.",
    not_to_confuse_with={
        "no_learnable_signal": "there no model gets below a constant prediction",
        "excessive_regularization": "there the model is large enough, but held back",
        "learning_rate_too_small": "there the losses are still falling, slowly and smoothly",
    },
    evidence=(
        supports("validation_progress", above=0.1, scale=0.03),
        contradicts("validation_progress", below=0.03, scale=0.01),
        supports("parameters_per_row", below=-1.2, scale=0.3, expected=True),
        supports("model_size", below=2.0, scale=0.3, expected=True),
        supports("narrowest_layer", below=0.45, scale=0.08, expected=True),
        supports("gap_at_end", below=0.15, scale=0.05, expected=True),
        supports("training_against_constant", below=0.97, scale=0.01, expected=True),
        supports("training_against_constant", above=0.12, scale=0.03, expected=True),
        supports("training_accuracy", below=0.97, scale=0.01),
        contradicts("learning_rate_position", below=-1.5, scale=0.2),
        contradicts("learning_rate_position", above=1.0, scale=0.2),
        contradicts("learning_rate_decay", above=1.6, scale=0.2),
        contradicts("training_scatter", above=0.05, scale=0.02),
        contradicts("penalty_factor", above=0.02, scale=0.005),
        contradicts("dropout_rate", above=0.6, scale=0.05),
        contradicts("total_updates", below=2.3, scale=0.2),
        contradicts("updates_per_epoch", below=4.0, scale=0.8),
        contradicts("gap_growth", above=0.15, scale=0.04),
        contradicts("gap_at_first", above=0.4, scale=0.1),
        contradicts("head_mismatch", above=0.5, scale=0.05),
        contradicts("head_doubts", above=0.5, scale=0.05),
        contradicts("non_finite_share", above=0.0005, scale=0.0001),
        contradicts("trainable_share", below=1e-06, scale=1e-07),
        contradicts("validation_movement", below=-6.5, scale=0.3),
        contradicts("batch_size", below=3.0, scale=0.5),
        contradicts("distance_from_constant", below=0.01, scale=0.003),
        supports("larger_model_better", above=0.2, scale=0.03, decisive=True),
        contradicts("larger_model_better", below=0.03, scale=0.01),
        supports("behind_reference", above=0.1, scale=0.03, expected=True),
        supports("behind_reference", above=0.4, scale=0.08),
        contradicts("behind_reference", below=-0.1, scale=0.05),
        contradicts("clean_gap", above=0.3, scale=0.06),
        contradicts("learnable_at_most", below=0.1, scale=0.015),
        contradicts("best_step", above=2.25, scale=0.25),
        contradicts("idle_units", above=0.9, scale=0.03),
        contradicts("unreached_share", above=0.9, scale=0.02),
        contradicts("lost_on_validation", above=0.2, scale=0.05),
    ),
    remedies=(
        Remedy(
            "widen the hidden layers four times, or add one: the model has {parameters:,} weights"
            " for {rows:,} training rows",
            "widen the hidden layers four times, or add one",
        ),
        Remedy("give the model features or a structure that fit the data (interactions, context)"),
    ),
    experiment="A copy of the model with four times the width reaches a lower training and"
    " validation loss.",
    references=("Goodfellow, Bengio & Courville, Deep Learning (2016), section 5.2",),
    while_improving=True,
)
