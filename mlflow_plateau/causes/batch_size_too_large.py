"""Batch size too large."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

BATCH_SIZE_TOO_LARGE = Cause(
    id="batch_size_too_large",
    title="Batch size too large",
    looks_like="The losses fall smoothly but slowly: an epoch has only a few updates.",
    not_to_confuse_with={
        "learning_rate_too_small": "there an epoch has many updates, each too small",
    },
    prior=-3.3,
    evidence=(
        supports("updates_per_epoch", below=4.0, scale=0.8, weight=4.3, absence=4.4),
        supports("total_updates", below=2.5, scale=0.2, weight=1.9, absence=1.8),
        supports("second_half_share", above=0.2, scale=0.05, weight=2.0, absence=1.1),
        supports("training_steadiness", above=0.8, scale=0.1, weight=0.8),
        contradicts("learning_rate_position", below=-1.2, scale=0.2, weight=1.5),
        contradicts("plateau_share", above=0.4, scale=0.08, weight=2.2),
        contradicts("rise_from_best", above=0.05, scale=0.02, weight=1.6),
        contradicts("trainable_share", below=1e-6, scale=1e-7, weight=6.0),
    ),
    remedies=(
        Remedy(
            "lower the batch size from {batch_size:.0f} to about {smaller_batch:.0f}: an epoch has"
            " {updates_per_epoch:.0f} updates",
            "lower the batch size until an epoch has at least 20 updates",
        ),
        Remedy(
            "or train for more epochs, or with a learning rate of about {higher_rate:.3g}",
            "or train for more epochs, or with a larger learning rate",
        ),
    ),
    experiment="An eighth of the batch size goes lower in the same number of epochs.",
    references=(
        "Shallue et al., Measuring the Effects of Data Parallelism (2019), arXiv:1811.03600",
    ),
    while_improving=True,
)
