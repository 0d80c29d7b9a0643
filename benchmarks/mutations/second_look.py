"""Cases that were written before the last changes of rules, and looked at for the last one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.mutations.changes import (
    classes,
    column,
    first_rows,
    impute,
    max_abs,
    min_max,
    more_of,
    on_targets,
    on_train,
    on_validation,
    permuted,
    rightly,
    scaled,
    scaling,
    share_rows,
    spoil,
    standard,
)
from benchmarks.mutations.second_look_populations import SECOND_LOOK_POPULATIONS
from benchmarks.mutations.split import Case, cases

SECOND_LOOK: list[Case] = cases(
    {
        "scaling_missing": [
            ("standardised train", "cancer", scaling(standard, "train", "raw")),
            ("largest size 1 in train", "word_counts", scaling(max_abs, "train", "raw")),
            ("standardised validation", "waves", scaling(standard, "raw", "train")),
            ("validation / 16", "digits16", on_validation(lambda r, x: x / 16)),
        ],
        "scaler_refit": [
            ("standardised twice", "cancer", scaling(standard, "train", "own")),
            ("standardised twice", "waves", scaling(standard, "train", "own")),
            ("min-max twice", "diabetes", scaling(min_max, "train", "own")),
        ],
        "scaler_fit_on_both": [
            ("standardised together", "cancer", scaling(standard, "both", "both")),
            ("min-max together", "diabetes", scaling(min_max, "both", "both")),
        ],
        "unit_factor": [
            ("area in square centimetres", "cancer", on_validation(column(3, lambda c: c / 100))),
            ("radius in inches", "cancer", on_train(column(0, lambda c: c / 25.4))),
            ("acceleration in g", "waves", on_validation(column(0, lambda c: c / 9.80665))),
            ("an amount in cents", "one_hot", on_validation(column(23, lambda c: c * 100))),
        ],
        "monotone_transform": [
            ("log(area)", "cancer", on_validation(column(3, np.log))),
            ("log1p(amount)", "one_hot", on_validation(column(23, np.log1p))),
            ("sqrt(concavity)", "cancer", on_train(column(6, np.sqrt))),
            ("log1p(counts)", "word_counts", on_validation(lambda r, x: np.log1p(x))),
        ],
        "columns_permuted": [
            (
                "two exchanged",
                "cancer",
                on_validation(permuted([20, *range(1, 20), 0, *range(21, 30)])),
            ),
            ("all reversed", "word_counts", on_validation(permuted(list(range(39, -1, -1))))),
            ("channels moved", "waves", on_validation(permuted([1, 2, 3, 0]))),
            (
                "categories in another order",
                "one_hot",
                on_validation(permuted([*range(8, -1, -1), *range(9, 26)])),
            ),
            (
                "transposed",
                "digits16",
                on_validation(lambda r, x: x.reshape(-1, 8, 8).swapaxes(1, 2).reshape(-1, 64)),
            ),
        ],
        "imputed_differently": [
            ("mean and zero, 6 %", "cancer", impute(0, 0.06, "mean", "zero")),
            ("median and −1, 8 %", "one_hot", impute(24, 0.08, "median", "-1")),
            ("zero and −999, 3 %", "cancer", impute(21, 0.03, "zero", "-999")),
            ("mean and missing, 5 %", "diabetes", impute(2, 0.05, "mean", "nan")),
        ],
        "schema_mismatch": [
            (
                "one column more",
                "one_hot",
                on_validation(lambda r, x: np.column_stack([x, x[:, :1]])),
            ),
            ("shorter windows", "waves", on_validation(lambda r, x: x[:, :24])),
        ],
        "labels_recoded": [
            ("two classes exchanged", "cancer", on_targets(lambda r, y: 1 - y)),
            ("digits in a circle", "digits16", on_targets(lambda r, y: (y + 1) % 10)),
            ("−1 and 1", "one_hot", on_targets(lambda r, y: 2 * y - 1)),
            ("topics exchanged", "word_counts", on_targets(lambda r, y: np.array([1, 0, 2, 3])[y])),
        ],
        "label_shift": [
            ("fewer malignant", "cancer", classes([0.25, 1])),
            ("other topics", "word_counts", classes([0.2, 1, 1, 1])),
            ("a digit is missing", "digits16", classes([1] * 9 + [0])),
        ],
        "rows_shared": [
            ("10 %", "cancer", share_rows(0.1)),
            ("2 %", "waves", share_rows(0.02)),
            ("30 %", "one_hot", share_rows(0.3)),
            ("15 %", "digits16", share_rows(0.15)),
        ],
        "non_finite": [
            ("NaN in 2 ‰", "cancer", on_validation(spoil(0.002, np.nan))),
            ("infinity in 1 ‰", "waves", on_train(spoil(0.001, np.inf))),
        ],
        "too_small": [("25 rows", "cancer", first_rows(25)), ("60 rows", "waves", first_rows(60))],
    }
)

SECOND_LOOK_SHIFTS: list[Case] = [
    *cases(
        {
            "distribution_shift or label_shift": [
                ("larger tumours", "cancer", more_of(0, 2.0)),
                (
                    "standardised, larger tumours",
                    "cancer",
                    lambda r, s: scaled(more_of(0, 1.5)(r, s), standard, "train", "train"),
                ),
            ],
            "distribution_shift": [
                ("areas 50 % larger", "cancer", on_validation(column(3, lambda c: c * 1.5)))
            ],
        }
    ),
    *cases(
        {
            "distribution_shift or label_shift": [
                ("heavier patients", "diabetes", more_of(2, 2.0))
            ],
            "distribution_shift": [
                ("higher pressure", "diabetes", on_validation(column(3, lambda c: c + 0.03))),
                (
                    "longer texts",
                    "word_counts",
                    on_validation(lambda r, x: x + r.poisson(x * 0.8).astype("float32")),
                ),
                ("larger amounts", "one_hot", on_validation(column(23, lambda c: c * 1.6))),
                ("older", "one_hot", on_validation(column(24, lambda c: c + 9))),
                (
                    "standardised, larger amounts",
                    "one_hot",
                    lambda r, s: replace(
                        t := rightly(r, s), v=t.v + np.float32(0.6) * (np.arange(26) == 23)
                    ),
                ),
                ("another level", "waves", on_validation(column(3, lambda c: c + 2))),
                ("stronger bursts", "waves", on_validation(column(1, lambda c: c * 1.7))),
                (
                    "fainter ink",
                    "digits16",
                    on_validation(lambda r, x: np.round(x * r.uniform(0.6, 0.9, (len(x), 1)))),
                ),
            ],
        }
    ),
]

SECOND_LOOK_CONTROLS: list[Case] = cases(
    {
        "pass": [
            *[(f"untouched ({name})", name, lambda r, s: s) for name in SECOND_LOOK_POPULATIONS],
            *[
                (f"standardised rightly ({name})", name, rightly)
                for name in ("cancer", "waves", "diabetes")
            ],
            ("min-max scaled rightly (diabetes)", "diabetes", scaling(min_max, "train", "train")),
        ]
    }
)
