"""Which metrics of a run are its training and its validation curve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlflow_plateau.align.names import RANK, Kind, Reading, Split, read_name, words_of
from mlflow_plateau.align.points import Series
from mlflow_plateau.errors import NoLossError
from mlflow_plateau.untrusted import quoted, quoted_list

CADENCE_ORDER = {"epoch": 0, "": 1, "step": 2}
"""An average over an epoch is preferred to a value at a step."""


@dataclass(frozen=True)
class Choice:
    """The metrics that were chosen.

    Attributes:
        training: The training curve, or ``None``.
        validation: The validation curve, or ``None``.
        higher_is_better: Whether they are scores.
        notes: What a reader should know about the choice, one sentence each.
    """

    training: Reading | None
    validation: Reading | None
    higher_is_better: bool
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the chosen metrics."""
        return tuple(item.name for item in (self.training, self.validation) if item is not None)


def choose_curves(run_id: str, series: Mapping[str, Series], monitor: str | None) -> Choice:
    """Chooses the pair of training and validation curve that says most about a run.

    Only metrics of one and the same quantity make a pair. Pairs are preferred in this order: what
    the recorder wrote; pairs with a validation curve to pairs with a test curve to training alone;
    complete pairs; the loss, then parts of it, then other errors, then scores.

    Args:
        run_id: The run, for messages.
        series: The cleaned series by name.
        monitor: Name of the validation metric, if the caller says it.

    Returns:
        The choice; at least one of the two curves is there.

    Raises:
        NoLossError: If there is no such metric.
    """
    readings = [read_name(name) for name, item in series.items() if len(item)]
    if monitor is not None:
        return _around(_named(run_id, readings, monitor), readings, series)
    pairs = [_pair(group, readings, series) for group in _by_quantity(readings)]
    if not pairs:
        raise NoLossError(_nothing_found(run_id, series))
    return min(pairs, key=lambda pair: _disadvantages(pair, series))


def _by_quantity(readings: Iterable[Reading]) -> list[list[Reading]]:
    groups: dict[tuple[Kind, str], list[Reading]] = {}
    for reading in readings:
        if reading.is_quality:
            groups.setdefault((reading.kind, reading.quantity), []).append(reading)
    return list(groups.values())


def _pair(group: list[Reading], readings: list[Reading], series: Mapping[str, Series]) -> Choice:
    """Returns the best training and validation metric of one quantity."""
    numbered = _numbered_sets(group)
    notes: list[str] = []
    training = best_of(
        [r for r in group if r.split in (Split.TRAINING, Split.UNSAID)], series
    ) or _loss_of_trainer(group, readings, series)
    validation = best_of([r for r in group if r.split is Split.VALIDATION], series)
    if training is None and len(numbered) > 1:
        training, validation = numbered[0], numbered[1]
        notes.append(
            f"{quoted(training.name)}, the first of {len(numbered)} numbered evaluation sets, was"
            " read as the training curve."
        )
    tested = best_of([r for r in group if r.split is Split.TEST], series)
    nothing_else = training is None and validation is None
    if tested and not _is_curve(validation, series) and (nothing_else or _is_curve(tested, series)):
        validation = tested
        notes.append(f"There is no validation curve; {quoted(tested.name)} was read as one.")
    if _is_curve(training, series) and not _is_curve(validation, series):
        if validation is not None:
            notes.append(f"{quoted(validation.name)} is a single value, not a curve.")
        validation = None
    elif _is_curve(validation, series) and not _is_curve(training, series):
        training = None
    return Choice(training, validation, group[0].higher_is_better, tuple(notes))


def _numbered_sets(group: Iterable[Reading]) -> list[Reading]:
    """Returns ``validation_0-rmse``, ``validation_1-rmse``, … in order.

    XGBoost's and LightGBM's scikit-learn interfaces number the evaluation sets; where there are
    several, their documentation gives the training data first.
    """
    numbered = {r.dataset: r for r in group if r.dataset >= 0 and r.split is Split.VALIDATION}
    return [numbered[number] for number in sorted(numbered)]


def _loss_of_trainer(
    group: list[Reading], readings: list[Reading], series: Mapping[str, Series]
) -> Reading | None:
    """Returns ``loss`` as partner of Hugging Face's ``eval_<data set>_loss``.

    The trainer logs that name, together with ``eval_<data set>_runtime``, when it is given several
    evaluation sets.
    """
    if group[0].kind is not Kind.PART_OF_LOSS:
        return None
    if not any(r.name.removesuffix("_loss") + "_runtime" in series for r in group):
        return None
    losses = [r for r in readings if r.kind is Kind.LOSS and r.split is not Split.VALIDATION]
    return best_of([r for r in losses if r.split is not Split.TEST], series)


def best_of(readings: Iterable[Reading], series: Mapping[str, Series]) -> Reading | None:
    """Returns the metric to take among several that mean the same, ``None`` if there are none."""

    def disadvantages(reading: Reading) -> tuple[int, ...]:
        points = series[reading.name]
        return (
            not points.is_curve,
            not reading.ours,
            not points.placed,
            reading.split is Split.UNSAID,
            CADENCE_ORDER[reading.cadence],
            max(reading.dataset, 0),
            -len(points),
        )

    candidates = list(readings)
    if len(candidates) == 1:
        return candidates[0]
    return min(candidates, key=disadvantages, default=None)


def _is_curve(reading: Reading | None, series: Mapping[str, Series]) -> bool:
    return reading is not None and series[reading.name].is_curve


def _disadvantages(pair: Choice, series: Mapping[str, Series]) -> tuple[int, ...]:
    chosen = [item for item in (pair.validation, pair.training) if item is not None]
    main = chosen[0]
    return (
        not any(_is_curve(item, series) for item in chosen),
        not any(item.ours for item in chosen),
        pair.validation is None,
        pair.validation is not None and pair.validation.split is Split.TEST,
        pair.training is None,
        int(main.kind),
        main.auxiliary,
        RANK.get(main.quantity, len(RANK)),
        -max(len(series[item.name]) for item in chosen),
    )


def _named(run_id: str, readings: list[Reading], monitor: str) -> Reading:
    """Returns the metric that ``monitor`` names: exactly, or in another spelling of its words."""
    for reading in readings:
        if reading.name == monitor:
            return reading
    similar = [r for r in readings if words_of(r.name) == words_of(monitor)]
    if len(similar) == 1:
        return similar[0]
    raise NoLossError(
        f"Run {quoted(run_id)} has no metric {quoted(monitor)}; it has:"
        f" {quoted_list(sorted(r.name for r in readings)) or 'none'}. Name one of these with"
        " monitor=…"
    )


def _around(named: Reading, readings: list[Reading], series: Mapping[str, Series]) -> Choice:
    """Returns the pair that the named metric belongs to."""
    group = [r for r in readings if (r.kind, r.quantity) == (named.kind, named.quantity)]
    held_out = [r for r in group if r.split in (Split.VALIDATION, Split.TEST)]
    partner = best_of([r for r in held_out if series[r.name].is_curve], series)
    alone = partner is None and not any(r.split is Split.TRAINING for r in group)
    if named.split is Split.TRAINING or (
        named.split is Split.UNSAID and (partner or (alone and named.kind is Kind.LOSS))
    ):
        return Choice(named, partner, named.higher_is_better)
    rest = [r for r in group if r.split in (Split.TRAINING, Split.UNSAID) and r is not named]
    training = best_of(rest, series) if named.is_quality or named.quantity else None
    training = training or _loss_of_trainer([named], readings, series)
    numbered = _numbered_sets(group)
    if training is None and len(numbered) > 1 and named.dataset > numbered[0].dataset:
        training = numbered[0]
    if not _is_curve(training, series) and _is_curve(named, series):
        training = None
    return Choice(training, named, named.higher_is_better)


def _nothing_found(run_id: str, series: Mapping[str, Series]) -> str:
    if not series:
        return (
            f"Run {quoted(run_id)} has no metrics, so there is nothing to diagnose. Log the"
            " training and the validation loss of each epoch."
        )
    return (
        f"Run {quoted(run_id)} has no metric that can be read as a loss or a score; it has:"
        f" {quoted_list(sorted(series))}. Name one with monitor=…"
    )
