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
    prior=-3.5,
    evidence=(
        supports("learning_rate_decay", above=1.6, scale=0.2, weight=2.8, absence=3.3),
        supports("rate_after_onset", below=0.03, scale=0.01, weight=2.0, absence=1.6),
        supports("progress_per_rate", above=0.06, scale=0.02, weight=3.3, absence=1.7),
        supports("update_ratio_late", below=-5.0, scale=0.4, weight=2.6, absence=1.1),
        supports("plateau_share", above=0.3, scale=0.05, weight=1.6, absence=0.6),
        contradicts("rise_from_best", above=0.05, scale=0.02, weight=2.0),
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
    experiment="From the last checkpoint, a larger learning rate resumes progress.",
    references=(
        "Smith et al., Don't Decay the Learning Rate, Increase the Batch Size (2018),"
        " arXiv:1711.00489",
    ),
)
