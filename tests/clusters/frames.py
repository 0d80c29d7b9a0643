"""One table with a column of every kind, and what its profile is when it lies in one place."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd

from mlflow_plateau.profiles import Profile

ROWS = 600


def table() -> pd.DataFrame:
    """Columns of all kinds; some have a value in few rows, so that whole partitions have none."""
    rng = np.random.default_rng(3)
    late = np.arange(ROWS) >= ROWS - 25
    start = datetime.date(1999, 12, 25)
    return pd.DataFrame(
        {
            "number": rng.standard_normal(ROWS) * 10.0 ** rng.integers(-20, 20, ROWS),
            "single": np.where(rng.random(ROWS) < 0.1, np.nan, rng.random(ROWS)).astype("float32"),
            "id": rng.integers(0, 1 << 62, ROWS),
            "count": pd.array(np.where(late, 1, rng.integers(0, 9, ROWS)), dtype="int32"),
            "rarely counted": np.where(late, rng.integers(0, 9, ROWS), np.nan),
            "flag": rng.random(ROWS) < 0.5,
            "rare flag": pd.Series(np.where(late, late, None), dtype=object),
            "word": rng.choice(["red", "grün", ""], ROWS),
            "text": [f"free text {i}" for i in rng.integers(0, 5_000, ROWS)],
            "rare word": pd.Series(np.where(late, "seldom", None), dtype="str"),
            "day": pd.Series(
                [start + datetime.timedelta(int(i)) for i in rng.integers(0, 50, ROWS)],
                dtype=object,
            ),
            "time": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 9999, ROWS), "s"),
            "price": pd.Series([Decimal(i) / 4 for i in range(ROWS)], dtype=object),
            "nothing": pd.Series([None] * ROWS, dtype=object),
            "label": rng.choice(["yes", "no"], ROWS),
        }
    )


def raw_and_standardised(rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two splits of one population, of which the first was standardised."""
    rng = np.random.default_rng(4)
    train, validation = (
        pd.DataFrame(
            {"age": rng.normal(40, 9, rows), "income": rng.lognormal(10, 1, rows).round(2)}
        )
        for _ in range(2)
    )
    return (train - train.mean()) / train.std(), validation


def saved(profile: Profile) -> bytes:
    """Returns what a file of the profile holds."""
    from mlflow_plateau.profiles.storage import to_bytes

    return to_bytes(profile)
