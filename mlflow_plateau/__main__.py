"""``python -m mlflow_plateau``: the same as the command ``mlflow-plateau``."""

from mlflow_plateau.cli import main

if __name__ == "__main__":
    main(prog_name="mlflow-plateau")
