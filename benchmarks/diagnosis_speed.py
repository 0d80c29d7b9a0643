"""What a diagnosis takes once its history is in memory: alone, and in bulk on one core.

Run it from the repository with ``python benchmarks/diagnosis_speed.py``; it prints a table. The
histories are made from the laws that learning curves follow: 200 epochs, six metrics, as the store
returns them. Beside them stands a yardstick that knows nothing of training: a Savitzky-Golay
filter and a straight line through each of the same six curves. All take turns in one process, so
that a machine that gets slower or faster slows all of them; times are of the processor, all
threads together, and the ratios are the medians over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.signal import savgol_filter

from mlflow_plateau.align import align
from mlflow_plateau.tracked import Points, TrackedRun
from mlflow_plateau.weigh import diagnose_history, judge_histories

EPOCHS = 200
BULKS = (1_000, 10_000)
SINGLE = 300
"""This many runs are diagnosed one by one in each round."""

PARAMETERS = {"optimizer": "adam", "learning_rate": "0.001", "batch_size": "32", "epochs": "200"}


def tracked_run(number: int) -> TrackedRun:
    """Returns a run that falls, levels off and perhaps overfits, as it is read from a store."""
    generator = np.random.default_rng(number)
    epochs = np.arange(EPOCHS)
    floor, pace = generator.uniform(0.05, 1.0), generator.uniform(5.0, 80.0)
    rise = generator.uniform(0.0, 0.3) * (epochs / EPOCHS) ** 1.5
    noise = generator.normal(0.0, 0.01, (2, EPOCHS))
    training = floor + np.exp(-epochs / pace) + noise[0]
    validation = floor + np.exp(-epochs / pace) + rise + noise[1]
    metrics = {
        "loss": training,
        "val_loss": validation,
        "accuracy": 1.0 - training / 3.0,
        "val_accuracy": 1.0 - validation / 3.0,
        "mae": training / 2.0,
        "val_mae": validation / 2.0,
    }
    return TrackedRun(
        run_id=f"{number:032x}",
        params=PARAMETERS,
        metrics={name: Points(epochs, values, 1000 * epochs) for name, values in metrics.items()},
    )


def alone(runs: Sequence[TrackedRun]) -> None:
    """Diagnoses run by run, with all words but no plot."""
    for run in runs:
        diagnose_history(align(run))


def in_bulk(runs: Sequence[TrackedRun]) -> None:
    """Diagnoses many runs at once: what ``diagnose_runs(log=False)`` does with what it read."""
    for _ in judge_histories(map(align, runs)):
        pass


def yardstick(runs: Sequence[TrackedRun]) -> None:
    """Smooths each curve and fits a line to it."""
    for run in runs:
        for points in run.metrics.values():
            np.polyfit(points.steps, savgol_filter(points.values, 13, 2), 1)


@dataclass(frozen=True)
class Timing:
    """Milliseconds of processor time for a run, in each round."""

    name: str
    count: int
    milliseconds: tuple[float, ...]


def timed(work: Callable[[], None], count: int) -> float:
    """Returns the milliseconds of processor time that a piece of work takes for a run."""
    begin = time.process_time()
    work()
    return 1000.0 * (time.process_time() - begin) / count


def measure(runs: Sequence[TrackedRun], bulks: Sequence[int], rounds: int) -> list[Timing]:
    """Lets all variants take turns."""
    single = runs[:SINGLE]
    variants = [
        ("yardstick", len(single), partial(yardstick, single)),
        ("alone", len(single), partial(alone, single)),
        *(("in bulk", count, partial(in_bulk, runs[:count])) for count in bulks),
    ]
    for _, count, work in variants[:2]:
        timed(work, count)  # What is read or compiled once is no part of it.
    taken = [[timed(work, count) for _, count, work in variants] for _ in range(rounds)]
    return [
        Timing(name, count, tuple(own))
        for (name, count, _), own in zip(variants, zip(*taken, strict=True), strict=True)
    ]


def table(timings: Sequence[Timing]) -> list[str]:
    """Returns the table's lines."""
    yard = timings[0].milliseconds
    lines = [
        "| what | runs | ms a run (least of the rounds) | times the yardstick |",
        "| --- | ---: | ---: | ---: |",
    ]
    for timing in timings:
        ratios = [own / other for own, other in zip(timing.milliseconds, yard, strict=True)]
        lines.append(
            f"| {timing.name} | {timing.count:,} | {statistics.median(timing.milliseconds):.2f}"
            f" ({min(timing.milliseconds):.2f}) | {statistics.median(ratios):.2f} |"
        )
    return lines


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=max(BULKS), help="runs in the largest bulk")
    arguments = parser.parse_args()
    bulks = [count for count in BULKS if count <= arguments.most] or [arguments.most]
    runs = [tracked_run(number) for number in range(max(*bulks, SINGLE))]
    answers = Counter(f"{j.status}, {j.cause}" for j in judge_histories(map(align, runs[:1000])))
    print("answers:", "; ".join(f"{name} {count}" for name, count in answers.most_common()))
    print("\n".join(table(measure(runs, bulks, arguments.rounds))))


if __name__ == "__main__":
    main()
