"""Hyper-parameters varied by seed, so that nothing can be told by one recipe's numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.faults.recipe import Recipe

SGD_RATE = {"digits": 0.02, "breast_cancer": 0.01, "wine": 0.01, "diabetes": 0.005,
            "clusters": 0.01, "digit_images": 0.03}  # fmt: skip
"""Tasks that SGD with momentum 0.9 trains well, at this rate for a batch of 32."""


def jittered(base: Recipe, generator: np.random.Generator, seed: int) -> Recipe:
    """Returns the recipe with another rate, batch size, width, length and optimiser.

    The first seed keeps the recipe as it is. All changes stay within what trains as well.
    """
    if not seed:
        return base
    batch = int(generator.choice([16, 32, 32, 64] if base.rows > 300 else [16, 32]))
    epochs = int(base.epochs * generator.uniform(0.9, 1.3) * (1.4 if batch == 64 else 1.0))
    changed = replace(
        base,
        learning_rate=base.learning_rate * 10 ** generator.uniform(-0.15, 0.15),
        batch_size=batch,
        epochs=epochs,
        widths=tuple(max(4, int(w * generator.choice([0.75, 1, 1.5]))) for w in base.widths),
    )
    if base.task in SGD_RATE and generator.random() < 0.5:
        rate = SGD_RATE[base.task] * batch / 32
        return replace(changed, optimizer="sgd", learning_rate=rate, momentum=0.9)
    if generator.random() < 0.2:
        return replace(changed, optimizer="rmsprop", learning_rate=0.5 * changed.learning_rate)
    return changed
