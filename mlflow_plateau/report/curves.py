"""The plot: the curves with the plateau, the best epoch and the wasted stretch marked.

Drawn with matplotlib's object interface, never with pyplot: nothing of the user's session, its
figures or its backend, is touched.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mlflow_plateau.report.plot.axes import set_epoch_axis, set_rate_axis, set_value_axis
from mlflow_plateau.report.plot.lettering import Key, draw_heading, draw_legend, drawable
from mlflow_plateau.report.plot.points import DrawnCurve
from mlflow_plateau.report.plot.scale import choose_scale
from mlflow_plateau.report.wording import axis_title, epoch, epoch_count, percent, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlflow_plateau.diagnosis import Diagnosis
    from mlflow_plateau.report.plot.scale import ValueScale
    from mlflow_plateau.tracked import FloatArray

DPI = 120
WIDTH = 8.0
"""Inches, as all lengths here that are not said to be points."""
HEIGHT = 4.5
RATES_HEIGHT = 1.0
LEFT, RIGHT, BOTTOM, TOP, GAP = 0.92, 0.32, 0.52, 0.12, 0.14
AXIS_TITLE_AT = 0.26
POINTS_PER_INCH = 72.0

# From Okabe & Ito's palette: told apart by colour-blind eyes, and in grey by their lightness.
VALIDATION_COLOUR = "#000000"
TRAINING_COLOUR = "#D55E00"
MARK_COLOUR = "#0072B2"
QUIET_COLOUR = "#595959"
STRETCH_COLOUR = "#EFEFEF"

LONGEST_NAME = 24
MARKED_POINTS = 40
"""A curve of no more points than this has each of them marked."""
FINE_FROM_POINTS = 2000
"""A curve of more points than this is drawn with a fine line."""
EDGE_MARKS = 60
"""No more marks than this are put on an edge of the plot."""
INSIDE = 0.975
"""Where these marks stand, as a share of the plot's height."""
RATE_CHANGE = 1e-3
"""The learning rate gets a panel if it changes by more than this share of its largest value."""

_own_style = threading.Lock()


def render_png(diagnosis: Diagnosis, *, heading: bool = True, dpi: int = DPI) -> bytes:
    """Returns the plot of a diagnosis as a PNG image.

    The same diagnosis gives the same bytes, whatever style the session has set.

    Args:
        diagnosis: The diagnosis; its ``curves`` hold the data.
        heading: Whether the finding stands above the plot.
        dpi: Dots per inch; the plot is eight inches wide.
    """
    with own_style():
        figure = draw_figure(diagnosis, heading=heading)
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=dpi, metadata={"Software": None})
    return image.getvalue()


@contextmanager
def own_style() -> Iterator[None]:
    """Draws in matplotlib's own style, whatever the session has set."""
    # rc_context swaps matplotlib's global settings and puts them back: two threads that interleave
    # would put back each other's.
    with _own_style, mpl.rc_context(_default_style()), np.errstate(all="ignore"):
        yield


def draw_figure(diagnosis: Diagnosis, *, heading: bool = True) -> Figure:
    """Returns the plot of a diagnosis as a figure; the learning rate has a panel if it changes."""
    rates = DrawnCurve.of(diagnosis.curves.epochs, diagnosis.curves.learning_rate)
    panel = RATES_HEIGHT if _changes(rates) else 0.0
    height = HEIGHT + panel
    figure = Figure(figsize=(WIDTH, height))

    def place(lower: float, upper: float) -> tuple[float, float, float, float]:
        return LEFT / WIDTH, lower / height, 1 - (LEFT + RIGHT) / WIDTH, (upper - lower) / height

    axes = figure.add_axes(place(BOTTOM + panel, height - TOP))
    above = _draw(diagnosis, axes, heading) / POINTS_PER_INCH
    axes.set_position(place(BOTTOM + panel, height - TOP - above))
    if panel:
        below = figure.add_axes(place(BOTTOM, BOTTOM + panel - GAP), sharex=axes)
        draw_learning_rate(diagnosis, below)
        axes.tick_params(labelbottom=False)
        axes.set_xlabel("")
    for each in figure.axes:
        # Where tick labels differ in width, axis titles would not line up.
        each.yaxis.set_label_coords((AXIS_TITLE_AT - LEFT) / (WIDTH - LEFT - RIGHT), 0.5)
    return figure


def draw_curves(diagnosis: Diagnosis, axes: Axes) -> None:
    """Draws the training and the validation curve with what the diagnosis says about them.

    Args:
        diagnosis: The diagnosis; its ``curves`` hold the data.
        axes: Where to draw. Title and legend are placed above the axes.
    """
    _draw(diagnosis, axes, heading=True)


def draw_learning_rate(diagnosis: Diagnosis, axes: Axes) -> None:
    """Draws the learning rate over the same axis as the curves."""
    rates = DrawnCurve.of(diagnosis.curves.epochs, diagnosis.curves.learning_rate)
    thin = rates.thinned()
    axes.plot(thin.epochs, thin.values, color=QUIET_COLOUR, linewidth=1.4, drawstyle="steps-post")
    set_epoch_axis(axes, diagnosis)
    set_rate_axis(axes, rates.values[rates.finite])


@dataclass(frozen=True)
class _LineStyle:
    colour: str
    dashes: str | tuple[float, tuple[float, ...]]
    width: float
    marker: str
    order: float


_TRAINING = _LineStyle(TRAINING_COLOUR, (0.0, (4.0, 1.3)), 1.6, "s", 2.0)
_VALIDATION = _LineStyle(VALIDATION_COLOUR, "solid", 1.9, "o", 3.0)


def _default_style() -> Any:
    """Returns matplotlib's defaults, less what belongs to the backend."""
    foreign = ("backend", "interactive", "toolbar", "timezone", "webagg", "tk.", "date.epoch")
    style: dict[Any, Any] = {
        name: value
        for name, value in dict.items(mpl.rcParamsDefault)
        if not name.startswith(foreign)
    }
    return {**style, "axes.spines.top": False, "axes.spines.right": False, "font.size": 10.0}


def _draw(diagnosis: Diagnosis, axes: Axes, heading: bool) -> float:
    """Draws the curves; returns the height of what stands above the axes, in points."""
    curves = diagnosis.curves
    training = DrawnCurve.of(curves.epochs, curves.training_loss)
    validation = DrawnCurve.of(curves.epochs, curves.validation_loss)
    scale = choose_scale(
        validation.values[validation.finite],
        training.values[training.finite],
        logarithm_allowed=not curves.higher_is_better,
    )
    key = Key()
    set_epoch_axis(axes, diagnosis)
    set_value_axis(axes, scale, "score (higher is better)" if curves.higher_is_better else "loss")
    _draw_curve(axes, training, _TRAINING, key, _label("training", curves.training_name))
    _draw_curve(axes, validation, _VALIDATION, key, _label("validation", curves.validation_name))
    _draw_plateau(axes, diagnosis, key)
    _mark_best(axes, diagnosis, validation, key)
    _mark_left_out(axes, (training, validation), scale, key)
    if not (training.finite.any() or validation.finite.any()):
        logged = len(training) + len(validation)
        message = "no finite value was logged" if logged else "no curve was logged"
        axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", color=QUIET_COLOUR)
        axes.set_yticks([])
        if not logged:
            axes.set_xticks([])
    above = draw_legend(axes, key)
    return draw_heading(axes, diagnosis, above) if heading else above


def _changes(rates: DrawnCurve) -> bool:
    finite = rates.values[rates.finite]
    return len(finite) > 1 and bool(np.ptp(finite) > RATE_CHANGE * np.abs(finite).max())


def _draw_curve(axes: Axes, curve: DrawnCurve, style: _LineStyle, key: Key, label: str) -> None:
    if len(curve) == 0:
        return
    thin = curve.thinned()
    marked = np.full(len(thin), True) if len(curve) <= MARKED_POINTS else thin.alone
    (line,) = axes.plot(
        thin.epochs,
        thin.values,
        color=style.colour,
        linestyle=style.dashes,
        linewidth=style.width * (0.5 if len(curve) > FINE_FROM_POINTS else 1.0),
        marker=style.marker if marked.any() else "",
        markevery=np.flatnonzero(marked).tolist(),
        markersize=4.0,
        zorder=style.order,
    )
    key.add(line, label)


def _label(which: str, name: str | None) -> str:
    name = drawable(name or "").strip()
    return f"{which}: {shorten(name, LONGEST_NAME)}" if name else which


def _draw_plateau(axes: Axes, diagnosis: Diagnosis, key: Key) -> None:
    onset, epochs = diagnosis.onset_epoch, diagnosis.curves.epochs
    if onset is None or not epochs:
        return
    axis = drawable(axis_title(diagnosis))
    axes.axvspan(onset, max(epochs), color=STRETCH_COLOUR, linewidth=0, zorder=0.4)
    line = axes.axvline(onset, color=QUIET_COLOUR, linestyle="dotted", linewidth=1.6, zorder=1.9)
    key.add(line, f"plateau from {axis} {epoch(onset)}")
    wasted = f"{epoch_count(diagnosis.wasted_epochs, axis)} ({percent(diagnosis.wasted_fraction)})"
    key.add(Patch(color=STRETCH_COLOUR), f"since then: {wasted}")


def _mark_best(axes: Axes, diagnosis: Diagnosis, validation: DrawnCurve, key: Key) -> None:
    if diagnosis.best_epoch is None:
        return
    at = np.flatnonzero((validation.epochs == diagnosis.best_epoch) & validation.finite)
    if len(at) == 0:
        return
    value = float(validation.values[at[0]])
    (mark,) = axes.plot(
        [diagnosis.best_epoch],
        [value],
        linestyle="none",
        marker="D",
        markersize=7.5,
        markerfacecolor="white",
        markeredgecolor="black",
        markeredgewidth=1.6,
        zorder=5,
    )
    axis = drawable(axis_title(diagnosis))
    key.add(mark, f"best {axis}: {epoch(diagnosis.best_epoch)}")


def _mark_left_out(axes: Axes, curves: tuple[DrawnCurve, ...], scale: ValueScale, key: Key) -> None:
    """Marks on the upper and lower edge what the axis cannot show."""

    def mark(at: list[FloatArray], edge: float, marker: str, label: str) -> None:
        epochs = np.sort(np.concatenate(at))
        if len(epochs) == 0:
            return
        spread = _spread(epochs)
        (marks,) = axes.plot(
            spread,
            np.full(len(spread), edge),
            transform=axes.get_xaxis_transform(),
            linestyle="none",
            marker=marker,
            markersize=6.0,
            markeredgewidth=1.6,
            color=MARK_COLOUR,
            clip_on=False,
            zorder=6,
        )
        key.add(marks, f"{label} ({len(epochs):,})")

    mark([c.epochs[~c.finite] for c in curves], INSIDE, "x", "NaN or infinite")
    mark([c.epochs[c.values > scale.upper] for c in curves], INSIDE, "^", "above the scale")
    mark([c.epochs[c.values < scale.lower] for c in curves], 1 - INSIDE, "v", "below the scale")


def _spread(epochs: FloatArray) -> FloatArray:
    """Returns one of the epochs, sorted, for each stretch of the axis that has some."""
    if len(epochs) <= EDGE_MARKS:
        return epochs
    stretch = np.floor((epochs - epochs[0]) / (epochs[-1] - epochs[0] or 1.0) * EDGE_MARKS)
    _, first = np.unique(stretch, return_index=True)
    spread: FloatArray = epochs[first]
    return spread
