"""No cause at all."""

from mlflow_plateau.causes.cause import Cause, contradicts

NONE = "none"
"""The answer in place of a cause where nothing is wrong, or nothing was found."""

HEALTHY = Cause(
    id=NONE,
    title="Nothing to improve",
    looks_like="The losses fall, level off close together, and stay there.",
    not_to_confuse_with={},
    evidence=(
        contradicts("target_shift", above=0.1, scale=0.03),
        contradicts("validation_progress", below=0.08, scale=0.02),
        contradicts("training_progress", below=0.08, scale=0.02),
        contradicts("validation_against_constant", above=0.985, scale=0.006),
        contradicts("validation_end_against_constant", above=1.0, scale=0.02),
        contradicts("head_mismatch", above=0.5, scale=0.05),
        contradicts("head_doubts", above=0.5, scale=0.05),
        contradicts("non_finite_share", above=0.0005, scale=0.0001),
        contradicts("unmeasurable_updates", above=0.4, scale=0.05),
        contradicts("validation_movement", below=-6.5, scale=0.2),
        contradicts("rise_from_best", above=0.3, scale=0.05),
        contradicts("progress_lost", above=0.1, scale=0.03),
        contradicts("learning_rate_position", above=1.2, scale=0.2),
        contradicts("learning_rate_position", below=-1.3, scale=0.2),
        contradicts("narrowest_layer", below=0.45, scale=0.08),
        contradicts("saturating_layers", above=3.5, scale=0.4),
        contradicts("weight_size_early", above=0.0, scale=0.15),
        contradicts("penalty_factor", above=0.05, scale=0.01),
        contradicts("dropout_rate", above=0.75, scale=0.03),
        contradicts("updates_per_epoch", below=2.5, scale=0.4),
    ),
    remedies=(),
    experiment="No single change of the setup goes lower.",
)
"""What the causes compete with."""
