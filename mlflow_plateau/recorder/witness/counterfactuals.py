"""What the validation loss would be on other rows: treated otherwise, or drawn otherwise."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlflow_plateau.history import Witnessed
from mlflow_plateau.recorder.witness.differentiable import Differentiable
from mlflow_plateau.recorder.witness.repair import repaired
from mlflow_plateau.recorder.witness.rows import Sample
from mlflow_plateau.recorder.witness.support import FEWEST, losses_by_support, told_apart

if TYPE_CHECKING:
    from mlflow_plateau.checks import Repair
    from mlflow_plateau.reference import Reference

ROWS = 256
"""Training rows that the loss is taken of."""

MOST_SAID = 3
"""This many repairs are said in words."""

PASSES = 5
"""All of it takes about so many times as long as the loss of the validation rows."""


def counterfactuals(
    model: Differentiable,
    sample: Sample,
    repairs: Sequence[Repair],
    reference: Reference | None,
    seconds: float = math.inf,
) -> Mapping[str, float]:
    """Returns losses of validation rows as they might have been, all at the same weights, by name.

    - ``final_fit``, ``final_held_out``: losses of the sample's rows as they are, in inference.
    - ``repaired_held_out``: loss of the validation rows after the repairs, where these change any.
    - those of ``losses_by_support``, where the splits are told apart better than by chance.

    Nothing is measured where there is nothing to compare.

    Args:
        model: The model, with the weights that the training ended with.
        sample: Rows of its data.
        repairs: How to treat validation as train was treated.
        reference: What quick reference models found in the same sample.
        seconds: How long it may take.
    """
    training, validation = sample.training, sample.validation
    if training.y is None or validation is None or validation.y is None:
        return {}
    mended = repaired(validation, repairs) if repairs else None
    likeness = None if reference is None else reference.likeness
    known = 0 if likeness is None else min(len(likeness), len(validation))
    apart = reference is not None and told_apart(reference.separability, known)
    if mended is None and not apart:
        return {}
    begin = time.perf_counter()
    found = {"final_fit": model.losses(training.part(0, ROWS)).data}
    rows = _affordable(len(validation), len(training), time.perf_counter() - begin, seconds)
    if rows < min(FEWEST, len(validation)):
        return {}
    found["final_held_out"] = model.losses(validation.part(0, rows)).data
    if mended is not None:
        found["repaired_held_out"] = model.losses(mended.part(0, rows)).data
    if apart and likeness is not None:
        known = min(known, rows)
        found.update(losses_by_support(model, validation.part(0, known), likeness[:known]))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _affordable(validation: int, training: int, taken: float, seconds: float) -> int:
    """Returns how many validation rows there is time for, after training rows took so long."""
    each = taken / max(min(training, ROWS), 1)
    return validation if PASSES * validation * each <= seconds else int(seconds / (PASSES * each))


def repair_made(found: Mapping[str, float], repairs: Sequence[Repair]) -> Witnessed:
    """Returns in words what was undone, if the loss after it was measured."""
    done = list(dict.fromkeys(repair.done for repair in repairs))
    if len(done) > MOST_SAID:
        done = [*done[: MOST_SAID - 1], f"{len(done) - MOST_SAID + 1} more repairs"]
    said = " and ".join([", ".join(done[:-1]), done[-1]] if len(done) > 1 else done)
    return Witnessed(repair=said if "repaired_held_out" in found else None)
