"""What is said of published training histories whose labels others gave, without the trainings.

Run it from the repository with ``python -m benchmarks.histories FILE...``. A file is JSON, or that
compressed with gzip: a list of histories in the form of one of

- OverfitGuard's replication package (Li et al., 2024, arXiv:2401.10359): ``train_loss``,
  ``val_loss`` and a ``label``, ``overfit`` or ``non_overfit``;
- DeepOBS' baselines (Schneider et al., ICLR 2019): ``testproblem``, ``optimizer``,
  ``learning_rate``, ``batch_size``, ``num_epochs``, ``train_losses``, ``test_losses``, perhaps
  ``train_accuracies`` and ``test_accuracies``, and a ``label`` that says how the learning rate
  compares with the best of the sweep: ``low``, ``ok``, ``high``, or ``border``, which is left out.

No weight was fitted on such histories; people looked at the wrong answers while they wrote rules.
What a file does not hold is not guessed: the first are losses alone, the second have the parameters
that anybody logs. A sweep is asked about twice, run by run and with all its runs in one experiment.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from mlflow_plateau.align import align
from mlflow_plateau.history import History
from mlflow_plateau.siblings.facts import Candidate
from mlflow_plateau.siblings.find import find_siblings
from mlflow_plateau.tracked import Points, TrackedRun
from mlflow_plateau.weigh import judge_histories
from mlflow_plateau.weigh.judgement import Judgement

CURVES = {
    "train_losses": "train_loss",
    "test_losses": "val_loss",
    "train_accuracies": "train_accuracy",
    "test_accuracies": "val_accuracy",
}
"""DeepOBS' names of curves, and those that are logged."""

RATES = {"learning_rate_too_small": "low", "learning_rate_too_large": "high"}
"""What a cause says of the learning rate; all others say nothing."""


@dataclass(frozen=True)
class Labelled:
    """A run, the label that others gave it, and the experiment that it belongs to."""

    run: TrackedRun
    label: str
    experiment: str = ""


def read(path: Path) -> list[dict[str, Any]]:
    """Returns the histories of a file: a JSON list, as it is or compressed by gzip.

    Raises:
        SystemExit: If it holds something else.
    """
    try:
        content = path.read_bytes()
        histories = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path} cannot be read as a list of histories: {error}") from None
    if not isinstance(histories, list):
        raise SystemExit(f"{path} holds no list of histories.")
    return histories


def tracked(
    number: int, curves: Mapping[str, Sequence[float]], params: Mapping[str, str]
) -> TrackedRun:
    """Returns a run as a tracking store would."""
    metrics = {
        name: Points(np.arange(len(values)), np.asarray(values, float), np.arange(len(values)))
        for name, values in curves.items()
    }
    return TrackedRun(run_id=f"{number:032x}", params=params, metrics=metrics)


def of_losses(number: int, history: Mapping[str, Any]) -> Labelled:
    """Returns a history that is two losses and no more."""
    curves = {name: history[name] for name in ("train_loss", "val_loss")}
    return Labelled(tracked(number, curves, {}), history["label"])


def of_sweep(number: int, history: Mapping[str, Any]) -> Labelled:
    """Returns a run of a sweep over learning rates."""
    params = {
        "optimizer": history["optimizer"],
        "learning_rate": str(history["learning_rate"]),
        "batch_size": str(history["batch_size"]),
        "epochs": str(history["num_epochs"]),
    }
    curves = {mine: history[theirs] for theirs, mine in CURVES.items() if history.get(theirs)}
    experiment = f"{history['testproblem']}, {history['optimizer']}"
    return Labelled(tracked(number, curves, params), history["label"], experiment)


def beside_each_other(runs: Sequence[Labelled], histories: Sequence[History]) -> list[History]:
    """Returns the histories, each compared with all others of its experiment."""
    candidates = [
        Candidate(
            replace(one.run, metrics={}),
            {name: float(points.values[-1]) for name, points in one.run.metrics.items()},
        )
        for one in runs
    ]
    curves = {one.run.run_id: one.run.metrics for one in runs}
    compared = []
    for one, history in zip(runs, histories, strict=True):
        others = [
            candidate
            for candidate, other in zip(candidates, runs, strict=True)
            if other.experiment == one.experiment and other is not one
        ]
        siblings = find_siblings(one.run, history, others, lambda run, name: curves[run][name])
        compared.append(replace(history, siblings=siblings))
    return compared


def overfitting_of(judgement: Judgement) -> str:
    """Returns the label that a judgement amounts to."""
    return "overfit" if judgement.cause == "overfitting" else "non_overfit"


def rate_of(judgement: Judgement) -> str:
    """Returns what a judgement says of the learning rate."""
    return RATES.get(judgement.cause or "", "ok")


def table(title: str, labels: Sequence[str], answers: Sequence[str]) -> list[str]:
    """Returns how well answers agree with labels, by label and on average."""
    names = sorted(set(labels))
    each = f1_score(labels, answers, labels=names, average=None)
    counts = Counter(labels)
    lines = [f"{title}: macro-F1 {np.mean(each):.3f} of {len(labels)} histories"]
    lines += [
        f"  {name:12} {counts[name]:4}   F1 {score:.3f}"
        for name, score in zip(names, each, strict=True)
    ]
    return lines


def measured(histories: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns the lines on one file."""
    if "val_loss" in histories[0]:
        runs = [of_losses(number, one) for number, one in enumerate(histories)]
        judged = list(judge_histories([align(one.run) for one in runs]))
        lines = table(
            "overfitting, by losses alone",
            [one.label for one in runs],
            list(map(overfitting_of, judged)),
        )
        others = Counter(
            f"{one.status}, {one.cause or 'none'}" for one in judged if one.cause != "overfitting"
        )
        return [*lines, f"  otherwise: {'; '.join(f'{n} {k}' for k, n in others.most_common())}"]
    runs = [of_sweep(number, one) for number, one in enumerate(histories)]
    aligned = [align(one.run) for one in runs]
    lines = []
    for title, asked in (
        ("learning rate, run by run", aligned),
        ("learning rate, in one experiment", beside_each_other(runs, aligned)),
    ):
        answers = list(map(rate_of, judge_histories(asked)))
        clear = [
            (one.label, answer)
            for one, answer in zip(runs, answers, strict=True)
            if one.label != "border"
        ]
        lines += table(title, *zip(*clear, strict=True))
    return lines


def main() -> None:
    """Prints what is said of each file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    for path in parser.parse_args().files:
        print(path.name)
        print("\n".join(measured(read(path))))


if __name__ == "__main__":
    main()
