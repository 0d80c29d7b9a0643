"""Measuring stays a small share of the training."""

from __future__ import annotations

from mlflow_plateau.recorder.measure.pace import SHARE, SPARSEST, Pace


def due(pace: Pace, epochs: int, measuring: float, epoch_seconds: float = 1.0) -> list[int]:
    """Returns the epochs that are measured, when each measuring takes as long."""
    found = []
    for epoch in range(epochs):
        if pace.is_due(epoch):
            found.append(epoch)
            pace.note(measuring, epoch_seconds)
    return found


def test_each_epoch_where_it_costs_next_to_nothing() -> None:
    assert due(Pace(9), 10, measuring=SHARE / 2) == list(range(10))


def test_fewer_epochs_where_it_costs_more() -> None:
    found = due(Pace(None), 1000, measuring=10 * SHARE)

    assert found[:2] == [0, 1]
    assert len(found) <= 1000 / 10 + 2


def test_the_last_epoch_always() -> None:
    assert due(Pace(99), 100, measuring=1.0) == [0, 1, 99]


def test_from_time_to_time_whatever_it_costs() -> None:
    assert due(Pace(None), 2 * SPARSEST + 2, measuring=1e9)[2:] == [1 + SPARSEST, 1 + 2 * SPARSEST]
