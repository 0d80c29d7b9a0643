"""Populations of a fifth kind, asked about once before the last change of rules."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from benchmarks.mutations.fresh_populations import like
from benchmarks.mutations.split import Array, Population, Random


def survey(random: Random, rows: int) -> tuple[pd.DataFrame, Array]:
    """Answers from 1 to 5, ages, hours, incomes rounded to thousands, towns; a yes or no."""
    mood = random.normal(0, 1, rows)
    frame = pd.DataFrame(
        {
            f"answer_{place}": np.clip(
                np.round(3 + 0.8 * mood + random.normal(shift, 0.9, rows)), 1, 5
            ).astype("int64")
            for place, shift in enumerate((-0.9, -0.3, 0.0, 0.6))
        }
    )
    frame["age"] = random.triangular(16, 28, 80, rows).astype("int64")
    frame["hours"] = random.gamma(6, 6, rows).round(1)
    frame["income"] = (random.lognormal(10.4, 0.5, rows) / 1000).round() * 1000
    frame["town"] = random.choice(["north", "east", "south", "west"], rows, p=[0.4, 0.3, 0.2, 0.1])
    return frame, (mood + random.normal(0, 1, rows) > 0.4).astype("int64")


def clicks(random: Random, rows: int) -> tuple[Array, Array]:
    """Counts of thirty events, overdispersed, most of them zero; three groups of users."""
    fixed = np.random.default_rng(51)
    y = random.choice(3, rows, p=[0.5, 0.3, 0.2])
    rates = fixed.gamma(0.5, 1.5, (3, 30))
    activity = random.gamma(1.2, 1 / 1.2, (rows, 1))
    return random.poisson(rates[y] * activity).astype("float32"), y


def meters(random: Random, rows: int) -> tuple[Array, Array]:
    """Days of two meters, hour by hour: consumption with peaks, and a smooth voltage."""
    hours = np.arange(24)
    level = random.lognormal(0, 0.4, (rows, 1))
    morning, evening = (np.exp(-((hours - at) ** 2) / 8) for at in (8, 19))
    load = level * (0.3 + morning + 1.6 * evening + random.gamma(2, 0.1, (rows, 24)))
    drift = np.cumsum(random.normal(0, 0.3, (rows, 24)), axis=1)
    voltage = 231 + random.normal(0, 1.5, (rows, 1)) + drift
    return np.stack([load, voltage], axis=2).astype("float32"), load.sum(axis=1).astype("float32")


def scans(random: Random, rows: int) -> tuple[Array, Array]:
    """Grey pictures of ten kinds of stripes, 10 × 10 pixels of whole numbers from 0 to 255."""
    y = random.integers(0, 10, rows)
    down, across = np.mgrid[:10, :10]
    angle = (np.pi * y / 10)[:, None, None]
    phase = random.uniform(0, 2 * np.pi, (rows, 1, 1))
    wave = np.sin(1.1 * (down * np.cos(angle) + across * np.sin(angle)) + phase)
    bright = random.uniform(60, 120, (rows, 1, 1))
    picture = 120 + bright * wave + random.normal(0, 9, (rows, 10, 10))
    return np.clip(picture, 0, 255).astype("uint8")[..., None], y


@cache
def _iris() -> tuple[Array, Array]:
    from sklearn.datasets import load_iris

    bunch = load_iris()
    return bunch.data, bunch.target


def iris(random: Random, rows: int) -> tuple[Array, Array]:
    """Like scikit-learn's irises: four lengths, three classes."""
    return like(*_iris(), random, rows)


LATER_POPULATIONS: dict[str, Population] = {
    "survey": survey,
    "clicks": clicks,
    "meters": meters,
    "scans": scans,
    "iris": iris,
}
