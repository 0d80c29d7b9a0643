"""What to try, with the run's own values put into the causes' remedies."""

from __future__ import annotations

import math
from string import Formatter

from mlflow_plateau.causes import Cause
from mlflow_plateau.counted import counted
from mlflow_plateau.history import Setup
from mlflow_plateau.siblings.words import DATA, LEARNING_RATE, LOSS, VALIDATION_DATA
from mlflow_plateau.signals import View
from mlflow_plateau.signals.batches import updates_per_epoch
from mlflow_plateau.signals.counterfactuals import repair_share
from mlflow_plateau.signals.experiments import penalty_share_at_first
from mlflow_plateau.signals.finite import non_finite_share
from mlflow_plateau.signals.forecast import forecast
from mlflow_plateau.signals.head import head_mismatch
from mlflow_plateau.signals.model import SQUASHING, reads_arrangement
from mlflow_plateau.signals.rate import farthest_target, usual_for, usual_learning_rate
from mlflow_plateau.signals.signal import listed
from mlflow_plateau.signals.splits import TREATED_DIFFERENTLY, rows_not_finite
from mlflow_plateau.untrusted import quoted
from mlflow_plateau.weigh.idioms import idioms

HEALTHY_BATCH = 32
"""The batch size to go to from one that is too small: Keras' default."""

HEALTHY_UPDATES = 20
"""Updates per epoch to aim for with a batch that is too large."""

FEWEST_PATIENT = 5
"""Epochs without a gain that early stopping should wait for at least; a tenth of a long run."""

TOO_GOOD = 0.05
"""No forecast promises a fall to a smaller share of what the loss is."""

DECAYED = 0.1
"""With less than this share of its largest rate a run goes on otherwise than it did."""

WORTH_FOLLOWING = 0.05
"""Another run that is ahead by a smaller share of the progress is not worth a word."""

OTHER_TASK = frozenset((DATA, LOSS, VALIDATION_DATA))
"""What differs in these has losses of another kind."""

NO_RATE = 1e-12
"""No weight of usual size changes at a smaller learning rate."""

USUAL_DECAY = 0.05
"""The largest decoupled weight decay that is in common use."""

MUCH = 0.3
"""A penalty that is a larger share of the loss is what is trained on."""

LIKE = 3.0
"""Learning rates within this factor are about the same."""

TURNED = 0.02
"""A last validation loss that is above the best by more than this share has turned, or scatters."""

EXPLAINED = 0.5
"""What takes away this part of the gap between the losses is what was wrong."""

WORTH_A_WORD = 0.005
"""An expected fall by a smaller share of the loss is not worth a forecast."""


def _facts(view: View) -> dict[str, object]:
    """Returns what the remedies may mention, ``None`` where the run does not say."""
    setup = view.setup
    rates = view.learning_rates
    rate = float(rates.max()) if len(rates) and rates.max() > 0 else None
    usual = usual_for(setup)
    updates = updates_per_epoch.measure(view)
    non_finite = non_finite_share.measure(view)
    mismatch = head_mismatch.measure(view)
    validation = view.validation
    batch = setup.batch_size
    higher = lower = None
    if rate is not None:
        # Towards the optimiser's usual rate where the run is far from it, else one decade.
        higher = max(usual, 10 * rate) if usual and rate < usual / 3 else 10 * rate
        higher = usual if usual and rate < usual / 30 else higher
        lower = usual if usual and rate > 30 * usual else rate / 10
        higher = _better_rate(view, 1) or higher
        lower = _better_rate(view, -1) or _above_worse_ones(view, rate, lower)
    spoiled_rows = _spoiled_rows(view)
    # Said also where it is zero, so a word and not a number that counts for nothing.
    zero_rate = f"{rates.max():g}" if len(rates) and rates.max() < NO_RATE else None
    best_epoch, stopped = _worth_stopping_at(view), setup.outcome == "stopped"
    return {
        "best_epoch": None if stopped else best_epoch,
        "restored_epoch": best_epoch if stopped else None,
        "dropout": setup.dropout,
        "more_dropout": None if setup.dropout is None else min(max(0.3, setup.dropout + 0.2), 0.6),
        "high_dropout": setup.dropout if setup.dropout and setup.dropout > 0.5 else None,
        "high_penalty": setup.l2 if setup.l2 and setup.l2 > 1e-3 else None,
        "high_decay": setup.weight_decay if (setup.weight_decay or 0) > USUAL_DECAY else None,
        "usual_decay": USUAL_DECAY,
        "felt_penalty": _felt_penalty(view),
        "lower_penalty": 1e-4,
        "parameters": _counted(setup.parameter_count, "weight"),
        "trainable": setup.trainable_parameter_count,
        "frozen": None if zero_rate and setup.trainable_parameter_count else _frozen(setup),
        "unreached": listed(
            view.witnessed.unreached_layers
            or view.witnessed.unmoved_layers
            or ("the trainable weights",)
        ),
        "rows": _counted(setup.training_rows, "training row"),
        "validation_rows": _counted(setup.validation_rows, "row"),
        "learning_rate": rate,
        "higher_rate": higher,
        "lower_rate": lower,
        "rate_without_overshoot": lower if spoiled_rows is None else None,
        "peak_rate": rate if len(rates) > 1 else None,
        "last_rate": float(rates[-1]) if len(rates) > 1 else None,
        "floor_rate": rate / 30 if rate else None,
        "zero_rate": zero_rate,
        "batch_size": batch,
        "larger_batch": max(HEALTHY_BATCH, 8 * batch) if batch else None,
        "smaller_batch": 2 ** int(math.log2(max(batch * updates.value / HEALTHY_UPDATES, 1)))
        if batch and updates.known
        else None,
        "updates_per_epoch": counted(updates.value, "update") if updates.known else None,
        "squashing": listed([a for a in setup.hidden_activations or () if a in SQUASHING]) or None,
        "consistency_fix": _consistency_fix(view),
        "order": _order(view),
        "unseen_difference": _unseen_difference(view),
        "constant_loss": setup.constant_loss,
        "far_targets": _far_targets(setup),
        "spoiled_rows": spoiled_rows,
        "unseen_rows": "" if view.history.comparison is None else None,
        "head": str(mismatch.facts["why"]) if mismatch.known and mismatch.value > 0 else None,
        "first_non_finite": f"{view.history.axis} {non_finite.epochs[0]:.10g}"
        if non_finite.known and non_finite.value > 0 and non_finite.epochs
        else None,
        **idioms(
            setup.framework,
            # The framework knows the metric without the recorder's prefix.
            monitor=(view.history.names.validation_loss or "val_loss").removeprefix("plateau/"),
            patience=max(FEWEST_PATIENT, round(0.1 * len(validation or ()))),
        ),
    }


def _counted(count: int | None, noun: str) -> str | None:
    return None if count is None else counted(count, noun)


def _far_targets(setup: Setup) -> str | None:
    """Returns what the targets lie between, where they are better standardised."""
    if farthest_target(setup) is None:
        return None
    return f"{setup.target_minimum:.4g} to {setup.target_maximum:.4g}"


def _spoiled_rows(view: View) -> str | None:
    """Returns which of the rows that were seen hold NaN or infinity."""
    found = rows_not_finite.measure(view)
    return str(found.facts["what"]) if found.known and found.value else None


def _felt_penalty(view: View) -> float | None:
    """Returns the share of the loss that a penalty of an unknown factor is, where it is much."""
    share = penalty_share_at_first.measure(view)
    return share.value if share.known and share.value > MUCH and not view.setup.l2 else None


def _order(view: View) -> str | None:
    """Returns the order in which the model knows validation, where that was tried and found."""
    found = repair_share.measure(view)
    helps = found.known and found.value >= EXPLAINED
    return view.witnessed.repair if helps and _consistency_fix(view) is None else None


def _unseen_difference(view: View) -> str | None:
    """Returns what to look for where the splits were compared and no column differs by itself."""
    comparison = view.history.comparison
    if comparison is None or comparison.verdict != "pass":
        return None
    if reads_arrangement(view):
        return "images that were flipped or turned, steps in another order"
    return "columns of the same kind in another order"


def _frozen(setup: Setup) -> str | None:
    """Returns what is frozen, where anything is."""
    trainable, total = setup.trainable_parameter_count, setup.parameter_count
    if trainable is None or total is None or trainable >= total:
        return None
    return listed(setup.frozen_layers or ("layers",))


def _better_rate(view: View, direction: int) -> float | None:
    """Returns the learning rate of the run that did better with a higher or a lower one.

    Not of one beyond the optimiser's usual rate where nobody tried anything like that.
    """
    siblings = view.history.siblings
    if siblings is None:
        return None
    usual = usual_learning_rate(view.setup.optimizer) or math.nan
    alike = [run for run in siblings.compared if run.levers == {LEARNING_RATE}]
    rates = [float(run.differences[0].theirs) for run in alike]
    is_tried = any(usual / LIKE < rate < usual * LIKE for rate in rates)
    for run, rate in zip(alike, rates, strict=True):
        moved = direction * run.change_of(LEARNING_RATE) > 0
        beyond = direction * (rate - usual * LIKE**direction) > 0
        if moved and run.gain > siblings.noise and (is_tried or not beyond):
            return rate
    return None


def _above_worse_ones(view: View, rate: float, lower: float) -> float:
    """Returns a lower rate; midway to the nearest one that a run did worse with, if that is not."""
    siblings = view.history.siblings
    if siblings is None:
        return lower
    worse = [
        float(run.differences[0].theirs)
        for run in siblings.compared
        if run.levers == {LEARNING_RATE}
        and run.change_of(LEARNING_RATE) < 0
        and run.gain < -siblings.noise
    ]
    nearest = max(worse, default=0.0)
    return math.sqrt(nearest * rate) if nearest >= lower else lower


def _consistency_fix(view: View) -> str | None:
    """Returns what undoes the most serious difference in treatment, as code."""
    comparison = view.history.comparison
    if comparison is None:
        return None
    fixes = [f.fix for f in comparison.findings if f.fix and f.kind in TREATED_DIFFERENTLY]
    if not fixes:
        return None
    lines = fixes[0].splitlines()
    # Comments have lines of their own (``checks/fix.py``), or they would hide what follows.
    code = [line for line in lines if not line.startswith("#")]
    return "; ".join(code or [line.removeprefix("# ") for line in lines])


def train_longer(view: View) -> str:
    """Returns what to expect of as many epochs again, where the curve says."""
    curve = view.validation
    plain = "train for longer: the validation loss is still falling"
    if curve is not None and curve.values[-1] - curve.values.min() > TURNED * curve.scale:
        return "train for longer, and keep the best weights: the last ones are not the best so far"
    rates = view.learning_rates
    if len(rates) > 1 and rates[-1] < DECAYED * rates.max():
        # The curve was drawn by a rate that more epochs would not have.
        return (
            f"{plain}; the learning rate has decayed from {rates.max():.3g} to {rates[-1]:.3g}, so"
            " stretch the schedule over more epochs instead of adding epochs at its end"
        )
    if curve is None or view.history.higher_is_better:
        return plain
    start, end = curve.span
    found = forecast(curve, end + (end - start))
    if found is None or curve.end - found.level < WORTH_A_WORD * curve.scale:
        return plain
    if curve.end > 0 and found.level < TOO_GOOD * curve.end:
        return plain  # It falls faster than any of the laws, which then say nothing.
    within = (
        f"between {found.low:.4g} and {found.high:.4g}"
        if found.low > 0
        else f"at {found.high:.4g} or below"
    )
    return (
        f"{plain}; if it goes on as before, {counted(end - start + 1, f'more {view.history.axis}')}"
        f" would take it from {curve.end:.4g} to about {found.level:.4g} (four of five such"
        f" curves end {within})"
    )


def follow_best(view: View) -> str | None:
    """Returns what the best run that differs in one thing has, where it was clearly ahead."""
    siblings = view.history.siblings
    if siblings is None:
        return None
    clear = max(2 * siblings.noise, WORTH_FOLLOWING)
    ahead = [
        run
        for run in siblings.compared
        if len(run.levers) == 1 and not run.levers & OTHER_TASK and run.gain > clear
    ]
    if not ahead:
        return None
    best = max(ahead, key=lambda run: run.gain)
    first = best.differences[0]
    theirs, ours = (quoted(text)[1:-1] for text in (first.theirs, first.ours))
    return (
        f"continue from run {quoted(best.name or best.run_id)}, which with"
        f" {quoted(first.name)[1:-1]} {theirs} instead of {ours} reached {best.theirs:.4g} against"
        f" {best.ours:.4g} at equal {view.history.axis}s"
    )


def treat_alike(view: View) -> str | None:
    """Returns how to undo what was certainly done to one split only."""
    comparison, fix = view.history.comparison, _consistency_fix(view)
    if comparison is None or comparison.verdict != "fail" or fix is None:
        return None
    return f"treat both splits alike first: {fix}"


def mend_rows(view: View) -> str | None:
    """Returns what to do about rows that hold NaN or infinity, where the recorder saw any."""
    spoiled = _spoiled_rows(view)
    if spoiled is None:
        return None
    return f"drop or fill what is not finite in the same way in both splits first: {spoiled}"


def _worth_stopping_at(view: View) -> str | None:
    """Returns the best epoch, unless it is the first: to stop there is not to train."""
    first = view.validation.span[0] if view.validation else 0.0
    if view.best is None or view.best[1] <= first:
        return None
    return f"{view.history.axis} {view.best[1]:.10g}"


def remedies_for(cause: Cause, view: View) -> tuple[str, ...]:
    """Returns the cause's remedies with the run's values, leaving out those that do not apply."""
    facts = _facts(view)
    said = []
    for remedy in cause.remedies:
        for wording in remedy.wordings:
            named = [name for _, name, _, _ in Formatter().parse(wording) if name]
            if all(facts[name] is not None for name in named):
                said.append(wording.format(**facts))
                break
    return tuple(said)
