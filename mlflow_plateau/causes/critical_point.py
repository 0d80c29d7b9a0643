"""A critical point."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

CRITICAL_POINT = Cause(
    id="critical_point",
    title="Stuck at a critical point",
    looks_like="The loss is flat from the start at what a constant prediction reaches: the gradient"
    " carries no information (symmetric initialisation, dead or saturated units).",
    not_to_confuse_with={
        "no_learnable_signal": "there the training loss can still be pushed down by memorising",
        "not_training": "there nothing moves at all, not even the bias of the output",
        "learning_rate_too_small": "there the loss still falls, steadily",
        "learning_rate_too_large": "there the units died from one large step; the rate is unusual",
    },
    prior=-2.8,
    evidence=(
        supports("distance_from_constant", below=0.02, scale=0.006, weight=2.6, absence=0.9),
        supports("training_progress", below=0.1, scale=0.03, weight=1.1, absence=0.3),
        supports("second_half_share", below=0.1, scale=0.03, weight=1.1, absence=0.3),
        supports("later_movement", below=-2.0, scale=0.2, weight=0.3, absence=0.2),
        supports("gradient_norm_change", below=-1.0, scale=0.3, weight=1.6),
        supports("update_ratio_late", below=-4.5, scale=0.4, weight=2.1, absence=0.1),
        contradicts("learning_rate_position", below=-1.2, scale=0.2, weight=2.4),
        contradicts("learning_rate_position", above=0.8, scale=0.2, weight=1.8),
        contradicts("penalty_factor", above=0.02, scale=0.005, weight=2.4),
        contradicts("dropout_rate", above=0.6, scale=0.05, weight=2.0),
        contradicts("total_updates", below=2.0, scale=0.2, weight=0.5),
        contradicts("validation_movement", below=-7.0, scale=0.3, weight=2.0),
        contradicts("head_mismatch", above=0.5, scale=0.05, weight=3.0),
        contradicts("non_finite_share", above=0.0005, scale=0.0001, weight=1.7),
    ),
    remedies=(
        Remedy(
            "use the layers' default initialisers (Glorot or He), not zeros or a constant, and"
            " ReLU-like activations in deep stacks (they are {hidden_activations})",
            "use the layers' default initialisers (Glorot or He), not zeros or a constant, and"
            " ReLU-like activations in deep stacks",
        ),
        Remedy("standardise the inputs, and try another seed: units that died stay dead"),
        Remedy("add BatchNormalization or LayerNormalization between the layers"),
    ),
    experiment="Another initialisation or activation, and nothing else, resumes progress.",
    references=(
        "Glorot & Bengio, Understanding the difficulty of training deep feedforward neural networks"
        " (2010)",
        "Dauphin et al., Identifying and attacking the saddle point problem (2014),"
        " arXiv:1406.2572",
    ),
)
