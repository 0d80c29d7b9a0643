"""What quick reference models get out of the same rows, for comparison."""

from mlflow_plateau.reference.reference import Reference, learn_from

__all__ = ["Reference", "learn_from"]
