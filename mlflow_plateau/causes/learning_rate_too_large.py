"""Learning rate too large."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

LEARNING_RATE_TOO_LARGE = Cause(
    id="learning_rate_too_large",
    title="Learning rate too large",
    looks_like="The training loss oscillates, bounces off, blows up, or was thrown early into a"
    " region that it cannot leave.",
    not_to_confuse_with={
        "batch_size_too_small": "there the noise comes from the few rows in a batch",
        "critical_point": "there the loss is flat at a usual rate",
        "overfitting": "there the training loss falls smoothly",
    },
    prior=-4.1,
    evidence=(
        supports("learning_rate_position", above=0.8, scale=0.15, weight=2.1, absence=4.0),
        supports("learning_rate_position", above=1.8, scale=0.2, weight=1.9),
        supports("first_loss_excess", above=0.6, scale=0.1, weight=3.0),
        supports("training_scatter", above=0.05, scale=0.015, weight=0.3, absence=0.1),
        supports("training_steadiness", below=0.15, scale=0.05, weight=1.7, absence=0.5),
        supports("spike_height", above=0.4, scale=0.1, weight=2.0),
        supports("training_rise", above=0.25, scale=0.06, weight=0.6),
        supports("later_movement", below=-2.3, scale=0.2, weight=1.5),
        supports("non_finite_share", above=0.0005, scale=0.0001, weight=2.5),
        supports("blow_up", above=0.02, scale=0.03, weight=2.5),
        supports("growth_before_non_finite", above=0.5, scale=0.15, weight=1.4, absence=2.0),
        supports("update_ratio_early", above=-1.6, scale=0.2, weight=0.5, absence=0.4),
        supports("update_coherence", below=0.6, scale=0.1, weight=1.0),
        contradicts("second_half_share", above=0.3, scale=0.05, weight=0.9),
        contradicts("validation_movement", below=-7.0, scale=0.3, weight=3.0),
    ),
    remedies=(
        Remedy(
            "lower the learning rate from {learning_rate:.3g} to about {lower_rate:.3g}",
            "lower the learning rate tenfold",
        ),
        Remedy("clip the gradients (clipnorm=1.0) if single batches throw the loss off"),
    ),
    experiment="A tenth of the learning rate goes lower in the same number of epochs.",
    references=(
        "Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the Edge of"
        " Stability (2021), arXiv:2103.00065",
    ),
    when_diverged=True,
)
