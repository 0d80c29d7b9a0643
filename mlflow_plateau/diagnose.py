"""The whole way for one run or many: read the store, align, weigh, write what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mlflow_plateau.errors import PlateauError, ProfileError, RunStillActiveError

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run

    from mlflow_plateau.consistency import ConsistencyReport
    from mlflow_plateau.diagnosis import Diagnosis
    from mlflow_plateau.history import History
    from mlflow_plateau.store.siblings import Neighbours
    from mlflow_plateau.weigh.judgement import Judgement

P = ParamSpec("P")
T = TypeVar("T")


def diagnose(
    run_id: str,
    *,
    monitor: str | None = None,
    log: bool = True,
    siblings: bool = True,
    tracking_uri: str | None = None,
) -> Diagnosis:
    """Says why a run's validation loss stopped improving, and writes it into the run.

    Works on any run in the tracking store, whatever logged it, during and after the training. The
    history is read back from the store; the run's status and end time stay as they are.

    Args:
        run_id: The run's id.
        monitor: Name of the validation metric; recognised by its name if left out.
        log: Whether to write the diagnosis into the run: tags, metrics, artifacts, description.
        siblings: Whether to compare the run with those of its experiment that differ from it in a
            thing or two: two pages of runs and a few curves more to read.
        tracking_uri: The tracking store; MLflow's current one if left out.

    Returns:
        The diagnosis.

    Raises:
        RunNotFoundError: If the store has no such run.
        TrackingServerError: If the store does not answer, or does not take what is written.
        NoLossError: If the run has no metric that can be read as a loss or a score, or not the one
            that ``monitor`` names.
        RunStillActiveError: If the run is active and has logged nothing yet.
    """
    from mlflow_plateau.store.siblings import Neighbours

    neighbours = Neighbours(tracking_uri) if siblings else None
    return _diagnose(run_id, monitor, log, neighbours, tracking_uri)


def _diagnose(
    run_id: str,
    monitor: str | None,
    log: bool,
    neighbours: Neighbours | None,
    tracking_uri: str | None,
) -> Diagnosis:
    from mlflow_plateau.store.write import write_diagnosis
    from mlflow_plateau.weigh import diagnose_history

    history, consistency = _read(run_id, monitor, neighbours, tracking_uri)
    diagnosis = diagnose_history(history)
    if log:
        write_diagnosis(diagnosis, tracking_uri, consistency)
    return diagnosis


def _read(
    run_id: str, monitor: str | None, neighbours: Neighbours | None, tracking_uri: str | None
) -> tuple[History, ConsistencyReport | None]:
    """Returns all that a run's diagnosis rests on, read from the store and aligned."""
    from mlflow_plateau.align import align
    from mlflow_plateau.consistency import report as compare_profiles
    from mlflow_plateau.store.connection import reason_of
    from mlflow_plateau.store.model_summary import with_summary
    from mlflow_plateau.store.profiles import read_profiles
    from mlflow_plateau.store.read import read_run

    run = read_run(run_id, tracking_uri)
    if run.status == "RUNNING" and not run.metrics:
        raise RunStillActiveError(
            f"Run {run.run_id} is active and has logged no metrics yet. Diagnose it again when its"
            " first epochs are logged; if it did, flush them with mlflow.flush_async_logging()."
        )
    notes: tuple[str, ...] = ()
    try:
        run = with_summary(run, tracking_uri)
    except PlateauError as error:
        notes = (f"What the model is made of could not be read: {error}",)
    history = align(run, monitor)
    history = replace(history, notes=(*history.notes, *notes))
    consistency = None
    try:
        profiles = read_profiles(run, tracking_uri)
        if profiles is not None:
            consistency = compare_profiles(*profiles)
            history = replace(history, comparison=consistency.comparison)
    except ProfileError as error:
        history = replace(history, notes=(*history.notes, str(error)))
    except Exception as error:
        # Whatever a run holds among its artifacts, its curves can be diagnosed without it.
        reason = reason_of(error, tracking_uri)
        note = f"The training and validation data could not be compared: {reason}"
        history = replace(history, notes=(*history.notes, note))
    if neighbours is not None:
        history = neighbours.add_to(history, run)
    return history, consistency


def diagnose_runs(
    experiment_names: Sequence[str] | None = None,
    filter_string: str | None = None,
    jobs: int | None = None,
    *,
    log: bool = True,
    siblings: bool = True,
    tracking_uri: str | None = None,
) -> pd.DataFrame:
    """Diagnoses every run of some experiments.

    Args:
        experiment_names: The experiments; all active ones if left out.
        filter_string: MLflow's filter for runs, such as ``"attributes.status = 'FINISHED'"``.
        jobs: As many runs are diagnosed at a time; if left out, four on a tracking server, one in a
            local store.
        log: Whether to write each diagnosis into its run. If not, the runs are weighed together
            once they are read.
        siblings: Whether to compare each run with those of its experiment that differ from it in a
            thing or two; the experiments are read once.
        tracking_uri: The tracking store; MLflow's current one if left out.

    Returns:
        A row for each run, newest first, with the columns ``run_id``, ``name``, ``status``,
        ``cause``, ``confidence``, ``contributing``, ``onset_epoch``, ``wasted_fraction``, ``level``
        and ``error``. Where a run could not be diagnosed its error says why, and the rest is empty.

    Raises:
        PlateauError: If there is no such experiment.
        TrackingServerError: If the store does not answer, or does not understand the filter.
    """
    from concurrent.futures import ThreadPoolExecutor

    import pandas as pd

    from mlflow_plateau.store.connection import answering, current_uri, open_client
    from mlflow_plateau.store.search import find_experiments, find_runs
    from mlflow_plateau.store.siblings import Neighbours

    client = open_client(tracking_uri)
    with answering(tracking_uri):
        experiments = find_experiments(client, experiment_names, tracking_uri)
        runs = list(find_runs(client, list(experiments), filter_string or ""))

    neighbours = Neighbours(tracking_uri, whole=True) if siblings else None

    def diagnosed(run: Run) -> Diagnosis | str:
        return _unless_it_fails(_diagnose, run.info.run_id, None, True, neighbours, tracking_uri)

    def read(run: Run) -> History | str:
        found = _unless_it_fails(_read, run.info.run_id, None, neighbours, tracking_uri)
        return found if isinstance(found, str) else found[0]

    if jobs is None:
        jobs = 4 if current_uri(tracking_uri).startswith("http") else 1
    with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
        found = pool.map(diagnosed, runs) if log else judged_where_possible(pool.map(read, runs))
        rows = [
            {"run_id": run.info.run_id, "name": run.info.run_name, **_outcome(answer)}
            for run, answer in zip(runs, found, strict=True)
        ]
    frame = pd.DataFrame(rows, columns=["run_id", "name", *_OUTCOMES, "error"])
    numbers = ["confidence", "onset_epoch", "wasted_fraction"]
    return frame.astype(dict.fromkeys(numbers, "float64"))


_OUTCOMES = (
    "status",
    "cause",
    "confidence",
    "contributing",
    "onset_epoch",
    "wasted_fraction",
    "level",
)
"""The fields of a diagnosis that have a column."""


def _unless_it_fails(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | str:
    """Returns what a function returns, or why it could not."""
    try:
        return function(*args, **kwargs)
    except PlateauError as error:
        return str(error)
    except Exception as error:
        # One run that nobody thought of must not cost the answers for all the others.
        return f"{type(error).__name__}: {error}"


def judged_where_possible(found: Iterable[History | str]) -> Iterator[Judgement | str]:
    """Returns the judgements of histories, many weighed at once, in their order.

    Args:
        found: The histories, or why there is none, which stays where it is. A history that cannot
            be judged has its error in place of a judgement, and costs no other its own.
    """
    from mlflow_plateau.weigh.judgement import AT_ONCE

    remaining = iter(found)
    while batch := list(islice(remaining, AT_ONCE)):
        judged = iter(_judged_together([item for item in batch if not isinstance(item, str)]))
        yield from (item if isinstance(item, str) else next(judged) for item in batch)


def _judged_together(histories: Sequence[History]) -> Sequence[Judgement | str]:
    from mlflow_plateau.weigh import judge_histories

    together = _unless_it_fails(lambda: list(judge_histories(histories)))
    if not isinstance(together, str):
        return together
    if len(histories) == 1:
        return [together]
    # One of them failed: each for itself, then.
    return [answer for history in histories for answer in _judged_together([history])]


def _outcome(answer: Diagnosis | Judgement | str) -> dict[str, Any]:
    if isinstance(answer, str):
        return {"error": answer}
    return {**{name: getattr(answer, name) for name in _OUTCOMES}, "error": ""}
