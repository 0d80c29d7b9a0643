"""Learning rate too small."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

LEARNING_RATE_TOO_SMALL = Cause(
    id="learning_rate_too_small",
    title="Learning rate too small",
    looks_like="The losses fall smoothly and steadily, but so slowly that it looks like a plateau.",
    not_to_confuse_with={
        "batch_size_too_large": "there the rate is usual, but an epoch has only a few updates",
        "insufficient_capacity": "there the losses have levelled off",
        "vanishing_updates": "there the rate was large enough at first",
    },
    evidence=(
        supports("update_alignment", above=0.5, scale=0.08),
        supports("learning_rate_position", below=-0.7, scale=0.12),
        supports("training_late_fall", above=0.05, scale=0.02),
        supports("validation_progress", below=0.6, scale=0.1),
        supports("learning_rate_position", below=-1.2, scale=0.2, expected=True),
        supports("learning_rate_position", below=-2.2, scale=0.2),
        supports("second_half_share", above=0.22, scale=0.05, expected=True),
        supports("training_progress", below=0.6, scale=0.1, expected=True),
        supports("update_ratio_early", below=-4.0, scale=0.3, expected=True),
        supports("update_ratio_late", below=-4.5, scale=0.3),
        supports("gap_at_end", below=0.3, scale=0.08),
        contradicts("learning_rate_position", above=-0.5, scale=0.15),
        contradicts("plateau_share", above=0.4, scale=0.08),
        contradicts("rise_from_best", above=0.05, scale=0.02),
        contradicts("training_scatter", above=0.05, scale=0.02),
        contradicts("training_steadiness", below=0.7, scale=0.08),
        contradicts("spike_height", above=0.1, scale=0.03),
        contradicts("frozen_loss", below=-6.0, scale=0.5),
        contradicts("largest_learning_rate", below=1e-12, scale=1e-13),
        contradicts("trainable_share", below=1e-06, scale=1e-07),
        contradicts("learning_rate_decay", above=2.0, scale=0.3),
        contradicts("validation_movement", below=-6.5, scale=0.3),
        contradicts("penalty_factor", above=0.05, scale=0.01),
        contradicts("dropout_rate", above=0.75, scale=0.04),
        contradicts("head_doubts", above=0.5, scale=0.05),
        supports("higher_rate_better", above=0.2, scale=0.03, decisive=True),
        contradicts("higher_rate_better", below=0.03, scale=0.01, decisive=True),
        contradicts("lower_rate_better", above=0.08, scale=0.02),
        contradicts("best_rate_tried", above=0.03, scale=0.01),
        supports("best_step", above=1.75, scale=0.25, expected=True),
        supports("best_step", above=2.75, scale=0.25),
        supports("gradient_agreement", above=0.3, scale=0.06),
        supports("behind_reference", above=0.3, scale=0.06),
        supports("step_gain", above=0.02, scale=0.006),
        contradicts("best_step", below=0.75, scale=0.25),
        contradicts("step_harm", above=0.01, scale=0.003),
    ),
    remedies=(
        Remedy(
            "raise the learning rate from {learning_rate:.3g} to about {higher_rate:.3g}",
            "raise the learning rate tenfold",
        ),
        Remedy(
            "standardise the targets, which go from {far_targets}, or let the output's bias begin"
            " at their mean: the outputs of a new model are of the order of 1"
        ),
        Remedy("warm up over the first few epochs if the larger rate is unstable"),
    ),
    experiment="ten times the learning rate reaches a lower validation loss in the same"
    " number of epochs",
    references=("Smith, Cyclical Learning Rates (2017), arXiv:1506.01186",),
    while_improving=True,
)
