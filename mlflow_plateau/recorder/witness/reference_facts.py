"""What quick reference models find in the sample, as facts about the training."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from mlflow_plateau.history import Witnessed
from mlflow_plateau.recorder.witness.rows import Rows, Sample, arrays_in
from mlflow_plateau.reference import Reference, learn_from

DIGITS = 4
"""This many are worth keeping."""

MOST_KNOWN = 4
"""Programs that search for hyper-parameters fit many models to the same rows."""

_known: dict[bytes, Reference | None] = {}


def reference_of(loss: str | None, sample: Sample) -> Reference | None:
    """Returns what quick reference models find, or ``None`` where nothing can be said.

    Args:
        loss: Name of the training's one loss; ``None`` where it has another number of them.
        sample: Rows of its data.

    Takes up to some two seconds of one core; to be called beside the training.
    """
    train = _arrays(sample.training)
    if loss is None or train is None:
        return None
    held_out = None if sample.validation is None else _arrays(sample.validation)
    key = _digest(train, held_out, loss)
    if key not in _known:
        with np.errstate(all="ignore"):  # NaN and infinity in the data are others' findings.
            _known[key] = learn_from(train, held_out, loss)
        while len(_known) > MOST_KNOWN:
            del _known[next(iter(_known))]
    return _known[key]


def why_not(loss: str | None, sample: Sample) -> str:
    """Returns why ``reference_of`` found nothing, in words."""
    if sample.training.y is None:
        return "the training rows have no targets that could be read"
    if loss is None or _arrays(sample.training) is None:
        return "the model has several losses or targets, or was compiled without a loss"
    if all(bool((y == y[:1]).all()) for y in arrays_in(sample.training.y)):
        return "all training rows of the sample have the same target"
    return "there are too few rows, or targets of a kind that quick models do not learn"


def facts_of(found: Reference | None) -> Witnessed:
    """Returns what is logged of what quick models found; nothing of single rows."""
    if found is None:
        return Witnessed()
    return Witnessed(
        learnable_share=_rounded(found.learnable),
        learnable_share_error=_rounded(found.learnable_error),
        learnable_share_validation=_rounded(found.validation_learnable),
        learnable_share_validation_error=_rounded(found.validation_learnable_error),
        reference_loss=_rounded(found.loss),
        split_separability=_rounded(found.separability),
    )


def _digest(*parts: Any) -> bytes:
    digest = hashlib.sha256()
    for part in arrays_in(parts):
        digest.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return digest.digest()


def _arrays(rows: Rows) -> tuple[list[Any], Any] | None:
    """Returns inputs and the one array of targets, if that is what there is."""
    targets = list(arrays_in(rows.y))
    return (list(arrays_in(rows.x)), targets[0]) if len(targets) == 1 else None


def _rounded(value: float | None) -> float | None:
    if value is None or not np.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}")
