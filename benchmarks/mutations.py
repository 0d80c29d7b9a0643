"""Names what was done to validation data? Mutations of known kind, and controls, counted.

Run it from the repository with ``python benchmarks/mutations.py``. It draws data sets of five
kinds, splits them at random, changes one split in one way, and asks ``check_consistency``. The
table says, for each kind, how often the first finding names it; for natural shifts and untouched
controls, how often something else is claimed.

The rules were written with the cases in ``KNOWN``, ``SHIFTS`` and ``CONTROLS``. Those in
``HELD_OUT`` and ``HELD_OUT_SHIFTS``, on data of other distributions, were written afterwards.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mlflow_plateau.consistency import ConsistencyReport, report
from mlflow_plateau.profiles import profile

Random = np.random.Generator
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Split:
    """Inputs and targets of both splits."""

    x: Any
    y: Any
    v: Any
    w: Any


Population = Callable[[Random, int], tuple[Any, Any]]
Mutation = Callable[[Random, Split], Split]


def tabular(random: Random, rows: int) -> tuple[pd.DataFrame, Array]:
    """Incomes, ages, amounts in cents, skewed counts, categories; a class that depends on them."""
    age = np.clip(random.normal(44, 14, rows), 18, 95).round()
    income = np.exp(random.normal(10.2, 0.6, rows) + 0.006 * (age - 44))
    frame = pd.DataFrame(
        {
            "income": income,
            "age": age,
            "height": random.normal(171, 9.5, rows).round(1),
            "balance": random.normal(1500, 900, rows),
            "price": random.gamma(2.0, 30.0, rows).round(2),
            "visits": random.poisson(6, rows),
            "share": random.beta(2, 5, rows),
            "temperature": random.normal(14, 8, rows),
            "plan": random.choice(
                ["basic", "plus", "pro", "team"], rows, p=[0.5, 0.27, 0.16, 0.07]
            ),
            "region": random.choice(5, rows, p=[0.4, 0.25, 0.18, 0.12, 0.05]),
        }
    )
    score = (age - 44) / 14 + (np.log(income) - 10.2) / 0.6 + random.normal(0, 1, rows)
    return frame, np.digitize(score, [-1.2, 0.9])


def gaussian(random: Random, rows: int) -> tuple[Array, Array]:
    """Twelve correlated Gaussian features of different location and scale; four classes."""
    fixed = np.random.default_rng(3)
    mixing = np.eye(12) + 0.4 * fixed.standard_normal((12, 12))
    y = random.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1])
    centres = fixed.standard_normal((4, 12)) * 1.5
    z = (random.standard_normal((rows, 12)) + centres[y]) @ mixing
    return (z * fixed.uniform(0.5, 30, 12) + fixed.uniform(-40, 40, 12)).astype("float32"), y


def images(random: Random, rows: int) -> tuple[Array, Array]:
    """Small colour images: a sky, a field and a blob, of varying light; three classes."""
    y = random.integers(0, 3, rows)
    light = random.uniform(0.6, 1.1, (rows, 1, 1, 1))
    base = np.zeros((rows, 12, 12, 3))
    base[:, :6] = np.array([110, 150, 215])
    base[:, 6:] = np.array([95, 130, 60])
    blob = random.integers(2, 8, (rows, 2))
    colours = np.array([[200, 40, 40], [230, 200, 60], [60, 60, 70]])
    rows_, columns_ = np.ogrid[:12, :12]
    inside = (abs(rows_ - blob[:, 0, None, None]) < 3) & (
        abs(columns_ - blob[:, 1, None, None]) < 3
    )
    base = np.where(inside[..., None], colours[y][:, None, None, :], base)
    noisy = base * light + random.normal(0, 12, base.shape)
    return np.clip(noisy, 0, 255).astype("uint8"), y


def tokens(random: Random, rows: int) -> tuple[Array, Array]:
    """Sentences of ids with Zipf's frequencies, padded with zeros at the end; two classes."""
    vocabulary, length = 800, 24
    y = random.integers(0, 2, rows)
    weights = 1 / np.arange(2, vocabulary + 1) ** 1.05
    other = weights[np.random.default_rng(8).permutation(len(weights))]
    ids = np.zeros((rows, length), dtype=np.int64)
    for label in (0, 1):
        share = 0.7 * weights + 0.3 * (other if label else weights)
        mine = np.flatnonzero(y == label)
        drawn = random.choice(np.arange(1, vocabulary), (len(mine), length), p=share / share.sum())
        ids[mine] = drawn
    lengths = random.integers(6, length + 1, rows)
    ids[np.arange(length) >= lengths[:, None]] = 0
    return ids, y


def series(random: Random, rows: int) -> tuple[Array, Array]:
    """Windows of three sensors: temperature, load, vibration; a number to predict."""
    time_ = np.arange(24)
    phase = random.uniform(0, 2 * np.pi, (rows, 1))
    day = np.sin(2 * np.pi * time_ / 24 + phase)
    level = random.normal(0, 1, (rows, 1))
    temperature = 18 + 4 * level + 5 * day + random.normal(0, 0.7, (rows, 24))
    load = np.exp(
        5 + 0.4 * day + 0.3 * random.normal(0, 1, (rows, 1)) + random.normal(0, 0.1, (rows, 24))
    )
    vibration = np.abs(random.normal(0, 0.3, (rows, 24))) * (1 + level**2)
    x = np.stack([temperature, load, vibration], axis=2).astype("float32")
    return x, (load.mean(axis=1) * 1.1 + random.normal(0, 8, rows)).astype("float32")


def ledger(random: Random, rows: int) -> tuple[pd.DataFrame, Array]:
    """Held out: uniform, bimodal, exponential and heavy-tailed amounts, other categories."""
    y = random.choice(3, rows, p=[0.55, 0.3, 0.15])
    frame = pd.DataFrame(
        {
            "income": random.pareto(2.5, rows) * 8000 + 9000,
            "age": random.integers(0, 120, rows),
            "height": np.where(random.random(rows) < 0.4, 20, 60)
            + random.normal(0, 5, rows)
            + 4 * y,
            "balance": random.uniform(-500, 2500, rows),
            "price": random.exponential(12, rows).round(2),
            "visits": random.geometric(0.3, rows) - 1,
            "share": random.uniform(0, 1, rows),
            "temperature": random.normal(295, 6, rows) + 3 * y,
            "plan": random.choice(list("ABCDEFGH"), rows, p=np.arange(8, 0, -1) / 36),
            "region": random.choice(3, rows, p=[0.7, 0.22, 0.08]),
        }
    )
    return frame, y


def uniform(random: Random, rows: int) -> tuple[Array, Array]:
    """Held out: eight uniform, triangular and skewed features; three equally frequent classes."""
    y = random.integers(0, 3, rows)
    x = np.stack(
        [
            random.uniform(2, 9, rows) + y,
            random.triangular(0, 1, 5, rows) * 40,
            random.gamma(3, 2, rows) + 0.7 * y,
            random.uniform(-1, 1, rows),
            random.weibull(1.5, rows) * 300 + 100 * (y == 1),
            random.normal(0, 1, rows) ** 2,
            random.laplace(4, 0.6, rows),
            random.lognormal(0, 1, rows),
        ],
        axis=1,
    )
    return x, y


def digits(random: Random, rows: int) -> tuple[Array, Array]:
    """Held out: grey images of one channel, mostly black, with a stroke."""
    y = random.integers(0, 5, rows)
    image = np.zeros((rows, 14, 14, 1))
    at = random.integers(1, 11, rows)
    index = np.arange(rows)
    for step in range(12):
        across = np.clip(at + (y - 2) * step // 6, 0, 13)
        image[index, step, across, 0] = random.uniform(90, 255, rows)
    return np.clip(image + random.normal(0, 3, image.shape), 0, 255).astype("uint8"), y


def codes(random: Random, rows: int) -> tuple[Array, Array]:
    """Held out: sequences from a large vocabulary, padded with zeros at the start."""
    length, vocabulary = 40, 6000
    words = np.random.default_rng(2).permutation(np.arange(1, vocabulary))
    ids = words[np.minimum(random.zipf(1.25, (rows, length)), vocabulary - 1) - 1]
    lengths = random.integers(3, length + 1, rows)
    ids[np.arange(length) < (length - lengths)[:, None]] = 0
    return ids, random.integers(0, 2, rows)


POPULATIONS: dict[str, Population] = {
    "tabular": tabular,
    "gaussian": gaussian,
    "image": images,
    "token": tokens,
    "series": series,
    "ledger": ledger,
    "uniform": uniform,
    "digits": digits,
    "codes": codes,
}


def numbers(frame: pd.DataFrame) -> list[str]:
    return ["income", "age", "height", "balance", "price", "visits", "share", "temperature"]


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


def standard(of: Array, by: Array) -> Array:
    return (of - by.mean(axis=axes(by))) / by.std(axis=axes(by))


def min_max(of: Array, by: Array) -> Array:
    low, high = by.min(axis=axes(by)), by.max(axis=axes(by))
    return (of - low) / (high - low)


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


def other_vocabulary(random: Random, x: Array) -> Array:
    return np.concatenate([[0], random.permutation(np.arange(1, 800))])[x]


def impute(name: str, share: float, one: str, other: str) -> Mutation:
    """Makes values missing in both splits and fills them in two ways (``nan`` leaves them)."""

    def fill(random: Random, x: pd.DataFrame, how: str) -> pd.DataFrame:
        new = x.copy()
        column_ = new[name].to_numpy(dtype=float, copy=True)
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
        new[name] = column_
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


# kind, name, data, mutation
KNOWN: list[tuple[str, str, str, Mutation]] = [
    *[
        (
            "scaling_missing",
            f"standardised train, raw validation ({d})",
            d,
            lambda r, s: scaled(s, standard, "train", "raw"),
        )
        for d in ("tabular", "gaussian", "series")
    ],
    *[
        (
            "scaling_missing",
            f"raw train, scaled validation ({d})",
            d,
            lambda r, s: scaled(s, standard, "raw", "train"),
        )
        for d in ("tabular", "gaussian", "series")
    ],
    (
        "scaling_missing",
        "min-max train, raw validation",
        "tabular",
        lambda r, s: scaled(s, min_max, "train", "raw"),
    ),
    ("scaling_missing", "train / 255", "image", on_train(lambda r, x: (x / 255).astype("float32"))),
    (
        "scaling_missing",
        "validation / 255",
        "image",
        on_validation(lambda r, x: (x / 255).astype("float32")),
    ),
    (
        "scaler_refit",
        "standardised twice",
        "tabular",
        lambda r, s: scaled(s, standard, "train", "own"),
    ),
    (
        "scaler_refit",
        "standardised twice",
        "gaussian",
        lambda r, s: scaled(s, standard, "train", "own"),
    ),
    (
        "scaler_refit",
        "standardised twice",
        "series",
        lambda r, s: scaled(s, standard, "train", "own"),
    ),
    (
        "scaler_fit_on_both",
        "standardised together",
        "tabular",
        lambda r, s: scaled(s, standard, "both", "both"),
    ),
    (
        "scaler_fit_on_both",
        "standardised together",
        "gaussian",
        lambda r, s: scaled(s, standard, "both", "both"),
    ),
    (
        "unit_factor",
        "income in thousands",
        "tabular",
        on_validation(column("income", lambda c: c / 1000)),
    ),
    ("unit_factor", "price in cents", "tabular", on_validation(column("price", lambda c: c * 100))),
    (
        "unit_factor",
        "height in inches",
        "tabular",
        on_validation(column("height", lambda c: c / 2.54)),
    ),
    (
        "unit_factor",
        "temperature in Fahrenheit",
        "tabular",
        on_validation(column("temperature", lambda c: c * 1.8 + 32)),
    ),
    ("unit_factor", "one feature × 60", "gaussian", on_train(column(4, lambda c: c * 60))),
    ("unit_factor", "load in watts", "series", on_validation(column(1, lambda c: c * 1000))),
    ("monotone_transform", "log1p(income)", "tabular", on_validation(column("income", np.log1p))),
    ("monotone_transform", "sqrt(price)", "tabular", on_validation(column("price", np.sqrt))),
    (
        "monotone_transform",
        "income clipped",
        "tabular",
        on_validation(column("income", lambda c: np.clip(c, *np.quantile(c, [0.05, 0.95])))),
    ),
    ("monotone_transform", "log1p(load)", "series", on_train(column(1, np.log1p))),
    (
        "columns_permuted",
        "two columns exchanged",
        "gaussian",
        on_validation(permuted([1, 0, *range(2, 12)])),
    ),
    ("columns_permuted", "half of the columns moved", "gaussian", on_validation(shuffled)),
    ("columns_permuted", "BGR", "image", on_validation(permuted([2, 1, 0]))),
    ("columns_permuted", "sensors exchanged", "series", on_validation(permuted([2, 1, 0]))),
    (
        "categories_recoded",
        "plans renamed in a circle",
        "tabular",
        on_validation(
            recoded("plan", {"basic": "team", "team": "pro", "pro": "plus", "plus": "basic"})
        ),
    ),
    (
        "categories_recoded",
        "regions from 1",
        "tabular",
        on_validation(column("region", lambda c: c + 1)),
    ),
    ("token_offset", "ids + 1", "token", on_validation(shift_ids(1))),
    ("token_offset", "ids + 3", "token", on_validation(shift_ids(3))),
    ("token_offset", "padded left", "token", on_validation(pad_left)),
    ("token_offset", "another vocabulary", "token", on_validation(other_vocabulary)),
    (
        "imputed_differently",
        "mean and zero, 10 %",
        "tabular",
        impute("balance", 0.1, "mean", "zero"),
    ),
    (
        "imputed_differently",
        "median and −1, 5 %",
        "tabular",
        impute("height", 0.05, "median", "-1"),
    ),
    (
        "imputed_differently",
        "mean and still missing, 5 %",
        "tabular",
        impute("income", 0.05, "mean", "nan"),
    ),
    (
        "schema_mismatch",
        "a column is missing",
        "tabular",
        on_validation(lambda r, x: x.drop(columns="price")),
    ),
    (
        "schema_mismatch",
        "channels first",
        "image",
        on_validation(lambda r, x: np.moveaxis(x, 3, 1)),
    ),
    (
        "schema_mismatch",
        "numbers as text",
        "tabular",
        on_validation(lambda r, x: x.assign(age=x["age"].map(lambda value: f"{value:.0f} years"))),
    ),
    ("labels_recoded", "classes from 1", "gaussian", on_targets(lambda r, y: y + 1)),
    ("labels_recoded", "classes in a circle", "gaussian", on_targets(lambda r, y: (y + 1) % 4)),
    ("labels_recoded", "one-hot on one side", "tabular", on_targets(lambda r, y: np.eye(3)[y])),
    ("label_shift", "a class is rare", "gaussian", classes([0.2, 1, 1, 1])),
    ("label_shift", "a class is missing", "image", classes([1, 1, 0])),
    ("rows_shared", "30 %", "tabular", share_rows(0.3)),
    ("rows_shared", "5 %", "gaussian", share_rows(0.05)),
    ("rows_shared", "10 %", "image", share_rows(0.1)),
    ("non_finite", "NaN in 1 %", "gaussian", on_validation(spoil(0.01, np.nan))),
    ("non_finite", "infinity in 1 ‰ of train", "gaussian", on_train(spoil(0.001, np.inf))),
    ("too_small", "12 rows", "gaussian", first_rows(12)),
    ("too_small", "40 rows", "image", first_rows(40)),
]

KNOWN += [
    (
        "scaling_missing",
        "x / 127.5 − 1 on train",
        "image",
        on_train(lambda r, x: (x / 127.5 - 1).astype("float32")),
    ),
    (
        "scaling_missing",
        "normalised per channel, raw train",
        "image",
        on_validation(
            lambda r, x: ((x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).astype(
                "float32"
            )
        ),
    ),
    (
        "scaling_missing",
        "raw train, min-max validation",
        "gaussian",
        lambda r, s: scaled(s, min_max, "raw", "train"),
    ),
    (
        "scaling_missing",
        "standardised (n − 1), raw validation",
        "gaussian",
        lambda r, s: replace(s, x=((s.x - s.x.mean(0)) / s.x.std(0, ddof=1)).astype("float32")),
    ),
    (
        "scaler_refit",
        "standardised twice with n − 1",
        "gaussian",
        lambda r, s: scaled(s, lambda a, b: (a - b.mean(0)) / b.std(0, ddof=1), "train", "own"),
    ),
    ("scaler_refit", "min-max twice", "gaussian", lambda r, s: scaled(s, min_max, "train", "own")),
    (
        "scaler_refit",
        "images standardised by channel twice",
        "image",
        lambda r, s: scaled(s, standard, "train", "own"),
    ),
    (
        "scaler_fit_on_both",
        "min-max together",
        "gaussian",
        lambda r, s: scaled(s, min_max, "both", "both"),
    ),
    (
        "scaler_fit_on_both",
        "standardised together",
        "image",
        lambda r, s: scaled(s, standard, "both", "both"),
    ),
    (
        "unit_factor",
        "weights: balance in pounds",
        "tabular",
        on_validation(column("balance", lambda c: c * 2.20462262)),
    ),
    ("unit_factor", "temperature in kelvin", "series", on_train(column(0, lambda c: c + 273.15))),
    (
        "unit_factor",
        "share in percent",
        "tabular",
        on_validation(column("share", lambda c: c * 100)),
    ),
    ("unit_factor", "a feature negated", "tabular", on_validation(column("price", lambda c: -c))),
    (
        "unit_factor",
        "income / 1e6 in train",
        "tabular",
        on_train(column("income", lambda c: c / 1e6)),
    ),
    ("monotone_transform", "log(income) in train", "tabular", on_train(column("income", np.log))),
    ("monotone_transform", "price squared", "tabular", on_validation(column("price", np.square))),
    (
        "monotone_transform",
        "ranks of the balance",
        "tabular",
        on_validation(column("balance", lambda c: (np.argsort(np.argsort(c)) + 1) / len(c))),
    ),
    (
        "monotone_transform",
        "visits clipped at 9",
        "tabular",
        on_validation(column("visits", lambda c: np.minimum(c, 9))),
    ),
    (
        "columns_permuted",
        "all reversed",
        "gaussian",
        on_validation(permuted(list(range(11, -1, -1)))),
    ),
    ("columns_permuted", "RBG", "image", on_train(permuted([0, 2, 1]))),
    (
        "columns_permuted",
        "frame in other order",
        "tabular",
        on_validation(lambda r, x: x[[*x.columns[1:], x.columns[0]]]),
    ),
    (
        "columns_permuted",
        "standardised, two exchanged",
        "gaussian",
        lambda r, s: (lambda t: replace(t, v=t.v[:, [0, 1, 2, 3, 4, 9, 6, 7, 8, 5, 10, 11]]))(
            scaled(s, standard, "train", "train")
        ),
    ),
    (
        "categories_recoded",
        "capital letters",
        "tabular",
        on_validation(lambda r, x: x.assign(plan=x["plan"].str.upper())),
    ),
    (
        "categories_recoded",
        "names as codes by frequency",
        "tabular",
        on_validation(column("region", lambda c: 4 - c)),
    ),
    ("token_offset", "ids − 1 in train", "token", on_train(lambda r, x: np.maximum(x - 1, 0))),
    ("token_offset", "padded with 1", "token", on_validation(lambda r, x: np.where(x == 0, 1, x))),
    ("token_offset", "ids + 100", "token", on_validation(shift_ids(100))),
    (
        "imputed_differently",
        "zero and −999, 3 %",
        "tabular",
        impute("temperature", 0.03, "zero", "-999"),
    ),
    (
        "imputed_differently",
        "missing and median, 20 %",
        "tabular",
        impute("balance", 0.2, "nan", "median"),
    ),
    (
        "schema_mismatch",
        "cut to whole numbers",
        "gaussian",
        on_validation(lambda r, x: x.astype("int64")),
    ),
    (
        "schema_mismatch",
        "one column more",
        "gaussian",
        on_validation(lambda r, x: np.concatenate([x, x[:, :1]], axis=1)),
    ),
    ("labels_recoded", "−1, 0, 1 for 0, 1, 2", "tabular", on_targets(lambda r, y: y - 1)),
    (
        "labels_recoded",
        "two of four exchanged",
        "gaussian",
        on_targets(lambda r, y: np.array([0, 2, 1, 3])[y]),
    ),
    (
        "labels_recoded",
        "names for numbers",
        "tabular",
        on_targets(lambda r, y: np.array(["low", "middle", "high"])[y]),
    ),
    (
        "labels_recoded",
        "shuffled against the rows",
        "gaussian",
        on_targets(lambda r, y: r.permutation(y)),
    ),
    ("label_shift", "a class is frequent", "tabular", classes([0.3, 0.3, 1])),
    ("label_shift", "half of a class", "gaussian", classes([1, 0.15, 1, 1])),
    ("rows_shared", "all rows", "token", share_rows(1.0)),
    ("rows_shared", "2 %", "series", share_rows(0.02)),
    (
        "non_finite",
        "−infinity in one column",
        "series",
        on_validation(column(2, lambda c: np.where(c > np.quantile(c, 0.999), -np.inf, c))),
    ),
    (
        "non_finite",
        "NaN in both",
        "series",
        lambda r, s: replace(s, x=spoil(0.01, np.nan)(r, s.x), v=spoil(0.01, np.nan)(r, s.v)),
    ),
    ("too_small", "60 rows", "tabular", first_rows(60)),
]

HELD_OUT: list[tuple[str, str, str, Mutation]] = [
    (
        "scaling_missing",
        "standardised train",
        "ledger",
        lambda r, s: scaled(s, standard, "train", "raw"),
    ),
    (
        "scaling_missing",
        "standardised validation",
        "uniform",
        lambda r, s: scaled(s, standard, "raw", "train"),
    ),
    (
        "scaling_missing",
        "standardised by its own, raw train",
        "ledger",
        lambda r, s: scaled(s, standard, "raw", "own"),
    ),
    (
        "scaling_missing",
        "min-max train",
        "uniform",
        lambda r, s: scaled(s, min_max, "train", "raw"),
    ),
    (
        "scaling_missing",
        "digits / 255",
        "digits",
        on_validation(lambda r, x: (x / 255).astype("float16")),
    ),
    (
        "scaling_missing",
        "digits standardised by train",
        "digits",
        lambda r, s: scaled(s, standard, "train", "raw"),
    ),
    (
        "scaler_refit",
        "standardised twice",
        "ledger",
        lambda r, s: scaled(s, standard, "train", "own"),
    ),
    (
        "scaler_refit",
        "standardised twice",
        "digits",
        lambda r, s: scaled(s, standard, "train", "own"),
    ),
    ("scaler_refit", "min-max twice", "uniform", lambda r, s: scaled(s, min_max, "train", "own")),
    (
        "scaler_refit",
        "fitted on validation only",
        "uniform",
        lambda r, s: replace(s, x=standard(s.x, s.v), v=standard(s.v, s.v)),
    ),
    (
        "scaler_fit_on_both",
        "standardised together",
        "ledger",
        lambda r, s: scaled(s, standard, "both", "both"),
    ),
    (
        "scaler_fit_on_both",
        "min-max together",
        "uniform",
        lambda r, s: scaled(s, min_max, "both", "both"),
    ),
    (
        "unit_factor",
        "income in millions",
        "ledger",
        on_validation(column("income", lambda c: c / 1e6)),
    ),
    (
        "unit_factor",
        "kelvin to Celsius",
        "ledger",
        on_validation(column("temperature", lambda c: c - 273.15)),
    ),
    (
        "unit_factor",
        "height: inches to centimetres",
        "ledger",
        on_train(column("height", lambda c: c * 2.54)),
    ),
    ("unit_factor", "age in months", "ledger", on_validation(column("age", lambda c: c * 12))),
    (
        "unit_factor",
        "degrees to radians",
        "uniform",
        on_validation(column(4, lambda c: np.deg2rad(c))),
    ),
    ("unit_factor", "a factor of 37", "uniform", on_validation(column(2, lambda c: c * 37))),
    ("monotone_transform", "log1p(price)", "ledger", on_validation(column("price", np.log1p))),
    ("monotone_transform", "exp", "uniform", on_validation(column(0, np.exp))),
    ("monotone_transform", "sqrt", "uniform", on_train(column(5, np.sqrt))),
    ("monotone_transform", "log2(income)", "ledger", on_validation(column("income", np.log2))),
    (
        "monotone_transform",
        "age clipped at 20 and 80",
        "ledger",
        on_validation(column("age", lambda c: np.clip(c, 20, 80))),
    ),
    (
        "columns_permuted",
        "two exchanged",
        "uniform",
        on_validation(permuted([0, 4, 2, 3, 1, 5, 6, 7])),
    ),
    ("columns_permuted", "three moved", "uniform", on_train(permuted([2, 1, 5, 3, 4, 0, 6, 7]))),
    (
        "columns_permuted",
        "names reversed",
        "ledger",
        on_validation(lambda r, x: x[x.columns[::-1]]),
    ),
    (
        "columns_permuted",
        "scaled, reversed",
        "uniform",
        lambda r, s: (lambda t: replace(t, v=t.v[:, ::-1]))(scaled(s, standard, "train", "train")),
    ),
    (
        "categories_recoded",
        "letters moved by two",
        "ledger",
        on_validation(recoded("plan", dict(zip("ABCDEFGH", "CDEFGHAB", strict=True)))),
    ),
    (
        "categories_recoded",
        "small letters",
        "ledger",
        on_validation(lambda r, x: x.assign(plan=x["plan"].str.lower())),
    ),
    (
        "categories_recoded",
        "regions from 10",
        "ledger",
        on_train(column("region", lambda c: c + 10)),
    ),
    (
        "categories_recoded",
        "regions in a circle",
        "ledger",
        on_validation(column("region", lambda c: (c + 1) % 3)),
    ),
    ("token_offset", "ids + 1", "codes", on_validation(shift_ids(1))),
    ("token_offset", "ids + 4, padding too", "codes", on_validation(lambda r, x: x + 4)),
    ("token_offset", "padded at the end", "codes", on_validation(lambda r, x: x[:, ::-1])),
    (
        "token_offset",
        "another vocabulary",
        "codes",
        on_validation(lambda r, x: np.concatenate([[0], r.permutation(np.arange(1, 6000))])[x]),
    ),
    ("imputed_differently", "mean and −1, 8 %", "ledger", impute("balance", 0.08, "mean", "-1")),
    (
        "imputed_differently",
        "median and mean, 15 %",
        "ledger",
        impute("price", 0.15, "median", "mean"),
    ),
    (
        "imputed_differently",
        "zero and still missing, 10 %",
        "ledger",
        impute("temperature", 0.1, "zero", "nan"),
    ),
    (
        "schema_mismatch",
        "a column renamed",
        "ledger",
        on_validation(lambda r, x: x.rename(columns={"age": "years"})),
    ),
    ("schema_mismatch", "other image size", "digits", on_validation(lambda r, x: x[:, 1:13, 1:13])),
    ("schema_mismatch", "one column less", "uniform", on_validation(lambda r, x: x[:, :-1])),
    ("labels_recoded", "classes from 1", "ledger", on_targets(lambda r, y: y + 1)),
    (
        "labels_recoded",
        "in a circle, equally frequent",
        "uniform",
        on_targets(lambda r, y: (y + 1) % 3),
    ),
    (
        "labels_recoded",
        "names for numbers",
        "uniform",
        on_targets(lambda r, y: np.array(["a", "b", "c"])[y]),
    ),
    ("label_shift", "a class is frequent", "uniform", classes([1, 0.3, 0.3])),
    ("label_shift", "a class is missing", "digits", classes([1, 1, 1, 1, 0])),
    ("rows_shared", "20 %", "ledger", share_rows(0.2)),
    ("rows_shared", "3 %", "uniform", share_rows(0.03)),
    ("rows_shared", "50 %", "codes", share_rows(0.5)),
    ("non_finite", "NaN in 3 ‰", "ledger", on_validation(spoil(0.003, np.nan))),
    ("non_finite", "infinity in 1 %", "uniform", on_train(spoil(0.01, np.inf))),
    ("too_small", "20 rows", "uniform", first_rows(20)),
    ("too_small", "80 rows", "ledger", first_rows(80)),
]

HELD_OUT_SHIFTS: list[tuple[str, str, str, Mutation]] = [
    (
        "distribution_shift",
        "richer by half",
        "ledger",
        on_validation(column("income", lambda c: c * 1.5)),
    ),
    (
        "distribution_shift",
        "poorer by half",
        "ledger",
        on_validation(column("income", lambda c: c * 0.5)),
    ),
    (
        "distribution_shift",
        "older by ten years",
        "ledger",
        on_validation(column("age", lambda c: c + 10)),
    ),
    ("distribution_shift", "older by selection", "ledger", more_of("age", 2.0)),
    (
        "distribution_shift",
        "warmer",
        "ledger",
        on_validation(column("temperature", lambda c: c + 6)),
    ),
    (
        "distribution_shift",
        "more of one mode",
        "ledger",
        keep(
            lambda r, x, y: np.flatnonzero(r.random(len(x)) < np.where(x["height"] < 42, 0.3, 1.0))
        ),
    ),
    (
        "distribution_shift",
        "scaled rightly, higher",
        "uniform",
        lambda r, s: scaled(more_of(4, 2.0)(r, s), standard, "train", "train"),
    ),
    (
        "distribution_shift",
        "wider",
        "uniform",
        on_validation(column(6, lambda c: 4 + 1.8 * (c - 4))),
    ),
    ("distribution_shift", "fainter strokes", "digits", on_validation(darker(0.7))),
    (
        "distribution_shift",
        "other plans",
        "ledger",
        keep(
            lambda r, x, y: np.flatnonzero(r.random(len(x)) < np.where(x["plan"] == "A", 0.15, 1.0))
        ),
    ),
    (
        "distribution_shift",
        "other texts",
        "codes",
        on_validation(
            lambda r, x: np.where(
                (x > 0) & (r.random(x.shape) < 0.5), r.integers(1, 6000, x.shape), x
            )
        ),
    ),
]

SHIFTS: list[tuple[str, str, str, Mutation]] = [
    ("distribution_shift", "richer by selection", "tabular", more_of("income", 2.0)),
    (
        "distribution_shift",
        "richer by 30 %",
        "tabular",
        on_validation(column("income", lambda c: c * 1.3)),
    ),
    (
        "distribution_shift",
        "richer by 75 %",
        "tabular",
        on_validation(column("income", lambda c: c * 1.75)),
    ),
    ("distribution_shift", "older by selection", "tabular", more_of("age", 1.0)),
    (
        "distribution_shift",
        "older by six years",
        "tabular",
        on_validation(column("age", lambda c: c + 6)),
    ),
    (
        "distribution_shift",
        "standardised, older",
        "tabular",
        lambda r, s: scaled(more_of("age", 1.5)(r, s), standard, "train", "train"),
    ),
    ("distribution_shift", "another cluster", "gaussian", more_of(3, 3.0)),
    ("distribution_shift", "darker", "image", on_validation(darker(0.6))),
    (
        "distribution_shift",
        "brighter and scaled",
        "image",
        lambda r, s: to_float(replace(s, v=darker(1.3)(r, s.v))),
    ),
    ("distribution_shift", "warmer season", "series", on_validation(column(0, lambda c: c + 5))),
    (
        "distribution_shift",
        "other texts",
        "token",
        on_validation(
            lambda r, x: np.where(
                (x > 0) & (r.random(x.shape) < 0.4), r.integers(1, 800, x.shape), x
            )
        ),
    ),
    (
        "distribution_shift",
        "another region",
        "tabular",
        keep(
            lambda r, x, y: np.flatnonzero(r.random(len(x)) < np.where(x["region"] == 0, 0.2, 1.0))
        ),
    ),
]

CONTROLS: list[tuple[str, str, str, Mutation]] = [
    *[("pass", f"untouched ({name})", name, lambda r, s: s) for name in POPULATIONS],
    (
        "pass",
        "standardised rightly (uniform)",
        "uniform",
        lambda r, s: scaled(s, standard, "train", "train"),
    ),
    *[
        (
            "pass",
            f"standardised rightly ({name})",
            name,
            lambda r, s: scaled(s, standard, "train", "train"),
        )
        for name in ("tabular", "gaussian", "series")
    ],
    (
        "pass",
        "min-max scaled rightly",
        "gaussian",
        lambda r, s: scaled(s, min_max, "train", "train"),
    ),
    ("pass", "divided by 255 rightly", "image", lambda r, s: to_float(s)),
]

GROUPS = ["known", "held-out", "shifts", "held-out-shifts", "controls"]
CONTROL_ROWS = (40, 1_000, 1_000_000)
MUTATION_ROWS = (1_000, 5_000)
VALIDATION_SHARE = 0.25
LARGE_CELLS = 100_000_000
"""Controls of images and series are cut to so many values."""


def drawn(random: Random, population: str, rows: int) -> Split:
    """Draws a population and splits it at random."""
    x, y = POPULATIONS[population](random, rows)
    cut = rows - round(VALIDATION_SHARE * rows)
    if hasattr(x, "iloc"):
        return Split(x.iloc[:cut], y[:cut], x.iloc[cut:].reset_index(drop=True), y[cut:])
    return Split(x[:cut], y[:cut], x[cut:], y[cut:])


def asked(split: Split) -> ConsistencyReport:
    return report(profile((split.x, split.y)), profile((split.v, split.w)))


def first(answer: ConsistencyReport) -> str:
    """Returns the kind of the first finding, or ``pass``."""
    return answer.findings[0].kind if answer.findings else "pass"


def alarm(answer: ConsistencyReport) -> str:
    """Returns the kind of the first finding that is more than information, or ``pass``."""
    serious = [finding.kind for finding in answer.findings if finding.severity != "info"]
    return serious[0] if serious else "pass"


Group = list[tuple[str, str, str, Mutation]]


def count(group: Group, seeds: int, sizes: tuple[int, ...], verbose: bool) -> dict[str, list[bool]]:
    """Returns for each kind whether each case was named right; wrong ones are printed."""
    right: dict[str, list[bool]] = defaultdict(list)
    for number, (kind, name, population, mutation) in enumerate(group):
        wrong: dict[str, int] = defaultdict(int)
        for rows in sizes:
            for seed in range(seeds):
                random = np.random.default_rng([seed, rows, number])
                answer = asked(mutation(random, drawn(random, population, rows)))
                said = alarm(answer) if kind in ("pass", "distribution_shift") else first(answer)
                good = said == kind or (kind == "distribution_shift" and said == "pass")
                right[kind].append(good)
                if not good:
                    wrong[f"{said} at {rows:,} rows"] += 1
        if verbose and wrong:
            listed = ", ".join(f"{often} × {said}" for said, often in wrong.items())
            print(f"    {kind}: {name} ({population}): {listed}")
    return right


def large_rows(population: str, rows: int) -> int:
    """Returns how many rows of a population fit in memory."""
    cells = {"image": 432, "digits": 196, "series": 72, "codes": 40, "token": 24}.get(
        population, 12
    )
    return min(rows, LARGE_CELLS // cells)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--large-seeds", type=int, default=3, help="seeds at a million rows")
    parser.add_argument("--quiet", action="store_true", help="do not list what was named wrong")
    parser.add_argument("--groups", nargs="+", default=GROUPS, choices=GROUPS)
    arguments = parser.parse_args()
    begin = time.perf_counter()
    for title, group in (
        ("known", KNOWN),
        ("held-out", HELD_OUT),
        ("shifts", SHIFTS),
        ("held-out-shifts", HELD_OUT_SHIFTS),
    ):
        if title not in arguments.groups:
            continue
        print(f"{title}: {arguments.seeds} seeds at {MUTATION_ROWS} rows")
        right = count(group, arguments.seeds, MUTATION_ROWS, not arguments.quiet)
        for kind, cases in right.items():
            print(f"  {kind:<22} {np.mean(cases):7.1%} of {len(cases)}")
        together = [case for cases in right.values() for case in cases]
        print(f"  {'all':<22} {np.mean(together):7.1%} of {len(together)}")
        print(f"  {'mean over kinds':<22} {np.mean([np.mean(c) for c in right.values()]):7.1%}")
    if "controls" in arguments.groups:
        for rows in CONTROL_ROWS:
            seeds = arguments.seeds if rows <= 10_000 else arguments.large_seeds
            print(f"controls: {seeds} seeds at {rows:,} rows")
            for control in CONTROLS:
                cases = count(
                    [control], seeds, (large_rows(control[2], rows),), not arguments.quiet
                )["pass"]
                print(f"  {control[1]:<34} {len(cases) - sum(cases)} false of {len(cases)}")
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
