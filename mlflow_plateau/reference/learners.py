"""Two quick models that know how well they do on rows that they have not seen.

A forest finds steps and interactions, a kernel machine smooth functions; what neither of them finds
in a thousand rows is hard to find at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mlflow_plateau.tracked import FloatArray

TREES = 80
"""Trees of the forest: each row is then left out by some thirty of them."""

MOST_KERNEL_ROWS = 800
"""The kernel machine takes time with the cube of its rows."""

PENALTIES = tuple(10.0**power for power in np.arange(-4.0, 4.1, 1.0))
"""Ridge penalties that are tried, in units of the kernel's mean diagonal."""

WIDTHS = (0.35, 1.0)
"""Widths of the Gaussian kernel that are tried, in units of the median distance of two rows."""


class Learner(Protocol):
    """A model that was fitted on training rows."""

    held_out: FloatArray
    """Predictions for the training rows, each without having seen the row: shape ``(n, k)``."""

    def predict(self, x: FloatArray) -> FloatArray:
        """Returns predictions of shape ``(rows, k)``."""


class Forest:
    """Extremely randomised trees (Geurts et al., 2006), judged out of bag (Breiman, 2001).

    Args:
        x: Training inputs, shape ``(n, columns)``.
        y: Training targets, shape ``(n, k)``; indicator columns for classes.
    """

    def __init__(self, x: FloatArray, y: FloatArray) -> None:
        from sklearn.ensemble import ExtraTreesRegressor

        # MLflow's autologging patches each estimator's fit and predict, and would start a run of
        # its own for this one. It leaves their base class and the trees themselves alone.
        base = next(kind for kind in ExtraTreesRegressor.__mro__ if kind.__name__ == "BaseForest")
        self._mean = y.mean(axis=0)
        self._trees: Any = ExtraTreesRegressor(
            TREES, min_samples_leaf=3, max_features=0.5, bootstrap=True, oob_score=False,
            random_state=0, n_jobs=1,
        )  # fmt: skip
        self._columns = y.shape[1]
        base.fit(self._trees, x, y if self._columns > 1 else y[:, 0])
        self.held_out: FloatArray = self._out_of_bag(x)

    def predict(self, x: FloatArray) -> FloatArray:
        """Returns predictions of shape ``(rows, k)``."""
        predicted: FloatArray = np.mean([self._of_tree(t, x) for t in self._trees], axis=0)
        return predicted

    def _of_tree(self, tree: Any, x: FloatArray) -> FloatArray:
        found = tree.tree_.predict(x.astype(np.float32))
        return np.asarray(found, dtype=np.float64).reshape(len(x), self._columns)

    def _out_of_bag(self, x: FloatArray) -> FloatArray:
        total = np.zeros((len(x), self._columns))
        votes = np.zeros((len(x), 1))
        for tree, drawn in zip(
            self._trees.estimators_, self._trees.estimators_samples_, strict=True
        ):
            left_out = np.ones(len(x), dtype=bool)
            left_out[drawn] = False
            total[left_out] += self._of_tree(tree, x[left_out])
            votes[left_out] += 1
        return np.where(votes > 0, total / np.maximum(votes, 1), self._mean)


@dataclass(frozen=True)
class _Kernel:
    """A Gaussian kernel beside a linear one."""

    width: float
    columns: int

    def __call__(self, a: FloatArray, b: FloatArray) -> FloatArray:
        linear = a @ b.T / self.columns
        squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :]
        gaussian = np.exp(-(squares - 2 * self.columns * linear) / (2 * self.width**2))
        both: FloatArray = gaussian + 0.3 * linear
        return both


class KernelMachine:
    """Kernel ridge regression, judged by leaving each row out.

    The prediction for a row that was left out follows from the one fit: yᵢ − eᵢ / (1 − hᵢᵢ), where
    e are the residuals and h is the diagonal of the hat matrix (Allen, 1974).

    Args:
        x: Training inputs, shape ``(n, columns)``; the first ``MOST_KERNEL_ROWS`` are used.
        y: Training targets, shape ``(n, k)``.
    """

    def __init__(self, x: FloatArray, y: FloatArray) -> None:
        x, y = np.clip(x[:MOST_KERNEL_ROWS], -10, 10), y[:MOST_KERNEL_ROWS]
        self._x, self._mean = x, y.mean(axis=0)
        distance = _median_distance(x)
        best = np.inf
        self.held_out: FloatArray = np.broadcast_to(self._mean, y.shape)
        for width in WIDTHS:
            kernel = _Kernel(width * distance, x.shape[1])
            values, vectors = np.linalg.eigh(kernel(x, x))
            values = np.maximum(values, 0.0)
            turned = vectors.T @ (y - self._mean)
            for penalty in PENALTIES:
                shrunk = values / (values + penalty * values.mean())
                leverage = (vectors**2) @ shrunk
                residual = (y - self._mean) - vectors @ (shrunk[:, None] * turned)
                left_out = residual / np.maximum(1 - leverage, 1e-6)[:, None]
                error = float(np.mean(left_out**2))
                if error < best:
                    best = error
                    self.held_out = y - left_out
                    self._kernel = kernel
                    inverse = 1 / (values + penalty * values.mean())
                    self._weights = vectors @ (inverse[:, None] * turned)

    def predict(self, x: FloatArray) -> FloatArray:
        """Returns predictions of shape ``(rows, k)``."""
        predicted: FloatArray = (
            self._kernel(np.clip(x, -10, 10), self._x) @ self._weights + self._mean
        )
        return predicted


def _median_distance(x: FloatArray) -> float:
    some = x[:: max(1, len(x) // 200)]
    squares = ((some[:, None, :] - some[None, :, :]) ** 2).sum(axis=2)
    distances = np.sqrt(squares[np.triu_indices(len(some), 1)])
    return max(float(np.median(distances)), 1e-6) if len(distances) else 1.0
