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
    prior=-3.0,
    evidence=(
        supports("validation_against_constant", above=0.985, scale=0.006, weight=3.4, absence=4.6),
        supports("training_against_constant", below=0.99, scale=0.004, weight=1.2),
        supports("gap_at_first", below=0.3, scale=0.08, weight=0.6, absence=2.8),
        contradicts("penalty_factor", above=0.02, scale=0.005, weight=0.5),
        contradicts("dropout_rate", above=0.6, scale=0.05, weight=1.0),
        contradicts("head_mismatch", above=0.5, scale=0.05, weight=3.0),
        contradicts("validation_movement", below=-7.0, scale=0.3, weight=2.0),
        contradicts("total_updates", below=2.0, scale=0.2, weight=1.2),
        contradicts("non_finite_share", above=0.0005, scale=0.0001, weight=2.0),
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
    experiment="With shuffled targets the model trains as well as with the real ones.",
    references=(
        "Zhang et al., Understanding deep learning requires rethinking generalization (2017),"
        " arXiv:1611.03530",
    ),
)
