"""Populations of a third kind, seen before the rules were changed for the last times."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from benchmarks.mutations.split import Array, Population, Random


def sensors(random: Random, rows: int) -> tuple[Array, Array]:
    """Ten heavy-tailed, skewed, bimodal and quantised readings; three unequal classes."""
    y = random.choice(3, rows, p=[0.6, 0.3, 0.1])
    load = random.gamma(2, 1, rows)
    x = np.stack(
        [
            random.standard_t(2.2, rows) * 3 + 20 + 2 * y,
            random.lognormal(1.5, 0.9, rows),
            np.where(random.random(rows) < 0.35, 3.0, 5.1) + random.normal(0, 0.15, rows),
            random.laplace(0, 1.2, rows) + 0.5 * y,
            1013 + random.normal(0, 8, rows),
            (load * 40 + random.normal(0, 4, rows)).round(),
            np.maximum(random.normal(-0.4, 1, rows), 0),
            random.exponential(0.02, rows) * (1 + y),
            np.sqrt(load) * 7 + random.standard_t(3, rows) * 0.4,
            random.beta(5, 1.5, rows),
        ],
        axis=1,
    )
    return x.astype("float32"), y


def housing(random: Random, rows: int) -> tuple[pd.DataFrame, Array]:
    """Districts: incomes, ages capped at 52, counts that grow together, places; a capped price."""
    households = random.lognormal(6.0, 0.7, rows).round() + 1
    wealth = random.normal(0, 1, rows)
    north = random.random(rows) < 0.45
    frame = pd.DataFrame(
        {
            "income": np.clip(np.exp(1.25 + 0.45 * wealth), 0.5, 15).round(4),
            "age": np.minimum(random.gamma(5, 6, rows).round() + 1, 52),
            "rooms": households * random.lognormal(1.65, 0.25, rows),
            "population": (households * random.lognormal(1.05, 0.3, rows)).round(),
            "households": households,
            "latitude": np.where(north, 37.8, 34.0) + random.normal(0, 0.5, rows).round(2),
            "longitude": np.where(north, -121.9, -118.2) + random.normal(0, 0.5, rows).round(2),
            "proximity": random.choice(
                ["inland", "coast", "bay", "ocean"], rows, p=[0.42, 0.33, 0.15, 0.1]
            ),
        }
    )
    price = np.minimum(np.exp(0.4 + 0.5 * wealth + random.normal(0, 0.25, rows)), 5.0)
    return frame, price


def characters(random: Random, rows: int) -> tuple[Array, Array]:
    """Texts as characters: 46 ids that follow each other like letters, padded with zeros."""
    fixed = np.random.default_rng(21)
    kinds, length = 46, 60
    follow = np.cumsum(fixed.dirichlet(np.full(kinds, 0.12), kinds), axis=1)
    ids = np.zeros((rows, length), dtype=np.int32)
    ids[:, 0] = random.integers(0, kinds, rows)
    for place in range(1, length):
        at = follow[ids[:, place - 1]]
        ids[:, place] = (at < random.random((rows, 1))).sum(axis=1).clip(0, kinds - 1)
    ids += 1
    lengths = random.integers(15, length + 1, rows)
    ids[np.arange(length) >= lengths[:, None]] = 0
    return ids, random.integers(0, 2, rows)


def gray(random: Random, rows: int) -> tuple[Array, Array]:
    """Grey images without an axis for the channel: bright paper, dark shapes, uneven light."""
    y = random.integers(0, 4, rows)
    down, across = np.mgrid[:16, :16]
    at = random.uniform(5, 10, (2, rows, 1, 1))
    size = random.uniform(2.5, 4.5, (rows, 1, 1))
    apart = abs(down - at[0]), abs(across - at[1])
    shapes = [
        np.hypot(*apart) < size,
        np.maximum(*apart) < size,
        apart[0] + apart[1] < size,
        np.minimum(*apart) < size / 3,
    ]
    inside = np.select([y[:, None, None] == label for label in range(4)], shapes)
    light = random.uniform(170, 245, (rows, 1, 1)) - across * random.uniform(0, 3, (rows, 1, 1))
    image = np.where(inside, 45, light) + random.normal(0, 6, (rows, 16, 16))
    return np.clip(image, 0, 255).astype("uint8")[..., None], y


@cache
def _wine() -> tuple[Array, Array]:
    from sklearn.datasets import load_wine

    bunch = load_wine()
    return bunch.data, bunch.target


def wine(random: Random, rows: int) -> tuple[Array, Array]:
    """Like scikit-learn's wines: a Gaussian copula with each class's own quantiles."""
    return like(*_wine(), random, rows)


def like(data: Array, target: Array, random: Random, rows: int) -> tuple[Array, Array]:
    """Draws rows with the quantiles and rank correlations of each class of a small data set."""
    from scipy.stats import norm, rankdata

    y = random.choice(target, rows)
    x = np.empty((rows, data.shape[1]))
    for label in np.unique(target):
        mine = data[target == label]
        scores = norm.ppf(rankdata(mine, axis=0) / (len(mine) + 1))
        mixing = np.linalg.cholesky(np.corrcoef(scores.T) * 0.98 + 0.02 * np.eye(data.shape[1]))
        count = int((y == label).sum())
        ranks = norm.cdf(random.standard_normal((count, data.shape[1])) @ mixing.T)
        x[y == label] = np.stack(
            [np.quantile(mine[:, at], ranks[:, at]) for at in range(data.shape[1])], axis=1
        )
    return x, y


FRESH_POPULATIONS: dict[str, Population] = {
    "sensors": sensors,
    "housing": housing,
    "characters": characters,
    "gray": gray,
    "wine": wine,
}
