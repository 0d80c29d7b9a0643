"""Experiments made of learning curves with a known best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mlflow_plateau.align import align
from mlflow_plateau.history import History
from mlflow_plateau.siblings.facts import Candidate
from mlflow_plateau.siblings.find import find_siblings
from mlflow_plateau.siblings.sibling import Siblings
from mlflow_plateau.tracked import Points, TrackedRun

PARAMS = {"optimizer": "adam", "lr": "0.001", "batch_size": "32", "units": "64"}


def points(values: Any) -> Points:
    """Returns the points of a curve, a value per epoch."""
    steps = np.arange(len(values), dtype=np.int64)
    return Points(steps, np.asarray(values, dtype=np.float64), 1000 * steps)


def curve(floor: float, epochs: int = 40, seed: int = 0, noise: float = 0.0) -> Any:
    """Returns a loss that falls from 1 above its floor to it."""
    scatter = noise * np.random.default_rng(seed).standard_normal(epochs)
    return floor + np.exp(-np.arange(epochs) / 5) + scatter


@dataclass
class Experiment:
    """Runs by their id, and how often one of their curves was read."""

    runs: dict[str, TrackedRun] = field(default_factory=dict)
    reads: int = 0

    def add(
        self, run_id: str, losses: Any, params: Mapping[str, str] | None = None, **changes: Any
    ) -> str:
        """Adds a run whose parameters are the usual ones with some changed."""
        losses = np.asarray(losses, dtype=float)
        self.runs[run_id] = replace(
            TrackedRun(
                run_id=run_id,
                experiment_id="7",
                name=f"run {run_id}",
                params={**PARAMS, **(params or {})},
                metrics={"loss": points(0.9 * losses), "val_loss": points(losses)},
            ),
            **changes,
        )
        return run_id

    def read(self, run_id: str, metric: str) -> Points:
        """Returns the points of a curve."""
        self.reads += 1
        return self.runs[run_id].metrics[metric]

    def siblings(self, run_id: str) -> Siblings | None:
        """Returns how a run compares with the others."""
        candidates = [
            Candidate(
                replace(run, metrics={}),
                {name: float(p.values[-1]) for name, p in run.metrics.items()},
            )
            for run in self.runs.values()
        ]
        run = self.runs[run_id]
        return find_siblings(run, align(run), candidates, self.read)

    def history(self, run_id: str) -> History:
        """Returns a run's history with its siblings."""
        return replace(align(self.runs[run_id]), siblings=self.siblings(run_id))


def rate_sweep(scale: float = 1.0) -> Experiment:
    """Returns a sweep whose best learning rate is 0.001, with another seed of each run."""
    made = Experiment()
    for rate in (1e-5, 1e-4, 1e-3, 1e-2, 1e-1):
        floor = 0.2 + 0.2 * abs(math.log10(rate) + 3)
        for seed in range(2):
            losses = scale * curve(floor, seed=seed, noise=0.005)
            made.add(f"{rate:g}-{seed}", losses, {"lr": f"{rate:g}", "seed": str(seed)})
    return made
