from __future__ import annotations

import dataclasses
import io
import json
import math
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mlflow_plateau.diagnosis import Diagnosis
from mlflow_plateau.report.curves import draw_curves, draw_figure, render_png
from tests.report import diagnoses

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes


def drawn(diagnosis: Diagnosis) -> Axes:
    axes = Figure().add_subplot()
    draw_curves(diagnosis, axes)
    return axes


def legend(axes: Axes) -> list[str]:
    shown = axes.get_legend()
    assert shown is not None
    return [text.get_text() for text in shown.get_texts()]


def pixels(image: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))


@pytest.mark.parametrize("make", diagnoses.MAKERS, ids=lambda make: make.__name__)
def test_every_diagnosis_is_drawn_the_same_from_its_json(make: Callable[[], Diagnosis]) -> None:
    diagnosis = make()
    back = Diagnosis.from_dict(json.loads(json.dumps(diagnosis.to_dict(), allow_nan=False)))

    image = render_png(diagnosis)

    assert pixels(image).shape[1] == 960
    assert render_png(back) == image


def test_the_finding_the_best_epoch_and_the_plateau_are_named() -> None:
    diagnosis = diagnoses.overfitting()

    axes = drawn(diagnosis)

    assert axes.get_title(loc="left") == "Overfitting, confidence 0.97"
    assert legend(axes) == [
        "training: loss",
        "validation: val_loss",
        "plateau from epoch 52",
        "since then: 447 epochs (89 %)",
        f"best epoch: {diagnosis.best_epoch:.0f}",
    ]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")


def test_an_inconclusive_diagnosis_claims_no_confidence() -> None:
    assert drawn(diagnoses.one_epoch()).get_title(loc="left") == "Inconclusive"


def test_curves_differ_in_line_style_and_in_lightness() -> None:
    training, validation = drawn(diagnoses.overfitting()).get_lines()[:2]

    def grey(colour: str) -> float:
        return float(np.dot([0.2126, 0.7152, 0.0722], mpl.colors.to_rgb(colour)))

    assert training.is_dashed()
    assert not validation.is_dashed()
    assert abs(grey(training.get_color()) - grey(validation.get_color())) > 0.25


def test_the_learning_rate_has_a_panel_only_if_it_changes() -> None:
    assert len(draw_figure(diagnoses.improving_slowly()).axes) == 2
    assert len(draw_figure(diagnoses.converged()).axes) == 1


def test_steps_that_were_not_logged_are_bridged_and_nan_is_marked() -> None:
    bridged = drawn(diagnoses.sparse_validation())
    broken = drawn(diagnoses.nan_stretch())

    assert np.isfinite(np.asarray(bridged.get_lines()[1].get_ydata())).all()
    assert "NaN or infinite (19)" in legend(broken)
    assert "NaN or infinite (8)" in legend(drawn(diagnoses.diverged()))


def test_one_nan_far_from_thousands_is_marked_too() -> None:
    base = diagnoses.long_run()
    training = (math.nan,) * 5000 + base.curves.training_loss[5000:-1] + (math.nan,)
    curves = dataclasses.replace(base.curves, training_loss=training)

    axes = drawn(dataclasses.replace(base, curves=curves))

    marks = np.asarray(axes.get_lines()[-1].get_xdata())
    assert "NaN or infinite (5,001)" in legend(axes)
    assert len(marks) < 70
    assert marks[[0, -1]].tolist() == [0.0, 99_999.0]


def test_what_lies_beyond_the_scale_is_marked() -> None:
    assert "above the scale (1)" in legend(drawn(diagnoses.outlying_loss_below_zero()))


def test_a_spike_among_100_000_points_is_drawn() -> None:
    training = drawn(diagnoses.long_run()).get_lines()[0]

    assert len(np.asarray(training.get_xdata())) < 3000
    assert np.nanmax(np.asarray(training.get_ydata())) == 40.0


def test_scores_have_no_log_scale_and_say_which_way_is_better() -> None:
    axes = drawn(diagnoses.score())

    assert axes.get_yscale() == "linear"
    assert "higher is better" in axes.get_ylabel()


def test_names_are_drawn_literally_and_shortened() -> None:
    axes = drawn(diagnoses.hostile())
    label = legend(axes)[1]

    assert all("\x1b" not in text and "\u202e" not in text for text in legend(axes))
    assert label.startswith('validation: _"><img')
    assert len(label) < 40
    shown = axes.get_legend()
    assert shown is not None
    assert not any(text.get_parse_math() or text.get_usetex() for text in shown.get_texts())


def test_an_empty_diagnosis_says_that_there_is_no_curve() -> None:
    assert any(text.get_text() == "no curve was logged" for text in drawn(diagnoses.empty()).texts)


def test_the_sessions_style_neither_changes_the_plot_nor_is_changed() -> None:
    expected = render_png(diagnoses.overfitting())
    style = {"axes.facecolor": "black", "text.usetex": True, "font.size": 30.0, "savefig.dpi": 10}
    with mpl.rc_context(style):
        before = dict(mpl.rcParams)

        assert render_png(diagnoses.overfitting()) == expected
        assert dict(mpl.rcParams) == before


def test_several_threads_can_draw_at_once() -> None:
    expected = render_png(diagnoses.converged())
    before = dict(mpl.rcParams)
    images: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: images.append(render_png(diagnoses.converged())))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert images == [expected] * 4
    assert dict(mpl.rcParams) == before


def test_pyplot_is_never_imported() -> None:
    program = (
        "import sys; from mlflow_plateau.diagnosis import Diagnosis\n"
        "from mlflow_plateau.report.curves import render_png\n"
        "render_png(Diagnosis('run', 'inconclusive'))\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout.strip() == b"False"


@pytest.mark.parametrize(
    "values",
    [
        (0.0,),
        (-1e300, 1e300),
        (5e-324, 1e300),
        (math.inf,),
        (-math.inf, 1.0),
        (0.1, None, math.nan),
    ],
    ids=str,
)
@pytest.mark.parametrize("onset", [None, 0.0])
def test_extreme_values_are_drawn(values: tuple[float | None, ...], onset: float | None) -> None:
    base = diagnoses.converged()
    epochs = tuple(float(epoch) for epoch in range(len(values)))
    curves = dataclasses.replace(
        base.curves,
        epochs=epochs,
        training_loss=values,
        validation_loss=values,
        learning_rate=values,
    )

    image = render_png(dataclasses.replace(base, curves=curves, onset_epoch=onset, best_epoch=0.0))

    assert pixels(image).min() < 100
