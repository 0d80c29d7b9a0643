"""Where a curve's plateau begins, if it has one: decided against the curve's own noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlflow_plateau.curve import Curve
from mlflow_plateau.signals.trend import trend

MINIMUM_POINTS = 5
"""A plateau is at least this many points long …"""

FEWEST_RISEN = 3
"""… or this many, where the curve ended clearly above its best."""

MINIMUM_SHARE = 0.2
"""In either case it is at least this share of the run, unless that could not have gone on."""

PROGRESS_TOLERANCE = 0.02
"""A plateau lies within this share of all progress above the best level …"""

LEVEL_TOLERANCE = 0.05
"""… and within this share of the best level itself, whichever is less …"""

NOISE_TOLERANCE = 2.5
"""… but a difference of fewer standard deviations of the noise than this is no difference."""

SIGNIFICANCE = 3.0
"""A late trend counts from this many standard errors on."""

KEPT_PACE = 0.5
"""A stretch that keeps this share of the second half's slope has not flattened."""


@dataclass(frozen=True)
class Plateau:
    """The flat end of a curve.

    Attributes:
        onset_index: Index of its first point in the curve.
        onset_epoch: Epoch of its first point.
        length: Number of epochs from the onset to the end.
        share: That length as a share of the run.
        tolerance: Differences below this, in units of the loss, were taken for none.
    """

    onset_index: int
    onset_epoch: float
    length: float
    share: float
    tolerance: float


def meaningful_difference(curve: Curve) -> float:
    """Returns the least difference in loss that counts as progress, noise apart.

    The lesser of 2 % of all progress made and 5 % of the best level: the first alone would call a
    loss that still halves every hundred epochs flat once it has fallen far, the second alone would
    call a curve flat whose loss has a high floor.
    """
    progress = max(curve.start - curve.best, 0.0)
    return min(PROGRESS_TOLERANCE * progress, LEVEL_TOLERANCE * abs(curve.best))


def _still_falls(curve: Curve, onset: int) -> bool:
    """Whether the curve falls steadily from the onset on, if only within its noise.

    Either the stretch itself falls significantly, or the second half of the run does and the
    stretch keeps at least half of its pace.
    """
    if curve.end > curve.best + NOISE_TOLERANCE * curve.smooth_noise:
        return False
    late = trend(curve.epochs[onset:], curve.values[onset:])
    half = trend(*curve.tail(0.5))
    least = meaningful_difference(curve)
    falls_late = late.change < -max(SIGNIFICANCE * late.change_error, least)
    falls_in_half = half.change < -max(SIGNIFICANCE * half.change_error, least)
    return falls_late or (falls_in_half and late.slope < KEPT_PACE * half.slope)


def find_plateau(curve: Curve, *, is_final: bool = False) -> Plateau | None:
    """Returns the plateau that the curve ends in, or ``None`` while it still improves.

    The onset is the first point from which on the smoothed curve never gets better by more than
    the tolerance than it already was: the least meaningful difference, or the noise of the
    smoothed curve if that is more. A stretch that is flat point by point but falls steadily within
    the noise is no plateau: its trend is tested.

    Args:
        curve: The curve.
        is_final: Whether nothing more could come of the run, so that a short plateau is one, too.
    """
    if len(curve) < MINIMUM_POINTS:
        return None
    tolerance = max(meaningful_difference(curve), NOISE_TOLERANCE * curve.smooth_noise)
    onset = int(np.argmax(curve.smooth <= curve.best + tolerance))
    points = len(curve) - onset
    since_best = len(curve) - int(np.argmin(curve.values))
    risen = since_best >= FEWEST_RISEN and curve.values[-1] > curve.values.min() + tolerance
    fewest = FEWEST_RISEN if risen else MINIMUM_POINTS
    if points < max(fewest, 0 if is_final else MINIMUM_SHARE * len(curve)):
        return None
    if _still_falls(curve, onset):
        return None
    begin, end = curve.span
    length = end - float(curve.epochs[onset])
    return Plateau(
        onset_index=onset,
        onset_epoch=float(curve.epochs[onset]),
        length=length,
        share=length / (end - begin),
        tolerance=tolerance,
    )
