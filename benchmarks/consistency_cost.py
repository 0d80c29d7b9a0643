"""What a consistency check costs, beside numpy's own passes and scipy's test of each column.

Run it from the repository with ``python benchmarks/consistency_cost.py``. The data are Gaussian
columns, 1,000,000 × 50 for train and 250,000 × 50 for validation unless told otherwise, none of
whose values repeats; with ``--few-values`` every column has a hundred. Memory is the peak above the
data, as the kernel counts it, of a fresh process for each task. On a machine that does other things
too, the time of the processors (of all threads together) says more than the time on the clock.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def data(rows: int, columns: int, dtype: str, few: bool, seed: int) -> np.ndarray[Any, Any]:
    random = np.random.default_rng(seed)
    values = np.empty((rows, columns), dtype=dtype)
    for start in range(0, rows, 50_000):
        part = random.standard_normal((min(50_000, rows - start), columns), dtype=np.float32)
        values[start : start + len(part)] = np.round(part * 12) if few else part
    return values


def statistics(train: np.ndarray[Any, Any], validation: np.ndarray[Any, Any]) -> None:
    """The passes that anybody would make: mean, deviation, minimum, maximum."""
    for split in (train, validation):
        split.mean(axis=0)
        split.std(axis=0)
        split.min(axis=0)
        split.max(axis=0)


def kolmogorov_smirnov(train: np.ndarray[Any, Any], validation: np.ndarray[Any, Any]) -> None:
    """A two-sample test of each column."""
    from scipy.stats import ks_2samp

    for column in range(train.shape[1]):
        ks_2samp(train[:, column], validation[:, column], method="asymp")


def profiles(train: np.ndarray[Any, Any], validation: np.ndarray[Any, Any]) -> None:
    """The profiles of both splits."""
    from mlflow_plateau.profiles import profile

    profile(train)
    profile(validation)


def consistency(train: np.ndarray[Any, Any], validation: np.ndarray[Any, Any]) -> None:
    """The profiles and all checks."""
    from mlflow_plateau.consistency import check_consistency

    verdict = check_consistency(train, validation).verdict
    if verdict != "pass":
        raise AssertionError(f"two halves of one population: {verdict}")


TASKS: dict[str, Callable[[Any, Any], None]] = {
    "numpy: mean, deviation, range": statistics,
    "scipy: ks_2samp per column": kolmogorov_smirnov,
    "profiles": profiles,
    "profiles and checks": consistency,
}


def resident(name: str) -> float:
    """Returns a line of the process's status in megabytes."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return float("nan")


def measure(task: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Runs a task a few times and returns its best seconds and greatest memory above the data."""
    size = arguments.columns, arguments.dtype, arguments.few_values
    train = data(arguments.train, *size, seed=0)
    validation = data(arguments.validation, *size, seed=1)
    TASKS[task](train[:2000], validation[:500])  # imports
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before = resident("VmRSS")
    taken, worked = [], []
    for _ in range(arguments.rounds):
        begin, work = time.perf_counter(), time.process_time()
        TASKS[task](train, validation)
        taken.append(time.perf_counter() - begin)
        worked.append(time.process_time() - work)
    return {
        "best": min(taken),
        "processor": min(worked),
        "median": float(np.median(taken)),
        "megabytes": resident("VmHWM") - before,
    }


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=int, default=1_000_000)
    parser.add_argument("--validation", type=int, default=250_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--few-values", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        print(json.dumps(measure(arguments.task, arguments)))
        return
    print(
        f"{arguments.train:,} and {arguments.validation:,} rows of {arguments.columns} columns,"
        f" {arguments.dtype}; {arguments.rounds} rounds"
    )
    for task in TASKS:
        done = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--task", task],
            capture_output=True,
            text=True,
            check=True,
        )
        found = json.loads(done.stdout)
        print(
            f"  {task:<32} best {found['best']:6.2f} s, median {found['median']:6.2f} s,"
            f" processor {found['processor']:6.2f} s, {found['megabytes']:5.0f} MB"
        )


if __name__ == "__main__":
    main()
