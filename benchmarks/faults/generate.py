"""Trains the cases, in parallel, and goes on where it stopped."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.faults.cases import MOST_UPDATES, Case, all_cases
from benchmarks.faults.parts import part_of
from benchmarks.faults.recipe import Recipe
from benchmarks.faults.truth import Judge, constant_prediction

FOLDER = Path(__file__).parent / "work"
"""Each finished training is a file here, by framework, until all are packed; not committed."""


def generate(
    jobs: int, minutes: float | None = None, only: str = "", framework: str = "keras"
) -> None:
    """Trains every case that has no file yet.

    Args:
        jobs: Processes, each on one thread.
        minutes: When to stop beginning new trainings.
        only: Part of the names of the cases to train.
        framework: ``keras``, or ``pytorch``, in which only cases of the test part are trained.
    """
    (FOLDER / framework).mkdir(parents=True, exist_ok=True)
    cases = [case for case in cases_in(framework) if only in case.name]
    left = [case for case in cases if not _file(case, framework).exists()]
    deadline = math.inf if minutes is None else time.monotonic() + 60 * minutes
    done = len(cases) - len(left)
    context = multiprocessing.get_context("spawn")
    initializer = _single_thread if framework == "keras" else None
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=initializer) as pool:
        futures = [pool.submit(_train, case, framework) for case in left]
        for future in as_completed(futures):
            done += 1
            _show(done, len(cases), future.result() if not future.cancelled() else "")
            if time.monotonic() > deadline:
                pool.shutdown(wait=True, cancel_futures=True)
                break
    sys.stderr.write("\n")


def cases_in(framework: str) -> tuple[Case, ...]:
    """Returns the cases that are trained in a framework."""
    cases = all_cases()
    return cases if framework == "keras" else tuple(c for c in cases if part_of(c.task) == "test")


def finished(cases: Iterable[Case], framework: str = "keras") -> dict[Case, dict[str, Any]]:
    """Returns what the trained ones among some cases left."""
    return {
        case: json.loads(_file(case, framework).read_text(encoding="utf-8"))
        for case in cases
        if _file(case, framework).exists()
    }


def run_case(case: Case, framework: str = "keras") -> dict[str, Any]:
    """Trains a case and returns what is kept of it."""
    # Imported in the process that trains: TensorFlow takes seconds.
    if framework == "keras":
        from benchmarks.faults.loop import train
    else:
        from benchmarks.faults.pytorch.train import train

    healthy = case.healthy()
    recipe = _feasible(case.recipe())
    inputs, targets = case.judged_rows(recipe)
    kind = "int32" if recipe.vocabulary else "float32"
    begin = time.perf_counter()
    trained = train(recipe, case.seed, inputs.astype(kind), Judge(healthy, recipe, targets))
    constant = constant_prediction(healthy)
    return {
        "name": case.name,
        "params": dict(trained.params),
        "metrics": dict(trained.metrics),
        "loss": trained.loss,
        "error": trained.error,
        "constant_loss": constant[0],
        "constant_error": constant[1],
        "seconds": round(time.perf_counter() - begin, 2),
    }


def _feasible(recipe: Recipe) -> Recipe:
    """Returns the recipe with fewer epochs if it has too many updates."""
    updates = math.ceil(recipe.rows / min(recipe.batch_size, recipe.rows))
    return replace(recipe, epochs=max(8, min(recipe.epochs, MOST_UPDATES // updates)))


def _file(case: Case, framework: str) -> Path:
    return FOLDER / framework / f"{case.name}.json"


def _single_thread() -> None:
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _train(case: Case, framework: str) -> str:
    try:
        text = json.dumps(run_case(case, framework))
    except Exception:
        # One case that cannot be trained must not cost the others.
        return f"\n{case.name} failed:\n{traceback.format_exc(limit=-4)}"
    unfinished = _file(case, framework).with_suffix(".part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(_file(case, framework))
    return ""


def _show(done: int, of: int, failure: str) -> None:
    if failure:
        sys.stderr.write(failure)
    filled = round(40 * done / max(of, 1))
    sys.stderr.write(f"\r[{'#' * filled}{'.' * (40 - filled)}] {done} of {of} trainings")
    sys.stderr.flush()
