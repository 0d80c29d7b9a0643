"""Which epochs are measured, so that measuring stays a small share of the training."""

from __future__ import annotations

import math

SHARE = 0.01
"""Measuring may take this share of the training time."""

ALWAYS_FIRST = 2
"""This many first epochs are measured whatever it costs: the beginning tells most."""

SPARSEST = 1000
"""At least one epoch in so many is measured."""


class Pace:
    """Says which epochs are due.

    Args:
        last_epoch: The epoch that training is planned to end with; it is always due.
    """

    def __init__(self, last_epoch: int | None) -> None:
        self._last_epoch = last_epoch
        self._seen = 0
        self._since = 0
        self._every = 1

    def is_due(self, epoch: int) -> bool:
        """Returns whether to measure an epoch; to be asked once for each."""
        self._seen += 1
        self._since += 1
        due = self._seen <= ALWAYS_FIRST or epoch == self._last_epoch or self._since >= self._every
        if due:
            self._since = 0
        return due

    def note(self, measuring_seconds: float, epoch_seconds: float) -> None:
        """Takes what a measured epoch cost, and how long it took in all."""
        allowed = SHARE * max(epoch_seconds, 1e-6)
        self._every = min(max(1, math.ceil(measuring_seconds / allowed)), SPARSEST)
