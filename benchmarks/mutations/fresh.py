"""Cases that were written before the last change of rules, and looked at for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.mutations.changes import (
    classes,
    column,
    first_rows,
    impute,
    keep,
    min_max,
    more_of,
    on_targets,
    on_train,
    on_validation,
    other_vocabulary,
    pad_left,
    permuted,
    recoded,
    rightly,
    robust,
    scaled,
    scaling,
    share_rows,
    shift_ids,
    spoil,
    standard,
)
from benchmarks.mutations.fresh_populations import FRESH_POPULATIONS
from benchmarks.mutations.split import Case, cases

FRESH: list[Case] = cases(
    {
        "scaling_missing": [
            ("standardised train", "sensors", scaling(standard, "train", "raw")),
            ("standardised validation", "wine", scaling(standard, "raw", "train")),
            ("robustly scaled train", "housing", scaling(robust, "train", "raw")),
            ("min-max validation", "housing", scaling(min_max, "raw", "train")),
            ("validation / 255", "gray", on_validation(lambda r, x: (x / 255).astype("float32"))),
            ("train / 127.5 − 1", "gray", on_train(lambda r, x: (x / 127.5 - 1).astype("float32"))),
        ],
        "scaler_refit": [
            ("standardised twice", "sensors", scaling(standard, "train", "own")),
            ("standardised twice", "housing", scaling(standard, "train", "own")),
            ("min-max twice", "wine", scaling(min_max, "train", "own")),
        ],
        "scaler_fit_on_both": [
            ("standardised together", "sensors", scaling(standard, "both", "both")),
            ("min-max together", "wine", scaling(min_max, "both", "both")),
        ],
        "unit_factor": [
            ("pascals for hectopascals", "sensors", on_validation(column(4, lambda c: c * 100))),
            ("volts in millivolts", "sensors", on_train(column(2, lambda c: c * 1000))),
            ("a percentage", "sensors", on_validation(column(9, lambda c: c * 100))),
            ("proline in another unit", "wine", on_validation(column(12, lambda c: c / 115.13))),
            ("income in dollars", "housing", on_train(column("income", lambda c: c * 10_000))),
            (
                "longitude without its sign",
                "housing",
                on_validation(column("longitude", lambda c: -c)),
            ),
        ],
        "monotone_transform": [
            ("log(reading)", "sensors", on_validation(column(1, np.log))),
            ("log1p(population)", "housing", on_train(column("population", np.log1p))),
            ("sqrt(rooms)", "housing", on_validation(column("rooms", np.sqrt))),
            (
                "winsorised at 2 % and 98 %",
                "sensors",
                on_validation(column(0, lambda c: np.clip(c, *np.quantile(c, [0.02, 0.98])))),
            ),
            ("log10(proline)", "wine", on_validation(column(12, np.log10))),
        ],
        "columns_permuted": [
            ("two exchanged", "sensors", on_validation(permuted([0, 1, 2, 8, 4, 5, 6, 7, 3, 9]))),
            ("all reversed", "wine", on_validation(permuted(list(range(12, -1, -1))))),
            (
                "scaled, three moved",
                "sensors",
                lambda r, s: (lambda t: replace(t, v=t.v[:, [1, 3, 2, 0, 4, 5, 6, 7, 8, 9]]))(
                    rightly(r, s)
                ),
            ),
            ("frame sorted by name", "housing", on_validation(lambda r, x: x[sorted(x.columns)])),
        ],
        "categories_recoded": [
            (
                "capital letters",
                "housing",
                on_validation(lambda r, x: x.assign(proximity=x["proximity"].str.upper())),
            ),
            (
                "in a circle",
                "housing",
                on_validation(
                    recoded(
                        "proximity",
                        {"inland": "coast", "coast": "bay", "bay": "ocean", "ocean": "inland"},
                    )
                ),
            ),
        ],
        "token_offset": [
            ("ids + 1", "characters", on_validation(shift_ids(1))),
            ("ids + 2 in train", "characters", on_train(shift_ids(2))),
            ("padded at the start", "characters", on_validation(pad_left)),
            (
                "another vocabulary",
                "characters",
                on_validation(lambda r, x: other_vocabulary(r, x, 47)),
            ),
        ],
        "imputed_differently": [
            ("mean and zero, 5 %", "housing", impute("rooms", 0.05, "mean", "zero")),
            ("median and −1, 10 %", "housing", impute("population", 0.1, "median", "-1")),
            ("zero and −999, 4 %", "sensors", impute(4, 0.04, "zero", "-999")),
            ("mean and missing, 3 %", "sensors", impute(8, 0.03, "mean", "nan")),
            ("mean and median, 15 %", "wine", impute(9, 0.15, "mean", "median")),
        ],
        "schema_mismatch": [
            ("cut to whole numbers", "wine", on_validation(lambda r, x: x.astype("int64"))),
            ("a column is missing", "housing", on_validation(lambda r, x: x.drop(columns="rooms"))),
            ("smaller images", "gray", on_validation(lambda r, x: x[:, ::2, ::2])),
        ],
        "labels_recoded": [
            ("classes from 1", "wine", on_targets(lambda r, y: y + 1)),
            ("in a circle", "wine", on_targets(lambda r, y: (y + 1) % 3)),
            ("two exchanged", "gray", on_targets(lambda r, y: np.array([1, 0, 2, 3])[y])),
            (
                "names for numbers",
                "sensors",
                on_targets(lambda r, y: np.array(["ok", "worn", "broken"])[y]),
            ),
        ],
        "label_shift": [
            ("a class is rare", "wine", classes([0.2, 1, 1])),
            ("a class is missing", "gray", classes([1, 1, 0, 1])),
            ("fewer sound ones", "sensors", classes([0.3, 1, 1])),
        ],
        "rows_shared": [
            ("1 %", "sensors", share_rows(0.01)),
            ("25 %", "housing", share_rows(0.25)),
            ("5 %", "gray", share_rows(0.05)),
            ("20 %", "characters", share_rows(0.2)),
        ],
        "non_finite": [
            ("NaN in 5 ‰", "sensors", on_validation(spoil(0.005, np.nan))),
            ("infinity in 2 ‰", "wine", on_train(spoil(0.002, np.inf))),
        ],
        "too_small": [
            ("15 rows", "sensors", first_rows(15)),
            ("50 rows", "housing", first_rows(50)),
        ],
    }
)

FRESH_SHIFTS: list[Case] = [
    (
        "distribution_shift",
        "warmer by two degrees",
        "sensors",
        on_validation(column(0, lambda c: c + 2)),
    ),
    (
        "distribution_shift",
        "worn: readings 40 % higher",
        "sensors",
        on_validation(column(1, lambda c: c * 1.4)),
    ),
    (
        "distribution_shift",
        "worn: readings doubled",
        "sensors",
        on_validation(column(7, lambda c: c * 2)),
    ),
    (
        "distribution_shift",
        "another site: lower pressure",
        "sensors",
        on_validation(column(4, lambda c: c - 12)),
    ),
    (
        "distribution_shift",
        "noisier",
        "sensors",
        on_validation(
            lambda r, x: (
                x
                + np.float32(0.8)
                * r.standard_normal(x.shape).astype("float32")
                * (np.arange(10) == 3)
            )
        ),
    ),
    ("distribution_shift", "higher loads by selection", "sensors", more_of(5, 2.0)),
    (
        "distribution_shift",
        "standardised, higher loads",
        "sensors",
        lambda r, s: scaled(more_of(5, 1.5)(r, s), standard, "train", "train"),
    ),
    (
        "distribution_shift or label_shift",
        "standardised, richer",
        "housing",
        lambda r, s: scaled(more_of("income", 1.5)(r, s), standard, "train", "train"),
    ),
    (
        "distribution_shift or label_shift",
        "min-max, richer",
        "housing",
        lambda r, s: scaled(more_of("income", 2.5)(r, s), min_max, "train", "train"),
    ),
    (
        "distribution_shift",
        "richer by 40 %",
        "housing",
        on_validation(column("income", lambda c: c * 1.4)),
    ),
    (
        "distribution_shift",
        "poorer by 35 %",
        "housing",
        on_validation(column("income", lambda c: c * 0.65)),
    ),
    (
        "distribution_shift",
        "larger districts",
        "housing",
        on_validation(column("population", lambda c: (c * 1.8).round())),
    ),
    (
        "distribution_shift",
        "older houses",
        "housing",
        on_validation(column("age", lambda c: np.minimum(c + 8, 52))),
    ),
    (
        "distribution_shift",
        "the north",
        "housing",
        keep(
            lambda r, x, y: np.flatnonzero(
                r.random(len(x)) < np.where(x["latitude"] > 36, 1.0, 0.25)
            )
        ),
    ),
    (
        "distribution_shift",
        "the coast",
        "housing",
        keep(
            lambda r, x, y: np.flatnonzero(
                r.random(len(x)) < np.where(x["proximity"] == "inland", 0.2, 1.0)
            )
        ),
    ),
    ("distribution_shift or label_shift", "richer in proline", "wine", more_of(12, 2.0)),
    ("distribution_shift", "stronger wines", "wine", on_validation(column(0, lambda c: c + 0.5))),
    (
        "distribution_shift",
        "brighter paper",
        "gray",
        on_validation(
            lambda r, x: np.clip(x * r.uniform(1.05, 1.25, (len(x), 1, 1, 1)), 0, 255).astype(
                "uint8"
            )
        ),
    ),
    (
        "distribution_shift",
        "noisier pictures",
        "gray",
        on_validation(lambda r, x: np.clip(x + r.normal(0, 25, x.shape), 0, 255).astype("uint8")),
    ),
    (
        "distribution_shift",
        "another language",
        "characters",
        on_validation(
            lambda r, x: np.where(
                (x > 0) & (r.random(x.shape) < 0.5), r.integers(1, 47, x.shape), x
            )
        ),
    ),
    (
        "distribution_shift",
        "shorter texts",
        "characters",
        on_validation(
            lambda r, x: np.where(np.arange(60) >= r.integers(10, 40, (len(x), 1)), 0, x)
        ),
    ),
]

FRESH_CONTROLS: list[Case] = cases(
    {
        "pass": [
            *[(f"untouched ({name})", name, lambda r, s: s) for name in FRESH_POPULATIONS],
            *[
                (f"standardised rightly ({name})", name, rightly)
                for name in ("sensors", "housing", "wine")
            ],
            ("min-max scaled rightly (wine)", "wine", scaling(min_max, "train", "train")),
            ("both imputed with zero (sensors)", "sensors", impute(4, 0.05, "zero", "zero")),
            ("both imputed with −1 (housing)", "housing", impute("rooms", 0.05, "-1", "-1")),
        ]
    }
)
