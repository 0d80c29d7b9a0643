"""Loss mismatch."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

LOSS_MISMATCH = Cause(
    id="loss_mismatch",
    title="Loss, output and targets do not match",
    looks_like="The loss stays above or below what it should reach, or falls while the accuracy"
    " does not move: loss, output activation and targets do not belong together.",
    not_to_confuse_with={
        "insufficient_capacity": "there the output could express the targets",
        "critical_point": "there the same head trains from another initialisation",
    },
    evidence=(
        supports("head_mismatch", above=0.5, scale=0.05, expected=True, decisive=True),
        supports("head_doubts", above=0.5, scale=0.05, expected=True),
        supports("accuracy_left_behind", above=0.5, scale=0.1),
        supports("validation_accuracy_range", below=0.05, scale=0.01),
        supports("training_against_constant", above=1.03, scale=0.01),
        supports("first_loss_excess", above=0.5, scale=0.1),
        contradicts("penalty_factor", above=0.05, scale=0.01),
        contradicts("learning_rate_position", above=1.0, scale=0.2),
        supports("other_loss_better", above=0.2, scale=0.03, decisive=True),
        contradicts("other_loss_better", below=0.03, scale=0.01),
        supports("clean_fit_against_constant", above=1.05, scale=0.02),
        contradicts("learnable_at_most", below=0.1, scale=0.015),
    ),
    remedies=(
        Remedy(
            "change the loss, the output layer or the targets so that they belong together: {head}"
        ),
        Remedy(
            "pair a sigmoid or logits with binary cross-entropy, a softmax or logits with"
            " categorical cross-entropy, and a linear output with a loss for numbers"
        ),
    ),
    experiment="the matching output layer or loss reaches a lower validation loss",
    references=("Keras documentation, “Probabilistic losses”, argument from_logits",),
    while_improving=True,
    when_diverged=True,
)
