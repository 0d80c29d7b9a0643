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
    evidence=(
        supports("learning_rate_position", above=0.8, scale=0.15, expected=True),
        supports("learning_rate_position", above=1.3, scale=0.15),
        supports("learning_rate_position", above=1.8, scale=0.2),
        supports("first_loss_excess", above=0.6, scale=0.1),
        supports("validation_scatter", above=0.1, scale=0.03),
        supports("training_steadiness", below=0.15, scale=0.05, expected=True),
        supports("spike_height", above=0.4, scale=0.1),
        supports("frozen_loss", below=-6.0, scale=0.5),
        supports("training_rise", above=0.25, scale=0.06),
        supports("non_finite_share", above=0.0005, scale=0.0001),
        supports("blow_up", above=0.02, scale=0.03),
        supports("growth_before_non_finite", above=0.5, scale=0.15, expected=True),
        supports("growth_before_non_finite", above=1.2, scale=0.15, decisive=True),
        supports("update_ratio_early", above=-1.6, scale=0.2, expected=True),
        supports("thrown_off", above=0.6, scale=0.08, decisive=True),
        supports("update_coherence", below=0.6, scale=0.1),
        supports("distance_from_constant", below=0.03, scale=0.01),
        contradicts("learning_rate_position", below=0.3, scale=0.1),
        contradicts("second_half_share", above=0.3, scale=0.05),
        contradicts("training_steadiness", above=0.8, scale=0.05),
        contradicts("validation_movement", below=-7.0, scale=0.3),
        contradicts("plateau_share", below=0.1, scale=0.02),
        contradicts("batch_size", below=3.0, scale=0.5),
        contradicts("unmeasurable_updates", above=0.4, scale=0.05),
        contradicts("rows_not_finite", above=0.5, scale=0.1),
        contradicts("penalty_factor", above=0.05, scale=0.01),
        supports("lower_rate_better", above=0.08, scale=0.02),
        supports("lower_rate_better", above=0.2, scale=0.03, decisive=True),
        contradicts("lower_rate_better", below=0.03, scale=0.01, decisive=True),
        contradicts("higher_rate_better", above=0.08, scale=0.02),
        contradicts("best_rate_tried", above=0.03, scale=0.01),
        supports("sharpness_at_first", above=0.3, scale=0.15),
        supports("step_harm", above=0.01, scale=0.003),
        supports("step_harm", above=0.2, scale=0.05),
        supports("best_step", below=-0.25, scale=0.25),
        supports("idle_units", above=0.8, scale=0.04),
        supports("behind_reference", above=0.2, scale=0.05),
        supports("noise_against_batch", above=2.5, scale=0.3),
        contradicts("best_step", above=1.25, scale=0.25),
    ),
    remedies=(
        Remedy(
            "lower the learning rate from {learning_rate:.3g} to about {lower_rate:.3g}",
            "lower the learning rate tenfold",
        ),
        Remedy("standardise the targets, which go from {far_targets}: gradients grow with them"),
        Remedy(
            "clip the gradients ({clipping}) if single batches throw the loss off",
            "clip the gradients to a norm of 1 if single batches throw the loss off",
        ),
    ),
    experiment="a tenth of the learning rate reaches a lower validation loss in the same"
    " number of epochs",
    references=(
        "Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the Edge of"
        " Stability (2021), arXiv:2103.00065",
    ),
    while_improving=True,
    when_diverged=True,
)
