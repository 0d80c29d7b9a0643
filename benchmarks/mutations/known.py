"""Cases that the rules were written with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.mutations.changes import (
    classes,
    column,
    darker,
    first_rows,
    impute,
    keep,
    min_max,
    more_of,
    of_unit_pixels,
    on_targets,
    on_train,
    on_validation,
    other_vocabulary,
    pad_left,
    permuted,
    range_as_one,
    range_by_row,
    recoded,
    scaled,
    scaling,
    share_rows,
    shift_ids,
    shuffled,
    spoil,
    standard,
    standard_as_one,
    standard_by_row,
    to_float,
)
from benchmarks.mutations.split import Case, cases

KNOWN: list[Case] = cases(
    {
        "scaling_missing": [
            *[
                (f"standardised train, raw validation ({d})", d, scaling(standard, "train", "raw"))
                for d in ("tabular", "gaussian", "series")
            ],
            *[
                (f"raw train, scaled validation ({d})", d, scaling(standard, "raw", "train"))
                for d in ("tabular", "gaussian", "series")
            ],
            ("min-max train, raw validation", "tabular", scaling(min_max, "train", "raw")),
            ("pictures one by one", "image", scaling(standard_by_row, "raw", "own")),
            ("pictures by their own range", "image", scaling(range_by_row, "raw", "own")),
            ("train / 255", "image", on_train(lambda r, x: (x / 255).astype("float32"))),
            ("validation / 255", "image", on_validation(lambda r, x: (x / 255).astype("float32"))),
        ],
        "scaler_refit": [
            ("standardised twice", "tabular", scaling(standard, "train", "own")),
            ("standardised twice", "gaussian", scaling(standard, "train", "own")),
            ("standardised twice", "series", scaling(standard, "train", "own")),
            *[
                (
                    f"standardised as a whole twice ({d})",
                    d,
                    scaling(standard_as_one, "train", "own"),
                )
                for d in ("gaussian", "image", "series")
            ],
            ("brought to one range twice", "gaussian", scaling(range_as_one, "train", "own")),
        ],
        "scaler_fit_on_both": [
            ("standardised together", "tabular", scaling(standard, "both", "both")),
            ("standardised together", "gaussian", scaling(standard, "both", "both")),
            ("as a whole together", "image", scaling(standard_as_one, "both", "both")),
            ("as a whole together", "series", scaling(standard_as_one, "both", "both")),
        ],
        "unit_factor": [
            ("income in thousands", "tabular", on_validation(column("income", lambda c: c / 1000))),
            ("price in cents", "tabular", on_validation(column("price", lambda c: c * 100))),
            ("height in inches", "tabular", on_validation(column("height", lambda c: c / 2.54))),
            (
                "temperature in Fahrenheit",
                "tabular",
                on_validation(column("temperature", lambda c: c * 1.8 + 32)),
            ),
            ("one feature × 60", "gaussian", on_train(column(4, lambda c: c * 60))),
            ("load in watts", "series", on_validation(column(1, lambda c: c * 1000))),
            ("negatives", "image", of_unit_pixels(lambda x: 1 - x)),
        ],
        "monotone_transform": [
            ("log1p(income)", "tabular", on_validation(column("income", np.log1p))),
            ("sqrt(price)", "tabular", on_validation(column("price", np.sqrt))),
            (
                "income clipped",
                "tabular",
                on_validation(
                    column("income", lambda c: np.clip(c, *np.quantile(c, [0.05, 0.95])))
                ),
            ),
            ("log1p(load)", "series", on_train(column(1, np.log1p))),
            ("brightness for pixels", "image", of_unit_pixels(lambda x: x**2.2)),
            (
                "brighter pixels of eight bits",
                "image",
                on_validation(lambda r, x: np.round(255 * (x / 255) ** (1 / 2.2)).astype("uint8")),
            ),
        ],
        "columns_permuted": [
            ("two columns exchanged", "gaussian", on_validation(permuted([1, 0, *range(2, 12)]))),
            ("half of the columns moved", "gaussian", on_validation(shuffled)),
            ("BGR", "image", on_validation(permuted([2, 1, 0]))),
            ("sensors exchanged", "series", on_validation(permuted([2, 1, 0]))),
        ],
        "categories_recoded": [
            (
                "plans renamed in a circle",
                "tabular",
                on_validation(
                    recoded(
                        "plan", {"basic": "team", "team": "pro", "pro": "plus", "plus": "basic"}
                    )
                ),
            ),
            ("regions from 1", "tabular", on_validation(column("region", lambda c: c + 1))),
        ],
        "token_offset": [
            ("ids + 1", "token", on_validation(shift_ids(1))),
            ("ids + 3", "token", on_validation(shift_ids(3))),
            ("padded left", "token", on_validation(pad_left)),
            ("another vocabulary", "token", on_validation(other_vocabulary)),
        ],
        "imputed_differently": [
            ("mean and zero, 10 %", "tabular", impute("balance", 0.1, "mean", "zero")),
            ("median and −1, 5 %", "tabular", impute("height", 0.05, "median", "-1")),
            ("mean and still missing, 5 %", "tabular", impute("income", 0.05, "mean", "nan")),
        ],
        "schema_mismatch": [
            ("a column is missing", "tabular", on_validation(lambda r, x: x.drop(columns="price"))),
            ("channels first", "image", on_validation(lambda r, x: np.moveaxis(x, 3, 1))),
            (
                "numbers as text",
                "tabular",
                on_validation(
                    lambda r, x: x.assign(age=x["age"].map(lambda value: f"{value:.0f} years"))
                ),
            ),
        ],
        "labels_recoded": [
            ("classes from 1", "gaussian", on_targets(lambda r, y: y + 1)),
            ("classes in a circle", "gaussian", on_targets(lambda r, y: (y + 1) % 4)),
            ("one-hot on one side", "tabular", on_targets(lambda r, y: np.eye(3)[y])),
        ],
        "label_shift": [
            ("a class is rare", "gaussian", classes([0.2, 1, 1, 1])),
            ("a class is missing", "image", classes([1, 1, 0])),
        ],
        "rows_shared": [
            ("30 %", "tabular", share_rows(0.3)),
            ("5 %", "gaussian", share_rows(0.05)),
            ("10 %", "image", share_rows(0.1)),
        ],
        "non_finite": [
            ("NaN in 1 %", "gaussian", on_validation(spoil(0.01, np.nan))),
            ("infinity in 1 ‰ of train", "gaussian", on_train(spoil(0.001, np.inf))),
        ],
        "too_small": [
            ("12 rows", "gaussian", first_rows(12)),
            ("40 rows", "image", first_rows(40)),
        ],
    }
)

KNOWN += cases(
    {
        "scaling_missing": [
            (
                "x / 127.5 − 1 on train",
                "image",
                on_train(lambda r, x: (x / 127.5 - 1).astype("float32")),
            ),
            (
                "normalised per channel, raw train",
                "image",
                on_validation(
                    lambda r, x: ((x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).astype(
                        "float32"
                    )
                ),
            ),
            ("raw train, min-max validation", "gaussian", scaling(min_max, "raw", "train")),
            (
                "standardised (n − 1), raw validation",
                "gaussian",
                lambda r, s: replace(
                    s, x=((s.x - s.x.mean(0)) / s.x.std(0, ddof=1)).astype("float32")
                ),
            ),
        ],
        "scaler_refit": [
            (
                "standardised twice with n − 1",
                "gaussian",
                lambda r, s: scaled(
                    s, lambda a, b: (a - b.mean(0)) / b.std(0, ddof=1), "train", "own"
                ),
            ),
            ("min-max twice", "gaussian", scaling(min_max, "train", "own")),
            ("images standardised by channel twice", "image", scaling(standard, "train", "own")),
        ],
        "scaler_fit_on_both": [
            ("min-max together", "gaussian", scaling(min_max, "both", "both")),
            ("standardised together", "image", scaling(standard, "both", "both")),
        ],
        "unit_factor": [
            (
                "weights: balance in pounds",
                "tabular",
                on_validation(column("balance", lambda c: c * 2.20462262)),
            ),
            ("temperature in kelvin", "series", on_train(column(0, lambda c: c + 273.15))),
            ("share in percent", "tabular", on_validation(column("share", lambda c: c * 100))),
            ("a feature negated", "tabular", on_validation(column("price", lambda c: -c))),
            ("income / 1e6 in train", "tabular", on_train(column("income", lambda c: c / 1e6))),
        ],
        "monotone_transform": [
            ("log(income) in train", "tabular", on_train(column("income", np.log))),
            ("price squared", "tabular", on_validation(column("price", np.square))),
            (
                "ranks of the balance",
                "tabular",
                on_validation(
                    column("balance", lambda c: (np.argsort(np.argsort(c)) + 1) / len(c))
                ),
            ),
            (
                "visits clipped at 9",
                "tabular",
                on_validation(column("visits", lambda c: np.minimum(c, 9))),
            ),
        ],
        "columns_permuted": [
            ("all reversed", "gaussian", on_validation(permuted(list(range(11, -1, -1))))),
            ("RBG", "image", on_train(permuted([0, 2, 1]))),
            (
                "frame in other order",
                "tabular",
                on_validation(lambda r, x: x[[*x.columns[1:], x.columns[0]]]),
            ),
            (
                "standardised, two exchanged",
                "gaussian",
                lambda r, s: (
                    lambda t: replace(t, v=t.v[:, [0, 1, 2, 3, 4, 9, 6, 7, 8, 5, 10, 11]])
                )(scaled(s, standard, "train", "train")),
            ),
        ],
        "categories_recoded": [
            (
                "capital letters",
                "tabular",
                on_validation(lambda r, x: x.assign(plan=x["plan"].str.upper())),
            ),
            (
                "names as codes by frequency",
                "tabular",
                on_validation(column("region", lambda c: 4 - c)),
            ),
        ],
        "token_offset": [
            ("ids − 1 in train", "token", on_train(lambda r, x: np.maximum(x - 1, 0))),
            ("padded with 1", "token", on_validation(lambda r, x: np.where(x == 0, 1, x))),
            ("ids + 100", "token", on_validation(shift_ids(100))),
        ],
        "imputed_differently": [
            ("zero and −999, 3 %", "tabular", impute("temperature", 0.03, "zero", "-999")),
            ("missing and median, 20 %", "tabular", impute("balance", 0.2, "nan", "median")),
        ],
        "schema_mismatch": [
            ("cut to whole numbers", "gaussian", on_validation(lambda r, x: x.astype("int64"))),
            (
                "one column more",
                "gaussian",
                on_validation(lambda r, x: np.concatenate([x, x[:, :1]], axis=1)),
            ),
        ],
        "labels_recoded": [
            ("−1, 0, 1 for 0, 1, 2", "tabular", on_targets(lambda r, y: y - 1)),
            (
                "two of four exchanged",
                "gaussian",
                on_targets(lambda r, y: np.array([0, 2, 1, 3])[y]),
            ),
            (
                "names for numbers",
                "tabular",
                on_targets(lambda r, y: np.array(["low", "middle", "high"])[y]),
            ),
            ("shuffled against the rows", "gaussian", on_targets(lambda r, y: r.permutation(y))),
        ],
        "label_shift": [
            ("a class is frequent", "tabular", classes([0.3, 0.3, 1])),
            ("half of a class", "gaussian", classes([1, 0.15, 1, 1])),
        ],
        "rows_shared": [
            ("all rows", "token", share_rows(1.0)),
            ("2 %", "series", share_rows(0.02)),
        ],
        "non_finite": [
            (
                "−infinity in one column",
                "series",
                on_validation(column(2, lambda c: np.where(c > np.quantile(c, 0.999), -np.inf, c))),
            ),
            (
                "NaN in both",
                "series",
                lambda r, s: replace(
                    s, x=spoil(0.01, np.nan)(r, s.x), v=spoil(0.01, np.nan)(r, s.v)
                ),
            ),
        ],
        "too_small": [("60 rows", "tabular", first_rows(60))],
    }
)

SHIFTS: list[Case] = cases(
    {
        "distribution_shift": [
            ("richer by selection", "tabular", more_of("income", 2.0)),
            ("richer by 30 %", "tabular", on_validation(column("income", lambda c: c * 1.3))),
            ("richer by 75 %", "tabular", on_validation(column("income", lambda c: c * 1.75))),
            ("older by selection", "tabular", more_of("age", 1.0)),
            ("older by six years", "tabular", on_validation(column("age", lambda c: c + 6))),
            (
                "standardised, older",
                "tabular",
                lambda r, s: scaled(more_of("age", 1.5)(r, s), standard, "train", "train"),
            ),
            ("another cluster", "gaussian", more_of(3, 3.0)),
            ("darker", "image", on_validation(darker(0.6))),
            (
                "brighter and scaled",
                "image",
                lambda r, s: to_float(replace(s, v=darker(1.3)(r, s.v))),
            ),
            ("warmer season", "series", on_validation(column(0, lambda c: c + 5))),
            (
                "other texts",
                "token",
                on_validation(
                    lambda r, x: np.where(
                        (x > 0) & (r.random(x.shape) < 0.4), r.integers(1, 800, x.shape), x
                    )
                ),
            ),
            (
                "another region",
                "tabular",
                keep(
                    lambda r, x, y: np.flatnonzero(
                        r.random(len(x)) < np.where(x["region"] == 0, 0.2, 1.0)
                    )
                ),
            ),
        ]
    }
)
