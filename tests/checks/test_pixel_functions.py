"""Pictures whose pixels one split has as they are, and the other changed by a function."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.datasets import load_digits

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import Array, kinds

PICTURES = (load_digits().images[..., None] / 16).astype("float32")
TRAIN, VALIDATION = PICTURES[::2], PICTURES[1::2]

CHANGES: dict[str, tuple[Callable[[Array], Array], str, str]] = {
    "negatives": (lambda x: 1 - x, "unit_factor", "validation = −train + 1"),
    "brighter": (lambda x: x ** (1 / 2.2), "monotone_transform", "validation = train^(1 / 2.2)"),
    "darker": (lambda x: x**2.2, "monotone_transform", "validation = train^2.2"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_named_and_the_fix_undoes_it(change: str) -> None:
    function, kind, formula = CHANGES[change]
    changed = function(VALIDATION).astype("float32")

    finding = check_consistency(TRAIN, changed).findings[0]

    assert (finding.kind, finding.severity) == (kind, "fail")
    assert finding.transformation == formula
    scope = {"np": np, "x_validation": changed}
    exec(finding.fix, scope)
    np.testing.assert_allclose(scope["x_validation"], VALIDATION, atol=1e-6)


def test_fainter_strokes_are_a_shift() -> None:
    fainter = np.round(VALIDATION * 16 * 0.6) / 16

    assert kinds(TRAIN, fainter.astype("float32")) == ["distribution_shift"]


def test_sparse_masks_in_other_units_differ_though_most_pixels_do_not() -> None:
    masks, others = (TRAIN == 1).astype("float32"), (VALIDATION == 1).astype("float32")
    few = np.random.default_rng(4).random(masks.shape[1:]) < 0.1

    finding = check_consistency((TRAIN, masks * few), (VALIDATION, others * few * 255)).findings[0]

    assert (finding.kind, finding.severity) == ("unit_factor", "fail")
    assert finding.fix == "y_validation = y_validation / 255"
    assert kinds((TRAIN, masks * few), (VALIDATION, others * few)) == []
