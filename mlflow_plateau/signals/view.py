"""A history as the signals look at it: what several of them need is computed once, here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from mlflow_plateau.curve import Curve, smooth_together
from mlflow_plateau.history import History, Setup, Witnessed
from mlflow_plateau.signals.plateau import Plateau, find_plateau
from mlflow_plateau.tracked import FloatArray

DECAYED_AT_ONCE = 3.0
"""A first rate that is this many times the highest logged one fell before any was logged."""

SPENT = 0.01
"""A schedule that ended at a smaller share of its largest rate has come to its end."""


class View:
    """A history with its curves made ready for measuring."""

    def __init__(self, history: History) -> None:
        """Keeps the history; everything else is computed when it is first asked for."""
        self.history = history
        self._recorded: dict[str, Curve | None] = {}
        self._metrics: dict[str, FloatArray | None] = {}

    @classmethod
    def of_all(cls, histories: Iterable[History]) -> list[View]:
        """Returns the views of many histories, their curves smoothed together."""
        views = [cls(history) for history in histories]
        curves = [curve for view in views for curve in (view.training, view.validation)]
        smooth_together(curve for curve in curves if curve)
        return views

    @property
    def setup(self) -> Setup:
        """What is known of the training's configuration."""
        return self.history.setup

    @property
    def witnessed(self) -> Witnessed:
        """What else the recorder had to say, of the training as a whole."""
        return self.history.witnessed

    def _curve(self, values: FloatArray) -> Curve | None:
        sign = -1.0 if self.history.higher_is_better else 1.0
        curve = Curve.of(self.history.epochs, sign * values)
        return curve if len(curve) else None

    @cached_property
    def training(self) -> Curve | None:
        """The training curve, turned so that lower is better."""
        return self._curve(self.history.training_loss)

    @cached_property
    def validation(self) -> Curve | None:
        """The validation curve, turned so that lower is better."""
        return self._curve(self.history.validation_loss)

    @cached_property
    def best(self) -> tuple[float, float] | None:
        """The best validation value as logged, noise and all, and its epoch."""
        values = self.history.validation_loss
        if not np.isfinite(values).any():
            return None
        finite = np.where(np.isfinite(values), values, np.nan)
        choose = np.nanargmax if self.history.higher_is_better else np.nanargmin
        index = int(choose(finite))
        return float(values[index]), float(self.history.epochs[index])

    @cached_property
    def plateau(self) -> Plateau | None:
        """The plateau of the validation curve."""
        rates = self.learning_rates
        spent = len(rates) > 1 and rates[-1] < SPENT * rates.max()
        return find_plateau(self.validation, is_final=spent) if self.validation else None

    @cached_property
    def learning_rates(self) -> FloatArray:
        """The known learning rates in order of epochs; the setup's one where none was logged.

        Rates are logged when an epoch ends. One that the setup says, and all of these are far
        below, was there at the first update and decayed within the first epoch.
        """
        rates = self.history.learning_rate[np.isfinite(self.history.learning_rate)]
        first = self.setup.learning_rate
        if first is None:
            return rates
        falls = len(rates) > 0 and rates[0] >= rates.max() and first > DECAYED_AT_ONCE * rates[0]
        return np.concatenate([[first], rates]) if falls or not len(rates) else rates

    def metric(self, name: str) -> FloatArray | None:
        """Returns the finite values of a further metric, ``None`` where it was not logged."""
        if name not in self._metrics:
            values = self.history.metrics.get(name)
            if values is not None and not (finite := np.isfinite(values)).all():
                values = values[finite]
            self._metrics[name] = values
        return self._metrics[name]

    def recorded(self, name: str) -> Curve | None:
        """Returns what the recorder measured under that name, or ``None``."""
        if name not in self._recorded:
            values = self.history.recorded.get(name)
            curve = None if values is None else Curve.of(self.history.epochs, values)
            self._recorded[name] = curve if curve else None
        return self._recorded[name]
