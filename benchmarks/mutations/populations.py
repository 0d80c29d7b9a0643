"""Data sets with the structure of what people train on; those marked so were held out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.mutations.split import Array, Population, Random


def tabular(random: Random, rows: int) -> tuple[pd.DataFrame, Array]:
    """Incomes, ages, amounts in cents, skewed counts, categories; a class that depends on them."""
    age = np.clip(random.normal(44, 14, rows), 18, 95).round()
    income = np.exp(random.normal(10.2, 0.6, rows) + 0.006 * (age - 44))
    frame = pd.DataFrame(
        {
            "income": income,
            "age": age,
            "height": random.normal(171, 9.5, rows).round(1),
            "balance": random.normal(1500, 900, rows),
            "price": random.gamma(2.0, 30.0, rows).round(2),
            "visits": random.poisson(6, rows),
            "share": random.beta(2, 5, rows),
            "temperature": random.normal(14, 8, rows),
            "plan": random.choice(
                ["basic", "plus", "pro", "team"], rows, p=[0.5, 0.27, 0.16, 0.07]
            ),
            "region": random.choice(5, rows, p=[0.4, 0.25, 0.18, 0.12, 0.05]),
        }
    )
    score = (age - 44) / 14 + (np.log(income) - 10.2) / 0.6 + random.normal(0, 1, rows)
    return frame, np.digitize(score, [-1.2, 0.9])


def gaussian(random: Random, rows: int) -> tuple[Array, Array]:
    """Twelve correlated Gaussian features of different location and scale; four classes."""
    fixed = np.random.default_rng(3)
    mixing = np.eye(12) + 0.4 * fixed.standard_normal((12, 12))
    y = random.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1])
    centres = fixed.standard_normal((4, 12)) * 1.5
    z = (random.standard_normal((rows, 12)) + centres[y]) @ mixing
    return (z * fixed.uniform(0.5, 30, 12) + fixed.uniform(-40, 40, 12)).astype("float32"), y


def images(random: Random, rows: int) -> tuple[Array, Array]:
    """Small colour images: a sky, a field and a blob, of varying light; three classes."""
    y = random.integers(0, 3, rows)
    light = random.uniform(0.6, 1.1, (rows, 1, 1, 1))
    base = np.zeros((rows, 12, 12, 3))
    base[:, :6] = np.array([110, 150, 215])
    base[:, 6:] = np.array([95, 130, 60])
    blob = random.integers(2, 8, (rows, 2))
    colours = np.array([[200, 40, 40], [230, 200, 60], [60, 60, 70]])
    rows_, columns_ = np.ogrid[:12, :12]
    inside = (abs(rows_ - blob[:, 0, None, None]) < 3) & (
        abs(columns_ - blob[:, 1, None, None]) < 3
    )
    base = np.where(inside[..., None], colours[y][:, None, None, :], base)
    noisy = base * light + random.normal(0, 12, base.shape)
    return np.clip(noisy, 0, 255).astype("uint8"), y


def tokens(random: Random, rows: int) -> tuple[Array, Array]:
    """Sentences of ids with Zipf's frequencies, padded with zeros at the end; two classes."""
    vocabulary, length = 800, 24
    y = random.integers(0, 2, rows)
    weights = 1 / np.arange(2, vocabulary + 1) ** 1.05
    other = weights[np.random.default_rng(8).permutation(len(weights))]
    ids = np.zeros((rows, length), dtype=np.int64)
    for label in (0, 1):
        share = 0.7 * weights + 0.3 * (other if label else weights)
        mine = np.flatnonzero(y == label)
        drawn = random.choice(np.arange(1, vocabulary), (len(mine), length), p=share / share.sum())
        ids[mine] = drawn
    lengths = random.integers(6, length + 1, rows)
    ids[np.arange(length) >= lengths[:, None]] = 0
    return ids, y


def series(random: Random, rows: int) -> tuple[Array, Array]:
    """Windows of three sensors: temperature, load, vibration; a number to predict."""
    time_ = np.arange(24)
    phase = random.uniform(0, 2 * np.pi, (rows, 1))
    day = np.sin(2 * np.pi * time_ / 24 + phase)
    level = random.normal(0, 1, (rows, 1))
    temperature = 18 + 4 * level + 5 * day + random.normal(0, 0.7, (rows, 24))
    load = np.exp(
        5 + 0.4 * day + 0.3 * random.normal(0, 1, (rows, 1)) + random.normal(0, 0.1, (rows, 24))
    )
    vibration = np.abs(random.normal(0, 0.3, (rows, 24))) * (1 + level**2)
    x = np.stack([temperature, load, vibration], axis=2).astype("float32")
    return x, (load.mean(axis=1) * 1.1 + random.normal(0, 8, rows)).astype("float32")


def ledger(random: Random, rows: int) -> tuple[pd.DataFrame, Array]:
    """Held out: uniform, bimodal, exponential and heavy-tailed amounts, other categories."""
    y = random.choice(3, rows, p=[0.55, 0.3, 0.15])
    frame = pd.DataFrame(
        {
            "income": random.pareto(2.5, rows) * 8000 + 9000,
            "age": random.integers(0, 120, rows),
            "height": np.where(random.random(rows) < 0.4, 20, 60)
            + random.normal(0, 5, rows)
            + 4 * y,
            "balance": random.uniform(-500, 2500, rows),
            "price": random.exponential(12, rows).round(2),
            "visits": random.geometric(0.3, rows) - 1,
            "share": random.uniform(0, 1, rows),
            "temperature": random.normal(295, 6, rows) + 3 * y,
            "plan": random.choice(list("ABCDEFGH"), rows, p=np.arange(8, 0, -1) / 36),
            "region": random.choice(3, rows, p=[0.7, 0.22, 0.08]),
        }
    )
    return frame, y


def uniform(random: Random, rows: int) -> tuple[Array, Array]:
    """Held out: eight uniform, triangular and skewed features; three equally frequent classes."""
    y = random.integers(0, 3, rows)
    x = np.stack(
        [
            random.uniform(2, 9, rows) + y,
            random.triangular(0, 1, 5, rows) * 40,
            random.gamma(3, 2, rows) + 0.7 * y,
            random.uniform(-1, 1, rows),
            random.weibull(1.5, rows) * 300 + 100 * (y == 1),
            random.normal(0, 1, rows) ** 2,
            random.laplace(4, 0.6, rows),
            random.lognormal(0, 1, rows),
        ],
        axis=1,
    )
    return x, y


def digits(random: Random, rows: int) -> tuple[Array, Array]:
    """Held out: grey images of one channel, mostly black, with a stroke."""
    y = random.integers(0, 5, rows)
    image = np.zeros((rows, 14, 14, 1))
    at = random.integers(1, 11, rows)
    index = np.arange(rows)
    for step in range(12):
        across = np.clip(at + (y - 2) * step // 6, 0, 13)
        image[index, step, across, 0] = random.uniform(90, 255, rows)
    return np.clip(image + random.normal(0, 3, image.shape), 0, 255).astype("uint8"), y


def codes(random: Random, rows: int) -> tuple[Array, Array]:
    """Held out: sequences from a large vocabulary, padded with zeros at the start."""
    length, vocabulary = 40, 6000
    words = np.random.default_rng(2).permutation(np.arange(1, vocabulary))
    ids = words[np.minimum(random.zipf(1.25, (rows, length)), vocabulary - 1) - 1]
    lengths = random.integers(3, length + 1, rows)
    ids[np.arange(length) < (length - lengths)[:, None]] = 0
    return ids, random.integers(0, 2, rows)


POPULATIONS: dict[str, Population] = {
    "tabular": tabular,
    "gaussian": gaussian,
    "image": images,
    "token": tokens,
    "series": series,
    "ledger": ledger,
    "uniform": uniform,
    "digits": digits,
    "codes": codes,
}
