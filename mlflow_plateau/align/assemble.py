"""The history of a run, put together from its metrics and parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mlflow_plateau.align.axis import common_steps, last_on_steps, on_steps
from mlflow_plateau.align.choose import Choice, best_of, choose_curves
from mlflow_plateau.align.epochs import as_epochs
from mlflow_plateau.align.names import OURS, Kind, Reading, Split, read_name
from mlflow_plateau.align.place import place
from mlflow_plateau.align.points import (
    Series,
    clean_points,
    first_at_each_step,
    without_restored_epoch,
)
from mlflow_plateau.align.setup import counts_rounds, read_witnessed, setup_of
from mlflow_plateau.history import History, MetricNames, Setup
from mlflow_plateau.tracked import FloatArray, TrackedRun
from mlflow_plateau.untrusted import quoted

TRAINING_COUNTER = "plateau/training"
"""Counts the models that were fitted in one run; only the last one's curves are diagnosed."""

RESULTS = frozenset(("plateau/confidence", "plateau/onset_epoch", "plateau/wasted_fraction"))
"""What an earlier diagnosis wrote."""

RESTORED = frozenset(("restored_epoch", "best_iteration"))
"""Metrics by which MLflow's autologging says which epoch it logged once more."""

STOPPED = "stopped_epoch"
"""Metric by which MLflow's autologging says that early stopping ended the training."""

ACTIVE = frozenset(("RUNNING", "SCHEDULED"))
"""MLflow's states of a run that has not ended."""

SeriesByName = Mapping[str, Series]


def align(run: TrackedRun, monitor: str | None = None) -> History:
    """Returns a run's curves on one axis, cleaned, with what is known of its setup.

    Args:
        run: The run as the store holds it.
        monitor: Name of the validation metric; recognised by its name if left out.

    Returns:
        The history; its ``names`` say what was read as what, its ``notes`` what was cleaned.

    Raises:
        NoLossError: If the run has no metric that can be read as a loss or a score, or not the one
            that ``monitor`` names.
    """
    setup = setup_of(run)
    if setup.outcome is None and STOPPED in run.metrics:
        setup = replace(setup, outcome="stopped")
    series, counter_note = _of_last_training(_cleaned(run))
    choice = choose_curves(run.run_id, series, monitor)
    series, ghost_note = without_restored_epoch(
        series,
        choice.training.name if choice.training else None,
        choice.validation.name if choice.validation else None,
        announced=not RESTORED.isdisjoint(run.metrics),
    )
    curves = _on_one_axis(run, setup, choice, series)
    rate_name, rates = _learning_rate(series, curves.steps)
    if setup.learning_rate is None and rate_name and np.isfinite(rates).any():
        setup = replace(setup, learning_rate=float(rates[np.isfinite(rates)][0]))
    return History(
        run_id=run.run_id,
        epochs=curves.epochs,
        training_loss=curves.training_loss,
        validation_loss=curves.validation_loss,
        training_logged=curves.training_logged,
        validation_logged=curves.validation_logged,
        learning_rate=rates,
        metrics=_further_metrics(series, choice, curves.steps),
        recorded=_recorded(series, curves.steps),
        setup=setup,
        witnessed=read_witnessed(run.params, run.tags),
        names=MetricNames(curves.training_name, curves.validation_name, rate_name),
        axis=curves.unit,
        higher_is_better=choice.higher_is_better,
        status=run.status,
        notes=tuple(
            dict.fromkeys(
                (
                    *_still_active(run, setup),
                    *choice.notes,
                    *counter_note,
                    *ghost_note,
                    *curves.notes,
                )
            )
        ),
    )


def _cleaned(run: TrackedRun) -> dict[str, Series]:
    return {
        name: clean_points(name, run.metrics[name])
        for name in sorted(run.metrics)
        if name not in RESULTS and len(run.metrics[name])
    }


def _of_last_training(series: dict[str, Series]) -> tuple[dict[str, Series], tuple[str, ...]]:
    """Keeps only the steps of the last model that was fitted in the run."""
    counter = series.pop(TRAINING_COUNTER, None)
    if counter is None or len(np.unique(counter.values)) < 2:
        return series, ()
    latest = counter.values[np.lexsort((counter.steps, counter.timestamps))[-1]]
    steps = counter.steps[counter.values == latest]
    kept = {name: item.taking(np.isin(item.steps, steps)) for name, item in series.items()}
    note = f"{latest:.0f} models were fitted in this run; the curves are those of the last."
    return {name: item for name, item in kept.items() if len(item)}, (note,)


@dataclass(frozen=True)
class _Curves:
    """The two curves on their common axis; the fields are those of ``History``."""

    steps: FloatArray
    epochs: FloatArray
    unit: str
    training_loss: FloatArray
    validation_loss: FloatArray
    training_logged: np.ndarray[tuple[int], np.dtype[np.bool_]]
    validation_logged: np.ndarray[tuple[int], np.dtype[np.bool_]]
    training_name: str | None
    validation_name: str | None
    notes: tuple[str, ...]


def _on_one_axis(run: TrackedRun, setup: Setup, choice: Choice, series: SeriesByName) -> _Curves:
    training = series[choice.training.name] if choice.training else None
    validation = series[choice.validation.name] if choice.validation else None
    placed = place(training, validation)
    training, validation = placed.training, placed.validation
    known_as_epochs = _recorded_by_epoch(run, choice)
    steps = common_steps(training, validation, known_as_epochs)
    alternating = _alternate(training, validation)
    axis = as_epochs(
        steps,
        counter=_epoch_counter(run),
        updates_per_epoch=setup.updates_per_epoch,
        planned_epochs=setup.planned_epochs,
        alternating=alternating,
        known_as_epochs=known_as_epochs,
        counts_rounds=counts_rounds(run.params),
    )
    training_loss, training_logged = on_steps(training, steps)
    validation_loss, validation_logged = on_steps(validation, steps)
    return _Curves(
        steps=steps,
        epochs=axis.positions,
        unit=axis.unit,
        training_loss=training_loss,
        validation_loss=validation_loss,
        training_logged=training_logged,
        validation_logged=validation_logged,
        training_name=choice.training.name if choice.training and training else None,
        validation_name=choice.validation.name if choice.validation and validation else None,
        notes=(
            *(training.notes if training else ()),
            *(validation.notes if validation else ()),
            *placed.notes,
            *(() if alternating else _averaging(choice, training, steps)),
            *axis.notes,
        ),
    )


def _recorded_by_epoch(run: TrackedRun, choice: Choice) -> bool:
    """Returns whether the chosen curves stand at the steps at which the recorder counts epochs."""
    main = choice.validation or choice.training
    if main is None or main.ours:
        return main is not None
    counter = run.metrics.get(TRAINING_COUNTER)
    return counter is not None and bool(np.isin(run.metrics[main.name].steps, counter.steps).all())


def _alternate(training: Series | None, validation: Series | None) -> bool:
    """Returns whether training and validation take turns in one count: 1 and 2, 3 and 4, ….

    Ray Tune counts reports, and many loops report training and validation separately.
    """
    if training is None or validation is None or abs(len(training) - len(validation)) > 1:
        return False
    if any((curve.steps[1:] - curve.steps[:-1] != 2).any() for curve in (training, validation)):
        return False
    both = np.union1d(training.steps, validation.steps)
    return len(both) == len(training) + len(validation) > 3 and bool(np.all(np.diff(both) == 1))


def _epoch_counter(run: TrackedRun) -> Series | None:
    """Returns the metric that holds the epoch at each step, as Lightning and the Trainer log it."""
    counters = [n for n, p in run.metrics.items() if len(p) and read_name(n).kind is Kind.EPOCH]
    if not counters:
        return None
    longest = max(sorted(counters), key=lambda name: len(run.metrics[name]))
    return first_at_each_step(run.metrics[longest])


def _averaging(choice: Choice, training: Series | None, steps: FloatArray) -> Iterator[str]:
    """Says what became of training points that do not stand on the axis."""
    if training is None or choice.training is None or np.array_equal(training.steps, steps):
        return
    if np.isin(training.steps, steps).all():
        return
    name = quoted(choice.training.name)
    yield f"{name} was averaged between one validation and the next."
    later = int((training.steps > steps[-1]).sum())
    if later:
        yield f"The last {later} points of {name}, after the last validation, were left out."


def _learning_rate(series: SeriesByName, steps: FloatArray) -> tuple[str | None, FloatArray]:
    rates = [read_name(n) for n in series if read_name(n).kind is Kind.LEARNING_RATE]
    best = best_of(rates, series)
    if best is None:
        return None, np.full(len(steps), np.nan)
    return best.name, last_on_steps(series[best.name], steps)


def _further_metrics(
    series: SeriesByName, choice: Choice, steps: FloatArray
) -> dict[str, FloatArray]:
    """Returns the losses and scores beside the chosen pair, by name and split."""
    main = choice.validation or choice.training
    groups: dict[str, list[Reading]] = {}
    for reading in map(read_name, series):
        other = main is None or reading.quantity != main.quantity or reading.kind != main.kind
        curve = series[reading.name]
        if reading.is_quality and other and curve.placed and (curve.is_curve or len(steps) == 1):
            groups.setdefault(_PREFIXES[reading.split] + reading.quantity, []).append(reading)
    chosen = {name: best_of(group, series) for name, group in groups.items()}
    return {n: on_steps(series[r.name], steps)[0] for n, r in chosen.items() if r is not None}


_PREFIXES = {
    Split.TRAINING: "",
    Split.UNSAID: "",
    Split.VALIDATION: "val_",
    Split.TEST: "test_",
}


def _recorded(series: SeriesByName, steps: FloatArray) -> dict[str, FloatArray]:
    """Returns what the recorder measured, other than losses, scores and the learning rate."""
    return {
        name.removeprefix(OURS): on_steps(item, steps)[0]
        for name, item in series.items()
        if (reading := read_name(name)).ours
        and reading.kind is Kind.OTHER
        and reading.split is Split.UNSAID
    }


def _still_active(run: TrackedRun, setup: Setup) -> Iterator[str]:
    """Says that a run goes on, unless the recorder wrote how its training ended."""
    if run.status in ACTIVE and setup.outcome is None:
        yield "The run was still active when it was read; its curves may go on."
