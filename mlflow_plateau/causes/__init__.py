"""The causes of a validation loss that stopped improving, one declaration each.

A new cause is one file here and one line in ``CAUSES``.
"""

from __future__ import annotations

from mlflow_plateau.causes.batch_size_too_large import BATCH_SIZE_TOO_LARGE
from mlflow_plateau.causes.batch_size_too_small import BATCH_SIZE_TOO_SMALL
from mlflow_plateau.causes.cause import Cause, Clue, Remedy
from mlflow_plateau.causes.critical_point import CRITICAL_POINT
from mlflow_plateau.causes.excessive_regularization import EXCESSIVE_REGULARIZATION
from mlflow_plateau.causes.healthy import HEALTHY, NONE
from mlflow_plateau.causes.inconsistent_preprocessing import INCONSISTENT_PREPROCESSING
from mlflow_plateau.causes.insufficient_capacity import INSUFFICIENT_CAPACITY
from mlflow_plateau.causes.learning_rate_too_large import LEARNING_RATE_TOO_LARGE
from mlflow_plateau.causes.learning_rate_too_small import LEARNING_RATE_TOO_SMALL
from mlflow_plateau.causes.loss_mismatch import LOSS_MISMATCH
from mlflow_plateau.causes.no_learnable_signal import NO_LEARNABLE_SIGNAL
from mlflow_plateau.causes.non_finite_values import NON_FINITE_VALUES
from mlflow_plateau.causes.not_training import NOT_TRAINING
from mlflow_plateau.causes.overfitting import OVERFITTING
from mlflow_plateau.causes.unrepresentative_validation import UNREPRESENTATIVE_VALIDATION
from mlflow_plateau.causes.vanishing_updates import VANISHING_UPDATES

__all__ = ["CAUSES", "HEALTHY", "NONE", "Cause", "Clue", "Remedy", "cause_by_id"]

CAUSES: tuple[Cause, ...] = (
    OVERFITTING,
    INSUFFICIENT_CAPACITY,
    VANISHING_UPDATES,
    UNREPRESENTATIVE_VALIDATION,
    INCONSISTENT_PREPROCESSING,
    LEARNING_RATE_TOO_SMALL,
    LEARNING_RATE_TOO_LARGE,
    CRITICAL_POINT,
    BATCH_SIZE_TOO_SMALL,
    BATCH_SIZE_TOO_LARGE,
    LOSS_MISMATCH,
    NO_LEARNABLE_SIGNAL,
    EXCESSIVE_REGULARIZATION,
    NON_FINITE_VALUES,
    NOT_TRAINING,
)

_BY_ID = {cause.id: cause for cause in CAUSES}


def cause_by_id(cause_id: str) -> Cause:
    """Returns the cause of that id.

    Raises:
        ValueError: If there is none; the message lists those that exist.
    """
    try:
        return _BY_ID[cause_id]
    except KeyError:
        known = ", ".join(_BY_ID)
        raise ValueError(f"There is no cause {cause_id!r}; the causes are: {known}.") from None
