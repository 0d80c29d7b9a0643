"""The finished trainings as one small file, and back as histories."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mlflow_plateau.align import align
from mlflow_plateau.checks import Finding
from mlflow_plateau.history import History, SplitComparison
from mlflow_plateau.tracked import Points, TrackedRun

FILE = Path(__file__).parent / "runs.jsonl.gz"
"""The committed data set: a JSON document per line."""

FILES = {"keras": FILE, "pytorch": FILE.with_name("pytorch_runs.jsonl.gz")}
"""The same for each framework; no weight is fitted on any but the first."""

UNRECORDED = ("curves", "history")
"""The levels that runs have which nobody recorded, and that stand alone."""

LEVELS = ("curves", "history", "compared", "unsampled", "recorded")
"""What of a run is looked at; see ``at_level``."""

SMALLEST_MARGIN = 0.1
"""A fault counts if undoing it brings at least this share of what the healthy run gained at all."""

LARGEST_MARGIN_OF_CONTROLS = 0.05
"""A control counts if nothing that was tried brings more than this. What lies between is neither
a fault nor healthy beyond doubt."""

LARGEST_RISE_OF_CONTROLS = 0.2
"""Nor is one healthy beyond doubt whose validation loss ended this share above its best level:
stopping in time would have lowered it by a sixth, however little that is of what was gained."""

WITNESSED = frozenset(
    (
        *("plateau.constant_loss", "plateau.validation_constant_loss"),
        *("plateau.target_minimum", "plateau.target_maximum", "plateau.target_classes"),
    )
)
"""Parameters that nobody logs by hand: the recorder takes them from the data."""

OF_A_SAMPLE = frozenset(
    (
        *("plateau.learnable_share", "plateau.learnable_share_error"),
        *("plateau.learnable_share_validation", "plateau.learnable_share_validation_error"),
        *("plateau.reference_loss", "plateau.split_separability", "plateau.repair"),
        *("plateau/clean_fit", "plateau/clean_held_out", "plateau/penalty_share"),
        *("plateau/gradient_agreement", "plateau/gradient_noise_scale"),
        *("plateau/unreached_share", "plateau/idle_units", "plateau/unit_similarity"),
        "plateau/saturated_share",
        *("plateau/starved_share", "plateau/best_multiple", "plateau/best_multiple_gain"),
        *("plateau/current_gain", "plateau/sharpness", "plateau/step_curvature"),
        "plateau/experiment_rows",
        *("plateau/final_fit", "plateau/final_held_out", "plateau/repaired_held_out"),
        *("plateau/held_out_inside", "plateau/held_out_outside"),
        *("plateau/inside_rows", "plateau/outside_rows"),
        *("plateau/reweighted_held_out", "plateau/reweighted_rows"),
    )
)
"""What takes rows that lie in memory."""


@dataclass(frozen=True)
class Run:
    """One training of the data set.

    Attributes:
        name: The case's name.
        task: Its task.
        part: ``fit``, ``tune`` or ``test``.
        seed: Its seed.
        faults: The injected faults, ``cause/variant``; none for a control.
        control: Name of the control, or of the setting that the faults were injected into.
        margins: What undoing each fault brought, by its name; for a control under ``""`` what the
            best other training of the task and seed had ahead of it.
        params: Parameters as the recorder writes them.
        metrics: Metrics as the recorder writes them, a value per epoch, ``None`` where there is
            none.
        comparison: How training and validation rows compare.
    """

    name: str
    task: str
    part: str
    seed: int
    faults: tuple[str, ...]
    control: str
    margins: Mapping[str, float]
    params: Mapping[str, str]
    metrics: Mapping[str, list[float | None]]
    comparison: SplitComparison

    @property
    def harmful(self) -> tuple[str, ...]:
        """Causes whose undoing brings something, most first."""
        ranked = sorted(self.margins.items(), key=lambda item: -item[1])
        return tuple(
            name.partition("/")[0] for name, margin in ranked if name and margin >= SMALLEST_MARGIN
        )

    @property
    def truth(self) -> str:
        """The cause whose undoing brings most, or ``none``."""
        return self.harmful[0] if self.faults else "none"

    @property
    def counts(self) -> bool:
        """Whether the truth is beyond doubt; see ``SMALLEST_MARGIN``."""
        if self.faults:
            return all(self.margins[name] >= SMALLEST_MARGIN for name in self.faults)
        return (
            self.margins.get("", 0.0) < LARGEST_MARGIN_OF_CONTROLS
            and self.rise < LARGEST_RISE_OF_CONTROLS
        )

    @property
    def rise(self) -> float:
        """How far the validation loss ended above its best level, as a share of the latter.

        Levels are medians of a tenth of the run.
        """
        logged = self.metrics["val_loss"]
        losses = np.array([v for v in logged if v is not None and math.isfinite(v)])
        window = max(3, len(losses) // 10)
        if len(losses) < window:
            return 0.0
        levels = np.median(np.lib.stride_tricks.sliding_window_view(losses, window), axis=1)
        return float((levels[-1] - levels.min()) / max(abs(levels.min()), 1e-12))

    @cached_property
    def tracked(self) -> TrackedRun:
        """The run as it would be read from a tracking store."""
        return tracked(self.name, self.params, self.metrics)


def tracked(
    name: str, params: Mapping[str, str], metrics: Mapping[str, list[float | None]]
) -> TrackedRun:
    """Returns a run as it would be read from a tracking store."""
    return TrackedRun(
        run_id=name, params=params, metrics={key: _points(v) for key, v in metrics.items()}
    )


def _points(values: list[float | None]) -> Points:
    logged = [(step, value) for step, value in enumerate(values) if value is not None]
    steps = np.array([step for step, _ in logged], dtype=np.int64)
    return Points(steps, np.array([value for _, value in logged], dtype=np.float64), 1000 * steps)


def at_level(run: Run, level: str) -> History:
    """Returns a run's history as far as a level of evidence knows it.

    - ``recorded``: all that the recorder writes;
    - ``unsampled``: the same where it gets at no rows, as with several processes or devices;
    - ``compared``: as ``history``, and beside it other runs of the task, see ``siblings``;
    - ``history``: the curves and the parameters, without what only a witness knows (measurements
      of updates and batches, the range of the targets, the loss of a constant);
    - ``curves``: losses and scores by epoch and nothing else.
    """
    seen = run.tracked if level in ("recorded", "unsampled") else plain(run)
    metrics, params = seen.metrics, seen.params
    if level == "unsampled":
        metrics = {k: v for k, v in metrics.items() if k not in OF_A_SAMPLE}
        params = {k: v for k, v in params.items() if k not in OF_A_SAMPLE}
    if level == "curves":
        metrics = {k: v for k, v in metrics.items() if k != "learning_rate"}
        params = {}
    history = align(replace(run.tracked, metrics=metrics, params=params))
    if level == "compared":
        from benchmarks.faults.experiment import siblings_of

        history = replace(history, siblings=siblings_of(run, history))
    return replace(history, comparison=run.comparison) if level == "recorded" else history


def plain(run: Run) -> TrackedRun:
    """Returns a run as anybody might have logged it, without what only a witness knows."""
    metrics = {k: v for k, v in run.tracked.metrics.items() if not k.startswith("plateau/")}
    params = {k: v for k, v in run.tracked.params.items() if k not in WITNESSED | OF_A_SAMPLE}
    return replace(run.tracked, metrics=metrics, params=params)


def load(path: Path = FILE) -> tuple[Run, ...]:
    """Returns all runs of the data set."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    return tuple(
        Run(
            **{
                **document,
                "faults": tuple(document["faults"]),
                "comparison": _comparison(document["comparison"]),
            }
        )
        for document in documents
    )


def _comparison(document: Mapping[str, Any]) -> SplitComparison:
    findings = tuple(
        Finding(**{**finding, "columns": tuple(finding["columns"])})
        for finding in document["findings"]
    )
    return SplitComparison(**{**document, "findings": findings})


def _as_json(comparison: SplitComparison) -> dict[str, Any]:
    """Returns a comparison without evidence and fixes, which no diagnosis rests on."""
    kept = ("check", "kind", "columns", "transformation", "severity", "message")
    findings = [{name: getattr(f, name) for name in kept} for f in comparison.findings]
    return {**asdict(comparison), "findings": findings}


def save(runs: Iterable[Run], path: Path = FILE) -> None:
    """Writes runs, the same ones always as the same bytes."""
    fields = ("name", "task", "part", "seed", "faults", "control", "margins", "params", "metrics")
    lines = [
        json.dumps({**{f: getattr(run, f) for f in fields}, "comparison": _as_json(run.comparison)})
        for run in runs
    ]
    content = ("\n".join(lines) + "\n").encode()
    # A digit of a float costs more than all names; without a time the file is reproducible.
    path.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))


def short(value: float | None) -> float | None:
    """Returns the shortest number that is the same in single precision."""
    return value if value is None or not math.isfinite(value) else float(str(np.float32(value)))
