"""All examples one after the other, and a table of what was expected and what was diagnosed.

python examples/all.py
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import mlflow

SINGLE_ROWS = ["--data=diabetes", "--batch_size=1", "--optimizer=sgd", "--learning_rate=0.05"]

EXAMPLES = [
    ("overfitting", [], "overfitting, and no_learnable_signal"),
    ("overfitting", ["--data=learnable"], "overfitting"),
    ("underfitting", ["--epochs=150"], "improving slowly, short of capacity"),
    ("underfitting", [], "improving, short of capacity"),
    ("learning_rate", [], "learning_rate_too_small, and no_learnable_signal"),
    ("learning_rate", ["--learning_rate=0.1"], "learning_rate_too_large, and no_learnable_signal"),
    ("learning_rate", ["--data=learnable"], "learning_rate_too_small"),
    ("preprocessing", [], "inconsistent_preprocessing"),
    ("unrepresentative", [], "unrepresentative_validation"),
    ("batch_size", [], "batch_size_too_large"),
    ("batch_size", SINGLE_ROWS, "batch_size_too_small"),
    ("loss_function", [], "loss_mismatch"),
    ("saddle_point", [], "critical_point"),
    ("saddle_point", ["--initializer=he_normal"], "none"),
]
"""Program, arguments and what is expected, in the words of the tags."""

HERE = Path(__file__).parent
COLUMNS = "{:50} {:50} {:12} {:28} {:>6} {:>7}  {}"


def main() -> None:
    """Runs the examples as children of the run that ``mlflow run`` made, or of a new one."""
    with mlflow.start_run() as parent:
        print(COLUMNS.format("example", "expected", "status", "cause", "conf.", "seconds", "also"))
        for name, arguments, expected in EXAMPLES:
            print(COLUMNS.format(*row(parent, name, arguments, expected)).rstrip(), flush=True)


def row(parent: mlflow.ActiveRun, name: str, arguments: list[str], expected: str) -> tuple:
    """Trains one example in a process of its own and returns its row of the table."""
    client = mlflow.MlflowClient()
    title = " ".join([name, *arguments])
    child = client.create_run(
        parent.info.experiment_id,
        run_name=title,
        tags={"mlflow.parentRunId": parent.info.run_id},
    ).info.run_id
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(HERE / f"{name}.py"), *arguments],
        env={**os.environ, "MLFLOW_RUN_ID": child},
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{title} ended with status {done.returncode}:\n{done.stderr}")
    tags = client.get_run(child).data.tags
    found = [tags.get(f"plateau.{key}", "-") for key in ("status", "cause", "confidence")]
    return (title, expected, *found, f"{seconds:.0f}", tags.get("plateau.contributing", ""))


if __name__ == "__main__":
    main()
