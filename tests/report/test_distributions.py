"""The plot of the columns in which the two splits differ most."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlflow_plateau.consistency import ConsistencyReport, check_consistency
from mlflow_plateau.report.distributions import BINS, MOST_COLUMNS, binned, draw_figure, render_png
from mlflow_plateau.report.html import render_report
from tests.report import diagnoses
from tests.report.test_html import Page


def compared(**changes: float) -> ConsistencyReport:
    """Compares two halves of a population, some columns of the second multiplied."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({f"c{i}": random.normal(10, 2, 2000) for i in range(6)})
    frame["<b>$x_1$"] = random.poisson(4, 2000)
    train, validation = frame[:1500], frame[1500:].copy()
    for name, factor in changes.items():
        validation[name] = validation[name] * factor
    return check_consistency(train, validation)


def test_columns_that_findings_name_come_first_and_few_are_drawn() -> None:
    report = compared(c4=1000.0, c1=0.5)
    assert [pair.name for pair in report.worst_columns[:2]] == ["c4", "c1"]
    assert compared().worst_columns == ()
    every = compared(**{f"c{i}": 3.0 for i in range(6)})
    assert len(every.worst_columns) == MOST_COLUMNS


def test_bins_hold_all_of_the_mass_once() -> None:
    (pair, *_) = compared(c4=1000.0).worst_columns
    edges = np.linspace(pair.train.least - 1, pair.train.greatest + 1, BINS + 1)
    heights = binned(pair.train, edges)
    assert np.isclose(heights.sum(), pair.train.total)
    middles = (edges[:-1] + edges[1:]) / 2
    assert abs(np.average(middles, weights=heights) - pair.train.mean) < np.diff(edges)[0]


def test_the_same_columns_give_the_same_picture() -> None:
    columns = compared(c4=1000.0).worst_columns
    assert render_png(columns) == render_png(columns)


def test_names_are_drawn_and_written_as_they_stand() -> None:
    columns = compared(**{"<b>$x_1$": 100.0}).worst_columns
    figure = draw_figure(columns)
    assert figure.axes[0].get_title(loc="left") == "<b>$x_1$"

    page = render_report(diagnoses.overfitting(), columns)
    assert "<b>$x" not in page
    assert "&lt;b&gt;$x_1$" in page
    assert Page(page).open == []
    assert len(Page(page).attributes("img")) == 2
    assert len(Page(render_report(diagnoses.overfitting())).attributes("img")) == 1


def test_the_report_says_how_much_was_compared() -> None:
    said = compared().compared
    page = Page(render_report(diagnoses.overfitting(), compared=said))
    assert "Compared: 7 columns in 1,500 rows of train, 500 of validation." in page.words
