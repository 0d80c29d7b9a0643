"""Loss mismatch."""

from mlflow_plateau.causes.cause import Cause, Remedy, supports

LOSS_MISMATCH = Cause(
    id="loss_mismatch",
    title="Loss, output and targets do not match",
    looks_like="The loss stays above or below what it should reach, or falls while the accuracy"
    " does not move: loss, output activation and targets do not belong together.",
    not_to_confuse_with={
        "insufficient_capacity": "there the output could express the targets",
        "critical_point": "there the same head trains from another initialisation",
    },
    prior=-3.2,
    evidence=(
        supports("head_mismatch", above=0.5, scale=0.05, weight=8.6, absence=1.3),
        supports("accuracy_left_behind", above=0.5, scale=0.1, weight=3.3),
    ),
    remedies=(
        Remedy("mend the head: {head}"),
        Remedy(
            "pair them as Keras expects: sigmoid or logits with binary_crossentropy, softmax or"
            " logits with (sparse_)categorical_crossentropy, a linear output for regression"
        ),
    ),
    experiment="The matching output layer or loss goes lower.",
    references=("Keras documentation, “Probabilistic losses”, argument from_logits",),
    while_improving=True,
)
