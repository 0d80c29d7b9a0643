"""Norms by layer: against the weights before and after an update, and when and of what they are."""

import keras
import numpy as np
import pytest

from mlflow_plateau.recorder.measure.by_layer import MOST_LAYERS, Layers, is_due
from tests.recorder.trainings import curve, only_run

RATE = 0.05


def test_each_layer_against_its_weights_before_and_after(recorder: None) -> None:
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, activation="tanh", name="hidden"),
            keras.layers.Dense(1, name="out>put"),
        ]
    )
    model.compile(keras.optimizers.SGD(RATE), "mse")
    before = [layer.get_weights() for layer in model.layers]
    x = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
    model.fit(x, x[:, 0] - 1, batch_size=16, epochs=1, verbose=0)

    for name, layer, old in zip(("hidden", "out_put"), model.layers, before, strict=True):
        steps = [new - was for new, was in zip(layer.get_weights(), old, strict=True)]
        step, size = (np.sqrt(sum((part**2).sum() for part in parts)) for parts in (steps, old))
        run = only_run()
        ratio = curve(run, f"plateau/layer_update_ratio/{name}")
        assert ratio == pytest.approx({0: step / size}, rel=1e-4)
        norm = curve(run, f"plateau/layer_gradient_norm/{name}")
        assert norm == pytest.approx({0: step / RATE}, rel=1e-4)


def test_a_few_epochs_of_each_doubling() -> None:
    assert [n + 1 for n in range(64) if is_due(n)] == [1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64]


def test_of_many_layers_some_and_none_whose_weights_are_zero() -> None:
    names = [f"block_{n}/kernel" for n in range(100)]
    found = Layers(names).ratios("r", np.ones(100), np.r_[0.0, np.full(99, 2.0)])
    assert len(found) == MOST_LAYERS - 1
    assert set(found.values()) == {0.5}
    assert "layer_r/block_99.kernel" in found
