"""The reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.faults.answers import Answer
from benchmarks.faults.dataset import LEVELS
from benchmarks.faults.score import reliability


def draw_reliability(answers: Sequence[Answer], path: Path) -> None:
    """Draws the share that is right against the confidence, a panel for each level."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for index, level in enumerate(LEVELS):
        axes = figure.add_subplot(1, len(LEVELS), index + 1)
        found = reliability([a for a in answers if a.level == level])
        axes.plot((0, 1), (0, 1), color="0.7", linewidth=1)
        axes.scatter(found.confidence, found.right, s=4 + found.count, alpha=0.7)
        axes.set(xlim=(0, 1), ylim=(-0.02, 1.02), xlabel="confidence", aspect="equal")
        axes.set_title(f"{level}: calibration error {found.error:.3f}", fontsize=9)
        if not index:
            axes.set_ylabel("share that is right")
    figure.savefig(path, dpi=110, metadata={"Software": None})
