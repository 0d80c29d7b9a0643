"""What each part of the record is worth: the recorded level without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from benchmarks.faults.answers import Answer
from benchmarks.faults.dataset import OF_A_SAMPLE, Run, at_level
from benchmarks.faults.score import FIGURES
from mlflow_plateau.weigh import diagnose_history

PARTS_OF_THE_RECORD: Mapping[str, frozenset[str]] = {
    "nothing": frozenset(),
    "reference models": frozenset(name for name in OF_A_SAMPLE if name.startswith("plateau.")),
    "gradient statistics": frozenset(
        (
            *("plateau/gradient_agreement", "plateau/gradient_noise_scale", "plateau/idle_units"),
            *("plateau/unreached_share", "plateau/unit_similarity", "plateau/starved_share"),
        )
    ),
    "saturation": frozenset(("plateau/saturated_share",)),
    "step probe": frozenset(
        ("plateau/best_multiple", "plateau/best_multiple_gain", "plateau/current_gain")
    ),
    "sharpness": frozenset(("plateau/sharpness", "plateau/step_curvature")),
    "clean losses": frozenset(
        ("plateau/clean_fit", "plateau/clean_held_out", "plateau/penalty_share")
    ),
    "repaired validation rows": frozenset(("plateau/repaired_held_out",)),
    "losses by support": frozenset(
        (
            *("plateau/held_out_inside", "plateau/held_out_outside"),
            *("plateau/inside_rows", "plateau/outside_rows"),
            *("plateau/reweighted_held_out", "plateau/reweighted_rows"),
        )
    ),
    "weight movement": frozenset(
        ("plateau/update_ratio", "plateau/epoch_displacement", "plateau/gradient_norm")
    ),
    "batch losses": frozenset(("plateau/batch_loss_spread",)),
    "losses of a constant": frozenset(
        ("plateau.constant_loss", "plateau.validation_constant_loss")
    ),
    "comparison of the splits": frozenset(("comparison",)),
}
"""What is left out, by its name: metrics, parameters, and the comparison of the two splits."""


def without(run: Run, names: frozenset[str]) -> Run:
    """Returns a run as if something had not been recorded."""
    comparison = replace(run.comparison, verdict="unknown", findings=())
    return replace(
        run,
        metrics={name: values for name, values in run.metrics.items() if name not in names},
        params={name: value for name, value in run.params.items() if name not in names},
        comparison=comparison if "comparison" in names else run.comparison,
    )


def missing(runs: Sequence[Run]) -> tuple[str, ...]:
    """Returns the parts that the recorder writes by now, and that no run of the data set holds."""
    held = {"comparison"}.union(*(run.metrics.keys() | run.params.keys() for run in runs))
    return tuple(part for part, names in PARTS_OF_THE_RECORD.items() if names and not names & held)


def ablation(runs: Sequence[Run]) -> Iterator[str]:
    """Yields the lines of a Markdown table: the figures without each part of the record.

    The weights stay those that were fitted with all of it.
    """
    yield "| left out | " + " | ".join(FIGURES) + " |"
    yield "| --- |" + " --- |" * len(FIGURES)
    for part, names in PARTS_OF_THE_RECORD.items():
        if part in missing(runs):
            continue
        given = [
            Answer.of(run, "recorded", diagnose_history(at_level(without(run, names), "recorded")))
            for run in runs
        ]
        yield f"| {part} | " + " | ".join(str(figure(given)) for figure in FIGURES.values()) + " |"
