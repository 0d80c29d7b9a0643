"""Measures the batches of one split beside the training, in a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mlflow_plateau.profiles import Profile, ProfileBuilder
    from mlflow_plateau.recorder.streams.budget import Budget
    from mlflow_plateau.recorder.streams.parts import Arrays, Parts
    from mlflow_plateau.recorder.streams.reservoir import Reservoir

MOST_WAITING = 16 << 20
"""Bytes of batches that wait to be measured; what comes when they are reached is left out."""

LARGEST_BATCH = 64 << 20
"""A batch of which more than this would have to be copied is left out."""

MEASURED_AT_ONCE = 4 << 20
"""Bytes of small batches that are joined before they are measured: each measuring has a price."""

SECONDS_TO_FINISH = 20.0
"""How long the end of a training waits for what is still to be measured."""


ObserverOf = Callable[["Parts"], "Observer"]
"""Makes an observer, given how batches are taken apart."""


class Observer:
    """Takes batches from whichever thread they come by, and measures some of their rows.

    Args:
        parts: How the arrays of a batch belong together.
        budget: How much of each batch is measured; ``None`` for nothing.
        reservoir: Is shown the batches, to keep a few of their rows.

    Attributes:
        error: Why it stopped measuring, if it did.
    """

    def __init__(
        self, parts: Parts, budget: Budget | None, reservoir: Reservoir | None = None
    ) -> None:
        self._parts = parts
        self._reservoir = reservoir
        self._budget = budget
        self._waiting: deque[tuple[Arrays, int, bool]] = deque()
        self._waiting_bytes = 0
        self._wake = threading.Condition()
        self._closed = False
        self._unmeasured = 0
        self._thread: threading.Thread | None = None
        self._builder: ProfileBuilder | None = None
        self.error: Exception | None = None

    def start(self) -> None:
        """Begins to measure what comes."""
        if self._budget is None:
            return
        # A daemon: it must not keep the user's program from ending.
        self._thread = threading.Thread(
            target=self._work, name="mlflow-plateau-stream", daemon=True
        )
        self._thread.start()

    def take(self, *arrays: np.ndarray[Any, Any]) -> None:
        """Takes a batch, which is not touched any more after it returns; never raises."""
        if self._closed:
            return
        try:
            if self._reservoir is not None and self._parts.plain:
                self._reservoir.offer(self._parts.batch(arrays))
            if self.error is None and self._budget is not None:
                self._take(arrays, self._budget)
        except Exception as error:
            # Inside the user's pipeline: an exception here would be one of the training.
            self.error = error

    def _take(self, arrays: Arrays, budget: Budget) -> None:
        rows, size = self._parts.size(arrays)
        if not rows:
            return
        if not self._parts.plain:
            fits = size <= budget.measured and self._has_room(size)
            if fits:
                budget.measured -= size
                self._put(tuple(np.array(part) for part in arrays), size, sample=True)
            self._unmeasured += 0 if fits else rows
            return
        everything, moments = budget.share(rows, size)
        for first, count, sample in ((0, everything, True), (everything, moments, False)):
            part = size // rows * count
            if count and self._has_room(part):
                copies = tuple(np.array(array[first : first + count]) for array in arrays)
                self._put(copies, part, sample=sample)
            else:
                self._unmeasured += count
        self._unmeasured += rows - everything - moments

    def _has_room(self, size: int) -> bool:
        return size <= LARGEST_BATCH and (
            not self._waiting_bytes or self._waiting_bytes + size <= MOST_WAITING
        )

    def _put(self, arrays: Arrays, size: int, *, sample: bool) -> None:
        with self._wake:
            self._waiting.append((arrays, size, sample))
            self._waiting_bytes += size
            if self._waiting_bytes >= MEASURED_AT_ONCE:
                self._wake.notify()

    def close(self) -> None:
        """Takes no more."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._reservoir is not None:
            self._reservoir.close()

    def profile(self, *, complete: bool) -> Profile | None:
        """Returns the profile of what went by, after ``close``.

        Args:
            complete: Whether the whole split has gone by.

        Returns:
            The profile; ``None`` where nothing came, or it could not be measured in time.
        """
        if self._thread is None:
            return None
        self._thread.join(SECONDS_TO_FINISH)
        if self._thread.is_alive():
            self.error = self.error or TimeoutError("it was not measured in time")
        if self.error is not None or self._builder is None:
            return None
        self._builder.skip(self._unmeasured)
        return self._builder.profile(complete=complete and not self._unmeasured)

    def _work(self) -> None:
        try:
            # Here, since it takes a moment the first time.
            from mlflow_plateau.profiles import ProfileBuilder

            builder = ProfileBuilder()
            while True:
                with self._wake:
                    while not self._closed and self._waiting_bytes < MEASURED_AT_ONCE:
                        self._wake.wait()
                    batches, closed = list(self._waiting), self._closed
                    self._waiting.clear()
                for sample in (True, False):
                    self._measure(
                        builder, [part for part, _, of in batches if of is sample], sample
                    )
                with self._wake:
                    self._waiting_bytes -= sum(size for _, size, _ in batches)
                if batches:
                    self._builder = builder
                if closed:
                    return
        except Exception as error:
            # Batches may be of kinds that nobody foresaw; the training does not depend on it.
            self.error = error
            self._waiting.clear()

    def _measure(self, builder: ProfileBuilder, batches: list[Arrays], sample: bool) -> None:
        if self._parts.plain and batches and len({_shapes(batch) for batch in batches}) == 1:
            batches = [tuple(np.concatenate(column) for column in zip(*batches, strict=True))]
        for batch in batches:
            builder.add(*self._parts.joined(batch), sample=sample)


def _shapes(arrays: Arrays) -> tuple[Any, ...]:
    return tuple(array.shape[1:] for array in arrays)
