"""Non-finite values."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

NON_FINITE_VALUES = Cause(
    id="non_finite_values",
    title="NaN or infinite values",
    looks_like="A loss is NaN or infinite: the data, the weights or the loss function produce"
    " values that are no numbers.",
    not_to_confuse_with={
        "learning_rate_too_large": "there the loss grows for some epochs before it overflows",
    },
    evidence=(
        supports("non_finite_share", above=0.0005, scale=0.0001, expected=True),
        supports("non_finite_share", above=0.9, scale=0.03),
        supports("unmeasurable_updates", above=0.4, scale=0.05, decisive=True),
        supports("rows_not_finite", above=0.5, scale=0.1, decisive=True),
        contradicts("rows_not_finite", below=0.5, scale=0.1),
        supports("blow_up", above=1.0, scale=0.2),
        contradicts("growth_before_non_finite", above=0.5, scale=0.15),
        contradicts("learning_rate_position", above=0.8, scale=0.15),
        contradicts("unmeasurable_updates", below=0.05, scale=0.01),
        contradicts("lower_rate_better", above=0.15, scale=0.03, decisive=True),
    ),
    remedies=(
        Remedy(
            "drop or fill what is not finite in the same way in both splits: {spoiled_rows}",
            "look for NaN and infinity in inputs and targets{unseen_rows}:"
            " assert np.isfinite(x).all() and np.isfinite(y).all()",
        ),
        Remedy(
            "lower the learning rate to {rate_without_overshoot:.3g}: steps that overshoot end in"
            " infinity"
        ),
        Remedy("standardise the targets, which go from {far_targets}: gradients grow with them"),
        Remedy(
            "keep logarithms and divisions away from zero, and clip the gradients to a norm of 1:"
            " the first bad value came at {first_non_finite}",
            "keep logarithms and divisions away from zero",
        ),
        Remedy(
            "run with {numerics} to find the operation",
            "run with checks for NaN and infinity, as most frameworks have them, to find the"
            " operation",
        ),
    ),
    experiment="the loss stays finite once the rows that hold NaN or infinity are removed",
    references=("TensorFlow documentation, tf.debugging.enable_check_numerics",),
    while_improving=True,
    when_diverged=True,
)
