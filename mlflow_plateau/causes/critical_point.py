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
    evidence=(
        supports("distance_from_constant", below=0.02, scale=0.006, expected=True),
        supports("training_progress", below=0.1, scale=0.03, expected=True),
        supports("second_half_share", below=0.1, scale=0.03, expected=True),
        supports("training_against_constant", above=0.985, scale=0.004, expected=True),
        supports("training_against_guessing", above=0.975, scale=0.008, expected=True),
        supports("training_progress", below=0.02, scale=0.005),
        supports("frozen_loss", below=-6.0, scale=0.5),
        contradicts("validation_follows", below=0.3, scale=0.06),
        supports("validation_accuracy_range", below=0.03, scale=0.008),
        supports("accuracy_gain", below=0.03, scale=0.008, expected=True),
        supports("saturating_layers", above=3.5, scale=0.4),
        supports("weight_size_early", above=0.0, scale=0.15),
        supports("update_ratio_early", below=-3.5, scale=0.3),
        supports("weights_shrunk", above=0.3, scale=0.1),
        contradicts("learning_rate_position", below=-1.2, scale=0.2),
        contradicts("learning_rate_position", above=0.8, scale=0.2),
        contradicts("penalty_factor", above=0.02, scale=0.005),
        contradicts("dropout_rate", above=0.6, scale=0.05),
        contradicts("total_updates", below=2.0, scale=0.2),
        contradicts("validation_movement", below=-7.0, scale=0.3),
        contradicts("head_mismatch", above=0.5, scale=0.05),
        contradicts("head_doubts", above=0.5, scale=0.05),
        contradicts("non_finite_share", above=0.0005, scale=0.0001),
        contradicts("unmeasurable_updates", above=0.4, scale=0.05),
        contradicts("narrowest_layer", below=0.45, scale=0.08),
        contradicts("trainable_share", below=1e-06, scale=1e-07),
        contradicts("learning_rate_decay", above=1.6, scale=0.2),
        contradicts("gap_at_end", above=0.3, scale=0.06),
        contradicts("rise_from_best", above=0.1, scale=0.03),
        contradicts("training_accuracy", above=0.9, scale=0.03),
        supports("other_activation_better", above=0.08, scale=0.02),
        supports("repetitions_better", above=0.3, scale=0.05),
        supports("unit_similarity", above=0.7, scale=0.06),
        supports("unit_similarity", above=0.4, scale=0.06),
        supports("starved_share", above=0.4, scale=0.08),
        supports("saturated_share", above=0.5, scale=0.08),
        supports("degenerate_start", above=0.6, scale=0.05),
        supports("degenerate_start", above=0.95, scale=0.01),
        supports("behind_reference", above=0.2, scale=0.05),
        supports("learnable_at_least", above=0.08, scale=0.015),
        contradicts("learnable_at_most", below=0.1, scale=0.015),
        contradicts("unreached_share", above=0.99995, scale=0.00001),
        contradicts("degenerate_start", below=0.3, scale=0.05),
    ),
    remedies=(
        Remedy(
            "use the layers' default initialisers (Glorot or He), not zeros or a constant, and"
            " ReLU-like activations in deep stacks (they are {hidden_activations})",
            "use the layers' default initialisers (Glorot or He), not zeros or a constant, and"
            " ReLU-like activations in deep stacks",
        ),
        Remedy("standardise the inputs, and try another seed: units that died stay dead"),
        Remedy(
            "add {normalisation} between the layers",
            "normalise between the layers, by batch or by layer",
        ),
    ),
    experiment="Another initialisation or activation, and nothing else, resumes progress.",
    references=(
        "Glorot & Bengio, Understanding the difficulty of training deep feedforward neural networks"
        " (2010)",
        "Dauphin et al., Identifying and attacking the saddle point problem (2014),"
        " arXiv:1406.2572",
    ),
    while_improving=True,
)
