"""Curves that follow a law are foretold; noise and short curves are no reason to promise much."""

from dataclasses import replace

import numpy as np
import pytest

from mlflow_plateau.curve import Curve
from mlflow_plateau.signals.forecast import forecast
from mlflow_plateau.weigh import diagnose_history
from tests.generated import improving

EPOCHS = np.arange(200.0)
LAWS = {
    "exponential": 0.2 + 0.8 * np.exp(-EPOCHS / 70),
    "power law": 0.1 + (EPOCHS / 10 + 1) ** -0.5,
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3])
def test_a_law_is_foretold_in_any_unit(law: str, factor: float) -> None:
    values = factor * LAWS[law]
    found = forecast(Curve.of(EPOCHS[:100], values[:100]), 199.0)
    assert found is not None
    fall = values[99] - values[199]
    assert found.level == pytest.approx(values[199], abs=0.25 * fall)
    assert found.low <= values[199] <= found.high < values[99]


def test_a_flat_curve_is_foretold_to_stay() -> None:
    found = forecast(Curve.of(EPOCHS, np.full(200, 0.5)), 400.0)
    assert found is not None
    assert (found.low, found.level, found.high) == pytest.approx((0.5, 0.5, 0.5))


def test_a_loss_that_cannot_be_negative_is_not_foretold_to_be() -> None:
    steep = 0.007 + 0.15 / (1 + np.exp((EPOCHS - 60) / 15))
    found = forecast(Curve.of(EPOCHS, steep), 399.0)
    assert found is not None
    assert 0 <= found.low <= found.level <= found.high
    assert found.level <= steep[-1]


def test_a_short_curve_is_not_foretold() -> None:
    assert forecast(Curve.of(EPOCHS[:8], LAWS["exponential"][:8]), 20.0) is None


def test_an_improving_run_is_told_what_more_epochs_would_bring() -> None:
    (remedy,) = diagnose_history(improving()).remedies
    assert remedy.startswith("train for longer: the validation loss is still falling; if it goes")
    assert "60 more epochs" in remedy


def test_nothing_is_foretold_for_a_rate_that_is_gone() -> None:
    run = improving()
    decayed = np.geomspace(1e-2, 5e-4, len(run.epochs))
    (remedy,) = diagnose_history(replace(run, learning_rate=decayed)).remedies
    assert "decayed from 0.01 to 0.0005" in remedy
    assert "more epochs would" not in remedy
