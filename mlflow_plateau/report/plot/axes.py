"""The axes of the plot: limits, ticks and what they count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from mlflow_plateau.report.plot.lettering import drawable, literally
from mlflow_plateau.report.plot.scale import decades
from mlflow_plateau.report.wording import axis_title, epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlflow_plateau.diagnosis import Diagnosis
    from mlflow_plateau.report.plot.scale import ValueScale
    from mlflow_plateau.tracked import FloatArray

EPOCH_MARGIN = 0.015
"""Empty share of the axis before the first and after the last epoch."""
GRID_COLOUR = "#DDDDDD"
SUBDIVIDED_BELOW_DECADES = 2.5
"""A log scale shorter than this has ticks at 1, 2 and 5 times the powers of ten."""
RATE_LOG_DECADES = (0.9, 5.0)
"""A learning rate that spans this much has a log scale; one that spans more ends at zero."""


def set_epoch_axis(axes: Axes, diagnosis: Diagnosis) -> None:
    """Lays out the horizontal axis around the curves of a diagnosis."""
    epochs = np.array(diagnosis.curves.epochs, dtype=np.float64)
    epochs = epochs[np.isfinite(epochs)]
    first, last = (float(epochs.min()), float(epochs.max())) if len(epochs) else (0.0, 1.0)
    margin = EPOCH_MARGIN * (last - first) or 1.0
    axes.set_xlim(first - margin, last + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: epoch(value)))
    literally(axes.set_xlabel(drawable(axis_title(diagnosis))))


def set_value_axis(axes: Axes, scale: ValueScale, quantity: str) -> None:
    """Lays out the vertical axis of the curves and names it."""
    if scale.logarithmic:
        axes.set_yscale("log")
        span = np.log10(scale.upper) - np.log10(scale.lower)
        subdivided = span < SUBDIVIDED_BELOW_DECADES
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if subdivided else (1,)))
        axes.yaxis.set_minor_locator(NullLocator())
        quantity += " (log scale)"
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    axes.set_ylim(scale.lower, scale.upper)
    axes.set_ylabel(quantity)
    axes.grid(visible=True, axis="y", color=GRID_COLOUR, linewidth=0.8)
    axes.set_axisbelow(True)


def set_rate_axis(axes: Axes, rates: FloatArray) -> None:
    """Lays out the vertical axis of the learning rate: ticks at its least and greatest value."""
    least, most = RATE_LOG_DECADES
    span = decades(rates)
    if least < span < most:
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
    ends = [float(rates.min()), float(rates.max())] if len(rates) else []
    if span >= most:
        ends[0] = 0.0
    axes.yaxis.set_major_locator(FixedLocator(ends))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value, digits=3)))
    axes.tick_params(axis="y", labelsize="small")
    axes.margins(y=0.15)
    axes.set_ylabel("learning rate", fontsize="small")


def tick(value: float, digits: int = 6) -> str:
    """Returns a value as short as it can be written: 0.01, 1500, 1e-5, 1e10."""
    mantissa, exponent, power = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(power)}" if exponent else mantissa
