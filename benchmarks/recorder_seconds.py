"""Where recording spends its time: ``python -m benchmarks.recorder_seconds``.

Times of whole trainings lie 10 to 20 % apart on a machine that is shared, and a few per cent do not
show in them. So this clocks the recorder's own code within a training: what ``fit`` waits for, the
diagnosis at its end included, and what is done beside it in threads.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.overhead import DEFAULT_SIZES, SIZES, VARIANTS, train

THREAD = "mlflow-plateau"
"""What the names of the recorder's threads begin with."""


@dataclass
class Clocked:
    """How often something of the recorder's was called, and how long it took in all."""

    calls: int = 0
    seconds: float = 0.0


class Clock:
    """Clocks the recorder's code from now on.

    Attributes:
        waited: What ``fit`` waited for, by name, by the clock.
        beside: Seconds of the processor that the recorder's threads used.
    """

    def __init__(self) -> None:
        from mlflow_plateau.recorder.keras_callback import PlateauCallback
        from mlflow_plateau.recorder.measure.step_watch import StepWatch

        self.waited: dict[str, Clocked] = defaultdict(Clocked)
        self.beside = 0.0
        hooks = [
            name for name in vars(PlateauCallback) if name.startswith(("on_", "enter", "leave"))
        ]
        for name in hooks:
            self._clock(PlateauCallback, name, name)
        for name in ("_tell_before", "_tell_after"):
            self._clock(StepWatch, name, "each batch")
        self._clock_threads()

    def forget(self) -> None:
        """Forgets what was clocked so far."""
        self.waited.clear()
        self.beside = 0.0

    def _clock(self, owner: type, name: str, label: str) -> None:
        method: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(method)
        def clocked(*args: Any, **kwargs: Any) -> Any:
            begin = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                found = self.waited[label]
                found.calls += 1
                found.seconds += time.perf_counter() - begin

        setattr(owner, name, clocked)

    def _clock_threads(self) -> None:
        run = threading.Thread.run

        def clocked(thread: threading.Thread) -> None:
            try:
                run(thread)
            finally:
                if thread.name.startswith(THREAD):
                    self.beside += time.thread_time()

        threading.Thread.run = clocked  # type: ignore[method-assign]


def main() -> None:
    """Prints one table per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=DEFAULT_SIZES)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        import mlflow

        mlflow.set_tracking_uri(f"sqlite:///{Path(folder) / 'mlflow.db'}")
        mlflow.create_experiment("seconds", artifact_location=(Path(folder) / "a").as_uri())
        mlflow.set_experiment("seconds")
        clock = Clock()
        for name in arguments.sizes:
            size = SIZES[name]
            with VARIANTS["mlflow_plateau, with diagnosis"]() as callbacks:
                train(replace(size, epochs=2), callbacks)  # Imports, and the database's tables.
                clock.forget()
                seconds = train(size, callbacks)
            waited = sum(part.seconds for part in clock.waited.values())
            print(f"{name}: {size.epochs} epochs, fit took {seconds:.2f} s with all of this")
            for label, part in clock.waited.items():
                print(f"  {label:<16} {part.calls:6} ×  {part.seconds:7.3f} s")
            share = waited / (seconds - waited)
            print(f"  fit waited for   {waited:.2f} s, {share:.1%} of the rest")
            print(f"  beside it        {clock.beside:.2f} s of a processor, in threads", flush=True)


if __name__ == "__main__":
    main()
