"""Overfitting."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

OVERFITTING = Cause(
    id="overfitting",
    title="Overfitting",
    looks_like="The training loss keeps falling while the validation loss is flat or rises: the"
    " model memorises the training set.",
    not_to_confuse_with={
        "unrepresentative_validation": "there the gap is wide from the first epochs on",
        "inconsistent_preprocessing": "there the validation loss is bad before anything could be"
        " memorised",
        "learning_rate_too_large": "there the training loss rises or bounces as well",
    },
    evidence=(
        supports("parameters_per_row", above=1.0, scale=0.2),
        contradicts("splits_differ", above=0.4, scale=0.05),
        supports("validation_progress", above=0.1, scale=0.03, expected=True),
        supports("rise_from_best", above=0.05, scale=0.02, expected=True),
        supports("progress_lost", above=0.1, scale=0.03, expected=True),
        supports("rise_in_noise", above=4.0, scale=1.0, expected=True),
        supports("training_fall_since_best", above=0.08, scale=0.03, expected=True),
        supports("training_fall_since_best", above=0.4, scale=0.1),
        supports("validation_end_against_constant", above=1.3, scale=0.1),
        supports("training_accuracy", above=0.99, scale=0.004),
        contradicts("progress_lost", below=0.08, scale=0.015),
        contradicts("gap_at_first", above=0.6, scale=0.1),
        contradicts("validation_below_training", above=0.15, scale=0.05),
        contradicts("validation_follows", below=0.12, scale=0.03),
        contradicts("validation_against_constant", above=0.97, scale=0.01),
        contradicts("validation_progress", below=0.03, scale=0.01),
        contradicts("validation_against_guessing", above=0.95, scale=0.02),
        contradicts("losses_together", below=-0.5, scale=0.1),
        contradicts("learning_rate_position", above=1.2, scale=0.2),
        contradicts("learning_rate_position", below=-1.2, scale=0.2),
        contradicts("batch_size", below=3.0, scale=0.5),
        contradicts("gap_beyond_memory", above=0.4, scale=0.1),
        supports("smaller_model_better", above=0.05, scale=0.02),
        supports("more_regularization_better", above=0.05, scale=0.02),
        supports("other_data_better", above=0.08, scale=0.02),
        supports("learned_by_heart", above=0.35, scale=0.04),
        supports("learned_by_heart", above=0.6, scale=0.05),
        supports("clean_gap", above=0.3, scale=0.06, expected=True),
        contradicts("clean_gap_at_first", above=0.4, scale=0.08),
        contradicts("lost_on_validation", above=0.4, scale=0.08),
        contradicts("lost_though_alike", above=0.3, scale=0.06),
        contradicts("separable_with_gap", above=0.5, scale=0.08),
        contradicts("repair_share", above=0.5, scale=0.08),
        contradicts("lost_outside_support", above=0.4, scale=0.08),
        contradicts("reweighting_share", above=0.4, scale=0.08),
    ),
    remedies=(
        Remedy(
            "restore the weights of {restored_epoch}, where the validation loss was best, if the"
            " callback that stopped the training did not",
            "stop at {best_epoch}, where the validation loss was best: {early_stopping}",
            "stop at {best_epoch}, where the validation loss was best, and keep the"
            " weights from that epoch",
        ),
        Remedy(
            "regularise: dropout of about {more_dropout:.1f} (it is {dropout:g}) or weight decay of"
            " about 1e-4",
            "regularise: dropout of 0.2 to 0.5, or weight decay of about 1e-4",
        ),
        Remedy(
            "use a smaller model ({parameters} for {rows}) or more training data",
            "use a smaller model or more training data",
        ),
    ),
    experiment="more regularisation, or half the weights, narrows the gap and lowers the"
    " best validation loss",
    references=(
        "Goodfellow, Bengio & Courville, Deep Learning (2016), section 5.2",
        "Prechelt, Early Stopping – But When? (1998)",
    ),
)
