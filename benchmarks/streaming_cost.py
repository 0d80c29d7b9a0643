"""What observing streams costs: the same training on tf.data with and without it.

Run it from the repository with ``python benchmarks/streaming_cost.py``; it prints a table. The
variants take turns in one process, each with a fresh model; the ratios are the medians over the
rounds. Each line has what the one before it has and one thing more: the difference is its price.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

VARIANTS: dict[str, dict[str, Any] | None] = {
    "fit alone": None,
    "recorded": {"log_datasets": False, "probe_budget": 0},
    "and the streams observed": {"probe_budget": 0},
    "and experiments made": {},
}


def train(rows: int, epochs: int, units: int) -> tuple[float, float]:
    """Trains once; returns the seconds of ``fit`` and the processor's seconds."""
    import keras
    import numpy as np
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).standard_normal((rows, 50)).astype("float32")
    y = (x[:, :10].sum(axis=1) > 0).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(128).prefetch(2)
    held_out = tf.data.Dataset.from_tensor_slices((x[: rows // 4], y[: rows // 4])).batch(128)
    model = keras.Sequential(
        [
            keras.Input((50,)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    begin, work = time.perf_counter(), time.process_time()
    model.fit(data, validation_data=held_out, epochs=epochs, verbose=0)
    return time.perf_counter() - begin, time.process_time() - work


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--units", type=int, default=700)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    import mlflow

    import mlflow_plateau

    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"sqlite:///{Path(folder) / 'mlflow.db'}")
        mlflow.create_experiment("streams", artifact_location=(Path(folder) / "a").as_uri())
        mlflow.set_experiment("streams")
        # Round 0 warms up imports, the database and the graph compiler.
        for number in range(arguments.rounds + 1):
            # Each variant comes first once, since a machine that rested is faster.
            first = number % len(VARIANTS)
            turns = (*VARIANTS.items(), *VARIANTS.items())[first : first + len(VARIANTS)]
            for name, options in turns:
                mlflow_plateau.autolog(disable=True, silent=True)
                if options is not None:
                    mlflow_plateau.autolog(silent=True, diagnose=False, **options)
                epochs = arguments.epochs if number else 1
                done = train(arguments.rows, epochs, arguments.units)
                if number:
                    taken[name].append(done)
        mlflow_plateau.autolog(disable=True, silent=True)
    alone = taken["fit alone"]
    epoch = statistics.median(seconds for seconds, _ in alone) / arguments.epochs
    print(f"{arguments.epochs} epochs of {epoch:.2f} s, median of {arguments.rounds} rounds")
    for name, done in taken.items():
        clock = statistics.median(t[0] / a[0] for t, a in zip(done, alone, strict=True))
        processor = statistics.median(t[1] / a[1] for t, a in zip(done, alone, strict=True))
        extra = statistics.median(t[0] - a[0] for t, a in zip(done, alone, strict=True))
        print(f"  {name:<26} clock × {clock:5.3f} ({extra:+.2f} s), processor × {processor:5.3f}")


if __name__ == "__main__":
    main()
