"""Which experiments the recorder did not make, and why, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_plateau.history import Witnessed

SENTENCES: Mapping[str, str] = {
    "experiments_declined": "No experiments were made with the model: {}",
    "gradients_declined": "No gradients of single batches were taken, and no steps along them: {}",
    "steps_declined": "No steps of other sizes were tried: {}",
    "sharpness_declined": "How sharply the loss curves was not measured: {}",
    "reference_declined": "No quick reference models were fitted to the rows: {}",
    "experiments_shortened": "Of the rounds of experiments with the model, {}, to keep within the"
    " time budget (probe_budget)",
}
"""By the field of ``Witnessed`` that holds the reason."""


def left_out(witnessed: Witnessed) -> tuple[str, ...]:
    """Returns what was not tried or with fewer rows, and why, a sentence without full stop each."""
    said: list[str] = []
    of_the_model: set[str] = set()
    for name, text in SENTENCES.items():
        reason = getattr(witnessed, name)
        # What cannot be done without gradients is said with them.
        if reason and (name == "reference_declined" or reason not in of_the_model):
            said.append(text.format(reason))
        if reason and name != "reference_declined":
            of_the_model.add(reason)
    return tuple(said)
