"""Excessive regularisation."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

EXCESSIVE_REGULARIZATION = Cause(
    id="excessive_regularization",
    title="Excessive regularisation",
    looks_like="The training loss stays high and the validation loss lies at or below it: penalty"
    " or dropout, not the model's size, holds the fit back.",
    not_to_confuse_with={
        "insufficient_capacity": "there the model is small and barely regularised",
        "no_learnable_signal": "there a freer model does not do better either",
    },
    evidence=(
        supports("penalty_factor", above=0.02, scale=0.004, expected=True),
        supports("penalty_factor", above=0.07, scale=0.01),
        supports("penalty_factor", above=0.3, scale=0.05),
        supports("dropout_rate", above=0.65, scale=0.04),
        supports("dropout_rate", above=0.8, scale=0.02),
        supports("validation_below_training", above=0.08, scale=0.03, expected=True),
        supports("training_against_constant", above=0.3, scale=0.05, expected=True),
        supports("weights_shrunk", above=0.3, scale=0.1),
        supports("training_accuracy", below=0.9, scale=0.03),
        contradicts("rise_from_best", above=0.05, scale=0.02),
        contradicts("gap_at_end", above=0.2, scale=0.05),
        contradicts("gap_growth", above=0.2, scale=0.05),
        contradicts("learning_rate_position", below=-1.2, scale=0.2),
        contradicts("learning_rate_position", above=1.0, scale=0.2),
        contradicts("head_mismatch", above=0.5, scale=0.05),
        contradicts("trainable_share", below=1e-06, scale=1e-07),
        supports("less_regularization_better", above=0.08, scale=0.02),
        supports("less_regularization_better", above=0.2, scale=0.03, decisive=True),
        contradicts("less_regularization_better", below=0.03, scale=0.01),
        supports("penalty_share_at_first", above=0.3, scale=0.05),
        supports("penalty_share_at_first", above=0.65, scale=0.06),
        supports("behind_reference", above=0.15, scale=0.04, expected=True),
        supports("clean_fit_against_constant", above=0.6, scale=0.08),
        contradicts("clean_gap", above=0.3, scale=0.06),
        contradicts("behind_reference", below=0.05, scale=0.02),
        contradicts("behind_reference", below=-0.1, scale=0.05),
        contradicts("learnable_at_most", below=0.1, scale=0.015),
    ),
    remedies=(
        Remedy("lower the dropout rate from {high_dropout:g} to about 0.3"),
        Remedy("lower the penalty from {high_penalty:.3g} to about {lower_penalty:.1g}"),
        Remedy("lower the weight decay from {high_decay:.3g} to {usual_decay:g} or less"),
        Remedy("lower the penalty, which was {felt_penalty:.0%} of the loss that is trained on"),
        Remedy("halve the regularisation and compare"),
    ),
    experiment="training and validation loss end lower without the penalty or dropout",
    references=("Srivastava et al., Dropout (2014), JMLR 15",),
    while_improving=True,
)
