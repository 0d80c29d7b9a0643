"""What tables of targets are taken for."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_plateau.recorder.describe.tables import classes_in

NAN = np.nan


@pytest.mark.parametrize(
    ("table", "classes"),
    [
        ([[0.0], [2.0], [2.0]], 2),
        ([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]], 2),
        ([[0.5], [1.0]], None),
        # What the loss ignores, or nobody knows.
        ([[0.0], [NAN], [2.0]], 2),
        ([[NAN], [NAN]], None),
    ],
)
def test_distinct_whole_targets_are_classes(table: list[list[float]], classes: int | None) -> None:
    assert classes_in(np.array(table)) == classes
