"""The tasks, each a healthy training that ends near what its model can reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.faults.recipe import Recipe
from benchmarks.faults.tasks import generated, images, sequences, tables
from benchmarks.faults.tasks.jitter import jittered

_MAKERS: Mapping[str, Callable[[np.random.Generator, int], Recipe]] = {
    "digits": images.digits,
    "breast_cancer": tables.breast_cancer,
    "wine": tables.wine,
    "sine_of_sum": generated.sine_of_sum,
    "spirals": generated.spirals,
    "addition": sequences.addition,
    "topics": sequences.topics,
    "diabetes": tables.diabetes,
    "clusters": generated.clusters,
    "ripples": generated.ripples,
    "digit_images": images.digit_images,
    "friedman": generated.friedman,
    "drifts": sequences.drifts,
    "word_majority": sequences.word_majority,
    "shapes": images.shapes,
}

TASKS: tuple[str, ...] = tuple(_MAKERS)
"""In an order that stays: it decides which faults a task gets first."""


def healthy_recipe(task: str, seed: int) -> Recipe:
    """Returns a healthy training of a task; seeds above 0 vary its hyper-parameters."""
    generator = np.random.default_rng(1000 + seed)
    return jittered(_MAKERS[task](generator, seed), generator, seed)
