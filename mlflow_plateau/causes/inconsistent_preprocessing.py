"""Inconsistent preprocessing."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

INCONSISTENT_PREPROCESSING = Cause(
    id="inconsistent_preprocessing",
    title="Inconsistent preprocessing",
    looks_like="The validation loss is bad or erratic from the first epochs on, often worse than a"
    " constant prediction's, while training goes well: the splits were transformed differently.",
    not_to_confuse_with={
        "unrepresentative_validation": "there other rows were taken, not other transformations",
        "overfitting": "there the validation loss is good before it rises",
    },
    evidence=(
        contradicts("gap_at_first", below=0.08, scale=0.03),
        supports("target_shift", above=5.0, scale=1.0),
        contradicts("gap_at_end", below=0.1, scale=0.03),
        supports("gap_at_half_progress", above=0.3, scale=0.06, expected=True),
        supports("gap_at_first", above=5.0, scale=1.0),
        supports("gap_at_first", above=30.0, scale=5.0),
        supports("gap_at_first", above=0.15, scale=0.04),
        supports("gap_at_end", above=0.5, scale=0.08, expected=True),
        supports("gap_at_end", above=0.9, scale=0.03),
        supports("validation_against_constant", above=1.05, scale=0.03, expected=True),
        supports("validation_end_against_constant", above=1.05, scale=0.03, expected=True),
        supports("validation_end_against_constant", above=2.0, scale=0.3),
        supports("training_against_constant", below=0.8, scale=0.05, expected=True),
        supports("training_against_guessing", below=0.8, scale=0.05),
        supports("validation_against_guessing", above=1.05, scale=0.03),
        contradicts("second_half_share", above=0.25, scale=0.05),
        supports("worse_than_guessing", above=0.3, scale=0.05),
        supports("accuracy_gap", above=0.4, scale=0.08),
        supports("rise_from_best", above=0.3, scale=0.1),
        contradicts("blow_up", above=0.0, scale=0.1),
        contradicts("head_mismatch", above=0.5, scale=0.05),
        contradicts("head_doubts", above=0.5, scale=0.05),
        contradicts("learning_rate_position", above=1.0, scale=0.2),
        contradicts("training_rise", above=0.25, scale=0.06),
        contradicts("training_progress", below=0.1, scale=0.03),
        contradicts("trainable_share", below=1e-06, scale=1e-07),
        supports("splits_differ", above=0.4, scale=0.05, expected=True),
        supports("treated_differently", above=0.75, scale=0.05, expected=True, decisive=True),
        contradicts("another_population", above=0.4, scale=0.05),
        supports("repair_share", above=0.5, scale=0.08, decisive=True),
        contradicts("repair_share", below=0.1, scale=0.03),
        supports("other_preprocessing_better", above=0.08, scale=0.02),
        supports("other_validation_better", above=0.4, scale=0.1),
        contradicts("other_validation_better", below=0.03, scale=0.01),
        supports("lost_on_validation", above=0.3, scale=0.06, expected=True),
        supports("lost_on_validation", above=1.0, scale=0.1),
        supports("lost_though_alike", above=0.2, scale=0.04, decisive=True),
        supports("lost_though_columns_alike", above=0.1, scale=0.025),
        supports("lost_though_columns_alike", above=0.5, scale=0.06),
        supports("clean_gap_at_first", above=0.3, scale=0.08, expected=True),
        contradicts("lost_on_validation", below=0.05, scale=0.02),
        contradicts("learnable_at_most", below=0.1, scale=0.015),
    ),
    remedies=(
        Remedy(
            "treat both splits alike: {consistency_fix}",
            "treat both splits alike: the model knows the validation rows with {order}",
            "look for what no column shows by itself, since each is alike in both splits:"
            " {unseen_difference}, rows joined to the wrong targets",
            "fit scalers and encoders on the training split only and apply the same object to both:"
            " scaler.fit(x_train); x_train = scaler.transform(x_train);"
            " x_validation = scaler.transform(x_validation)",
        ),
        Remedy(
            "compare the two splits column by column: means, ranges, channel order, category codes"
        ),
    ),
    experiment="the gap closes once the training split's transformation is applied to the"
    " validation rows",
    references=("Kaufman et al., Leakage in Data Mining (2012), ACM TKDD 6(4)",),
    while_improving=True,
)
