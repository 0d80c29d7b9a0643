"""Cases on other data that were written after the rules."""

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
    on_targets,
    on_train,
    on_validation,
    permuted,
    recoded,
    scaled,
    scaling,
    share_rows,
    shift_ids,
    spoil,
    standard,
)
from benchmarks.mutations.split import Case, cases

HELD_OUT: list[Case] = cases(
    {
        "scaling_missing": [
            ("standardised train", "ledger", scaling(standard, "train", "raw")),
            ("standardised validation", "uniform", scaling(standard, "raw", "train")),
            ("standardised by its own, raw train", "ledger", scaling(standard, "raw", "own")),
            ("min-max train", "uniform", scaling(min_max, "train", "raw")),
            ("digits / 255", "digits", on_validation(lambda r, x: (x / 255).astype("float16"))),
            ("digits standardised by train", "digits", scaling(standard, "train", "raw")),
        ],
        "scaler_refit": [
            ("standardised twice", "ledger", scaling(standard, "train", "own")),
            ("standardised twice", "digits", scaling(standard, "train", "own")),
            ("min-max twice", "uniform", scaling(min_max, "train", "own")),
            (
                "fitted on validation only",
                "uniform",
                lambda r, s: replace(s, x=standard(s.x, s.v), v=standard(s.v, s.v)),
            ),
        ],
        "scaler_fit_on_both": [
            ("standardised together", "ledger", scaling(standard, "both", "both")),
            ("min-max together", "uniform", scaling(min_max, "both", "both")),
        ],
        "unit_factor": [
            ("income in millions", "ledger", on_validation(column("income", lambda c: c / 1e6))),
            (
                "kelvin to Celsius",
                "ledger",
                on_validation(column("temperature", lambda c: c - 273.15)),
            ),
            (
                "height: inches to centimetres",
                "ledger",
                on_train(column("height", lambda c: c * 2.54)),
            ),
            ("age in months", "ledger", on_validation(column("age", lambda c: c * 12))),
            ("degrees to radians", "uniform", on_validation(column(4, lambda c: np.deg2rad(c)))),
            ("a factor of 37", "uniform", on_validation(column(2, lambda c: c * 37))),
        ],
        "monotone_transform": [
            ("log1p(price)", "ledger", on_validation(column("price", np.log1p))),
            ("exp", "uniform", on_validation(column(0, np.exp))),
            ("sqrt", "uniform", on_train(column(5, np.sqrt))),
            ("log2(income)", "ledger", on_validation(column("income", np.log2))),
            (
                "age clipped at 20 and 80",
                "ledger",
                on_validation(column("age", lambda c: np.clip(c, 20, 80))),
            ),
        ],
        "columns_permuted": [
            ("two exchanged", "uniform", on_validation(permuted([0, 4, 2, 3, 1, 5, 6, 7]))),
            ("three moved", "uniform", on_train(permuted([2, 1, 5, 3, 4, 0, 6, 7]))),
            ("names reversed", "ledger", on_validation(lambda r, x: x[x.columns[::-1]])),
            (
                "scaled, reversed",
                "uniform",
                lambda r, s: (lambda t: replace(t, v=t.v[:, ::-1]))(
                    scaled(s, standard, "train", "train")
                ),
            ),
        ],
        "categories_recoded": [
            (
                "letters moved by two",
                "ledger",
                on_validation(recoded("plan", dict(zip("ABCDEFGH", "CDEFGHAB", strict=True)))),
            ),
            (
                "small letters",
                "ledger",
                on_validation(lambda r, x: x.assign(plan=x["plan"].str.lower())),
            ),
            ("regions from 10", "ledger", on_train(column("region", lambda c: c + 10))),
            (
                "regions in a circle",
                "ledger",
                on_validation(column("region", lambda c: (c + 1) % 3)),
            ),
        ],
        "token_offset": [
            ("ids + 1", "codes", on_validation(shift_ids(1))),
            ("ids + 4, padding too", "codes", on_validation(lambda r, x: x + 4)),
            ("padded at the end", "codes", on_validation(lambda r, x: x[:, ::-1])),
            (
                "another vocabulary",
                "codes",
                on_validation(
                    lambda r, x: np.concatenate([[0], r.permutation(np.arange(1, 6000))])[x]
                ),
            ),
        ],
        "imputed_differently": [
            ("mean and −1, 8 %", "ledger", impute("balance", 0.08, "mean", "-1")),
            ("median and mean, 15 %", "ledger", impute("price", 0.15, "median", "mean")),
            ("zero and still missing, 10 %", "ledger", impute("temperature", 0.1, "zero", "nan")),
        ],
        "schema_mismatch": [
            (
                "a column renamed",
                "ledger",
                on_validation(lambda r, x: x.rename(columns={"age": "years"})),
            ),
            ("other image size", "digits", on_validation(lambda r, x: x[:, 1:13, 1:13])),
            ("one column less", "uniform", on_validation(lambda r, x: x[:, :-1])),
        ],
        "labels_recoded": [
            ("classes from 1", "ledger", on_targets(lambda r, y: y + 1)),
            ("in a circle, equally frequent", "uniform", on_targets(lambda r, y: (y + 1) % 3)),
            ("names for numbers", "uniform", on_targets(lambda r, y: np.array(["a", "b", "c"])[y])),
        ],
        "label_shift": [
            ("a class is frequent", "uniform", classes([1, 0.3, 0.3])),
            ("a class is missing", "digits", classes([1, 1, 1, 1, 0])),
        ],
        "rows_shared": [
            ("20 %", "ledger", share_rows(0.2)),
            ("3 %", "uniform", share_rows(0.03)),
            ("50 %", "codes", share_rows(0.5)),
        ],
        "non_finite": [
            ("NaN in 3 ‰", "ledger", on_validation(spoil(0.003, np.nan))),
            ("infinity in 1 %", "uniform", on_train(spoil(0.01, np.inf))),
        ],
        "too_small": [
            ("20 rows", "uniform", first_rows(20)),
            ("80 rows", "ledger", first_rows(80)),
        ],
    }
)

HELD_OUT_SHIFTS: list[Case] = cases(
    {
        "distribution_shift": [
            ("richer by half", "ledger", on_validation(column("income", lambda c: c * 1.5))),
            ("poorer by half", "ledger", on_validation(column("income", lambda c: c * 0.5))),
            ("older by ten years", "ledger", on_validation(column("age", lambda c: c + 10))),
            ("older by selection", "ledger", more_of("age", 2.0)),
            ("warmer", "ledger", on_validation(column("temperature", lambda c: c + 6))),
            (
                "more of one mode",
                "ledger",
                keep(
                    lambda r, x, y: np.flatnonzero(
                        r.random(len(x)) < np.where(x["height"] < 42, 0.3, 1.0)
                    )
                ),
            ),
            (
                "scaled rightly, higher",
                "uniform",
                lambda r, s: scaled(more_of(4, 2.0)(r, s), standard, "train", "train"),
            ),
            ("wider", "uniform", on_validation(column(6, lambda c: 4 + 1.8 * (c - 4)))),
            ("fainter strokes", "digits", on_validation(darker(0.7))),
            (
                "other plans",
                "ledger",
                keep(
                    lambda r, x, y: np.flatnonzero(
                        r.random(len(x)) < np.where(x["plan"] == "A", 0.15, 1.0)
                    )
                ),
            ),
            (
                "other texts",
                "codes",
                on_validation(
                    lambda r, x: np.where(
                        (x > 0) & (r.random(x.shape) < 0.5), r.integers(1, 6000, x.shape), x
                    )
                ),
            ),
        ]
    }
)
