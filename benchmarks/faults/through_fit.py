"""The same training with Keras' own ``fit`` under the recorder, to check the benchmark's loop."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import mlflow
import numpy as np

from benchmarks.faults.arrays import Arrays
from benchmarks.faults.cases import Case
from benchmarks.faults.dataset import tracked
from benchmarks.faults.generate import run_case
from benchmarks.faults.model import compiled
from mlflow_plateau.align import align
from mlflow_plateau.recorder.keras_callback import PlateauCallback
from mlflow_plateau.store.read import read_run
from mlflow_plateau.tracked import TrackedRun
from mlflow_plateau.weigh import diagnose_history


def train_through_fit(case: Case) -> TrackedRun:
    """Trains a case with ``fit`` and returns its run, read back from a tracking store.

    Raises:
        ValueError: If the case has a schedule or stops early, which ``fit`` does by callbacks.
    """
    recipe = case.recipe()
    if recipe.schedule is not None or recipe.patience is not None:
        raise ValueError(f"{case.name} has a schedule or stops early; name one that does not")
    keras.utils.set_random_seed(7919 * case.seed + 13)
    data = Arrays(recipe)
    model = compiled(recipe)
    with tempfile.TemporaryDirectory() as folder:
        uri = f"sqlite:///{Path(folder) / 'runs.db'}"
        mlflow.set_tracking_uri(uri)
        recorder = PlateauCallback(diagnose=False, silent=True)
        with mlflow.start_run() as run:
            model.fit(
                data.x,
                data.y,
                batch_size=data.batch,
                epochs=recipe.epochs,
                validation_data=(data.x_validation, data.y_validation),
                callbacks=[recorder],
                verbose=0,
            )
        return read_run(run.info.run_id, tracking_uri=uri)


def compare(case: Case) -> Iterator[str]:
    """Yields lines: what both ways wrote into the run, and what is diagnosed from it."""
    through_fit, quick = train_through_fit(case), run_case(case)
    yield f"{'parameter':34s} {'fit':>24s} {'loop':>24s}   (where they differ)"
    for name in sorted({*through_fit.params, *quick["params"]}):
        pair = through_fit.params.get(name, "-"), quick["params"].get(name, "-")
        if pair[0] != pair[1]:
            yield f"{name:34s} {pair[0]:>24s} {pair[1]:>24s}"
    yield f"{'metric, median of each half':34s} {'fit':>24s} {'loop':>24s}"
    for name, points in sorted(through_fit.metrics.items()):
        other = [v for v in quick["metrics"].get(name, []) if v is not None]
        yield f"{name:34s} {_halves(list(points.values)):>24s} {_halves(other):>24s}"
    found = [
        diagnose_history(align(run))
        for run in (through_fit, tracked(case.name, quick["params"], quick["metrics"]))
    ]
    yield "diagnosis: " + ", ".join(f"{d.status} {d.cause} {d.confidence:.2f}" for d in found)


def _halves(values: list[float]) -> str:
    if not values:
        return "-"
    middle = max(1, len(values) // 2)
    return f"{np.median(values[:middle]):.4g}, {np.median(values[-middle:]):.4g}"
