"""No cause at all."""

from mlflow_plateau.causes.cause import Cause, contradicts

NONE = "none"
"""The answer in place of a cause where nothing is wrong, or nothing was found."""

HEALTHY = Cause(
    id=NONE,
    title="Nothing to improve",
    looks_like="The losses fall, level off close together, and stay there.",
    not_to_confuse_with={},
    prior=0.0,
    evidence=(
        contradicts("validation_against_constant", above=0.985, scale=0.006, weight=2.0),
        contradicts("head_mismatch", above=0.5, scale=0.05, weight=2.0),
    ),
    remedies=(),
    experiment="No single change of the setup goes lower.",
)
"""What the causes compete with."""
