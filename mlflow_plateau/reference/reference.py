"""How much of the targets can be predicted at all, and whether validation rows are like the others.

Everything is about two samples of rows; nothing is known here of the model that is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mlflow_plateau.reference.features import Features
from mlflow_plateau.reference.learners import Forest, KernelMachine, Learner
from mlflow_plateau.reference.targets import Targets, loss_of
from mlflow_plateau.tracked import FloatArray

FEWEST_ROWS = 40
"""Fewer training rows teach nobody anything."""

NEWTON_STEPS = 12
"""This many are enough for two parameters."""

Arrays = Sequence[npt.NDArray[Any]]


@dataclass(frozen=True)
class Reference:
    """What quick models get out of a sample.

    Attributes:
        learnable: Share of the variance of the training targets that is predicted on rows left out
            of the fit: 1 − Σ‖y − ŷ‖² / Σ‖y − ȳ‖², with one indicator column for each class. At most
            1; about 0 where the inputs do not predict the targets.
        learnable_error: Its standard error.
        validation_learnable: The same share on the validation rows, against the same constant ȳ.
        validation_learnable_error: Its standard error.
        loss: Loss on the validation rows in the units of the training loss; ``None`` for losses
            that are not known here.
        separability: How well training and validation inputs are told apart: 2 AUC − 1 of a forest
            out of bag, 0 for not at all, 1 for always.
        likeness: For the first validation rows, as many as there are training rows: the forest's
            probability, out of bag, that an input with such values is a training row, where one in
            two is. Shape ``(rows,)``; about 1/2 where the splits are alike.
    """

    learnable: float
    learnable_error: float
    validation_learnable: float | None
    validation_learnable_error: float | None
    loss: float | None
    separability: float | None
    likeness: FloatArray | None = field(default=None, compare=False, repr=False)


def learn_from(
    training: tuple[Arrays, npt.NDArray[Any]],
    validation: tuple[Arrays, npt.NDArray[Any]] | None,
    loss: str | None,
) -> Reference | None:
    """Fits quick models to training rows and judges them on rows that they have not seen.

    Args:
        training: Inputs, each of shape ``(rows, …)``, and targets of shape ``(rows, …)``.
        validation: The same of the validation split, if there is one.
        loss: Snake-case name of the loss that is trained with.

    Returns:
        What they found; ``None`` where there is too little to go by: few rows, constant targets,
        inputs that are no numbers.
    """
    inputs, raw = training
    try:
        targets = Targets.of(raw, loss)
        features = Features(inputs)
    except ValueError:
        return None
    y = targets.columns(raw)
    usable = np.isfinite(y).all(axis=1)
    if usable.sum() < FEWEST_ROWS or not float(np.ptp(y[usable], axis=0).max()) > 0:
        return None
    x = features.matrix(inputs)
    x_known, y = x[usable], y[usable]
    learners: tuple[Learner, ...] = (KernelMachine(x_known, y), Forest(x_known, y))
    learner = min(learners, key=lambda found: float(_squares(y, found).mean()))
    mean = y.mean(axis=0)
    own = y[: len(learner.held_out)]
    learnable = _share(own, learner.held_out, mean)
    if validation is None:
        return Reference(*learnable, None, None, None, None)
    x_validation = features.matrix(validation[0])
    predicted = learner.predict(x_validation)
    y_validation = targets.columns(validation[1])
    known = np.isfinite(y_validation).all(axis=1)
    share, error = None, None
    if known.sum() >= 2:
        share, error = _share(y_validation[known], predicted[known], mean)
    return Reference(
        *learnable,
        share,
        error,
        loss_of(loss, targets, y_validation[known], predicted[known]),
        *_told_apart(x, x_validation),
    )


def _squares(y: FloatArray, learner: Learner) -> FloatArray:
    squares: FloatArray = ((y[: len(learner.held_out)] - learner.held_out) ** 2).sum(axis=1)
    return squares


def _share(y: FloatArray, predicted: FloatArray, constant: FloatArray) -> tuple[float, float]:
    """Returns the share of the squared error of a constant that a prediction removes, ± error."""
    of_constant = ((y - constant) ** 2).sum(axis=1)
    removed = of_constant - ((y - predicted) ** 2).sum(axis=1)
    scale = max(float(of_constant.mean()), 1e-300)
    share = float(removed.mean()) / scale
    # Delta method for a ratio of two means.
    error = float(np.std(removed - share * of_constant)) / scale / np.sqrt(len(y))
    return share, error


def _told_apart(
    x: FloatArray, x_validation: FloatArray
) -> tuple[float, FloatArray] | tuple[None, None]:
    """Returns how well the splits are told apart, and how like training rows the others are."""
    from scipy.stats import rankdata

    rows = min(len(x), len(x_validation))
    if rows < FEWEST_ROWS // 2:
        return None, None
    both = np.concatenate([x[:rows], x_validation[:rows]])
    which = np.repeat([0.0, 1.0], rows)[:, None]
    score = Forest(both, which).held_out[:, 0]
    ranks = rankdata(score)
    area = (ranks[rows:].sum() - rows * (rows + 1) / 2) / rows**2
    return float(2 * area - 1), 1 - _calibrated(score, which[:, 0])[rows:]


def _calibrated(score: FloatArray, truth: FloatArray) -> FloatArray:
    """Returns votes of a forest as probabilities, which they are too timid to be.

    Platt scaling (Platt, 1999): a logistic regression of the truth, 0 or 1, on the log-odds of
    scores that were given out of bag, with targets held off 0 and 1 as he proposes.
    """
    bounded = np.clip(score, 0.02, 0.98)
    x = np.stack([np.ones(len(score)), np.log(bounded / (1 - bounded))], axis=1)
    ones = float(truth.sum())
    target = np.where(truth > 0, (ones + 1) / (ones + 2), 1 / (len(truth) - ones + 2))
    weights = np.array([0.0, 1.0])
    for _ in range(NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-x @ weights))
        curvature = (x.T * (probability * (1 - probability))) @ x + 1e-6 * np.eye(2)
        weights = weights + np.linalg.solve(curvature, x.T @ (target - probability))
    # A score that tells nothing must not tell the reverse.
    calibrated: FloatArray = 1 / (1 + np.exp(-x @ np.array([weights[0], max(weights[1], 0.0)])))
    return calibrated
