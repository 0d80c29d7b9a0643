"""Splits of one population, treated alike: nothing is to be found."""

from __future__ import annotations

from benchmarks.mutations.changes import min_max, scaling, standard, to_float
from benchmarks.mutations.populations import POPULATIONS
from benchmarks.mutations.split import Case, cases

CONTROLS: list[Case] = cases(
    {
        "pass": [
            *[(f"untouched ({name})", name, lambda r, s: s) for name in POPULATIONS],
            ("standardised rightly (uniform)", "uniform", scaling(standard, "train", "train")),
            *[
                (f"standardised rightly ({name})", name, scaling(standard, "train", "train"))
                for name in ("tabular", "gaussian", "series")
            ],
            ("min-max scaled rightly", "gaussian", scaling(min_max, "train", "train")),
            ("divided by 255 rightly", "image", lambda r, s: to_float(s)),
        ]
    }
)
