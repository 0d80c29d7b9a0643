"""Texts that were turned into ids by a tokenizer of their own, or by train's as is right."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import Array, first, kinds

WORDS = 2000
UNKNOWN = 1
PLACES = 40


def texts(count: int, seed: int) -> list[Array]:
    """Words with Zipf's frequencies, some of them more often in some texts."""
    rng = np.random.default_rng(seed)
    often = 1 / (np.arange(WORDS) + 2.7)
    names = np.random.default_rng(99).permutation(WORDS)
    found = []
    for topic in rng.integers(8, size=count):
        shares = often * np.where(np.arange(WORDS) % 8 == topic, 4, 1)
        words = rng.choice(WORDS, rng.integers(5, 60), p=shares / shares.sum())
        found.append(names[words])
    return found


def by_frequency(of: list[Array]) -> dict[int, int]:
    """Returns ids from 2 on, the commonest word first, as Keras and many others give them."""
    counts = Counter(np.concatenate(of).tolist())
    return {word: place for place, (word, _) in enumerate(counts.most_common(), 2)}


def ids(of: list[Array], tokenizer: dict[int, int]) -> Array:
    rows = np.zeros((len(of), PLACES), dtype="int64")
    for row, text in zip(rows, of, strict=True):
        known = [tokenizer.get(int(word), UNKNOWN) for word in text[:PLACES]]
        row[: len(known)] = known
    return rows


@pytest.mark.parametrize("count", [200, 1500])
class TestIdsByFrequency:
    def test_each_split_by_its_own(self, count: int) -> None:
        train, validation = texts(count, 0), texts(count // 3, 1)
        report = check_consistency(
            ids(train, by_frequency(train)), ids(validation, by_frequency(validation))
        )
        assert first(report) == "token_offset"
        assert "how often they occur in that split" in report.findings[0].message

    def test_both_by_trains(self, count: int) -> None:
        # Words that train never had are all the same id, which train never has.
        train, validation = texts(count, 2), texts(count // 3, 3)
        tokenizer = by_frequency(train)
        assert kinds(ids(train, tokenizer), ids(validation, tokenizer)) == []

    def test_both_by_that_of_both(self, count: int) -> None:
        train, validation = texts(count, 4), texts(count // 3, 5)
        tokenizer = by_frequency(train + validation)
        assert kinds(ids(train, tokenizer), ids(validation, tokenizer)) == []


@pytest.mark.parametrize("marked", ["train", "validation"])
def test_marks_before_the_texts_of_one_split_only(marked: str) -> None:
    def marked_rows(rows: Array) -> Array:
        ends = np.full((len(rows), 1), WORDS + 10)
        return np.concatenate([ends, ends + 1, rows], axis=1)

    train, validation = texts(1500, 8), texts(500, 9)
    tokenizer = by_frequency(train)
    splits = {"train": ids(train, tokenizer), "validation": ids(validation, tokenizer)}
    bare = {name: np.pad(rows, [(0, 0), (0, 2)]) for name, rows in splits.items()}
    report = check_consistency(*({**bare, marked: marked_rows(splits[marked])}.values()))
    assert first(report) == "token_offset"
    assert report.findings[0].transformation.startswith(f"{marked}'s rows hold the id 2010, 2011")
    assert kinds(*(marked_rows(rows) for rows in splits.values())) == []


def test_an_offset_is_found_beside_unknown_words() -> None:
    train, validation = texts(1500, 6), texts(500, 7)
    tokenizer = by_frequency(train)
    shifted = ids(validation, {word: place + 1 for word, place in tokenizer.items()})
    report = check_consistency(ids(train, tokenizer), shifted)
    assert first(report) == "token_offset"
    assert report.findings[0].constants["offset"] == 1


def test_a_vocabulary_that_ends_earlier_in_one_split() -> None:
    train, validation = texts(1500, 0), texts(500, 1)
    tokenizer = by_frequency(train)
    short = {word: place for word, place in tokenizer.items() if place <= 300}
    splits = ids(train, tokenizer), ids(validation, short)
    finding = check_consistency(*splits).findings[0]
    assert (finding.kind, finding.transformation) == (
        "token_offset",
        "validation has 1 for train's ids above 300",
    )
    assert kinds(ids(train, short), ids(validation, tokenizer)) == ["token_offset"]
    assert kinds(ids(train, short), ids(validation, short)) == []
