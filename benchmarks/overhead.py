"""What recording costs: the same training plain, under MLflow's own autologging, and under ours.

Run it from the repository with ``python -m benchmarks.overhead``, on the backend of Keras that
``KERAS_BACKEND`` names; it prints a table. The variants take turns in one process, each with a
fresh model, so that a machine that gets slower or faster slows all of them; the ratios are the
medians over the rounds, with the least and the largest in brackets. Tracking goes to a fresh sqlite
database in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@dataclass(frozen=True)
class Size:
    """A training: rows × features, hidden units, batch size, epochs."""

    name: str
    rows: int
    units: int
    batch_size: int
    epochs: int


SIZES = {
    "short": Size("short", rows=1_000, units=64, batch_size=32, epochs=60),
    "second": Size("second", rows=40_000, units=256, batch_size=64, epochs=60),
    "long": Size("long", rows=60_000, units=2_000, batch_size=128, epochs=4),
    "large": Size("large", rows=400_000, units=8_192, batch_size=1_024, epochs=20),
}
"""Epochs of about 0.05 s, of one second and of twenty, where two cores train, and one for GPUs."""

DEFAULT_SIZES = ("short", "second", "long")


def train(size: Size, callbacks: Callable[[], list[object]]) -> float:
    """Trains once and returns the seconds that ``fit`` took."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    x = generator.standard_normal((size.rows, 20)).astype("float32")
    y = (x[:, :10].sum(axis=1) > 0).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((20,)),
            keras.layers.Dense(size.units, activation="relu"),
            keras.layers.Dense(size.units, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    begin = time.perf_counter()
    model.fit(
        x,
        y,
        batch_size=size.batch_size,
        epochs=size.epochs,
        validation_split=0.2,
        verbose=0,
        callbacks=callbacks(),
    )
    return time.perf_counter() - begin


@contextmanager
def plain() -> Iterator[Callable[[], list[object]]]:
    """Nothing but ``fit``."""
    yield list


@contextmanager
def mlflow_callback() -> Iterator[Callable[[], list[object]]]:
    """``mlflow.keras.MlflowCallback`` inside a run."""
    import mlflow
    import mlflow.keras

    with mlflow.start_run():
        yield lambda: [mlflow.keras.MlflowCallback()]
    mlflow.flush_async_logging()


@contextmanager
def mlflow_autolog() -> Iterator[Callable[[], list[object]]]:
    """``mlflow.tensorflow.autolog`` without its model and data set logging."""
    import mlflow.tensorflow

    mlflow.tensorflow.autolog(log_models=False, log_datasets=False, silent=True)
    try:
        yield list
    finally:
        mlflow.tensorflow.autolog(disable=True, silent=True)


@contextmanager
def plateau_recorder() -> Iterator[Callable[[], list[object]]]:
    """``mlflow_plateau.autolog`` without the diagnosis after ``fit``."""
    import mlflow_plateau

    mlflow_plateau.autolog(silent=True, diagnose=False)
    try:
        yield list
    finally:
        mlflow_plateau.autolog(disable=True, silent=True)


@contextmanager
def plateau_diagnosed() -> Iterator[Callable[[], list[object]]]:
    """``mlflow_plateau.autolog`` with the diagnosis and its artifacts."""
    import mlflow_plateau

    mlflow_plateau.autolog(silent=True)
    try:
        yield list
    finally:
        mlflow_plateau.autolog(disable=True, silent=True)


VARIANTS = {
    "fit alone": plain,
    "mlflow.keras.MlflowCallback": mlflow_callback,
    "mlflow.tensorflow.autolog": mlflow_autolog,
    "mlflow_plateau, recording": plateau_recorder,
    "mlflow_plateau, with diagnosis": plateau_diagnosed,
}


Variants = Mapping[str, Callable[[], AbstractContextManager[Any]]]
"""Ways to train, by name; what one yields is what ``train`` is given."""


@dataclass(frozen=True)
class Taken:
    """What a training took.

    Attributes:
        clock: Seconds by the clock.
        processor: Seconds of all cores together.
    """

    clock: float
    processor: float


def measure(
    size: Size, rounds: int, variants: Variants, train: Callable[[Size, Any], float]
) -> Mapping[str, Sequence[Taken]]:
    """Returns what each variant took in each round, the variants taking turns."""
    found: dict[str, list[Taken]] = {name: [] for name in variants}
    # Round 0 warms up imports, the database and the graph compiler.
    for number in range(rounds + 1):
        # Each variant comes first once, since a machine that rested is faster.
        first = number % len(variants)
        for name, variant in (*variants.items(), *variants.items())[first : first + len(variants)]:
            print(f"\r{size.name}: round {number} of {rounds}, {name:<32}", end="", flush=True)
            with variant() as given:
                begin = time.process_time()
                clock = train(size if number else replace(size, epochs=2), given)
                processor = time.process_time() - begin
            if number:
                found[name].append(Taken(clock, processor))
    print("\r" + " " * 79 + "\r", end="")
    return found


def table(size: Size, found: Mapping[str, Sequence[Taken]]) -> Iterator[str]:
    """Yields the lines of a table; the first variant is what the others are compared with."""
    alone = next(iter(found.values()))
    epoch = statistics.median(taken.clock for taken in alone) / size.epochs
    yield f"{size.name}: {size.epochs} epochs of {epoch:.3f} s, median of {len(alone)} rounds"
    for variant, of_variant in found.items():
        pairs = list(zip(of_variant, alone, strict=True))
        clock = sorted(taken.clock / plain.clock for taken, plain in pairs)
        extra = statistics.median(taken.clock - plain.clock for taken, plain in pairs)
        processor = statistics.median(taken.processor / plain.processor for taken, plain in pairs)
        seconds = statistics.median(taken.clock for taken in of_variant)
        yield (
            f"  {variant:<32} {seconds:7.2f} s  × {statistics.median(clock):5.3f}"
            f" [{clock[0]:.3f}, {clock[-1]:.3f}]  {extra:+6.2f} s  processor × {processor:5.3f}"
        )


def main(variants: Variants = VARIANTS, train: Callable[[Size, Any], float] = train) -> None:
    """Prints one table per size."""
    names = list(variants)
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=DEFAULT_SIZES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=names[1:], help=f"beside {names[0]}")
    arguments = parser.parse_args()
    chosen = {name: variants[name] for name in (names[0], *(arguments.only or names[1:]))}
    with tempfile.TemporaryDirectory() as folder:
        import mlflow

        mlflow.set_tracking_uri(f"sqlite:///{Path(folder) / 'mlflow.db'}")
        mlflow.create_experiment("overhead", artifact_location=(Path(folder) / "a").as_uri())
        mlflow.set_experiment("overhead")
        for name in arguments.sizes:
            found = measure(SIZES[name], arguments.rounds, chosen, train)
            print("\n".join(table(SIZES[name], found)), flush=True)


if __name__ == "__main__":
    main()
