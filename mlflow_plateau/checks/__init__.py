"""What was done differently to train and validation data, from their profiles alone."""

from collections.abc import Callable, Iterator

from mlflow_plateau.checks.categories_recoded import categories_recoded
from mlflow_plateau.checks.clipped import clipped
from mlflow_plateau.checks.columns_permuted import columns_permuted
from mlflow_plateau.checks.comparison import Comparison, compare
from mlflow_plateau.checks.compete import winners
from mlflow_plateau.checks.distribution_shift import distribution_shift
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.imputed_differently import imputed_differently
from mlflow_plateau.checks.kinds import KINDS
from mlflow_plateau.checks.label_shift import label_shift
from mlflow_plateau.checks.labels_recoded import labels_recoded
from mlflow_plateau.checks.monotone_transform import monotone_transform
from mlflow_plateau.checks.non_finite import non_finite
from mlflow_plateau.checks.repair import Repair, repair_of
from mlflow_plateau.checks.rows_shared import rows_shared
from mlflow_plateau.checks.scaled_as_whole import scaled_as_whole
from mlflow_plateau.checks.scaled_together import scaled_together
from mlflow_plateau.checks.scaler_fit_on_both import scaler_fit_on_both
from mlflow_plateau.checks.scaler_refit import scaler_refit
from mlflow_plateau.checks.scaling_missing import scaling_missing
from mlflow_plateau.checks.schema_mismatch import schema_mismatch
from mlflow_plateau.checks.token_offset import token_offset
from mlflow_plateau.checks.too_small import too_small
from mlflow_plateau.checks.unit_factor import unit_factor
from mlflow_plateau.checks.vocabulary_cut import vocabulary_cut
from mlflow_plateau.profiles import Profile

Check = Callable[[Comparison], Iterator[Hypothesis]]

CHECKS: tuple[Check, ...] = (
    schema_mismatch,
    non_finite,
    rows_shared,
    scaler_refit,
    scaler_fit_on_both,
    scaled_as_whole,
    scaled_together,
    scaling_missing,
    columns_permuted,
    token_offset,
    vocabulary_cut,
    unit_factor,
    monotone_transform,
    clipped,
    imputed_differently,
    categories_recoded,
    labels_recoded,
    label_shift,
    distribution_shift,
    too_small,
)
"""Every check; each yields hypotheses, of which the best explanations become findings."""


def run_checks(train: Profile, validation: Profile) -> tuple[Finding, ...]:
    """Returns what was done differently, most likely and most serious first."""
    return _findings(compare(train, validation))


def repairs(train: Profile, validation: Profile) -> tuple[Repair, ...]:
    """Returns what would treat validation as train was treated, in the order to do it."""
    comparison = compare(train, validation)
    findings = [found for found in _findings(comparison) if found.severity != "info"]
    # Columns go by their numbers until all else is put right.
    findings.sort(key=lambda found: found.kind == "columns_permuted")
    found = (repair_of(finding, comparison) for finding in findings)
    return tuple(repair for repair in found if repair is not None)


def _findings(comparison: Comparison) -> tuple[Finding, ...]:
    hypotheses = [found for check in CHECKS for found in check(comparison)]
    return winners(comparison, hypotheses)


__all__ = ["CHECKS", "KINDS", "Finding", "Repair", "repairs", "run_checks"]
