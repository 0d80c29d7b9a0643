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
    prior=-3.3,
    evidence=(
        supports("gap_at_half_progress", above=0.12, scale=0.03, weight=1.4, absence=1.3),
        supports("gap_at_first", above=0.25, scale=0.06, weight=3.4, absence=1.0),
        supports("gap_at_end", above=0.25, scale=0.06, weight=1.5, absence=1.6),
        supports("validation_against_constant", below=1.1, scale=0.1, weight=0.6, absence=0.2),
        supports("another_population", above=0.4, scale=0.05, weight=2.5, absence=2.0),
        contradicts("treated_differently", above=0.75, scale=0.05, weight=2.0),
        contradicts("gap_at_first", above=1.5, scale=0.3, weight=0.5),
        contradicts("training_against_constant", above=0.97, scale=0.01, weight=1.0),
        contradicts("blow_up", above=0.0, scale=0.1, weight=1.9),
        contradicts("head_mismatch", above=0.5, scale=0.05, weight=2.0),
    ),
    remedies=(
        Remedy(
            "draw the validation set from the same pool: shuffle before splitting, stratify by"
            " class, and keep groups (patients, days) on one side; it has {validation_rows:,} rows",
            "draw the validation set from the same pool: shuffle before splitting, stratify by"
            " class, and keep groups (patients, days) on one side",
        ),
        Remedy("cross-validate: if the loss differs much between folds, the split is the problem"),
    ),
    experiment="A random re-split of training and validation rows closes the gap.",
    references=("Quiñonero-Candela et al., Dataset Shift in Machine Learning (2009)",),
    while_improving=True,
)
