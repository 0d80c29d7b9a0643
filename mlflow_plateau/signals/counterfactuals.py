"""What the validation loss would be on other rows: treated as train was, or drawn as train was."""

from __future__ import annotations

from mlflow_plateau.signals.signal import Measurement, cannot_say, signal
from mlflow_plateau.signals.view import View

LEAST_GAP = 0.05
"""A validation loss that is higher than the training loss by a smaller share of it is no gap."""

STAYS = 0.02
"""A loss that changes by a smaller share hardly changes."""

NO_GAP = "the validation loss is not above the training loss"


def _last(view: View, name: str) -> float | None:
    curve = view.recorded(name)
    return None if curve is None else float(curve.values[-1])


def _share(view: View, otherwise: str) -> tuple[float, float, float] | str:
    """Returns what another loss takes off the gap, the validation loss and that other loss."""
    fit, held_out, other = (
        _last(view, name) for name in ("final_fit", "final_held_out", otherwise)
    )
    if fit is None or held_out is None or other is None:
        return "the model was not tried on such rows"
    if held_out - fit <= LEAST_GAP * abs(held_out):
        return NO_GAP
    share = (held_out - other) / (held_out - fit)
    return min(max(share, -1.0), 1.5), held_out, other


def _moves(before: float, after: float) -> str:
    changed = (after - before) / max(abs(before), 1e-30)
    how = "hardly moves," if abs(changed) < STAYS else "falls" if changed < 0 else "rises"
    return f"{how} from {before:.4g} to {after:.4g} on a sample of its rows"


@signal(
    unit="share of the gap between the losses",
    sentence="with {done}, the validation loss {moves}",
    needs="recorded",
)
def repair_share(view: View) -> Measurement:
    """(validation loss − the same after the repair) / (validation loss − training loss).

    At the end, in inference, with the same weights, on a sample of the rows. The repair undoes in
    validation what the checks say was done differently to it: about 1 where that was all, 0 where
    it was something else, negative where it does harm. From −1 to 1.5.
    """
    done = view.witnessed.repair or "validation treated as train was"
    repaired, fit = _last(view, "repaired_held_out"), _last(view, "final_fit")
    if repaired is not None and fit is not None and _last(view, "final_held_out") is None:
        # What is not finite was not logged.
        moves = f"is {repaired:.4g} on a sample of its rows, before it is not finite"
        return Measurement(1.0, facts={"moves": moves, "done": done})
    found = _share(view, "repaired_held_out")
    if isinstance(found, str):
        return cannot_say(found)
    return Measurement(found[0], facts={"moves": _moves(*found[1:]), "done": done})


@signal(
    unit="share of the gap between the losses",
    sentence="on the {inside:,.0f} sampled validation rows that look like training rows the loss is"
    " {after:.4g}, on the other {outside:,.0f} it is {other:.4g}",
    needs="recorded",
)
def lost_outside_support(view: View) -> Measurement:
    """(validation loss − that of the rows inside the training support) / the gap of the losses.

    In inference, at the end. A row is inside where a forest that tells the splits apart gives it,
    out of bag, at least a chance of one in four to be a training row. About 1 where only rows
    unlike the training rows are predicted badly; about 0 for a model that memorises.
    """
    found = _share(view, "held_out_inside")
    outside = _last(view, "held_out_outside")
    rows, others = _last(view, "inside_rows"), _last(view, "outside_rows")
    if isinstance(found, str):
        return cannot_say(found)
    if outside is None or rows is None or others is None:
        return cannot_say("the model was not tried on such rows")
    facts = {"after": found[2], "other": outside, "inside": rows, "outside": others}
    return Measurement(found[0], facts=facts)


@signal(
    unit="share of the gap between the losses",
    sentence="weighted so that they are distributed as the training rows are, the sampled"
    " validation rows have a loss of {after:.4g} instead of {before:.4g}",
    needs="recorded",
)
def reweighting_share(view: View) -> Measurement:
    """(validation loss − the importance-weighted one) / (validation loss − training loss).

    In inference, at the end, with Σ wᵢ ℓᵢ / Σ wᵢ, wᵢ = pᵢ / (1 − pᵢ) ≤ 10, where pᵢ is a forest's
    probability, out of bag, that row i is a training row (Shimodaira, 2000; Bickel et al., 2009).
    About 1 where another population is all that the gap comes from, about 0 for a model that
    memorises. From −1 to 1.5.
    """
    found = _share(view, "reweighted_held_out")
    if isinstance(found, str):
        return cannot_say(found)
    return Measurement(found[0], facts={"before": found[1], "after": found[2]})
