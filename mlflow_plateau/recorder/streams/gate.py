"""What opens and closes the observing of a stream."""

from __future__ import annotations

from typing import Protocol


class Gate(Protocol):
    """Closed at first."""

    def open(self) -> None:
        """Has the batches shown."""

    def close(self) -> None:
        """Ends the showing."""
