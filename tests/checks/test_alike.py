"""Two samples of one population, treated alike, pass: whatever they hold, however many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import people, pixels, sentences, vectors

POPULATIONS: dict[str, Callable[[int], Any]] = {
    "people": people,
    "vectors": vectors,
    "images": pixels,
    "sentences": sentences,
    "heavy tails": lambda rows: np.random.default_rng(rows).standard_cauchy((rows, 5)),
    "nearly constant": lambda rows: (np.random.default_rng(rows).random((rows, 5)) < 0.02) * 1.0,
    "almost always zero": lambda rows: (
        (np.random.default_rng(rows).random((rows, 30)) < 1e-3) * 1.0
    ),
    "far from zero": lambda rows: np.random.default_rng(rows).normal(1.7e9, 3e6, (rows, 5)),
}


@pytest.mark.parametrize("rows", [10, 40, 1000, 20_000])
@pytest.mark.parametrize("name", POPULATIONS)
def test_alike(name: str, rows: int) -> None:
    rows = min(rows, 2000) if name == "images" else rows
    both = POPULATIONS[name](2 * rows)
    at = both.iloc if hasattr(both, "iloc") else both
    head, tail = at[:rows], at[rows:]
    report = check_consistency(head, tail)
    assert report.verdict == "pass", str(report)


@pytest.mark.parametrize("columns", [1, 400])
def test_many_columns_raise_no_more_alarms(columns: int) -> None:
    rng = np.random.default_rng(columns)
    report = check_consistency(
        rng.standard_normal((800, columns)), rng.standard_normal((200, columns))
    )
    assert report.findings == ()
