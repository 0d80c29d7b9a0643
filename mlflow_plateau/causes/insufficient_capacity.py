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
    prior=-2.8,
    evidence=(
        supports("parameters_per_row", below=-1.2, scale=0.3, weight=4.4, absence=1.0),
        supports("model_size", below=2.0, scale=0.3, weight=2.1, absence=0.2),
        supports("plateau_share", above=0.25, scale=0.05, weight=0.3, absence=0.1),
        supports("gap_at_end", below=0.15, scale=0.05, weight=0.6, absence=0.6),
        supports("training_against_constant", below=0.97, scale=0.01, weight=0.2, absence=0.6),
        supports("training_against_constant", above=0.12, scale=0.03, weight=0.8, absence=0.5),
        contradicts("learning_rate_position", below=-1.5, scale=0.2, weight=2.0),
        contradicts("learning_rate_position", above=1.0, scale=0.2, weight=1.5),
        contradicts("training_scatter", above=0.05, scale=0.02, weight=3.4),
        contradicts("penalty_factor", above=0.02, scale=0.005, weight=2.7),
        contradicts("dropout_rate", above=0.6, scale=0.05, weight=2.0),
        contradicts("total_updates", below=2.3, scale=0.2, weight=1.4),
        contradicts("head_mismatch", above=0.5, scale=0.05, weight=3.0),
        contradicts("non_finite_share", above=0.0005, scale=0.0001, weight=2.0),
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
