"""What quick reference models found in the same rows: is there anything to learn?"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from mlflow_plateau.checks.distribution_shift import OTHER_DEPENDENCE
from mlflow_plateau.curve import Curve
from mlflow_plateau.median import median
from mlflow_plateau.signals.chance import target_shift
from mlflow_plateau.signals.gap import gap_at_end
from mlflow_plateau.signals.head_rules import BINARY, CATEGORICAL, SPARSE
from mlflow_plateau.signals.model import NO_COLUMNS, reads_arrangement
from mlflow_plateau.signals.signal import Measurement, Missing, cannot_say, signal
from mlflow_plateau.signals.splits import has_other_classes
from mlflow_plateau.signals.view import View

LOST = "what is learned from training rows on validation rows"
SEPARABLE = "telling the splits apart"
"""What several signals measure, each under other conditions."""

NO_REFERENCE = "no reference model was fitted to the rows"

LEARNABLE = 0.05
"""Below this share of the targets' variance there is too little to compare anything with."""

WEAK = 2.5
"""A share that is more standard errors above zero is no chance, however small."""

ALIKE = 0.1
"""Targets that are shifted by less have about the same classes in both splits."""

SAMPLE_ROWS = 500
"""This many validation rows, at most, are compared with as many training rows."""

WIDE_GAP = 0.3
"""A validation loss that is higher by this share is clearly higher."""

INSEPARABLE = 0.5
"""Inputs that are told apart as well as this, and targets that are shifted by as much, differ."""

UNARRANGED = "the quick reference models do not see how pixels or steps are arranged"

LEAST_ON_SAMPLE = (
    "on a sample of the rows, without dropout and penalty, the best validation loss is about"
)
LEAST_SMOOTHED = "smoothed, the best validation loss is"


def _no_reference(view: View) -> Measurement:
    why = view.witnessed.reference_declined
    if view.witnessed.learnable_share is not None:
        return cannot_say(Missing("the quick reference models' loss is not that of the training"))
    return cannot_say(f"{NO_REFERENCE}: {why}" if why else Missing(NO_REFERENCE))


def _learnable(view: View, errors: float) -> Measurement:
    share, error = view.witnessed.learnable_share, view.witnessed.learnable_share_error
    if share is None or error is None:
        return _no_reference(view)
    if errors > 0 and share > WEAK * error and _holds_on_validation(view):
        return cannot_say("the reference model explains little, but more than chance would")
    if share + 2 * error < _learned(view) or (
        share - 2 * error < LEARNABLE and _right_more_often_than_a_constant(view)
    ):
        return cannot_say("the model itself learned more than the reference model")
    return Measurement(share + errors * error, facts={"share": max(share, 0.0), "error": error})


def _holds_on_validation(view: View) -> bool:
    """Returns whether what the reference model learned holds on validation rows, beyond chance."""
    share, error = (
        view.witnessed.learnable_share_validation,
        view.witnessed.learnable_share_validation_error,
    )
    return share is not None and error is not None and share > error


def _learned(view: View) -> float:
    """Returns the share of a constant's loss that the model took off on validation rows."""
    constant, curve = view.setup.validation_constant_loss, view.validation
    if constant is None or constant <= 0 or curve is None or view.history.higher_is_better:
        return 0.0
    return 1.0 - curve.best / constant


def _right_more_often_than_a_constant(view: View) -> bool:
    """Returns whether the validation accuracy is above that of any constant, by chance hardly so.

    By three standard errors of a share of the validation rows, late in the run: a loss spoilt by a
    few confident errors may hide that something was learned.
    """
    setup, accuracy = view.setup, view.metric("val_accuracy")
    constants = [c for c in (setup.constant_loss, setup.validation_constant_loss) if c is not None]
    shift = target_shift.measure(view)
    if (
        (accuracy is None or len(accuracy) == 0)
        or (setup.loss not in BINARY | CATEGORICAL | {SPARSE} or not constants)
        or (not setup.validation_rows or not shift.known or abs(shift.value) > ALIKE)
    ):
        return False
    classes = 2 if setup.loss in BINARY else setup.target_classes or setup.output_units or 2
    most = _largest_share(min(constants), max(classes, 2))
    error = math.sqrt(most * (1 - most) / setup.validation_rows)
    return median(accuracy[len(accuracy) // 2 :]) > most + 3 * error


def _largest_share(entropy: float, classes: int) -> float:
    """Returns the largest share that one of so many classes can have at that entropy, in nats.

    The others then share the rest equally: H = −p log p − (1 − p) log((1 − p) / (K − 1)).
    """

    def excess(share: float) -> float:
        rest = 1 - share
        return -share * math.log(share) - rest * math.log(rest / (classes - 1)) - entropy

    least, all_rows = 1 / classes, 1 - 1e-12
    if excess(least) <= 0:
        return least
    return all_rows if excess(all_rows) >= 0 else float(brentq(excess, least, all_rows))


_HOW_MUCH = (
    "a quick reference model explains {share:.0%} ± {error:.0%} of the targets' variance on"
    " training rows that it was not fitted on"
)


@signal(unit="share of the targets' variance", sentence=_HOW_MUCH, needs="recorded")
def learnable_at_least(view: View) -> Measurement:
    """Share of the variance that a quick reference model predicts on rows left out, − 2 errors.

    1 − Σ‖y − ŷ‖² / Σ‖y − ȳ‖² of a forest out of bag or of kernel ridge regression leaving one row
    out, whichever does better; with one indicator column for each class.
    """
    return _learnable(view, -2.0)


@signal(unit="share of the targets' variance", sentence=_HOW_MUCH, needs="recorded")
def learnable_at_most(view: View) -> Measurement:
    """The same share + 2 standard errors: near 0 the inputs do not predict the targets.

    Not of images and sequences: see ``learnable_from_parts``.
    """
    if reads_arrangement(view):
        return cannot_say(UNARRANGED)
    return _learnable(view, 2.0)


@signal(
    unit="share of the targets' variance",
    sentence="a quick reference model, which does not see how pixels or steps are arranged,"
    " explains {share:.0%} ± {error:.0%} of the targets' variance on training rows that it was not"
    " fitted on",
    needs="recorded",
)
def learnable_from_parts(view: View) -> Measurement:
    """``learnable_at_most`` of images and sequences, whose arrangement may hold what it misses."""
    if not reads_arrangement(view):
        return cannot_say("the model reads neither images nor sequences")
    return _learnable(view, 2.0)


def _lost(view: View) -> tuple[float, dict[str, float | str]] | None:
    found = view.witnessed
    share, error = found.learnable_share, found.learnable_share_error
    other, other_error = found.learnable_share_validation, found.learnable_share_validation_error
    if share is None or error is None or other is None or other_error is None:
        return None
    if share - 2 * error < LEARNABLE:
        return None
    lost = (share - other - 2 * math.hypot(error, other_error)) / share
    return min(max(lost, -1.0), 5.0), {"share": share, "other": other}


@signal(
    unit="share of what is learnable",
    sentence="a quick reference model explains {share:.0%} of the targets' variance on training"
    " rows that it was not fitted on, but {other:.0%} on validation rows",
    needs="recorded",
    fact=LOST,
)
def lost_on_validation(view: View) -> Measurement:
    """(share on training rows left out − share on validation rows − 2 errors) / the former.

    Above 0 what can be learned from training rows does not hold on validation rows, for whatever
    model: the two splits differ.
    """
    found = _lost(view)
    if found is None:
        return cannot_say("no reference model learned anything from the rows")
    return Measurement(found[0], facts=found[1])


@signal(
    unit="share of what is learnable",
    sentence="what a quick reference model learned from training rows ({share:.0%} of the targets'"
    " variance) fails on validation rows ({other:.0%}) whose inputs and targets look the same",
    needs="recorded",
    fact=LOST,
)
def lost_though_alike(view: View) -> Measurement:
    """``lost_on_validation`` where inputs and targets of the two splits look alike, otherwise 0.

    Classes under other codes, or columns of the same kind in another order. Where the targets are
    distributed otherwise as well, it may be another population.
    """
    found, separability = _lost(view), view.witnessed.split_separability
    if found is None or separability is None:
        return cannot_say("no reference model learned anything from the rows")
    shift = target_shift.measure(view)
    apart = max(separability, abs(shift.value) if shift.known else 0.0, 0.0)
    alike = max(0.0, 1.0 - apart / INSEPARABLE)
    return Measurement(max(found[0], 0.0) * alike, facts=found[1])


@signal(
    unit="share of what is learnable",
    sentence="what a quick reference model learned from training rows ({share:.0%} of the targets'"
    " variance) fails on validation rows ({other:.0%}) though every column by itself is the same",
    needs="recorded",
    fact=LOST,
)
def lost_though_columns_alike(view: View) -> Measurement:
    """``lost_on_validation`` where no column differs by itself in the profiles, otherwise 0.

    Columns of the same kind in another order, or rows joined to the wrong targets, break what goes
    together; another population hardly ever keeps each column as it was.
    """
    found, comparison = _lost(view), view.history.comparison
    if found is None or comparison is None or comparison.verdict == "unknown":
        return cannot_say("no reference model learned anything, or the splits were not compared")
    if reads_arrangement(view):
        return cannot_say(NO_COLUMNS)
    shift = target_shift.measure(view)
    differing = [
        finding
        for finding in comparison.findings
        if finding.severity != "info" and finding.transformation != OTHER_DEPENDENCE
    ]
    alike = not differing and (not shift.known or abs(shift.value) < INSEPARABLE)
    return Measurement(max(found[0], 0.0) if alike else 0.0, facts=found[1])


@signal(
    unit="2 AUC − 1",
    sentence="a forest tells training from validation inputs apart with an AUC of {area:.2f}",
    needs="recorded",
    fact=SEPARABLE,
)
def split_separability(view: View) -> Measurement:
    """2 AUC − 1 of a forest that tells the splits apart by their inputs, out of bag, − 2 errors.

    The error is that of the AUC of indistinguishable samples, √((2n + 1) / (12 n²)) (Hanley &
    McNeil, 1982). A classifier two-sample test (Lopez-Paz & Oquab, 2017).
    """
    value = view.witnessed.split_separability
    if value is None:
        return _no_reference(view)
    rows = min(view.setup.validation_rows or SAMPLE_ROWS, SAMPLE_ROWS)
    error = math.sqrt((2 * rows + 1) / (12 * rows**2))
    if value < 4 * error and has_other_classes(view):
        return cannot_say("the splits differ in their classes, which their inputs need not show")
    return Measurement(value - 4 * error, facts={"area": (value + 1) / 2})


@signal(
    unit="2 AUC − 1",
    sentence="a forest tells training from validation inputs apart with an AUC of {area:.2f}, and"
    " the validation loss ends above the training loss, by {gap:.0%} of it",
    needs="recorded",
    fact=SEPARABLE,
)
def separable_with_gap(view: View) -> Measurement:
    """``split_separability`` times the gap of the losses at the end, the latter at most 1.

    Splits may be told apart by a column that does no harm, such as a date.
    """
    separable, gap = split_separability.measure(view), gap_at_end.measure(view)
    if not separable.known or not gap.known:
        return cannot_say(separable.reason or gap.reason)
    share = min(max(gap.value / WIDE_GAP, 0.0), 1.0)
    return Measurement(
        max(separable.value, 0.0) * share,
        epochs=gap.epochs,
        facts={**separable.facts, "gap": gap.value},
    )


def _least(clean: Curve | None, curve: Curve | None) -> tuple[float, str]:
    """Returns the lowest validation loss on the rows that the reference model was asked about.

    Experiments are few: between them the loss is that of the curve, and what the two differ by,
    since other rows and the penalty count in the curve, is taken to change evenly.
    """
    if clean is None:
        return curve.best if curve else math.nan, LEAST_SMOOTHED
    least = float(clean.values.min())
    if curve is not None:
        apart = clean.values - np.interp(clean.epochs, curve.epochs, curve.smooth)
        least = min(least, curve.best + float(np.interp(curve.best_epoch, clean.epochs, apart)))
    return least, LEAST_ON_SAMPLE


@signal(
    unit="share of the reference model's gain",
    sentence="{which} {best:.4g}, where a quick reference model reaches {reference:.4g} and a"
    " constant {constant:.4g}",
    needs="recorded",
)
def behind_reference(view: View) -> Measurement:
    """(best validation loss − reference's) / (constant's − reference's).

    0 for a model as good as the quick reference model, 1 for one no better than a constant,
    negative for a better one. The loss is taken without penalties where that was measured.
    """
    constant, reference = view.setup.validation_constant_loss, view.witnessed.reference_loss
    if constant is None or reference is None:
        return _no_reference(view)
    if reference > (1 - LEARNABLE) * constant:
        return cannot_say("the reference model is no better than a constant")
    clean = view.recorded("clean_held_out")
    curve = view.validation
    if view.history.higher_is_better or (clean is None and curve is None):
        return cannot_say("no validation loss was logged")
    best, which = _least(clean, curve)
    value = (best - reference) / (constant - reference)
    return Measurement(
        min(max(value, -2.0), 3.0),
        facts={"which": which, "best": best, "reference": reference, "constant": constant},
    )
