"""When to make experiments, so that they stay a small share of the training time."""

from __future__ import annotations

FREE_SECONDS = 1.0
"""So much may be spent whatever the training takes; below that nobody notices."""


class Budget:
    """Says when experiments are due: after 1, 2, 4, 8, … epochs, as far as time allows.

    Args:
        share: Share of the training time that may be spent; 0 for none at all.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._epochs = 0
        self._next = 1
        self._longest = 0.0
        self.spent = 0.0
        """Seconds spent on experiments so far."""
        self.skipped = 0
        """How often there was no time for them."""

    def is_due(self, elapsed: float) -> bool:
        """Returns whether to make experiments after this epoch; to be asked once for each.

        Args:
            elapsed: Seconds since the training began.
        """
        self._epochs += 1
        if self._epochs < self._next:
            return False
        self._next = 2 * self._epochs
        return self.allows(elapsed)

    def allows(self, elapsed: float) -> bool:
        """Returns whether there is time for what the longest experiments so far took."""
        if self._share <= 0:
            return False
        allowed = self.spent + self._longest <= FREE_SECONDS + self._share * elapsed
        self.skipped += not allowed
        return allowed

    def note(self, seconds: float) -> None:
        """Takes what experiments took."""
        self.spent += seconds
        self._longest = max(self._longest, seconds)
