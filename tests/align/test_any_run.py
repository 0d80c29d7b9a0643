"""Whatever a store holds, there is a sound history or a ``NoLossError``."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_plateau.align import align
from mlflow_plateau.errors import NoLossError
from mlflow_plateau.tracked import Points, TrackedRun

NAMES = (
    *("loss", "val_loss", "train_loss", "validation_loss", "test_loss", "train_loss_step", "acc"),
    *("val_acc", "validation_0-rmse", "validation_1-rmse", "eval_a_loss", "eval_a_runtime"),
    *("plateau/loss", "plateau/val_loss", "plateau/training", "plateau/update_ratio", "epoch"),
    *("lr", "restored_epoch", "", "<x>"),
)
VALUES = (0.0, 1.0, 0.5, -1.0, 1e-300, np.nan, np.inf, -np.inf, 1.7976931348623157e308)


def any_points(random: np.random.Generator) -> Points:
    count = int(random.choice([0, 1, 2, 3, 5, 20, 60]))
    steps = [
        np.arange(count),
        np.zeros(count),
        random.integers(0, max(count, 1), count),
        np.arange(count) * 7 + random.integers(10),
        np.concatenate([np.arange(count // 2), np.arange(count - count // 2)]),
        random.integers(-5, 1000, count),
    ][random.integers(6)]
    odd = random.random() < 0.5
    return Points(
        steps=steps.astype(np.int64),
        values=random.choice(VALUES, count) if odd else np.exp(-np.arange(count) / 5),
        timestamps=np.arange(count) * random.integers(0, 3),
    )


@pytest.mark.parametrize("seed", range(8))
def test_any_run_gives_a_sound_history_or_says_why_not(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(60):
        names = random.choice(NAMES, random.integers(1, 8), replace=False)
        run = TrackedRun(
            run_id="run1",
            params={"epochs": str(random.integers(30)), "steps_per_epoch": "7"},
            metrics={str(name): any_points(random) for name in names},
        )
        try:
            history = align(run, monitor=str(names[0]) if random.random() < 0.3 else None)
        except NoLossError:
            continue
        assert len(history) > 0
        assert np.all(np.diff(history.epochs) > 0)
        assert history.training_logged.any() or history.validation_logged.any()
        for values, logged, name in (
            (history.training_loss, history.training_logged, history.names.training_loss),
            (history.validation_loss, history.validation_logged, history.names.validation_loss),
        ):
            assert values.shape == logged.shape == history.epochs.shape
            assert not np.any(~np.isnan(values) & ~logged)
            assert (name is not None) == bool(logged.any())
        for values in (*history.metrics.values(), *history.recorded.values()):
            assert values.shape == history.epochs.shape
