"""What a model is made of, read from the summary that MLflow's autologging leaves in a run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from mlflow_plateau.history import Setup
from mlflow_plateau.layer_line import BETWEEN_LAYERS

MOST_LINES = 20_000
"""Longer texts are no summaries."""

LONGEST_LINE = 1000
"""What stands behind that in a line is no part of a table."""

INPUTS = "InputLayer"
"""Keras' layers that only stand for an input."""

WITH_WIDTH = ("Dense", "Conv", "SeparableConv", "GRU", "LSTM", "SimpleRNN")
"""How the names of layers begin whose width is the last axis of what they put out."""

HIDES_DROPOUT = ("Dropout", "GRU", "LSTM", "RNN", "Attention", "Bidirectional", "…")
"""Layers that may drop values: a summary shows no rate."""

WHOLE_MODELS = ("Functional", "Sequential", "Model")
"""Layers that hold others, which a summary does not show."""

FEWEST_COLUMNS = 3
"""Layer, shape and weights; with branches also what each is connected to."""

THOUSANDS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}

_RULE = re.compile(r"[\s_=─━├┼┤┡╇┩└┴┘┏┳┓╭╮╰╯-]*")
_BAR = re.compile("[│┃]")
_TYPE = re.compile(r"\(([\w.]+…?)\)?\s*$")
_SHAPE = re.compile(r"\(([^()]*)\)")
_TRAINABLE = re.compile(r"^[ \t]{0,40}Trainable params:[ \t]{0,40}([\d,]+)", re.M)
_FIXED = re.compile(r"^[ \t]{0,40}Non-trainable params:[ \t]{0,40}([\d,]+)", re.M)
_OF_LIGHTNING = re.compile(
    r"^[ \t]{0,40}([\d.]{1,12})[ \t]{0,40}([KMB]?)[ \t]{1,40}(Trainable|Total) params[ \t]*$", re.M
)


def read_model_summary(text: str) -> Setup:
    """Returns what a model's summary says: its layers and its weights.

    Understands what ``keras.Model.summary`` prints, in Keras 2 and 3, and the numbers of weights in
    a summary of Lightning's. No summary tells activations, penalties, or the rate of a dropout.

    Args:
        text: The summary, untrusted text.

    Returns:
        A setup that is empty where the text says nothing: no summary, or that of a model that was
        not built yet.
    """
    lines = text.split("\n", MOST_LINES)
    if len(lines) > MOST_LINES or "unbuilt" in text:
        return Setup()
    text = "\n".join(line[:LONGEST_LINE] for line in lines)
    trainable, fixed = _TRAINABLE.search(text), _FIXED.search(text)
    if trainable is None or fixed is None:
        return _of_lightning(text)
    header, *rows = list(_rows(text)) or [[]]
    if not rows or any(len(row) < FEWEST_COLUMNS for row in rows):
        return Setup()
    kinds = [_kind(row[0]) for row in rows]
    if not all(kinds):
        return Setup()
    layers = [
        (kind, _width(row[1])) for kind, row in zip(kinds, rows, strict=True) if kind != INPUTS
    ]
    weights = _count(trainable[1])
    is_chain = len(header) == FEWEST_COLUMNS
    in_words = BETWEEN_LAYERS.join(_in_words(kind, width) for kind, width in layers)
    return Setup(
        framework="keras",
        # What a layer holds that is a model itself the summary does not show.
        layers=None if set(kinds) & set(WHOLE_MODELS) else in_words or None,
        parameter_count=weights + _count(fixed[1]) or None,
        trainable_parameter_count=weights,
        output_units=layers[-1][1] if layers and is_chain else None,
        dropout=None if any(map(_may_drop, kinds)) else 0.0,
    )


def _of_lightning(text: str) -> Setup:
    counts = {
        what: round(float(number) * THOUSANDS[unit])
        for number, unit, what in _OF_LIGHTNING.findall(text)
        if number.count(".") <= 1 and number.strip(".")
    }
    return Setup(
        parameter_count=counts.get("Total") or None,
        trainable_parameter_count=counts.get("Trainable"),
    )


def _rows(text: str) -> Iterator[list[str]]:
    """Yields the cells of the table's rows, the header first; cells may run over several lines."""
    places: list[int] = []
    lines: list[list[str]] = []
    for line in text.splitlines():
        if not places and not ("Layer (type" in line and "Output Shape" in line):
            continue
        if not places:
            places = _places(line)
        if "params:" in line:
            break
        if _RULE.fullmatch(line):
            if lines:
                yield [" ".join(filter(None, cells)) for cells in zip(*lines, strict=True)]
            lines = []
            continue
        cells = _cells(line, places)
        if not lines or len(cells) == len(lines[0]):
            lines.append(cells)


def _places(header: str) -> list[int]:
    """Returns where the columns begin in a table without bars."""
    names = ("Layer (type", "Output Shape", "Param", "Connected to")
    return [place for name in names if (place := header.find(name)) >= 0]


def _cells(line: str, places: Sequence[int]) -> list[str]:
    if _BAR.search(line):
        return [cell.strip() for cell in _BAR.split(line)[1:-1]]
    bounds = [0, *places[1:], len(line) + 1]
    return [line[begin:end].strip() for begin, end in pairwise(bounds)]


def _kind(cell: str) -> str:
    """Returns ``Dense`` of ``dense_1 (Dense)``, an empty text where there is none."""
    # A name that is too long for its column is continued in the next line.
    found = _TYPE.search(re.sub(r"\s+", "", cell))
    return found[1] if found else ""


def _width(cell: str) -> int | None:
    """Returns the last axis of the first shape."""
    shape = _SHAPE.search(cell)
    last = shape[1].rstrip(", ").rpartition(",")[2].strip() if shape else ""
    return int(last) if last.isdecimal() and len(last) <= len(str(10**15)) else None


def _in_words(kind: str, width: int | None) -> str:
    return f"{kind}({width})" if width and kind.startswith(WITH_WIDTH) else kind


def _may_drop(kind: str) -> bool:
    return kind in WHOLE_MODELS or any(word in kind for word in HIDES_DROPOUT)


def _count(digits: str) -> int:
    return int(digits.replace(",", "")[:16] or 0)
