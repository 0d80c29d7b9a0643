"""No learnable signal."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

NO_LEARNABLE_SIGNAL = Cause(
    id="no_learnable_signal",
    title="No learnable signal",
    looks_like="The validation loss never gets below that of a constant prediction, although the"
    " model trains: the inputs do not predict the targets.",
    not_to_confuse_with={
        "critical_point": "there the training loss does not move either",
        "inconsistent_preprocessing": "there the training loss shows that something can be learned,"
        " and the validation loss is far off from the first epochs on",
        "insufficient_capacity": "there the losses lie below a constant prediction's",
    },
    evidence=(
        contradicts("splits_differ", above=0.4, scale=0.05),
        contradicts("target_shift", above=0.3, scale=0.06),
        supports("validation_progress", below=0.1, scale=0.03, expected=True),
        supports("validation_against_constant", above=0.985, scale=0.006, expected=True),
        supports("validation_against_constant", above=0.95, scale=0.015, expected=True),
        supports("validation_against_guessing", above=0.97, scale=0.01, expected=True),
        supports("validation_follows", below=0.15, scale=0.04),
        supports("second_half_share", above=0.15, scale=0.04),
        contradicts("second_half_share", below=0.06, scale=0.015),
        supports("validation_progress", below=0.03, scale=0.01),
        contradicts("gap_at_half_progress", above=0.5, scale=0.1),
        supports("gap_at_first", below=0.3, scale=0.08, expected=True),
        supports("validation_follows", below=0.5, scale=0.1),
        supports("accuracy_gap", above=0.1, scale=0.03),
        supports("losses_together", below=0.3, scale=0.15),
        contradicts("gap_at_first", above=0.6, scale=0.1),
        contradicts("penalty_factor", above=0.02, scale=0.005),
        contradicts("dropout_rate", above=0.6, scale=0.05),
        contradicts("head_mismatch", above=0.5, scale=0.05),
        contradicts("head_doubts", above=0.5, scale=0.05),
        contradicts("validation_movement", below=-6.5, scale=0.3),
        contradicts("total_updates", below=2.0, scale=0.2),
        contradicts("non_finite_share", above=0.0005, scale=0.0001),
        contradicts("unmeasurable_updates", above=0.4, scale=0.05),
        contradicts("saturating_layers", above=3.5, scale=0.4),
        contradicts("weight_size_early", above=0.0, scale=0.15),
        contradicts("learning_rate_position", below=-1.2, scale=0.2),
        contradicts("learning_rate_position", above=1.2, scale=0.2),
        contradicts("learning_rate_decay", above=2.0, scale=0.3),
        contradicts("updates_per_epoch", below=2.5, scale=0.4),
        contradicts("trainable_share", below=1e-06, scale=1e-07),
        contradicts("narrowest_layer", below=0.45, scale=0.08),
        contradicts("later_movement", below=-3.5, scale=0.3),
        supports("other_data_better", above=0.08, scale=0.02),
        contradicts("best_sibling", above=0.15, scale=0.04),
        supports("learnable_at_most", below=0.1, scale=0.015, expected=True, decisive=True),
        supports("learnable_from_parts", below=0.1, scale=0.015, expected=True),
        contradicts("learnable_at_least", above=0.08, scale=0.015),
        contradicts("lost_on_validation", above=0.3, scale=0.06),
        contradicts("idle_units", above=0.9, scale=0.03),
        contradicts("starved_share", above=0.5, scale=0.08),
        contradicts("unreached_share", above=0.9, scale=0.02),
        contradicts("unit_similarity", above=0.7, scale=0.06),
    ),
    remedies=(
        Remedy(
            "check that inputs and targets still belong to each other: a shuffle of one of them, a"
            " wrong join, a shifted window"
        ),
        Remedy(
            "look for inputs that carry information: a gradient-boosted tree on the same columns"
            " should beat a constant prediction ({constant_loss:.4g}) before a network is tuned",
            "look for inputs that carry information: a gradient-boosted tree on the same columns"
            " should beat a constant prediction before a network is tuned",
        ),
    ),
    experiment="the model trains as well with shuffled targets as with the real ones",
    references=(
        "Zhang et al., Understanding deep learning requires rethinking generalization (2017),"
        " arXiv:1611.03530",
    ),
    while_improving=True,
)
