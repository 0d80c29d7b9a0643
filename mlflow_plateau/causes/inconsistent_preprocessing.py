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
    prior=-2.8,
    evidence=(
        supports("gap_at_half_progress", above=0.3, scale=0.06, weight=2.2, absence=1.3),
        supports("gap_at_first", above=0.7, scale=0.15, weight=2.1, absence=0.3),
        supports("validation_against_constant", above=1.05, scale=0.03, weight=3.1, absence=1.0),
        supports("training_against_constant", below=0.8, scale=0.05, weight=1.0, absence=0.5),
        supports("gap_at_end", above=0.5, scale=0.08, weight=1.9, absence=1.4),
        supports("treated_differently", above=0.75, scale=0.05, weight=4.0, absence=3.0),
        contradicts("blow_up", above=0.0, scale=0.1, weight=1.8),
        contradicts("head_mismatch", above=0.5, scale=0.05, weight=2.0),
    ),
    remedies=(
        Remedy(
            "treat both splits alike: {consistency_fix}",
            "fit scalers and encoders on the training split only and apply the same object to both:"
            " scaler.fit(x_train); x_train = scaler.transform(x_train);"
            " x_validation = scaler.transform(x_validation)",
        ),
        Remedy(
            "compare the two splits column by column: means, ranges, channel order, category codes"
        ),
    ),
    experiment="With the training split's transformation applied to the validation rows the gap"
    " closes.",
    references=("Kaufman et al., Leakage in Data Mining (2012), ACM TKDD 6(4)",),
    while_improving=True,
)
