"""One population, drawn as often as a test likes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlflow_plateau.consistency import ConsistencyReport, check_consistency

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(11)


def people(rows: int) -> pd.DataFrame:
    """Numbers and categories of the usual kinds."""
    return pd.DataFrame(
        {
            "income": RNG.lognormal(10, 0.6, rows),
            "age": RNG.integers(18, 90, rows),
            "height": RNG.normal(172, 9, rows).round(1),
            "plan": RNG.choice(["basic", "pro", "team"], rows, p=[0.6, 0.3, 0.1]),
            "rooms": RNG.choice([0, 1, 2, 3], rows, p=[0.1, 0.45, 0.3, 0.15]),
        }
    )


def vectors(rows: int) -> Array:
    """Gaussian columns of different location and scale."""
    return RNG.normal([0, 50, -20, 300, 7], [1, 12, 4, 55, 0.3], (rows, 5)).astype("float32")


def pixels(rows: int) -> Array:
    """Images whose channels differ."""
    light = RNG.uniform(0.7, 1.1, (rows, 1, 1, 1))
    means = np.array([140, 110, 70])
    return np.clip(means * light + RNG.normal(0, 20, (rows, 10, 10, 3)), 0, 255).astype("uint8")


def sentences(rows: int) -> Array:
    """Ids with Zipf's frequencies, padded with zeros at the end."""
    ids = np.minimum(RNG.zipf(1.5, (rows, 20)), 500)
    ids[np.arange(20) >= RNG.integers(5, 21, rows)[:, None]] = 0
    return ids


def standard(of: Array, by: Array) -> Array:
    return (of - by.mean(axis=0)) / by.std(axis=0)


def kinds(train: Any, validation: Any) -> list[str]:
    """Returns the kinds of the findings that are more than information."""
    report = check_consistency(train, validation)
    return [finding.kind for finding in report.findings if finding.severity != "info"]


def first(report: ConsistencyReport) -> str:
    return report.findings[0].kind
