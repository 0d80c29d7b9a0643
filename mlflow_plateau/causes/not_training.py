"""Not training."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

NOT_TRAINING = Cause(
    id="not_training",
    title="Nothing is being trained",
    looks_like="The validation loss repeats to the last digit: no weight changes, because none is"
    " trainable, the graph is disconnected, or the learning rate is zero.",
    not_to_confuse_with={
        "critical_point": "there the output's bias still moves until it predicts a constant",
        "learning_rate_too_small": "there the loss moves, if little",
    },
    evidence=(
        supports("update_alignment", above=0.9, scale=0.03),
        supports("gradient_norm_change", below=-2.0, scale=0.3),
        supports("validation_movement", below=-6.5, scale=0.2, expected=True),
        supports("training_movement", below=-4.0, scale=0.3),
        supports("trainable_share", below=1e-06, scale=1e-07, decisive=True),
        supports("largest_learning_rate", below=1e-12, scale=1e-13, decisive=True),
        supports("update_ratio_late", below=-9.0, scale=0.5, expected=True),
        supports("accuracy_gain", below=0.05, scale=0.015, expected=True),
        contradicts("head_mismatch", above=0.5, scale=0.05),
        contradicts("non_finite_share", above=0.0005, scale=0.0001),
        contradicts("unmeasurable_updates", above=0.4, scale=0.05),
        contradicts("training_progress", above=0.05, scale=0.015),
        contradicts("update_ratio_late", above=-5.0, scale=0.3),
        supports("unreached_share", above=0.99995, scale=0.00001, decisive=True),
        contradicts("unreached_share", below=0.9999, scale=0.00002),
        contradicts("clean_gap_at_first", above=0.6, scale=0.1),
    ),
    remedies=(
        Remedy("set a usual learning rate: it is {zero_rate}"),
        Remedy(
            "unfreeze {frozen}: {trainable:,} of {parameters} are trainable ({unfreezing})",
            "unfreeze {frozen}: {trainable:,} of {parameters} are trainable",
        ),
        Remedy(
            "look for what keeps the gradient from {unreached}: stop_gradient or detach, argmax, a"
            " NumPy call, or outputs that the loss does not depend on"
        ),
    ),
    experiment="the weights change after one update with all layers trainable and a usual"
    " learning rate",
    references=("Keras documentation, “Transfer learning & fine-tuning”, trainable",),
    while_improving=True,
)
