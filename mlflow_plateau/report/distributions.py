"""The plot of the columns in which train and validation differ most: distributions, quantiles.

Drawn from what the profiles know, never from rows. One line of the figure for each column: on the
left both distributions, each as high as its fullest bin; on the right the quantiles of the one over
those of the other, which lie on the dotted diagonal where both are treated alike, and on another
straight line where one is a multiple of the other.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from mlflow_plateau.checks.evidence import EFFECT
from mlflow_plateau.report.curves import (
    DPI,
    LONGEST_NAME,
    TRAINING_COLOUR,
    VALIDATION_COLOUR,
    WIDTH,
    own_style,
)
from mlflow_plateau.report.plot.axes import SUBDIVIDED_BELOW_DECADES, tick
from mlflow_plateau.report.plot.lettering import drawable, literally
from mlflow_plateau.report.plot.scale import LOG_FROM_DECADES, decades
from mlflow_plateau.report.wording import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlflow_plateau.checks.comparison import Comparison, NumberPair
    from mlflow_plateau.checks.distribution import Distribution
    from mlflow_plateau.checks.finding import Finding
    from mlflow_plateau.tracked import FloatArray

MOST_COLUMNS = 4
"""This many columns are drawn at most."""

ROW, TOP, BOTTOM = 1.75, 0.35, 0.6
"""Heights in inches: of a column's line, of what stands above all, of what stands below."""

BINS = 48
MOST_BARS = 24
"""Columns of no more values than this together are drawn value by value."""

TAILS = np.array([0.005, 0.995])
"""The quantiles between which distributions are drawn: outliers would flatten the rest."""

QUANTILES = np.linspace(0.02, 0.98, 49)
GUIDE_COLOUR = "#8C8C8C"


def worst_columns(comparison: Comparison, findings: Iterable[Finding]) -> tuple[NumberPair, ...]:
    """Returns the columns of numbers worth looking at, at most ``MOST_COLUMNS``.

    Those that a finding names come first, in the order of the findings, then those that are
    furthest apart; columns that hardly differ are left out.
    """
    pairs = sorted(
        (pair for pair in comparison.by_place.values() if pair.distance >= EFFECT),
        key=lambda pair: -pair.distance,
    )
    named = [name for finding in findings for name in finding.columns]
    rank = {name: place for place, name in reversed(list(enumerate(named)))}
    return tuple(sorted(pairs, key=lambda pair: rank.get(pair.name, len(rank)))[:MOST_COLUMNS])


def render_png(columns: Sequence[NumberPair], *, dpi: int = DPI) -> bytes:
    """Returns the plot of some columns as a PNG image; the same columns give the same bytes.

    Args:
        columns: At least one.
        dpi: Dots per inch; the plot is eight inches wide.
    """
    with own_style():
        image = io.BytesIO()
        draw_figure(columns).savefig(image, format="png", dpi=dpi, metadata={"Software": None})
    return image.getvalue()


def draw_figure(columns: Sequence[NumberPair]) -> Figure:
    """Returns the figure, a line for each column."""
    height = TOP + ROW * len(columns) + BOTTOM - 0.35
    figure = Figure(figsize=(WIDTH, height))
    grid = figure.subplots(
        len(columns),
        2,
        squeeze=False,
        gridspec_kw={
            "left": 0.03,
            "right": 0.985,
            "top": 1 - TOP / height,
            "bottom": BOTTOM / height,
            "wspace": 0.22,
            "hspace": 0.62,
            "width_ratios": (1.9, 1.0),
        },
    )
    for number, pair in enumerate(columns):
        last = number == len(columns) - 1
        draw_distributions(pair, grid[number, 0], legend=number == 0)
        draw_quantiles(pair, grid[number, 1], titles=last)
    return figure


def draw_distributions(pair: NumberPair, axes: Axes, *, legend: bool = True) -> None:
    """Draws both distributions of a column over each other."""
    ends = np.concatenate([side.quantiles(TAILS) for side in (pair.train, pair.validation)])
    logarithmic = _logarithmic(pair, ends)
    edges = _edges(float(ends.min()), float(ends.max()), logarithmic)
    bars = all(side.atoms for side in (pair.train, pair.validation)) and (
        len(np.union1d(pair.train.low, pair.validation.low)) <= MOST_BARS
    )
    shift = 0.004 * (edges[-1] - edges[0])
    for side, label, colour, place in (
        (pair.train, "training", TRAINING_COLOUR, -1),
        (pair.validation, "validation", VALIDATION_COLOUR, 1),
    ):
        if bars:
            heights = side.mass / side.mass.max()
            moved = side.low if logarithmic else side.low + place * shift
            axes.vlines(moved, 0, heights, color=colour, linewidth=2.2, label=label)
        else:
            heights = binned(side, edges)
            heights = heights / max(float(heights.max()), 1e-300)
            axes.stairs(heights, edges, color=colour, linewidth=1.6, label=label)
            axes.stairs(heights, edges, color=colour, fill=True, alpha=0.13)
    if logarithmic:
        axes.set_xscale("log")
    _ticks(axes, "x", logarithmic=logarithmic)
    axes.set_ylim(0, 1.08)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    name = shorten(drawable(pair.name).strip(), 2 * LONGEST_NAME)
    literally(axes.set_title(name, loc="left", fontsize="medium", fontweight="bold"))
    if legend:
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=2,
            frameon=False,
            fontsize="small",
            borderaxespad=0.2,
        )


def draw_quantiles(pair: NumberPair, axes: Axes, *, titles: bool = True) -> None:
    """Draws validation's quantiles over train's."""
    train, validation = pair.train.quantiles(QUANTILES), pair.validation.quantiles(QUANTILES)
    axes.plot(train, validation, "o", color=VALIDATION_COLOUR, markersize=2.6, zorder=3)
    across, up = axes.get_xlim(), axes.get_ylim()
    both = np.array([min(across[0], up[0]), max(across[1], up[1])])
    axes.plot(both, both, color=GUIDE_COLOUR, linestyle=":", linewidth=1.2)
    axes.set_xlim(across)
    axes.set_ylim(up)
    for which in ("x", "y"):
        _ticks(axes, which, bins=4)
    axes.set_title("quantiles", loc="left", fontsize="small", color="#595959")
    axes.set_ylabel("validation", fontsize="small")
    if titles:
        axes.set_xlabel("training", fontsize="small")


def binned(side: Distribution, edges: FloatArray) -> FloatArray:
    """Returns the mass in each bin, spread evenly over the interval that a value may lie in.

    Args:
        side: The distribution.
        edges: Edges of the bins, shape ``(n + 1,)``.
    """
    if side.atoms:
        return np.asarray(np.histogram(side.low, edges, weights=side.mass)[0], dtype=np.float64)
    after = np.cumsum(side.mass)
    places = np.column_stack([side.low, side.high]).ravel()
    shares = np.column_stack([after - side.mass, after]).ravel()
    return np.diff(np.interp(edges, places, shares))


def _logarithmic(pair: NumberPair, values: FloatArray) -> bool:
    positive = min(pair.train.least, pair.validation.least) > 0
    return positive and decades(values) > LOG_FROM_DECADES


def _edges(low: float, high: float, logarithmic: bool) -> FloatArray:
    if logarithmic:
        margin = (high / low) ** 0.02
        return np.geomspace(low / margin, high * margin, BINS + 1)
    margin = 0.02 * (high - low) or 0.5
    return np.linspace(low - margin, high + margin, BINS + 1)


def _ticks(axes: Axes, which: str, *, logarithmic: bool = False, bins: int = 7) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    if logarithmic:
        lower, upper = axes.get_xlim()
        subdivided = np.log10(upper / lower) < SUBDIVIDED_BELOW_DECADES
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if subdivided else (1,)))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(MaxNLocator(nbins=bins, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    axes.tick_params(axis=which, labelsize="small")  # type: ignore[arg-type]  # "x" or "y"
