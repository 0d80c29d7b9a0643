"""Code that treats both splits alike: it runs as it is pasted.

It speaks of what was compared as ``x_train``, ``x_validation``, ``y_train`` and ``y_validation``.
``raw_train`` and ``raw_validation`` are the inputs before they were scaled, ``raw_y_train`` and
``raw_y_validation`` the targets, ``x`` and ``y`` are all rows before they were split, ``np`` is
numpy and ``pd`` pandas. What no code can undo is a comment. Comments stand on lines of their own,
and no statement takes more than one line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlflow_plateau.checks.comparison import Comparison, InputPair, NumberPair
from mlflow_plateau.checks.fingerprints import Scaler
from mlflow_plateau.profiles.table import Layout, channel_axis

Expression = Callable[[str], str]
"""From the code of some values to the code of what they become."""

TEXT = re.compile(r"[^\W\d][\w -]*")
"""What only text looks like, …"""

MAY_BE_NO_TEXT = frozenset({"None", "True", "False", "nan", "NaT", "inf"})
"""… and what looks so as well."""


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
    whose = f"{prefix}_y" if prefix and plain == "y" else prefix or plain
    variable = f"{whose}_{split}"
    if layout.name == plain:
        return variable
    key = layout.name.removeprefix("y.") if plain == "y" else layout.name
    place = re.fullmatch(rf"{plain}(\d+)", key)
    return f"{variable}[{place[1]}]" if place else f"{variable}[{key!r}]"


def _numbers(both: InputPair, split: str, pairs: Sequence[NumberPair]) -> list[int]:
    theirs = dict(both.matched)
    return [pair.place[1] if split == "train" else theirs[pair.place[1]] for pair in pairs]


@dataclass(frozen=True)
class Columns:
    """Some columns of a split, in code.

    Attributes:
        read: Their values.
        replaced: From the code of other values, to the statement that puts these there.
    """

    read: str
    replaced: Callable[[str], str]


def _are_text(both: InputPair, layout: Layout, columns: Sequence[int]) -> bool:
    """Whether columns are surely called by text, each by its own.

    A layout has names as text, whatever the labels are: numbers, dates and tuples do not look so.
    """
    often = Counter(column.name for column in layout.columns)
    names = [layout.columns[column].name for column in columns]
    return both.by_name and all(
        often[name] == 1 and TEXT.fullmatch(name) and name not in MAY_BE_NO_TEXT for name in names
    )


def columns_of(
    both: InputPair, split: str, columns: Sequence[int], *, as_table: bool = False
) -> Columns:
    """Returns the code of some columns of a split.

    The only column of a frame may be a series, and that of an array may have no axis of its own:
    either is spoken of as a whole.

    Args:
        both: The input.
        split: ``train`` or ``validation``.
        columns: Numbers of the columns in that split.
        as_table: Whether a single column, too, is to be a table; a series is a frame by then.
    """
    layout = _layout(both, split)
    variable = name_of(both, split)
    whole = len(layout.columns) == 1 if layout.named else len(columns) == len(layout.columns)
    if whole and not (as_table and layout.named):
        return _assigned(variable)
    one = len(columns) == 1 and not as_table
    places: Any = columns[0] if one else list(columns)
    if layout.named and not whole and _are_text(both, layout, columns):
        names: Any = [layout.columns[column].name for column in columns]
        return _assigned(f"{variable}[{names[0] if one else names!r}]")
    if layout.named:
        return Columns(
            f"{variable}.iloc[:, {places}]", lambda code: f"{variable}.isetitem({places}, {code})"
        )
    if layout.dtype != "table":
        # An array's columns are called by their numbers, of which some may not have been measured.
        numbers = [int(layout.columns[column].name) for column in columns]
        places = numbers[0] if one else numbers
    last = layout.pooled and channel_axis(layout.shape) < 0
    return _assigned(f"{variable}[{'...' if last else ':'}, {places}]")


def _assigned(place: str) -> Columns:
    return Columns(place, lambda code: f"{place} = {code}")


def _layout(both: InputPair, split: str) -> Layout:
    return (both.train if split == "train" else both.validation).layout


def _as_numbers(layout: Layout, columns: Sequence[int], code: str) -> str:
    """Returns the code of columns that numpy can calculate with."""
    objects = any(layout.columns[column].dtype == "object" for column in columns)
    return f"{code}.astype('float64')" if objects or _is_mixed(layout) else code


def _has_dates(layout: Layout, columns: Sequence[int]) -> bool:
    """Whether columns hold dates, which cannot be multiplied."""
    return any(layout.columns[column].kind == "date" for column in columns)


def _is_mixed(layout: Layout) -> bool:
    """Whether it is an array of objects or text, which has columns of several kinds."""
    return layout.dtype == "table" and not layout.named


def applied(
    both: InputPair, pairs: Sequence[NumberPair], expression: Expression, split: str = "validation"
) -> str:
    """Returns code that replaces columns of a split by what an expression makes of them."""
    layout, numbers = _layout(both, split), _numbers(both, split, pairs)
    if _has_dates(layout, numbers):
        return comment("read the dates of both splits with one format and one time zone")
    columns = columns_of(both, split, numbers)
    line = columns.replaced(expression(_as_numbers(layout, numbers, columns.read)))
    variable = name_of(both, split)
    if layout.named or _is_mixed(layout) or columns.read == variable:
        return line
    # What is written into an array of whole numbers would be cut off.
    return f"{variable} = {variable}.astype('float64')\n{line}"


def exchanged(both: InputPair, split: str, x: str, known: float, value: float) -> str:
    """Returns the code of a column of a split with another value wherever a known one stands."""
    if _layout(both, split).named:
        return f"{x}.mask(np.isclose({x}.astype('float64'), {known!r}), {value!r})"
    return f"np.where(np.isclose({x}, {known!r}), {value!r}, {x})"


def filled(both: InputPair, split: str, x: str, value: float) -> str:
    """Returns the code of a column of a split with a value wherever none is."""
    if _layout(both, split).named:
        return f"{x}.fillna({value!r})"
    return f"np.where(np.isnan({x}), {value!r}, {x})"


def finite(both: InputPair, split: str, columns: Sequence[int]) -> str:
    """Returns code that puts train's medians in the place of what is not finite.

    Args:
        both: The input.
        split: Which split is filled.
        columns: Train's numbers of the columns.
    """
    theirs = dict(both.matched)
    here, there = (
        columns_of(
            both, side, [column if side == "train" else theirs[column] for column in columns]
        )
        for side in (split, "train")
    )
    # A series and a frame are filled alike where there is one number to fill in.
    alone = here.read == name_of(both, split) and _layout(both, split).named
    axis = "" if alone else ", axis=0"
    put = "values.where(np.isfinite(values), median)"
    return "\n".join(
        [
            f"known = {there.read}.astype('float64')",
            f"median = np.nanmedian(np.where(np.isfinite(known), known, np.nan){axis})",
            f"values = {here.read}.astype('float64')",
            here.replaced(put if alone else "np.where(np.isfinite(values), values, median)"),
        ]
    )


def translated(both: InputPair, column: int, codes: Mapping[Any, Any]) -> str:
    """Returns code that gives a column of validation's train's codes."""
    layout, variable = both.validation.layout, name_of(both, "validation")
    place = columns_of(both, "validation", [column])
    head = f"codes = {dict(codes)!r}\n"
    is_text = layout.columns[column].kind == "category"
    if place.read != variable:
        if not layout.named:
            # Text would be cut off at the length of the longest, numbers at the width of a byte.
            wide = "object" if is_text else f"np.result_type({variable}, 'int16')"
            head += f"{variable} = {variable}.astype({wide})\n"
        return head + place.replaced(f"[codes.get(value, value) for value in {place.read}]")
    if layout.named:
        free = f"{variable}.astype(object)" if is_text else variable
        return head + place.replaced(f"{free}.replace(codes)")
    kept = ", dtype=object" if is_text else ""
    return head + place.replaced(
        f"np.array([codes.get(value, value) for value in np.ravel({variable})]{kept})"
        f".reshape(np.shape({variable}))"
    )


def translated_targets(both: InputPair, codes: Mapping[Any, Any]) -> str:
    """Returns code that gives validation's targets train's codes."""
    y = name_of(both, "validation")
    return (
        f"codes = {dict(codes)!r}\n"
        f"{y} = np.array([codes.get(value, value) for value in np.ravel({y})])"
        f".reshape(np.shape({y}))"
    )


def without(both: InputPair, split: str, columns: Sequence[int]) -> str:
    """Returns code that takes columns out of a frame."""
    layout, x = _layout(both, split), name_of(both, split)
    if _are_text(both, layout, columns):
        return f"{x} = {x}.drop(columns={[layout.columns[column].name for column in columns]!r})"
    return f"{x} = {x}.drop(columns={x}.columns[{list(columns)}])"


def in_order_of_names(both: InputPair) -> str:
    """Returns code that puts validation's columns in the order that train has their names in."""
    x, train = (name_of(both, split) for split in ("validation", "train"))
    if all(
        _are_text(both, _layout(both, split), range(len(both.matched)))
        for split in ("train", "validation")
    ):
        return f"{x} = {x}[list({train}.columns)]"
    return f"{x} = {x}.iloc[:, {[other for _, other in sorted(both.matched)]}]"


def reordered(both: InputPair, order: Sequence[int]) -> str:
    """Returns code that puts validation's columns in train's order.

    Args:
        both: The input.
        order: For each column of train's its number in validation.
    """
    layout, x = both.validation.layout, name_of(both, "validation")
    if layout.named:
        names = name_of(both, "train") if both.train.layout.named else x
        return f"{x} = {x}.iloc[:, {list(order)}].set_axis({names}.columns, axis=1)"
    first = layout.pooled and channel_axis(layout.shape) > 0
    return f"{x} = {x}[{':' if first else '...'}, {list(order)}]"


def scaled_by(both: InputPair, pairs: Sequence[NumberPair], scaler: Scaler) -> str:
    """Returns code that scales both splits with train's statistics."""
    layout = both.train.layout
    if _has_dates(layout, _numbers(both, "train", pairs)):
        return comment("turn dates into numbers, then scale both splits with train's scaler")
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
    if len(layout.columns) == 1 and (both.is_target or not layout.named):
        flat = [f"np.asarray({one}).reshape(-1, 1)" for one in raw]
        return head + "\n".join(
            [
                f"scaler = {scaler.code}.fit({flat[0]})",
                *(
                    f"{to} = scaler.transform({one}).reshape(np.shape({whole}))"
                    for to, one, whole in zip(new, flat, raw, strict=True)
                ),
            ]
        )
    copied, columns = [], []
    for split, to, one in zip(("train", "validation"), new, raw, strict=True):
        copied.append(f"{to} = {_copy(_layout(both, split), one)}")
        columns.append(columns_of(both, split, _numbers(both, split, pairs), as_table=True))
    values = [
        f"{place.read}.to_numpy('float64')" if _layout(both, split).named else place.read
        for place, split in zip(columns, ("train", "validation"), strict=True)
    ]
    return head + "\n".join(
        [
            *copied,
            f"scaler = {scaler.code}.fit({values[0]})",
            *(
                place.replaced(f"scaler.transform({one})")
                for place, one in zip(columns, values, strict=True)
            ),
        ]
    )


def _copy(layout: Layout, code: str) -> str:
    """Returns the code of a copy that scaled values can be written into."""
    if layout.named:
        return f"pd.DataFrame({code}).copy()" if len(layout.columns) == 1 else f"{code}.copy()"
    return f"{code}.copy()" if _is_mixed(layout) else f"{code}.astype('float64')"


def scaled_as_one(both: InputPair, statistics: str) -> str:
    """Returns code that scales all columns of both splits by the same two numbers of train's.

    Args:
        both: The input.
        statistics: Code that makes ``mean`` and ``width`` of ``raw``, train's values.
    """
    splits = ("train", "validation")
    raw = [name_of(both, split, "raw") for split in splits]
    columns = [
        columns_of(both, split, _layout(both, split).numbers, as_table=True) for split in splits
    ]
    return "\n".join(
        [
            f"# {', '.join(raw)}: the data before anything was scaled",
            *(
                f"{name_of(both, split)} = {_copy(_layout(both, split), one)}"
                for split, one in zip(splits, raw, strict=True)
            ),
            f"raw = np.asarray({columns[0].read}, 'float64')",
            statistics,
            *(place.replaced(f"({place.read} - mean) / width") for place in columns),
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
    layout = _layout(both, split)
    axes = list(range(1, len(layout.shape) + 1))
    if by_channel and layout.pooled:
        del axes[(channel_axis(layout.shape) - 1) if channel_axis(layout.shape) > 0 else -1]
    arguments = f"axis={tuple(axes)}, keepdims=True"
    columns = columns_of(both, split, layout.numbers, as_table=True)
    if layout.dtype != "table":
        return columns.replaced(expression(columns.read, arguments))
    rows = f"rows = np.asarray({columns.read}, 'float64')\n"
    return rows + columns.replaced(expression("rows", arguments))


def without_shared(both: InputPair, targets: Sequence[str]) -> str:
    """Returns code that takes the rows that stand in train as well out of validation.

    Args:
        both: The input.
        targets: What holds validation's targets.
    """
    train, validation = (name_of(both, split) for split in ("train", "validation"))
    mine, theirs = both.train.layout, both.validation.layout
    if "table" in (mine.dtype, theirs.dtype):
        # Rows are hashed by the types of their values.
        lines = [
            f"train, validation = pd.DataFrame({train}).copy(), pd.DataFrame({validation}).copy()"
        ]
        for dtype, pairs in _of_several_types(both).items():
            lines += [
                f"{side}.isetitem({places}, {side}.iloc[:, {places}].astype({dtype!r}))"
                for side, places in (
                    ("train", [mine for mine, _ in pairs]),
                    ("validation", [other for _, other in pairs]),
                )
            ]
        # −0 and 0 are one number; not all versions of pandas hash them alike.
        lines.append(
            "train, validation = (side.apply(lambda x: x + 0 if x.dtype.kind == 'f' else x)"
            " for side in (train, validation))"
        )
        hashes = "pd.util.hash_pandas_object({}, index=False)"
        lines.append(
            f"fresh = ~{hashes.format('validation')}.isin({hashes.format('train')}).to_numpy()"
        )
    else:
        dtype = _common(mine.dtype, theirs.dtype)
        cast = f".astype({dtype!r})" if mine.dtype != theirs.dtype else ""
        # −0 and 0 are one number, but not the same bytes.
        plus = " + 0" if "float" in mine.dtype + theirs.dtype else ""
        lines = [
            f"seen = {{row.tobytes() for row in {train}{cast}{plus}}}",
            f"fresh = np.array([row.tobytes() not in seen for row in {validation}{cast}{plus}])",
        ]
    return "\n".join([*lines, *(f"{name} = {name}[fresh]" for name in (validation, *targets))])


def _of_several_types(both: InputPair) -> dict[str, list[tuple[int, int]]]:
    """Returns the columns whose values are of other types in validation, by what both can be."""
    found: dict[str, list[tuple[int, int]]] = {}
    columns, others = both.train.layout.columns, both.validation.layout.columns
    # Where a name stands twice, only one of its columns is matched by it.
    alike = [column.name for column in columns] == [column.name for column in others]
    for place, other in [(i, i) for i in range(len(columns))] if alike else both.matched:
        mine, theirs = columns[place], others[other]
        if mine.dtype != theirs.dtype or mine.dtype == "object":
            dtype = _common(mine.dtype, theirs.dtype) if mine.kind == "number" else "object"
            found.setdefault(dtype, []).append((place, other))
    return found


def _common(one: str, other: str) -> str:
    """Returns the type in which numbers of two types are equal that were equal before a cast."""
    whole = all(name.startswith(("int", "uint")) for name in (one, other))
    if whole:
        return str(np.result_type(one, other))
    return next((name for name in ("float16", "float32") if name in (one, other)), "float64")


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
