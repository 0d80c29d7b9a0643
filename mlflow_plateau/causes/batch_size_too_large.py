"""Batch size too large."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

BATCH_SIZE_TOO_LARGE = Cause(
    id="batch_size_too_large",
    title="Batch size too large",
    looks_like="The losses fall smoothly but slowly: an epoch has only a few updates.",
    not_to_confuse_with={
        "learning_rate_too_small": "there an epoch has many updates, each too small",
    },
    evidence=(
        supports("validation_progress", below=0.7, scale=0.1),
        supports("updates_per_epoch", below=4.0, scale=0.8, expected=True),
        supports("updates_per_epoch", below=2.0, scale=0.3),
        supports("batch_share", above=0.3, scale=0.05, expected=True),
        supports("total_updates", below=2.5, scale=0.2, expected=True),
        supports("second_half_share", above=0.2, scale=0.05, expected=True),
        supports("training_steadiness", above=0.8, scale=0.1),
        supports("gap_at_end", below=0.3, scale=0.08, expected=True),
        contradicts("learning_rate_position", below=-1.2, scale=0.2),
        contradicts("learning_rate_position", above=1.0, scale=0.2),
        contradicts("plateau_share", above=0.4, scale=0.08),
        contradicts("rise_from_best", above=0.05, scale=0.02),
        contradicts("gap_growth", above=0.3, scale=0.06),
        contradicts("trainable_share", below=1e-06, scale=1e-07),
        contradicts("validation_movement", below=-6.5, scale=0.3),
        contradicts("learning_rate_decay", above=1.6, scale=0.2),
        contradicts("training_against_constant", below=0.1, scale=0.03),
        contradicts("penalty_factor", above=0.05, scale=0.01),
        contradicts("dropout_rate", above=0.75, scale=0.04),
        contradicts("head_doubts", above=0.5, scale=0.05),
        supports("smaller_batch_better", above=0.08, scale=0.02),
        supports("smaller_batch_better", above=0.2, scale=0.03, decisive=True),
        contradicts("smaller_batch_better", below=0.03, scale=0.01),
        supports("noise_against_batch", below=-0.5, scale=0.2, expected=True),
        supports("noise_against_batch", below=-1.2, scale=0.2),
        supports("gradient_agreement", above=0.3, scale=0.06),
        supports("behind_reference", above=0.15, scale=0.04),
        supports("best_step", above=0.75, scale=0.25),
        supports("step_gain", above=0.02, scale=0.006),
        contradicts("noise_against_batch", above=0.8, scale=0.2),
        contradicts("behind_reference", below=-0.1, scale=0.05),
    ),
    remedies=(
        Remedy(
            "lower the batch size from {batch_size:.0f} to about {smaller_batch:.0f}: an epoch has"
            " {updates_per_epoch}",
            "lower the batch size until an epoch has at least 20 updates",
        ),
        Remedy(
            "train for more epochs, or with a learning rate of about {higher_rate:.3g}",
            "train for more epochs, or with a larger learning rate",
        ),
    ),
    experiment="an eighth of the batch size reaches a lower validation loss in the same"
    " number of epochs",
    references=(
        "Shallue et al., Measuring the Effects of Data Parallelism (2019), arXiv:1811.03600",
    ),
    while_improving=True,
)
