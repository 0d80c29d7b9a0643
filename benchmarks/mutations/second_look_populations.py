"""Populations of a fourth kind, looked at before the rules were changed for the last time."""

from __future__ import annotations

from functools import cache

import numpy as np

from benchmarks.mutations.fresh_populations import like
from benchmarks.mutations.split import Array, Population, Random


def one_hot(random: Random, rows: int) -> tuple[Array, Array]:
    """A table of four categories as 23 columns of zeros and ones, and three amounts."""
    fixed = np.random.default_rng(31)
    y = random.choice(2, rows, p=[0.75, 0.25])
    parts = []
    for size in (9, 6, 5, 3):
        shares = fixed.dirichlet(np.full(size, 1.5), 2)
        drawn = [random.choice(size, rows, p=share) for share in shares]
        parts.append(np.eye(size)[np.where(y == 1, drawn[1], drawn[0])])
    amounts = np.stack(
        [random.gamma(1.5, 50, rows), random.integers(18, 80, rows), random.normal(3, 1, rows)],
        axis=1,
    )
    return np.concatenate([*parts, amounts], axis=1).astype("float32"), y


def word_counts(random: Random, rows: int) -> tuple[Array, Array]:
    """Documents as counts of forty words, most of them zero; four topics."""
    fixed = np.random.default_rng(32)
    y = random.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1])
    topics = fixed.dirichlet(np.full(40, 0.3), 4)
    length = random.lognormal(3.2, 0.6, rows)
    return random.poisson(topics[y] * length[:, None]).astype("float32"), y


def waves(random: Random, rows: int) -> tuple[Array, Array]:
    """Windows of four channels that follow themselves: drift, bursts, a period, a level."""
    steps = 32
    noise = random.standard_normal((rows, steps, 4))
    x = np.zeros((rows, steps, 4))
    x[:, 0] = noise[:, 0]
    for at in range(1, steps):
        x[:, at] = x[:, at - 1] * np.array([0.95, 0.3, 0.7, 0.85]) + noise[:, at]
    y = random.integers(0, 3, rows)
    x[..., 1] = np.sign(x[..., 1]) * np.abs(x[..., 1]) ** 2.2
    x[..., 2] += 3 * np.sin(np.arange(steps) * (0.3 + 0.2 * y[:, None]))
    scale, offset = np.array([0.02, 40, 1.0, 7]), np.array([9.81, 0, -3, 120])
    return (x * scale + offset).astype("float32"), y


@cache
def _bundled(name: str) -> tuple[Array, Array]:
    from sklearn import datasets

    bunch = getattr(datasets, name)()
    return bunch.data, bunch.target


def cancer(random: Random, rows: int) -> tuple[Array, Array]:
    """Like scikit-learn's tumours: thirty measurements, two classes."""
    return like(*_bundled("load_breast_cancer"), random, rows)


def diabetes(random: Random, rows: int) -> tuple[Array, Array]:
    """Like scikit-learn's diabetes data: ten tiny numbers, a number to predict."""
    data, target = _bundled("load_diabetes")
    both = np.column_stack([data, target])
    drawn, _ = like(both, np.zeros(len(both), dtype=int), random, rows)
    return drawn[:, :-1], drawn[:, -1].round()


def digits16(random: Random, rows: int) -> tuple[Array, Array]:
    """Like scikit-learn's digits: 64 pixels from 0 to 16, many of them always zero."""
    data, target = _bundled("load_digits")
    at = random.integers(0, len(data), rows)
    # Ink varies, so that no row comes twice by itself.
    ink = random.normal(0, 1.5, (rows, 64)) * (data[at] > 0)
    return np.clip(data[at] + ink, 0, 16).round(), target[at]


SECOND_LOOK_POPULATIONS: dict[str, Population] = {
    "one_hot": one_hot,
    "word_counts": word_counts,
    "waves": waves,
    "cancer": cancer,
    "diabetes": diabetes,
    "digits16": digits16,
}
