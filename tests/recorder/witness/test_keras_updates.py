"""The step that experiments take is the one that Keras' optimiser takes next."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mlflow_plateau.recorder.witness.keras_updates import next_update_of

# Without momentum: a direction is asked for, not an average over past ones.
OPTIMIZERS = {
    "SGD": lambda: keras.optimizers.SGD(0.1),
    "Adam": lambda: keras.optimizers.Adam(0.01, beta_1=0.0, epsilon=1e-9),
    "AdamW": lambda: keras.optimizers.AdamW(0.01, beta_1=0.0, weight_decay=0.0, epsilon=1e-9),
    "RMSprop": lambda: keras.optimizers.RMSprop(0.01, rho=0.8, epsilon=1e-9),
    "Adagrad": lambda: keras.optimizers.Adagrad(0.1, initial_accumulator_value=0.0, epsilon=1e-9),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("updates", [1, 7])
def test_it_is_the_next_update(name: str, updates: int) -> None:
    generator = np.random.default_rng(updates)
    optimizer = OPTIMIZERS[name]()
    variables = [keras.Variable(generator.standard_normal(shape)) for shape in ((3, 2), (2,))]
    optimizer.build(variables)

    def gradient() -> list[np.ndarray]:
        # No gradient has ever reached the first weight.
        parts = [generator.standard_normal(v.shape).astype("float32") for v in variables]
        parts[0][0, 0] = 0.0
        return parts

    for _ in range(updates):
        optimizer.apply([keras.ops.convert_to_tensor(part) for part in gradient()], variables)
    last = gradient()
    last[0][0, 0] = 1.0
    expected = next_update_of(optimizer)(last)
    before = [keras.ops.convert_to_numpy(v).copy() for v in variables]
    optimizer.apply([keras.ops.convert_to_tensor(part) for part in last], variables)

    assert expected is not None
    for step, was, variable in zip(expected, before, variables, strict=True):
        np.testing.assert_allclose(
            step, was - keras.ops.convert_to_numpy(variable), rtol=2e-4, atol=1e-6
        )
