"""What the states say, against numpy's own answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.profiles import profile
from mlflow_plateau.profiles.patterns import bin_edges, in_order, mix, top_halves, unmix

RNG = np.random.default_rng(6)


def test_moments_are_those_of_numpy() -> None:
    x = RNG.normal(300, 7, (10_000, 4)).astype("float32")
    x[17, 2] = np.nan
    x[18, 2] = -np.inf
    moments = profile(x).inputs[0].moments
    mean, deviation = moments.mean_and_deviation()
    sound = np.where(np.isfinite(x), x, np.nan).astype("float64")
    np.testing.assert_allclose(mean, np.nanmean(sound, axis=0), rtol=1e-12)
    np.testing.assert_allclose(deviation, np.nanstd(sound, axis=0), rtol=1e-6)
    assert moments.count.tolist() == [10_000, 10_000, 9_998, 10_000]
    assert (moments.missing.tolist()[2], moments.infinite.tolist()[2]) == (1, 1)
    assert moments.least.tolist() == np.nanmin(sound, axis=0).tolist()
    assert moments.greatest.tolist() == np.nanmax(sound, axis=0).tolist()


def test_extremes_are_counted() -> None:
    moments = profile(np.array([[0.0], [1], [1], [0.5], [0], [1]])).inputs[0].moments
    assert (moments.at_least[0], moments.at_greatest[0]) == (2, 3)


def test_keys_sort_like_the_values() -> None:
    values = np.sort(RNG.standard_normal(5000) * 10.0 ** RNG.integers(-30, 30, 5000)).astype("f4")
    keys = in_order(top_halves(values))
    assert np.all(np.diff(keys.astype(int)) >= 0)
    low, high = bin_edges(keys)
    assert np.all((low <= values) & (values <= high))


def test_hashes_can_be_undone() -> None:
    patterns = RNG.integers(0, 2**32, 10_000, dtype=np.uint64).astype(np.uint32)
    assert (unmix(mix(patterns)) == patterns).all()


def test_the_histogram_counts_every_finite_value() -> None:
    x = RNG.standard_normal((5000, 3))
    x[:50, 1] = np.nan
    histogram = profile(x).inputs[0].histogram
    assert [histogram.of_column(column)[1].sum() for column in range(3)] == [5000, 4950, 5000]


def test_few_distinct_values_are_counted_exactly() -> None:
    x = RNG.integers(-50, 200, 20_000)
    values, counts = profile(x).inputs[0].distinct.numbers_of_column(0)
    expected, often = np.unique(x, return_counts=True)
    assert values.tolist() == expected.tolist()
    assert counts.tolist() == often.tolist()


def test_categories_are_counted_and_named() -> None:
    frame = pd.DataFrame({"plan": ["a", "b", None, "a"], "n": [1, 2, 3, 4]})
    state = profile(frame).inputs[0]
    marks, counts = state.distinct.of_column(1)
    named = {state.labels[0][int(mark)]: int(n) for mark, n in zip(marks, counts, strict=True)}
    assert named == {"a": 2, "b": 1}
    assert state.absent.tolist() == [1]


def test_free_text_is_not_kept() -> None:
    frame = pd.DataFrame({"note": [f"dear diary {i}" for i in range(2000)]})
    assert profile(frame).inputs[0].labels == ({},)


def test_sequences_know_their_padding() -> None:
    ids = np.zeros((10, 8), dtype=np.int64)
    ids[:, :5] = RNG.integers(1, 100, (10, 1)) + np.arange(5)
    sequences = profile(ids).inputs[0].sequences
    assert sequences is not None
    assert sequences.trailing.tolist() == [10]
    assert sequences.leading.sum() == 0
    assert sequences.lengths[5] == 10


def test_same_rows_have_the_same_hash() -> None:
    x = RNG.standard_normal((100, 4))
    one = profile(x).row_hashes
    again = profile(np.asfortranarray(x[::-1].astype("float32"))).row_hashes
    assert one.hashes.tolist() == again.hashes.tolist()
    assert len(np.unique(one.hashes)) == 100


def test_channels_of_images_are_columns() -> None:
    image = RNG.integers(0, 9, (5, 6, 7, 3))
    last = profile(image).inputs[0]
    first = profile(np.moveaxis(image, 3, 1)).inputs[0]
    assert len(last.layout.columns) == len(first.layout.columns) == 3
    assert last.moments.mean_and_deviation()[0] == pytest.approx(image.mean(axis=(0, 1, 2)))
    assert first.moments.mean_and_deviation()[0] == pytest.approx(image.mean(axis=(0, 1, 2)))


def test_columns_related_to_each_other() -> None:
    x = RNG.standard_normal((20_000, 3))
    x[:, 2] = -x[:, 0]
    comoments = profile(x).inputs[0].comoments
    assert comoments is not None
    correlation = comoments.correlation()
    assert correlation[0, 2] == pytest.approx(-1, abs=1e-3)
    assert abs(correlation[0, 1]) < 0.05


def test_classes_have_their_own_sums() -> None:
    by_class = profile((np.array([[1.0], [1], [-1]]), np.array([7, 7, 8]))).inputs[0].by_class
    assert by_class is not None
    assert by_class.counts == {7.0: 2, 8.0: 1}
    assert by_class.sums[7.0][0] > 0 > by_class.sums[8.0][0]


def test_many_blocks_count_and_add_up_like_numpy() -> None:
    """More values than are collected, measured and counted at once, with gaps among them."""
    x = (RNG.standard_normal((400_000, 12)) * 10.0 ** np.arange(-6, 6)).astype("float32")
    x[RNG.random(len(x)) < 0.01, 3] = np.nan
    state = profile(x).inputs[0]
    for column in (0, 3, 11):
        values = x[np.isfinite(x[:, column]), column]
        expected, often = np.unique(in_order(top_halves(values).astype(int)), return_counts=True)
        keys, counts = state.histogram.of_column(column)
        assert keys.tolist() == expected.tolist()
        assert counts.tolist() == often.tolist()
        mean, deviation = (float(found[column]) for found in state.statistics())
        exact = values.astype("float64")
        assert mean == pytest.approx(exact.mean(), rel=1e-9)
        assert deviation == pytest.approx(exact.std(), rel=1e-9)
