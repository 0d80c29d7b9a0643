"""Vanishing updates."""

from mlflow_plateau.causes.cause import Cause, Remedy, contradicts, supports

VANISHING_UPDATES = Cause(
    id="vanishing_updates",
    title="Vanishing updates",
    looks_like="The loss flattens while it could still fall, because the steps have become too"
    " small to matter: the learning rate decayed too early or too far.",
    not_to_confuse_with={
        "learning_rate_too_small": "there the rate is too small from the start",
        "critical_point": "there the gradient vanishes, not the rate",
    },
    evidence=(
        supports("learning_rate_decay", above=1.6, scale=0.2, expected=True),
        supports("rate_after_onset", below=0.03, scale=0.01, expected=True),
        supports("rate_after_onset", below=0.2, scale=0.04),
        supports("progress_per_rate", above=0.06, scale=0.02, expected=True),
        supports("update_ratio_late", below=-5.0, scale=0.4, expected=True),
        contradicts("rise_from_best", above=0.05, scale=0.02),
        contradicts("learning_rate_position", below=-1.5, scale=0.2),
        contradicts("trainable_share", below=1e-06, scale=1e-07),
        contradicts("validation_movement", below=-6.5, scale=0.3),
        contradicts("penalty_factor", above=0.05, scale=0.01),
        contradicts("head_doubts", above=0.5, scale=0.05),
        supports("slower_decay_better", above=0.08, scale=0.02),
        supports("slower_decay_better", above=0.2, scale=0.03, decisive=True),
        contradicts("slower_decay_better", below=0.03, scale=0.01),
        supports("best_step", above=2.25, scale=0.25, expected=True),
        supports("best_step", above=3.25, scale=0.25),
        supports("behind_reference", above=0.1, scale=0.03),
        supports("step_gain", above=0.01, scale=0.003),
        contradicts("best_step", below=0.75, scale=0.25),
    ),
    remedies=(
        Remedy(
            "decay the learning rate later and less far: it went from {peak_rate:.3g} to"
            " {last_rate:.3g}; keep it above {floor_rate:.3g}",
            "decay the learning rate later and less far",
        ),
        Remedy(
            "restart from the last weights with the learning rate raised to {peak_rate:.3g}",
            "restart from the last weights with a larger learning rate",
        ),
    ),
    experiment="progress resumes with a larger learning rate from the last checkpoint",
    references=(
        "Smith et al., Don't Decay the Learning Rate, Increase the Batch Size (2018),"
        " arXiv:1711.00489",
    ),
    while_improving=True,
)
