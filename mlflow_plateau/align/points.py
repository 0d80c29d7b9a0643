"""The points of one metric, freed of what stores, resumed runs and callbacks do to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mlflow_plateau.tracked import FloatArray, IntArray, Points
from mlflow_plateau.untrusted import quoted

STORED_INFINITY = 1.797e308
"""SQL stores write the largest double, 1.797e308, in place of an infinity."""


@dataclass(frozen=True)
class Series:
    """The cleaned points of one metric.

    Attributes:
        steps: Shape ``(n,)``, strictly increasing.
        values: Shape ``(n,)``; NaN where NaN was logged.
        timestamps: Unix time in milliseconds, shape ``(n,)``.
        placed: Whether the steps are the logged ones. Where every point was logged at one and the
            same step they are 0, 1, 2, … in the order of logging instead.
        notes: What was cleaned, one sentence each.
    """

    steps: FloatArray
    values: FloatArray
    timestamps: IntArray
    placed: bool = True
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_curve(self) -> bool:
        """Whether there is more than a single value."""
        return len(self) > 1

    def taking(
        self, selection: npt.NDArray[np.bool_] | npt.NDArray[np.intp], note: str = ""
    ) -> Series:
        """Returns the points that a mask or an order of shape ``(n,)`` selects, with a note."""
        return replace(
            self,
            steps=self.steps[selection],
            values=self.values[selection],
            timestamps=self.timestamps[selection],
            notes=(*self.notes, note) if note else self.notes,
        )


def clean_points(name: str, points: Points) -> Series:
    """Orders a metric's points and removes what does not belong to its curve.

    Infinities are restored; points are put into the order of logging and then of steps; what a
    resumed or repeated training logged again replaces what it superseded; of several points at one
    step the last logged stays; a summary logged without a step, after the curve, is dropped.

    Args:
        name: The metric's name, for the notes.
        points: The points as the store returned them.

    Returns:
        The curve, with what was changed in its notes.
    """
    series = _in_order_of_logging(points)
    series = _with_infinities(name, series)
    if (series.steps[1:] > series.steps[:-1]).all():
        return series
    if len(series) > 1 and series.steps.min() == series.steps.max():
        return replace(
            series,
            steps=np.arange(len(series), dtype=np.float64),
            placed=False,
            notes=(
                *series.notes,
                f"All {len(series)} points of {quoted(name)} were logged at step"
                f" {series.steps[0]:.0f}; they were taken in the order of logging.",
            ),
        )
    series = _without_summary(name, series)
    series = _without_superseded(name, series)
    return _last_at_each_step(name, series)


def _in_order_of_logging(points: Points) -> Series:
    steps, values = points.steps.astype(np.float64), points.values.astype(np.float64)
    times = points.timestamps
    if (times[1:] >= times[:-1]).all():
        return Series(steps, values, times)
    order = np.argsort(times, kind="stable")
    return Series(steps[order], values[order], times[order])


def first_at_each_step(points: Points) -> Series:
    """Returns the points as logged, of several at one step the first.

    For the metric that counts epochs: Lightning counts one up at the last step, when it ends.
    """
    order = np.argsort(points.timestamps, kind="stable")
    first = order[np.unique(points.steps[order], return_index=True)[1]]
    return Series(
        steps=points.steps[first].astype(np.float64),
        values=points.values[first].astype(np.float64),
        timestamps=points.timestamps[first],
    )


def _with_infinities(name: str, series: Series) -> Series:
    sizes = np.abs(series.values)
    if not (sizes >= STORED_INFINITY).any():
        return series
    stand_ins = np.isfinite(series.values) & (sizes >= STORED_INFINITY)
    if not stand_ins.any():
        return series
    note = (
        f"{stand_ins.sum()} values of {quoted(name)} are ±1.797e308, which the store writes for"
        " infinity; they were read as infinite."
    )
    values = np.where(stand_ins, np.copysign(np.inf, series.values), series.values)
    return replace(series, values=values, notes=(*series.notes, note))


def _without_summary(name: str, series: Series) -> Series:
    """Drops points at step 0, the default, that were logged after a curve had gone on from it."""
    steps = series.steps
    after_curve = np.cumsum(steps != 0) > 1
    summary = (steps == 0) & after_curve
    if not summary.any() or steps[-1] != 0 or np.any(steps[np.argmax(summary) :] != 0):
        return series
    return series.taking(
        ~summary,
        f"{quoted(name)} was logged once more at step 0 after its curve; that value was left out.",
    )


def _without_superseded(name: str, series: Series) -> Series:
    """Drops what was logged before a training was resumed from, or started again at, a step.

    A stretch of points begins where the steps go back. It replaces everything logged before it at
    its first step or later, if it logs at least two steps a second time: a single one is a
    correction, and none at all are points that came in out of order.
    """
    steps = series.steps
    goes_back = np.diff(steps, prepend=steps[:1]) < 0
    if not goes_back.any():
        return series
    stretch = np.cumsum(goes_back)
    first_steps = steps[np.append(0, np.flatnonzero(goes_back))]
    repeated = np.ones(len(steps), dtype=bool)
    repeated[np.unique(steps, return_index=True)[1]] = False
    replaces = np.bincount(stretch, weights=repeated) >= 2
    replaced_from = np.append(np.where(replaces, first_steps, np.inf)[1:], np.inf)
    replaced_from = np.minimum.accumulate(replaced_from[::-1])[::-1]
    kept = steps < replaced_from[stretch]
    if kept.all():
        return series
    return series.taking(
        kept,
        f"{quoted(name)} goes back in its steps (a resumed or repeated training); {(~kept).sum()}"
        " superseded points were left out.",
    )


def _last_at_each_step(name: str, series: Series) -> Series:
    order = np.argsort(series.steps, kind="stable")
    ordered = series.taking(order)
    last = np.append(ordered.steps[1:] != ordered.steps[:-1], True)
    if last.all():
        return ordered
    dropped = ~last
    same = ordered.values[:-1][dropped[:-1]] == ordered.values[1:][dropped[:-1]]
    what = "the same value" if same.all() else "other values; the last logged was kept"
    return ordered.taking(
        last,
        f"{quoted(name)} was logged more than once at {len(np.unique(ordered.steps[dropped]))}"
        f" steps with {what}.",
    )


def without_restored_epoch(
    series: dict[str, Series], training: str | None, validation: str | None, announced: bool
) -> tuple[dict[str, Series], tuple[str, ...]]:
    """Drops the ghost epoch that MLflow logs after early stopping with restored weights.

    MLflow's autologging for TensorFlow, XGBoost and LightGBM logs the values of the best epoch
    once more, one step after the last. Nothing was trained there.

    Args:
        series: The cleaned series by name.
        training: Name of the training curve.
        validation: Name of the validation curve.
        announced: Whether the run says which epoch was restored (``restored_epoch``,
            ``best_iteration``); otherwise both curves have to repeat one and the same epoch, and
            not merely the one before.

    Returns:
        The series without that point, and a note if there was one.
    """
    curves = [series[name] for name in (training, validation) if name is not None]
    if not curves or any(len(curve) < 3 for curve in curves):
        return series, ()
    last = curves[0].steps[-1]
    if any(curve.steps[-1] != last or curve.steps[-2] != last - 1 for curve in curves):
        return series, ()
    if not announced and len(curves) < 2:
        return series, ()
    repeated = [set(curve.steps[:-1][curve.values[:-1] == curve.values[-1]]) for curve in curves]
    origins = set.intersection(*repeated)
    if not announced and last - 1 in origins:
        return series, ()
    if not origins:
        return series, ()
    note = (
        f"The point at step {last:.0f} repeats that of step {min(origins):.0f}, logged when the"
        " best weights were restored; it was left out."
    )
    return {name: item.taking(item.steps != last) for name, item in series.items()}, (note,)
