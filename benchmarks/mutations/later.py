"""Cases that were asked once before the last change of rules, and looked at for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.mutations.changes import (
    classes,
    column,
    darker,
    impute,
    keep,
    max_abs,
    min_max,
    more_of,
    on_targets,
    on_train,
    on_validation,
    permuted,
    recoded,
    robust,
    scaling,
    share_rows,
    spoil,
    standard,
)
from benchmarks.mutations.later_populations import LATER_POPULATIONS
from benchmarks.mutations.split import Array, Case, Mutation, Random, cases


def unit_range(of: Array, by: Array) -> Array:
    return 2 * min_max(of, by) - 1


def each_row(_: Random, x: Array) -> Array:
    """Standardises every row by itself."""
    x = x.astype("float64")
    axes = tuple(range(1, x.ndim))
    return ((x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)).astype("float32")


def rows_to_length_one(_: Random, x: Array) -> Array:
    return (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)).astype("float32")


def ranked(of: Array, by: Array) -> Array:
    """Replaces values by the share of values below them."""
    places = [
        np.searchsorted(np.sort(column_), one) for column_, one in zip(by.T, of.T, strict=True)
    ]
    return np.stack(places, axis=1) / len(by)


def in_both(change: Callable[[Random, Any], Any]) -> Mutation:
    return lambda random, s: replace(s, x=change(random, s.x), v=change(random, s.v))


LATER: list[Case] = cases(
    {
        "scaling_missing": [
            ("greatest size 1 in validation", "clicks", scaling(max_abs, "raw", "train")),
            ("standardised counts in train", "clicks", scaling(standard, "train", "raw")),
            ("rows of length 1 in train", "clicks", on_train(rows_to_length_one)),
            ("from −1 to 1 in train", "iris", scaling(unit_range, "train", "raw")),
            ("quartiles 1 apart in train", "iris", scaling(robust, "train", "raw")),
            ("ranks in train", "iris", scaling(ranked, "train", "raw")),
            ("standardised channels in validation", "meters", scaling(standard, "raw", "train")),
            ("every day by itself in validation", "meters", on_validation(each_row)),
            ("every picture by itself in train", "scans", on_train(each_row)),
            ("pictures / 256", "scans", on_validation(lambda r, x: (x / 256).astype("float32"))),
        ],
        "scaler_refit": [
            ("from −1 to 1 twice", "meters", scaling(unit_range, "train", "own")),
            ("quartiles 1 apart twice", "iris", scaling(robust, "train", "own")),
            ("greatest size 1 twice", "clicks", scaling(max_abs, "train", "own")),
            ("standardised twice", "scans", scaling(standard, "train", "own")),
        ],
        "scaler_fit_on_both": [
            ("standardised together", "clicks", scaling(standard, "both", "both")),
            ("from −1 to 1 together", "iris", scaling(unit_range, "both", "both")),
        ],
        "unit_factor": [
            ("millimetres", "iris", on_validation(column(2, lambda c: c * 10))),
            ("minutes", "survey", on_validation(column("hours", lambda c: c * 60))),
            ("age × 90", "survey", on_validation(column("age", lambda c: c * 90))),
            ("income in thousands", "survey", on_train(column("income", lambda c: c / 1000))),
            ("watts", "meters", on_validation(column(0, lambda c: c * 1000))),
        ],
        "monotone_transform": [
            ("log1p(counts)", "clicks", on_train(lambda r, x: np.log1p(x))),
            ("sqrt(counts)", "clicks", on_validation(lambda r, x: np.sqrt(x))),
            ("log(income)", "survey", on_validation(column("income", np.log))),
            ("square root of the load", "meters", on_validation(column(0, np.sqrt))),
        ],
        "columns_permuted": [
            ("two exchanged", "iris", on_validation(permuted([1, 0, 2, 3]))),
            ("channels exchanged", "meters", on_validation(permuted([1, 0]))),
            ("all reversed", "clicks", on_validation(permuted(list(range(29, -1, -1))))),
        ],
        "categories_recoded": [
            (
                "towns in a circle",
                "survey",
                on_validation(
                    recoded(
                        "town", {"north": "east", "east": "south", "south": "west", "west": "north"}
                    )
                ),
            ),
            ("answers from 0", "survey", on_validation(column("answer_1", lambda c: c - 1))),
        ],
        "imputed_differently": [
            ("mean and zero, 8 %", "survey", impute("hours", 0.08, "mean", "zero")),
            ("median and missing, 6 %", "iris", impute(0, 0.06, "median", "nan")),
        ],
        "schema_mismatch": [
            ("cut to whole numbers", "iris", on_validation(lambda r, x: x.astype("int64"))),
            ("a column less", "clicks", on_validation(lambda r, x: x[:, 1:])),
        ],
        "labels_recoded": [
            ("classes from 1", "scans", on_targets(lambda r, y: y + 1)),
            ("yes and no exchanged", "survey", on_targets(lambda r, y: 1 - y)),
        ],
        "label_shift": [
            ("a kind is missing", "scans", classes([1, 1, 1, 0, 1, 1, 1, 1, 1, 1])),
            ("two kinds are rare", "scans", classes([0.2, 1, 1, 1, 0.2, 1, 1, 1, 1, 1])),
            ("a group is rare", "clicks", classes([0.2, 1, 1])),
        ],
        "rows_shared": [("5 %", "meters", share_rows(0.05)), ("40 %", "iris", share_rows(0.4))],
        "non_finite": [("NaN in 2 ‰", "meters", on_validation(spoil(0.002, np.nan)))],
    }
)

LATER_SHIFTS: list[Case] = cases(
    {
        "distribution_shift": [
            ("older", "survey", on_validation(column("age", lambda c: c + 7))),
            ("richer", "survey", on_validation(column("income", lambda c: c * 1.4))),
            ("longer hours by selection", "survey", more_of("hours", 1.5)),
            ("a colder winter", "meters", on_validation(column(0, lambda c: c * 1.6))),
            ("a weaker grid", "meters", on_validation(column(1, lambda c: c - 3))),
            ("fainter pictures", "scans", on_validation(darker(0.75))),
            (
                "busier users",
                "clicks",
                on_validation(lambda r, x: x + r.poisson(0.6 * x).astype("float32")),
            ),
            (
                "another town",
                "survey",
                keep(
                    lambda r, x, y: np.flatnonzero(
                        r.random(len(x)) < np.where(x["town"] == "north", 0.2, 1.0)
                    )
                ),
            ),
        ],
        "distribution_shift or label_shift": [("larger flowers", "iris", more_of(2, 1.5))],
    }
)

LATER_CONTROLS: list[Case] = cases(
    {
        "pass": [
            *[(f"untouched ({name})", name, lambda r, s: s) for name in LATER_POPULATIONS],
            *[
                (f"{how.__name__} scaled rightly ({name})", name, scaling(how, "train", "train"))
                for name in ("iris", "clicks", "meters")
                for how in (standard, unit_range, max_abs, robust)
                if not (how is robust and name == "clicks")
            ],
            ("every picture by itself", "scans", in_both(each_row)),
            ("rows of length 1", "clicks", in_both(rows_to_length_one)),
            ("ranks of train", "iris", scaling(ranked, "train", "train")),
        ]
    }
)
