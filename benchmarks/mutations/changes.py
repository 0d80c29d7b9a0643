"""What is done to a split: scalings, units, orders, codes, selections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.mutations.split import Array, Mutation, Random, Split

QUANTITIES = (
    *("income", "age", "height", "balance", "price", "visits", "share", "temperature"),
    *("rooms", "population", "households", "latitude", "longitude"),
)
"""Columns of frames that are scaled."""


def numbers(frame: pd.DataFrame) -> list[str]:
    return [name for name in QUANTITIES if name in frame.columns]


def values(x: Any) -> Array:
    """Returns the numeric part as float64."""
    return x[numbers(x)].to_numpy(float) if hasattr(x, "columns") else np.asarray(x, dtype=float)


def with_values(x: Any, new: Array) -> Any:
    if not hasattr(x, "columns"):
        return new.astype("float32")
    changed = x.copy()
    for place, name in enumerate(numbers(x)):
        changed[name] = new[:, place]
    return changed


def axes(x: Array) -> tuple[int, ...]:
    return tuple(range(x.ndim - 1))


def width(by: Array) -> Array:
    """Returns what to divide by: 1 where there is no width, as scikit-learn has it."""
    return np.where(by > 0, by, 1.0)


def standard(of: Array, by: Array) -> Array:
    return (of - by.mean(axis=axes(by))) / width(by.std(axis=axes(by)))


def min_max(of: Array, by: Array) -> Array:
    low, high = by.min(axis=axes(by)), by.max(axis=axes(by))
    return (of - low) / width(high - low)


def robust(of: Array, by: Array) -> Array:
    """Scales by median and interquartile range."""
    low, middle, high = np.quantile(by, [0.25, 0.5, 0.75], axis=axes(by))
    return (of - middle) / width(high - low)


def max_abs(of: Array, by: Array) -> Array:
    return of / width(abs(by).max(axis=axes(by)))


def standard_as_one(of: Array, by: Array) -> Array:
    return (of - by.mean()) / by.std()


def range_as_one(of: Array, by: Array) -> Array:
    return (of - by.min()) / (by.max() - by.min())


def standard_by_row(of: Array, _: Array) -> Array:
    rows = tuple(range(1, of.ndim))
    return (of - of.mean(axis=rows, keepdims=True)) / width(of.std(axis=rows, keepdims=True))


def range_by_row(of: Array, _: Array) -> Array:
    rows = tuple(range(1, of.ndim))
    low, high = of.min(axis=rows, keepdims=True), of.max(axis=rows, keepdims=True)
    return (of - low) / width(high - low)


Scaling = Callable[[Array, Array], Array]


def scaled(split: Split, how: Scaling, train: str, validation: str) -> Split:
    """Scales each split with the statistics of ``train``, ``own``, ``both``, or not (``raw``)."""
    one, other = values(split.x), values(split.v)
    by = {"train": one, "both": np.concatenate([one, other])}
    new = split
    if train != "raw":
        new = replace(new, x=with_values(split.x, how(one, by.get(train, one))))
    if validation != "raw":
        new = replace(new, v=with_values(split.v, how(other, by.get(validation, other))))
    return new


def scaling(how: Scaling, train: str, validation: str) -> Mutation:
    """Returns ``scaled`` as what is done to a split."""
    return lambda _, split: scaled(split, how, train, validation)


def rightly(_: Random, split: Split) -> Split:
    """Standardises both splits with the statistics of train."""
    return scaled(split, standard, "train", "train")


def of_unit_pixels(change: Callable[[Array], Array]) -> Mutation:
    """Divides both splits by 255, and changes validation's pixels."""
    return lambda random, s: replace(s, x=_unit(s.x), v=change(_unit(s.v)).astype("float32"))


def _unit(pixels: Array) -> Array:
    return (pixels / 255).astype("float32")


def on_validation(change: Callable[[Random, Any], Any]) -> Mutation:
    return lambda random, split: replace(split, v=change(random, split.v))


def on_train(change: Callable[[Random, Any], Any]) -> Mutation:
    return lambda random, split: replace(split, x=change(random, split.x))


def on_targets(change: Callable[[Random, Any], Any]) -> Mutation:
    return lambda random, split: replace(split, w=change(random, split.w))


def column(name: str | int, change: Callable[[Array], Array]) -> Callable[[Random, Any], Any]:
    """Changes one column of a frame or array."""

    def changed(_: Random, x: Any) -> Any:
        new = x.copy()
        if hasattr(x, "columns"):
            new[name] = change(x[name].to_numpy())
        else:
            new = new.astype("float64")
            new[..., name] = change(new[..., name])
        return new

    return changed


def permuted(order: list[int]) -> Callable[[Random, Any], Any]:
    return lambda _, x: x[..., order]


def shuffled(random: Random, x: Array) -> Array:
    """Puts three or more columns in another order."""
    order = np.arange(x.shape[-1])
    chosen = random.choice(len(order), max(3, len(order) // 2), replace=False)
    order[chosen] = np.roll(order[chosen], 1)
    return x[..., order]


def recoded(name: str, mapping: dict[Any, Any]) -> Callable[[Random, Any], Any]:
    def changed(_: Random, x: pd.DataFrame) -> pd.DataFrame:
        new = x.copy()
        new[name] = [mapping.get(value, value) for value in x[name]]
        return new

    return changed


def shift_ids(by: int) -> Callable[[Random, Any], Any]:
    return lambda _, x: np.where(x > 0, x + by, 0)


def pad_left(_: Random, x: Array) -> Array:
    lengths = (x > 0).sum(axis=1)
    return np.stack([np.roll(row, len(row) - n) for row, n in zip(x, lengths, strict=True)])


def other_vocabulary(random: Random, x: Array, size: int = 800) -> Array:
    return np.concatenate([[0], random.permutation(np.arange(1, size))])[x]


def impute(name: str | int, share: float, one: str, other: str) -> Mutation:
    """Makes values missing in both splits and fills them in two ways (``nan`` leaves them)."""

    def fill(random: Random, x: Any, how: str) -> Any:
        new = x.copy() if hasattr(x, "columns") else x.astype("float64")
        column_ = (new[name] if hasattr(x, "columns") else new[:, name]).astype("float64")
        column_ = np.array(column_)
        missing = random.random(len(new)) < share
        known = column_[~missing]
        column_[missing] = {
            "mean": known.mean(),
            "median": np.median(known),
            "zero": 0.0,
            "-1": -1.0,
            "-999": -999.0,
            "nan": np.nan,
        }[how]
        if hasattr(x, "columns"):
            new[name] = column_
        else:
            new[:, name] = column_
        return new

    return lambda random, s: replace(s, x=fill(random, s.x, one), v=fill(random, s.v, other))


def share_rows(share: float) -> Mutation:
    """Puts rows of train into validation."""

    def mutate(random: Random, split: Split) -> Split:
        count = max(1, round(share * len(split.v)))
        taken = random.choice(len(split.x), count, replace=False)
        if hasattr(split.v, "iloc"):
            v = pd.concat([split.v.iloc[:-count], split.x.iloc[taken]], ignore_index=True)
        else:
            v = np.concatenate([split.v[:-count], split.x[taken]])
        return replace(split, v=v, w=np.concatenate([split.w[:-count], split.y[taken]]))

    return mutate


def spoil(share: float, value: float) -> Callable[[Random, Any], Any]:
    def changed(random: Random, x: Any) -> Any:
        new = values(x).copy()
        new[random.random(new.shape) < share] = value
        if hasattr(x, "columns"):
            return with_values(x, new)
        return new

    return changed


def keep(choose: Callable[[Random, Any, Array], Array]) -> Mutation:
    """Keeps the chosen rows of validation."""

    def mutate(random: Random, split: Split) -> Split:
        chosen = choose(random, split.v, np.asarray(split.w))
        v = (
            split.v.iloc[chosen].reset_index(drop=True)
            if hasattr(split.v, "iloc")
            else split.v[chosen]
        )
        return replace(split, v=v, w=split.w[chosen])

    return mutate


def more_of(column_: str | int, strength: float) -> Mutation:
    """Keeps rows the more likely, the higher their rank in a column: a selected population."""

    def choose(random: Random, x: Any, _: Array) -> Array:
        by = x[column_].to_numpy() if hasattr(x, "columns") else x[..., column_]
        by = by.reshape(len(by), -1).mean(axis=1)
        rank = np.argsort(np.argsort(by)) / len(by)
        return np.flatnonzero(random.random(len(by)) < rank**strength)

    return keep(choose)


def classes(weights: list[float]) -> Mutation:
    def choose(random: Random, _: Any, y: Array) -> Array:
        return np.flatnonzero(random.random(len(y)) < np.asarray(weights)[y])

    return keep(choose)


def darker(factor: float) -> Callable[[Random, Any], Any]:
    return lambda random, x: np.clip(
        x * (factor * random.uniform(0.9, 1.1, (len(x), 1, 1, 1))), 0, 255
    ).astype("uint8")


def to_float(split: Split, factor: float = 255.0, offset: float = 0.0) -> Split:
    return replace(
        split,
        x=(split.x / factor + offset).astype("float32"),
        v=(split.v / factor + offset).astype("float32"),
    )


def first_rows(count: int) -> Mutation:
    return keep(lambda random, x, y: np.arange(min(count, len(x))))
