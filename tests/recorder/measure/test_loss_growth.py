"""Whether a loss blew up before it was NaN."""

import numpy as np
import pytest

from mlflow_plateau.recorder.measure.loss_growth import growth_before_non_finite


def test_growth_is_told_from_values_out_of_the_blue() -> None:
    blown_up = np.array([1.0, 1.0, 1.0, 10.0, 1e3, np.inf, np.nan])
    assert growth_before_non_finite(blown_up) == pytest.approx(3.0)
    out_of_the_blue = np.array([1.0, 1.2, 0.8, 1.1, 0.9, np.nan, np.nan])
    assert growth_before_non_finite(out_of_the_blue) == pytest.approx(np.log10(1.1))


@pytest.mark.parametrize(
    "losses", [[1.0, 0.9, 0.8], [1.0, 2.0, np.nan], [-1.0, 1.0, 2.0, np.nan], [np.nan, 1.0]]
)
def test_nothing_is_said_of_finite_losses_or_after_too_few(losses: list[float]) -> None:
    assert growth_before_non_finite(np.array(losses)) is None
