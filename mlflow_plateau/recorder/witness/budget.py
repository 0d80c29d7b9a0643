"""When to make experiments, and for how long, so that they stay a small share of the training."""

from __future__ import annotations

PROBE_BUDGET = 0.05
"""Experiments take at most this share of the training time, unless the user says otherwise."""

FREE_SECONDS = 0.5
"""So much may be spent whatever the training takes; below that nobody notices."""

GROWTH = 4
"""Experiments are made after so many times as many epochs as the ones before."""

SECONDS_AT_END = 0.5
"""So much may be spent when the training is over, whatever was spent before."""

LEAST_SECONDS = 0.02
"""With less time left nothing is begun."""


class Budget:
    """Says when experiments are due: after 1, 4, 16, … epochs, and how long they may take.

    Args:
        share: Share of the training time that may be spent; 0 for none at all.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._epochs = 0
        self._next = 1
        self.spent = 0.0
        """Seconds spent on experiments so far."""

    def is_due(self) -> bool:
        """Returns whether experiments are due after this epoch; to be asked once for each."""
        self._epochs += 1
        if self._epochs < self._next:
            return False
        self._next = GROWTH * self._epochs
        return True

    def seconds_left(self, elapsed: float) -> float:
        """Returns how long experiments may take now; 0 where it is too short for any.

        Args:
            elapsed: Seconds since the training began.
        """
        if self._share <= 0:
            return 0.0
        left = FREE_SECONDS + self._share * elapsed - self.spent
        return left if left >= LEAST_SECONDS else 0.0

    def seconds_at_end(self, elapsed: float) -> float:
        """Returns how long experiments may take once, after the training.

        Args:
            elapsed: Seconds since the training began.
        """
        return max(self.seconds_left(elapsed), SECONDS_AT_END) if self._share > 0 else 0.0
