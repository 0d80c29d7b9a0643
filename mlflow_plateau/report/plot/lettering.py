"""What stands around the curves in words: the finding as title, and the legend."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matplotlib.font_manager import FontProperties, findfont, get_font

from mlflow_plateau.report.wording import (
    ELLIPSIS,
    cut,
    finding,
    finding_with_confidence,
)
from mlflow_plateau.untrusted import printable

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from mlflow_plateau.diagnosis import Diagnosis

LEGEND_ROW = 12.5
"""Points, as are the four below."""
ABOVE_LEGEND = 7.0
FACT_LINE = 14.0
BELOW_TITLE = 6.0
TITLE_HEIGHT = 16.0
LEGEND_COLUMNS = 3
LONGEST_TITLE = 70
LONGEST_FACT_LINE = 88
FACT_LINES = 2


@dataclass
class Key:
    """What the legend explains.

    Attributes:
        handles: What was drawn.
        labels: What it is.
    """

    handles: list[Artist] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    def add(self, handle: Artist, label: str) -> None:
        """Adds an entry."""
        self.handles.append(handle)
        self.labels.append(label)


def drawable(text: str) -> str:
    """Returns the text as the font can draw it, without letters for which matplotlib would warn."""
    text = printable(text)
    font = get_font(findfont(FontProperties(family=["DejaVu Sans"])))
    return "".join(letter if font.get_char_index(ord(letter)) else "?" for letter in text)


def literally(text: Text) -> None:
    """Has the text drawn as it stands, without reading formulas from it."""
    text.set_parse_math(False)
    text.set_usetex(False)


def draw_legend(axes: Axes, key: Key) -> float:
    """Explains above the axes what was drawn; returns the height that this takes, in points."""
    if not key.labels:
        return ABOVE_LEGEND
    columns = min(LEGEND_COLUMNS, -(-len(key.labels) // 2))
    legend = axes.legend(
        key.handles,
        key.labels,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        frameon=False,
        fontsize="small",
        borderaxespad=0.3,
        borderpad=0.2,
        handlelength=2.6,
        columnspacing=1.8,
    )
    for text in legend.get_texts():
        literally(text)
    rows = -(-len(key.labels) // columns)
    return ABOVE_LEGEND + LEGEND_ROW * rows


def draw_heading(axes: Axes, diagnosis: Diagnosis, above: float) -> float:
    """Writes the finding over the axes.

    Args:
        axes: The axes.
        diagnosis: The diagnosis.
        above: How far above the axes there is room, in points.

    Returns:
        The height of all that then stands above the axes, in points.
    """
    title = cut(drawable(finding_with_confidence(diagnosis)), LONGEST_TITLE)
    fact = drawable(finding(diagnosis)[1])
    lines = textwrap.wrap(fact, LONGEST_FACT_LINE, max_lines=FACT_LINES, placeholder=ELLIPSIS)
    subtitle = axes.annotate(
        "\n".join(lines),
        xy=(0.0, 1.0),
        xycoords="axes fraction",
        xytext=(0.0, above),
        textcoords="offset points",
        va="bottom",
        annotation_clip=False,
    )
    above += FACT_LINE * len(lines) + BELOW_TITLE
    heading = axes.set_title(title, loc="left", fontweight="bold", fontsize=13, pad=above)
    literally(subtitle)
    literally(heading)
    return above + TITLE_HEIGHT
