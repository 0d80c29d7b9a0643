"""Splits of one population, treated alike: nothing is to be found."""

from __future__ import annotations

from benchmarks.mutations.changes import (
    min_max,
    scaled,
    standard,
    to_float,
)
from benchmarks.mutations.populations import POPULATIONS
from benchmarks.mutations.split import Case

CONTROLS: list[Case] = [
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
