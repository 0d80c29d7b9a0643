"""Shards of a split merge to the profile of the whole, to the last bit."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.profiles import Profile, ProfileBuilder, merge, profile
from tests.profiles.states import state

RNG = np.random.default_rng(5)
LABELS = np.array(["red", "green", "blue"])


def wild(rows: int) -> np.ndarray[Any, Any]:
    """Values of all magnitudes, with NaN and infinity among them."""
    values = RNG.standard_normal((rows, 6)) * 10.0 ** RNG.integers(-30, 30, (rows, 6))
    values[RNG.random((rows, 6)) < 0.02] = np.nan
    values[RNG.random((rows, 6)) < 0.01] = np.inf
    values[:, 0] = RNG.standard_normal(rows)
    values[:, 1] = 3.0
    return values


def frame(rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "income": RNG.lognormal(10, 1, rows),
            "colour": RNG.choice(LABELS, rows),
            "text": [f"free text {i}" for i in RNG.integers(0, 5_000, rows)],
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 900, rows), "D"),
            "age": RNG.integers(18, 90, rows).astype("int32"),
        }
    )


DATA = {
    "wild numbers": (wild(3000), RNG.integers(0, 4, 3000)),
    "single precision": (RNG.standard_normal((5000, 3)).astype("float32"), None),
    "many classes": (RNG.standard_normal((2000, 3)), RNG.standard_normal(2000)),
    "frame": (frame(4000), RNG.choice(LABELS, 4000)),
    "images": (RNG.integers(0, 256, (60, 8, 9, 3)).astype("uint8"), RNG.integers(0, 10, 60)),
    "ids": (RNG.integers(0, 3000, (500, 12)), RNG.integers(0, 2, 500)),
    "series": (RNG.standard_normal((90, 20, 4)), None),
}


def part(value: Any, start: int, stop: int) -> Any:
    if value is None:
        return None
    return value.iloc[start:stop] if hasattr(value, "iloc") else value[start:stop]


def shards(x: Any, y: Any, seed: int) -> list[Profile]:
    """Cuts the rows at random places, empty shards included, and profiles each part."""
    rows = len(x)
    cuts = np.random.default_rng(seed).integers(0, rows + 1, 4)
    edges = [0, *sorted(cuts.tolist()), rows]
    return [
        profile((part(x, start, stop), part(y, start, stop))) for start, stop in pairwise(edges)
    ]


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("seed", range(3))
def test_shards_merge_to_the_whole(name: str, seed: int) -> None:
    x, y = DATA[name]
    assert state(merge(*shards(x, y, seed))) == state(profile((x, y)))


@pytest.mark.parametrize("name", DATA)
def test_merging_is_associative_and_does_not_mind_the_order(name: str) -> None:
    a, b, c, d, e = shards(*DATA[name], seed=9)
    expected = state(merge(a, b, c, d, e))
    assert state(merge(merge(a, merge(b, c)), merge(d, e))) == expected
    assert state(merge(e, c, a, d, b)) == expected


@pytest.mark.parametrize("name", DATA)
def test_batches_make_the_same_profile_as_the_whole(name: str) -> None:
    x, y = DATA[name]
    builder = ProfileBuilder()
    for start in range(0, len(x), 37):
        builder.add(part(x, start, start + 37), part(y, start, start + 37))
    assert state(builder.profile(complete=True)) == state(profile((x, y)))


def test_merging_changes_none_of_the_shards() -> None:
    one, other = profile(wild(100)), profile(wild(100))
    before = state(one), state(other)
    merge(one, other)
    assert (state(one), state(other)) == before


def test_more_distinct_values_than_are_kept_in_small_shards() -> None:
    """No shard exceeds the sample, the whole does."""
    values = np.arange(5000.0) % 1500
    whole = profile(values)
    merged = merge(*(profile(values[start : start + 500]) for start in range(0, 5000, 500)))
    assert state(whole) == state(merged)
    assert not whole.inputs[0].distinct.complete(0)
    kept, counts = whole.inputs[0].distinct.numbers_of_column(0)
    assert [int(np.sum(values == value)) for value in kept] == counts.tolist()


def test_rows_beyond_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow_plateau.profiles import rows

    monkeypatch.setattr(rows, "KEPT", 300)
    x = RNG.standard_normal((2000, 2))
    assert state(merge(*shards(x, None, 3))) == state(profile(x))
    assert len(profile(x).row_hashes.hashes) == 300
