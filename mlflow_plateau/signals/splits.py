"""What the two splits themselves say: were they treated alike, do they come from one population."""

from __future__ import annotations

from mlflow_plateau.checks.finding import Finding
from mlflow_plateau.checks.kinds import KINDS
from mlflow_plateau.counted import counted
from mlflow_plateau.signals.model import NO_COLUMNS, reads_arrangement
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, signal
from mlflow_plateau.signals.view import View

TREATED_DIFFERENTLY = frozenset(kind.id for kind in KINDS.values() if kind.treatment)
"""Kinds of findings that are somebody's code, and can be undone."""

ANOTHER_POPULATION = frozenset(kind.id for kind in KINDS.values() if kind.population)
"""Kinds of findings that are in the rows themselves."""

DIFFERENCES = TREATED_DIFFERENTLY | ANOTHER_POPULATION

WEIGHTS = {"info": 0.0, "warn": 0.5, "fail": 1.0}
"""How serious a finding is."""

NOT_COMPARED = Missing("the two splits were not recorded, so they cannot be compared")


def _in_the_rows(view: View, kinds: frozenset[str], beside_that: str = "") -> Measurement:
    """Returns the same, but of images and sequences not that there is nothing: columns hide it."""
    found = _most_serious(view, kinds, beside_that)
    if found.known and not found.value and reads_arrangement(view):
        return cannot_say(NO_COLUMNS)
    return found


def _most_serious(view: View, kinds: frozenset[str], beside_that: str = "") -> Measurement:
    comparison = view.history.comparison
    if comparison is None or comparison.verdict == "unknown":
        return cannot_say(NOT_COMPARED)
    found = [finding for finding in comparison.findings if finding.kind in kinds]
    worst = max(found, key=lambda finding: WEIGHTS[finding.severity], default=None)
    if worst is None:
        rows = (
            f"{counted(comparison.training_rows, 'training row')} and"
            f" {counted(comparison.validation_rows, 'validation row')}"
        )
        beside = any(finding.kind in DIFFERENCES for finding in comparison.findings)
        what = f"no sign {beside_that}" if beside else "no difference"
        return Measurement(0.0, facts={"what": f"compared column by column, {rows} show {what}"})
    return Measurement(WEIGHTS[worst.severity], facts={"what": _said(worst)})


def _said(finding: Finding) -> str:
    return finding.message.rstrip(".")


def has_other_classes(view: View) -> bool:
    """Whether the shares of the classes differ by more than chance and enough to matter."""
    comparison = view.history.comparison
    return comparison is not None and any(
        finding.kind == "label_shift" and WEIGHTS[finding.severity] > 0
        for finding in comparison.findings
    )


@signal(unit="severity", sentence="{what}", needs="recorded")
def treated_differently(view: View) -> Measurement:
    """How serious it is that one split was transformed otherwise: 0 not, 0.5 warn, 1 fail.

    From the profiles of both splits that the recorder took: see the checks.
    """
    return _most_serious(view, TREATED_DIFFERENTLY, "that they were treated differently")


@signal(unit="severity", sentence="{what}", needs="recorded")
def another_population(view: View) -> Measurement:
    """How serious it is that the validation rows are distributed otherwise, from 0 to 1.

    From the profiles of both splits that the recorder took: see the checks.
    """
    return _in_the_rows(view, ANOTHER_POPULATION, "of another population beside that")


@signal(unit="1 or 0", sentence="{what}", needs="recorded")
def rows_not_finite(view: View) -> Measurement:
    """Whether any of the rows that the recorder saw holds NaN or infinity: 1, otherwise 0.

    From the profiles of both splits: see the checks.
    """
    comparison = view.history.comparison
    if comparison is None:
        return cannot_say(NOT_COMPARED)
    found = [finding for finding in comparison.findings if finding.kind == "non_finite"]
    if found:
        return Measurement(1.0, facts={"what": "; ".join(map(_said, found))})
    rows = counted(comparison.training_rows + comparison.validation_rows, "row")
    return Measurement(0.0, facts={"what": f"none of the {rows} holds NaN or infinity"})


@signal(unit="severity", sentence="{what}", needs="recorded")
def splits_differ(view: View) -> Measurement:
    """How serious the most serious difference of the two splits is, of whatever kind, from 0 to 1.

    From the profiles of both splits that the recorder took: see the checks.
    """
    return _in_the_rows(view, DIFFERENCES)


@signal(
    unit="share of the validation rows",
    sentence="{value:.0%} of the validation rows are of classes of which training has no row",
    needs="recorded",
)
def unseen_classes(view: View) -> Measurement:
    """Share of the validation rows whose class does not occur in training at all, from 0 to 1.

    Of classes whose shares are the same but for chance, it is 0. From the profiles of both splits
    that the recorder took: see the checks.
    """
    comparison = view.history.comparison
    if comparison is None or comparison.verdict == "unknown":
        return cannot_say(NOT_COMPARED)
    found = [f for f in comparison.findings if f.kind == "label_shift"]
    return Measurement(max((f.constants.get("unseen", 0.0) for f in found), default=0.0))
