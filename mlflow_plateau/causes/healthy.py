"""No cause at all."""

from mlflow_plateau.causes.cause import Cause, contradicts, supports

NONE = "none"
"""The answer in place of a cause where nothing is wrong, or nothing was found."""

HEALTHY = Cause(
    id=NONE,
    title="Nothing to improve",
    looks_like="The losses fall, level off close together, and stay there.",
    not_to_confuse_with={},
    evidence=(
        supports("validation_progress", above=0.8, scale=0.04),
        contradicts("training_progress", below=0.12, scale=0.03),
        contradicts("frozen_loss", below=-6.0, scale=0.5),
        contradicts("validation_progress", below=0.08, scale=0.02),
        contradicts("training_against_guessing", above=0.95, scale=0.02),
        contradicts("validation_against_guessing", above=0.95, scale=0.02),
        contradicts("head_doubts", above=0.5, scale=0.05),
        contradicts("narrowest_layer", below=0.45, scale=0.08),
        contradicts("saturating_layers", above=3.5, scale=0.4),
        contradicts("dropout_rate", above=0.75, scale=0.03),
        contradicts("updates_per_epoch", below=2.5, scale=0.4),
        contradicts("best_sibling", above=0.2, scale=0.03, decisive=True),
        supports("nothing_tried_better", above=2.5, scale=0.5),
        contradicts("rows_not_finite", above=0.5, scale=0.1, decisive=True),
        contradicts("unit_similarity", above=0.6, scale=0.08),
        contradicts("behind_reference", above=0.15, scale=0.04),
        contradicts("behind_reference", above=0.5, scale=0.08),
        contradicts("learned_by_heart", above=0.4, scale=0.04),
        contradicts("learned_by_heart", above=0.6, scale=0.05, decisive=True),
        contradicts("penalty_share_at_first", above=0.4, scale=0.06),
        contradicts("starved_share", above=0.4, scale=0.08),
    ),
    remedies=(),
    experiment="no single change of the setup reaches a lower validation loss",
)
"""What the causes compete with."""
