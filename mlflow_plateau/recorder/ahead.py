"""Imports ahead what the diagnosis needs, so that ``fit`` does not end with waiting for it."""

from __future__ import annotations

from importlib import import_module

NEEDED = (
    *("mlflow_plateau.diagnose", "mlflow_plateau.align", "mlflow_plateau.store.read"),
    *("mlflow_plateau.weigh", "mlflow_plateau.report.text", "mlflow_plateau.report.html"),
    *("mlflow_plateau.report.curves", "mlflow_plateau.store.write"),
    "matplotlib.backends.backend_agg",
)
"""What a diagnosis imports, most of the time for plots; on a new machine also their fonts."""


def import_what_a_diagnosis_needs() -> None:
    """Imports it; for a thread that has nothing better to do."""
    for name in NEEDED:
        import_module(name)
