"""The faults that are injected: at least two for each cause, each one thing changed.

To add one, write a function from recipe to recipe and a line in its file's tuple.
"""

from __future__ import annotations

from benchmarks.faults.injected.data import DATA_FAULTS
from benchmarks.faults.injected.fault import SETTINGS, Fault
from benchmarks.faults.injected.head import HEAD_FAULTS
from benchmarks.faults.injected.model import MODEL_FAULTS
from benchmarks.faults.injected.training import TRAINING_FAULTS

__all__ = ["FAULTS", "PAIRS", "SETTINGS", "Fault", "fault"]

FAULTS: tuple[Fault, ...] = (*MODEL_FAULTS, *TRAINING_FAULTS, *DATA_FAULTS, *HEAD_FAULTS)

PAIRS: tuple[tuple[str, str], ...] = (
    ("learning_rate_too_small/a_hundredth", "unrepresentative_validation/other_cluster"),
    ("learning_rate_too_large/100_times", "no_learnable_signal/shuffled_targets"),
    ("inconsistent_preprocessing/columns_permuted", "excessive_regularization/dropout"),
    ("overfitting/few_rows", "inconsistent_preprocessing/columns_permuted"),
    ("batch_size_too_large/all_rows", "learning_rate_too_small/a_thirtieth"),
    ("insufficient_capacity/one_unit", "vanishing_updates/early_step"),
)
"""Pairs of faults, by their names, that are injected at once."""

_BY_NAME = {f"{item.cause}/{item.variant}": item for item in FAULTS}


def fault(name: str) -> Fault:
    """Returns a fault by ``cause/variant``."""
    return _BY_NAME[name]
