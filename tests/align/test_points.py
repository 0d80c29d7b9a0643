from __future__ import annotations

import math

import numpy as np
import pytest

from mlflow_plateau.align.points import clean_points
from tests.align.runs import points

LARGEST = 1.7976931348623157e308


def test_orders_points_by_step_whatever_order_the_store_returns() -> None:
    series = clean_points("loss", points([3.0, 1.0, 2.0], steps=[2, 0, 1], times=[30, 10, 20]))
    assert series.steps.tolist() == [0, 1, 2]
    assert series.values.tolist() == [1.0, 2.0, 3.0]
    assert series.notes == ()


def test_leaves_a_clean_curve_as_it_is() -> None:
    series = clean_points("loss", points([3.0, math.nan, 1.0]))
    np.testing.assert_array_equal(series.values, [3.0, math.nan, 1.0])
    assert series.notes == ()


def test_reads_the_largest_double_as_infinity() -> None:
    series = clean_points("loss", points([1.0, LARGEST, -LARGEST]))
    assert series.values.tolist() == [1.0, math.inf, -math.inf]
    assert "infinity" in series.notes[0]


def test_keeps_the_last_logged_value_of_a_step() -> None:
    series = clean_points("loss", points([1.0, 9.0, 0.5, 0.2], steps=[0, 1, 1, 2]))
    assert series.values.tolist() == [1.0, 0.5, 0.2]
    assert "more than once at 1 steps" in series.notes[0]


def test_keeps_the_points_around_one_that_was_corrected_later() -> None:
    series = clean_points("loss", points([5.0, 4.0, 3.0, 2.0, 9.0], steps=[0, 1, 2, 3, 1]))
    assert series.values.tolist() == [5.0, 9.0, 3.0, 2.0]


def test_a_resumed_training_replaces_what_it_logs_again_and_what_came_after() -> None:
    series = clean_points(
        "loss", points([5.0, 4.0, 3.0, 2.0, 1.0, 3.5, 2.5], steps=[0, 1, 2, 3, 4, 1, 2])
    )
    assert series.steps.tolist() == [0, 1, 2]
    assert series.values.tolist() == [5.0, 3.5, 2.5]
    assert "superseded" in series.notes[0]


def test_a_training_that_starts_again_replaces_the_earlier_one() -> None:
    series = clean_points("loss", points([5.0, 4.0, 3.0, 8.0, 7.0], steps=[0, 1, 2, 0, 1]))
    assert series.values.tolist() == [8.0, 7.0]


def test_points_that_came_in_out_of_order_are_all_kept() -> None:
    series = clean_points("loss", points([5.0, 3.0, 4.0, 2.0], steps=[0, 2, 1, 3]))
    assert series.values.tolist() == [5.0, 4.0, 3.0, 2.0]
    assert series.notes == ()


def test_drops_a_summary_logged_without_a_step_after_the_curve() -> None:
    series = clean_points("val_loss", points([5.0, 4.0, 3.0, 3.1], steps=[0, 1, 2, 0]))
    assert series.values.tolist() == [5.0, 4.0, 3.0]
    assert "left out" in series.notes[0]


def test_takes_the_order_of_logging_where_every_point_is_at_one_step() -> None:
    series = clean_points("loss", points([3.0, 2.0, 1.0], steps=[0, 0, 0]))
    assert series.steps.tolist() == [0, 1, 2]
    assert series.values.tolist() == [3.0, 2.0, 1.0]
    assert not series.placed
    assert "order of logging" in series.notes[0]


def test_cleans_a_hundred_thousand_points_that_were_resumed_a_thousand_times() -> None:
    steps = np.concatenate([np.arange(100 * i, 100 * i + 110) for i in range(1000)])
    series = clean_points("loss", points(np.arange(len(steps)), steps=steps))
    assert len(series) == 100_010
    assert np.all(np.diff(series.steps) == 1)
    assert np.all(np.diff(series.values) > 0)


@pytest.mark.parametrize("name", ["a\x1b[31mred", "a" * 500])
def test_notes_hold_no_untrusted_text_that_could_do_harm(name: str) -> None:
    note = clean_points(name, points([1.0, LARGEST])).notes[0]
    assert "\x1b" not in note
    assert len(note) < 300
