"""Unrepresentative validation data."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

UNREPRESENTATIVE_VALIDATION = Cause(
    id="unrepresentative_validation",
    title="Unrepresentative validation data",
    looks_like="The validation loss lies apart from the training loss from the first epochs on and"
    " stays there: the validation rows come from another part of the population.",
    not_to_confuse_with={
        "overfitting": "there the gap opens while the training set is being memorised",
        "inconsistent_preprocessing": "there the same rows were transformed differently; the"
        " validation loss is often worse than a constant prediction's",
    },
    evidence=(
        supports("target_shift", above=0.08, scale=0.02),
        supports("target_shift", above=0.3, scale=0.06),
        contradicts("target_shift", above=5.0, scale=1.0),
        supports("validation_progress", above=0.1, scale=0.03),
        supports("gap_at_first", above=0.25, scale=0.06, expected=True),
        supports("gap_at_end", above=0.25, scale=0.06, expected=True),
        supports("accuracy_gap", above=0.06, scale=0.015, expected=True),
        supports("losses_together", above=0.7, scale=0.1),
        supports("validation_against_constant", below=1.1, scale=0.1, expected=True),
        contradicts("gap_at_end", above=0.9, scale=0.03),
        contradicts("validation_end_against_constant", above=1.3, scale=0.1),
        contradicts("validation_against_guessing", above=1.1, scale=0.05),
        contradicts("training_against_constant", above=0.97, scale=0.01),
        contradicts("head_mismatch", above=0.5, scale=0.05),
        contradicts("head_doubts", above=0.5, scale=0.05),
        contradicts("learning_rate_position", above=1.0, scale=0.2),
        contradicts("training_accuracy", above=0.995, scale=0.003),
        supports("splits_differ", above=0.4, scale=0.05, expected=True),
        contradicts("treated_differently", above=0.75, scale=0.05),
        supports("unseen_classes", above=0.05, scale=0.01, decisive=True),
        supports("another_population", above=0.4, scale=0.05, expected=True),
        supports("other_validation_better", above=0.08, scale=0.02),
        contradicts("other_validation_better", below=0.0, scale=0.01),
        supports("separable_with_gap", above=0.2, scale=0.05, expected=True),
        supports("separable_with_gap", above=0.6, scale=0.08),
        supports("lost_on_validation", above=0.1, scale=0.03),
        contradicts("lost_on_validation", above=1.0, scale=0.1),
        contradicts("lost_though_alike", above=0.2, scale=0.04),
        contradicts("lost_though_columns_alike", above=0.1, scale=0.025),
        contradicts("split_separability", below=0.05, scale=0.03),
        supports("lost_outside_support", above=0.4, scale=0.08),
        supports("reweighting_share", above=0.4, scale=0.08),
        contradicts("reweighting_share", below=0.05, scale=0.02),
        contradicts("repair_share", above=0.5, scale=0.08),
    ),
    remedies=(
        Remedy(
            "draw the validation set from the same pool: shuffle before splitting, stratify by"
            " class, and keep groups (patients, days) on one side; it has {validation_rows}",
            "draw the validation set from the same pool: shuffle before splitting, stratify by"
            " class, and keep groups (patients, days) on one side",
        ),
        Remedy("cross-validate: if the loss differs much between folds, the split is the problem"),
        Remedy(
            "keep a time series in its order, since its windows overlap: validate on later blocks"
            " with a gap of a window before each, and train on data as recent as possible"
        ),
    ),
    experiment="a random re-split of training and validation rows closes the gap",
    references=("Quiñonero-Candela et al., Dataset Shift in Machine Learning (2009)",),
    while_improving=True,
)
