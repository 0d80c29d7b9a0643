"""Code that treats both splits alike: it runs as it is pasted.

It speaks of what was compared as ``x_train``, ``x_validation``, ``y_train`` and ``y_validation``.
``raw_train`` and ``raw_validation`` are the inputs before they were scaled, ``x`` and ``y`` are all
rows before they were split, ``np`` is numpy and ``pd`` pandas. What no code can undo is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.fingerprints import Scaler
from mlflow_plateau.profiles.table import Layout, channel_axis

Expression = Callable[[str], str]
"""From the code of some values to the code of what they become."""


def name_of(both: InputPair, split: str, prefix: str = "") -> str:
    """Returns the variable that holds an input or target of a split."""
    return variable_of(both.train.layout, split, prefix)


def variable_of(layout: Layout, split: str, prefix: str = "") -> str:
    """Returns the variable that holds what has a layout.

    Args:
        layout: The layout of the input or target.
        split: ``train`` or ``validation``.
        prefix: What stands before the split; ``x`` or ``y`` where none is given.
    """
    plain = "y" if layout.role == "target" else "x"
    variable = f"{prefix or plain}_{split}"
    if layout.name == plain:
        return variable
    key = layout.name.removeprefix("y.") if plain == "y" else layout.name
    place = re.fullmatch(rf"{plain}(\d+)", key)
    return f"{variable}[{place[1]}]" if place else f"{variable}[{key!r}]"


def _numbers(both: InputPair, split: str, pairs: Sequence[NumberPair]) -> list[int]:
    theirs = dict(both.matched)
    return [pair.place[1] if split == "train" else theirs[pair.place[1]] for pair in pairs]


def columns_of(
    both: InputPair,
    split: str,
    columns: Sequence[int],
    variable: str | None = None,
    *,
    as_table: bool = False,
) -> str:
    """Returns the code of some columns of a split, which can be assigned to as well.

    Args:
        both: The input.
        split: ``train`` or ``validation``.
        columns: Numbers of the columns in that split.
        variable: What holds the split, where it is not the usual name.
        as_table: Whether a single column, too, is to be a table.
    """
    layout = (both.train if split == "train" else both.validation).layout
    variable = variable or name_of(both, split)
    if (both.is_target and len(layout.columns) == 1) or not layout.shape:
        return variable
    names: list[str] | list[int] = [layout.columns[column].name for column in columns]
    if not layout.named:
        if len(columns) == len(layout.columns):
            return variable
        # An array's columns are called by their numbers, of which some may not have been measured.
        names = [int(name) for name in names]
    index = repr(names[0]) if len(names) == 1 and not as_table else repr(names)
    if layout.named:
        return f"{variable}[{index}]"
    last = layout.pooled and channel_axis(layout.shape) < 0
    return f"{variable}[{'...' if last else ':'}, {index}]"


def applied(
    both: InputPair, pairs: Sequence[NumberPair], expression: Expression, split: str = "validation"
) -> str:
    """Returns code that replaces columns of a split by what an expression makes of them."""
    layout = (both.train if split == "train" else both.validation).layout
    columns = columns_of(both, split, _numbers(both, split, pairs))
    variable = name_of(both, split)
    lines = [f"{columns} = {expression(columns)}"]
    if not layout.named and columns != variable:
        # What is written into an array of whole numbers would be cut off.
        lines.insert(0, f"{variable} = {variable}.astype('float64')")
    return "\n".join(lines)


def translated(both: InputPair, column: int, codes: Mapping[Any, Any]) -> str:
    """Returns code that gives a column of validation's train's codes."""
    place = columns_of(both, "validation", [column])
    return f"codes = {dict(codes)!r}\n{place} = [codes.get(value, value) for value in {place}]"


def translated_targets(both: InputPair, codes: Mapping[Any, Any]) -> str:
    """Returns code that gives validation's targets train's codes."""
    y = name_of(both, "validation")
    return (
        f"codes = {dict(codes)!r}\n"
        f"{y} = np.array([codes.get(value, value) for value in np.ravel({y})])"
        f".reshape(np.shape({y}))"
    )


def reordered(both: InputPair, order: Sequence[int]) -> str:
    """Returns code that puts validation's columns in train's order.

    Args:
        both: The input.
        order: For each column of train's its number in validation.
    """
    layout, x = both.validation.layout, name_of(both, "validation")
    if layout.named:
        return f"{x} = {x}.iloc[:, {list(order)}].set_axis(list({x}.columns), axis=1)"
    first = layout.pooled and channel_axis(layout.shape) > 0
    return f"{x} = {x}[{':' if first else '...'}, {list(order)}]"


def scaled_by(both: InputPair, pairs: Sequence[NumberPair], scaler: Scaler) -> str:
    """Returns code that scales both splits with train's statistics."""
    layout = both.train.layout
    name = scaler.code.split("(")[0]
    raw = [name_of(both, split, "raw") for split in ("train", "validation")]
    new = [name_of(both, split) for split in ("train", "validation")]
    head = (
        f"from sklearn.preprocessing import {name}\n"
        f"# {', '.join(raw)}: the data before anything was scaled\n"
    )
    if layout.pooled:
        axis = channel_axis(layout.shape)
        back = "" if axis < 0 else f".swapaxes({axis}, -1)"
        channels = [f"{one}{back}" for one in raw]
        flat = [f"{one}.reshape(-1, {len(layout.columns)})" for one in channels]
        return head + "\n".join(
            [
                f"scaler = {scaler.code}.fit({flat[0]})",
                *(
                    f"{to} = scaler.transform({one}).reshape({shape}.shape){back}"
                    for to, one, shape in zip(new, flat, channels, strict=True)
                ),
            ]
        )
    if not layout.shape or both.is_target:
        flat = [f"np.reshape({one}, (-1, 1))" for one in raw]
        return head + "\n".join(
            [
                f"scaler = {scaler.code}.fit({flat[0]})",
                *(
                    f"{to} = scaler.transform({one}).reshape(np.shape({whole}))"
                    for to, one, whole in zip(new, flat, raw, strict=True)
                ),
            ]
        )
    sides = [
        (split, _numbers(both, split, pairs), to, one)
        for split, to, one in zip(("train", "validation"), new, raw, strict=True)
    ]
    old, changed = (
        [
            columns_of(both, split, numbers, names[place], as_table=True)
            for split, numbers, *names in sides
        ]
        for place in (1, 0)
    )
    copied = ".copy()" if layout.named else ".astype('float64')"
    return head + "\n".join(
        [
            *(f"{to} = {one}{copied}" for to, one in zip(new, raw, strict=True)),
            f"scaler = {scaler.code}.fit({old[0]})",
            *(f"{to} = scaler.transform({one})" for to, one in zip(changed, old, strict=True)),
        ]
    )


def by_rows(
    both: InputPair, split: str, expression: Callable[[str, str], str], *, by_channel: bool
) -> str:
    """Returns code that scales each row of a split by itself.

    Args:
        both: The input.
        split: Which split.
        expression: From the code of the rows, and that of the axes and the rest of a reduction's
            arguments, to what they become.
        by_channel: Whether each channel is scaled by itself.
    """
    layout = both.train.layout
    variable = name_of(both, split)
    axes = list(range(1, len(layout.shape) + 1))
    if by_channel and layout.pooled:
        del axes[(channel_axis(layout.shape) - 1) if channel_axis(layout.shape) > 0 else -1]
    arguments = f"axis={tuple(axes)}, keepdims=True"
    if layout.named:
        columns = columns_of(both, split, list(range(len(layout.columns))))
        return f"rows = {columns}.to_numpy()\n{columns} = {expression('rows', arguments)}"
    return f"{variable} = {expression(variable, arguments)}"


def comment(text: str) -> str:
    """Returns what cannot be said in code."""
    return "\n".join(f"# {line}" for line in text.splitlines())


def resplit(comparison: Comparison, *, stratify: bool) -> str:
    """Returns code that splits all rows once more, at random.

    Args:
        comparison: Says whether there are targets.
        stratify: Whether each class is to have the same share in both splits.
    """
    parts = ("x", "y") if next(comparison.targets, None) is not None else ("x",)
    into = ", ".join(f"{part}_{split}" for part in parts for split in ("train", "validation"))
    how = ", stratify=y" if stratify else ""
    return (
        "from sklearn.model_selection import train_test_split\n"
        f"# {' and '.join(parts)}: all rows, before they were split\n"
        f"{into} = train_test_split({', '.join(parts)}, random_state=0{how})"
    )
