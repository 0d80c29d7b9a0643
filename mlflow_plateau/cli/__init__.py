"""The command ``mlflow-plateau``."""

from mlflow_plateau.cli.main import main

__all__ = ["main"]
