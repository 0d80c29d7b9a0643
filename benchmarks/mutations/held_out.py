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
    share_rows,
    shift_ids,
    spoil,
    standard,
)
from benchmarks.mutations.split import Case

HELD_OUT: list[Case] = [
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

HELD_OUT_SHIFTS: list[Case] = [
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
