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
    prior=-2.8,
    evidence=(
        supports("learning_rate_position", below=-1.2, scale=0.2, weight=5.7, absence=1.9),
        supports("second_half_share", above=0.22, scale=0.05, weight=2.1, absence=1.0),
        supports("training_steadiness", above=0.7, scale=0.1, weight=0.8, absence=0.1),
        supports("training_progress", below=0.6, scale=0.1, weight=1.3, absence=1.2),
        supports("update_ratio_early", below=-4.0, scale=0.3, weight=2.0, absence=0.3),
        contradicts("updates_per_epoch", below=2.0, scale=0.5, weight=1.0),
        contradicts("plateau_share", above=0.4, scale=0.08, weight=2.0),
        contradicts("rise_from_best", above=0.05, scale=0.02, weight=1.5),
        contradicts("training_scatter", above=0.05, scale=0.02, weight=1.6),
        contradicts("largest_learning_rate", below=1e-12, scale=1e-13, weight=6.0),
        contradicts("trainable_share", below=1e-6, scale=1e-7, weight=6.0),
    ),
    remedies=(
        Remedy(
            "raise the learning rate from {learning_rate:.3g} to about {higher_rate:.3g}",
            "raise the learning rate tenfold",
        ),
        Remedy("warm up over the first few epochs if the larger rate is unstable"),
    ),
    experiment="Ten times the learning rate goes lower in the same number of epochs.",
    references=("Smith, Cyclical Learning Rates (2017), arXiv:1506.01186",),
    while_improving=True,
)
