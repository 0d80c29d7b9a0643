"""Batch size too small."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

BATCH_SIZE_TOO_SMALL = Cause(
    id="batch_size_too_small",
    title="Batch size too small",
    looks_like="The losses wander around a level above what the model could reach: with few rows"
    " per update the gradient is mostly noise.",
    not_to_confuse_with={
        "learning_rate_too_large": "there a usual batch size bounces as well; a smaller rate helps"
        " in both cases",
    },
    evidence=(
        supports("batch_size", below=4.0, scale=1.0, expected=True),
        supports("training_scatter", above=0.02, scale=0.01, expected=True),
        supports("validation_scatter", above=0.03, scale=0.015, expected=True),
        supports("plateau_share", above=0.25, scale=0.05, expected=True),
        supports("batch_scatter", above=0.8, scale=0.2),
        contradicts("learning_rate_position", below=-1.2, scale=0.2),
        contradicts("gap_growth", above=0.5, scale=0.1),
        contradicts("distance_from_constant", below=0.01, scale=0.003),
        supports("larger_batch_better", above=0.05, scale=0.015),
        contradicts("larger_batch_better", below=0.0, scale=0.01),
        supports("noise_against_batch", above=1.0, scale=0.2, expected=True),
        supports("noise_against_batch", above=2.0, scale=0.3),
        supports("step_harm", above=0.01, scale=0.003),
        contradicts("noise_against_batch", below=0.3, scale=0.1),
        contradicts("learnable_at_most", below=0.1, scale=0.015),
        contradicts("best_step", above=1.75, scale=0.25),
    ),
    remedies=(
        Remedy(
            "raise the batch size from {batch_size:.0f} to about {larger_batch:.0f}",
            "raise the batch size to 32 or more",
        ),
        Remedy(
            "lower the learning rate from {learning_rate:.3g} to about {lower_rate:.3g} instead, to"
            " average over more batches",
            "lower the learning rate tenfold instead, to average over more batches",
        ),
    ),
    experiment="a batch eight times as large reaches a lower validation loss at the same"
    " learning rate",
    references=(
        "McCandlish et al., An Empirical Model of Large-Batch Training (2018), arXiv:1812.06162",
    ),
    when_diverged=True,
)
