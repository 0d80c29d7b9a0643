"""Sequences, shared rows, non-finite values, schemas, sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.consistency import check_consistency
from tests.checks.populations import kinds, people, pixels, sentences, vectors

IDS = sentences(3000)
TRAIN_IDS, VALIDATION_IDS = IDS[:2400], IDS[2400:]


class TestSequences:
    def test_alike(self) -> None:
        assert kinds(TRAIN_IDS, VALIDATION_IDS) == []

    @pytest.mark.parametrize("step", [1, 2, 5])
    def test_shifted_ids(self, step: int) -> None:
        moved = np.where(VALIDATION_IDS > 0, VALIDATION_IDS + step, 0)
        finding = check_consistency(TRAIN_IDS, moved).findings[0]
        assert finding.kind == "token_offset"
        assert finding.constants["offset"] == step

    def test_padding_on_the_other_side(self) -> None:
        found = check_consistency(TRAIN_IDS, VALIDATION_IDS[:, ::-1]).findings[0]
        assert found.kind == "token_offset"
        assert "padded at the end in train and at the start" in found.message

    def test_another_padding(self) -> None:
        other = np.where(VALIDATION_IDS == 0, 499, VALIDATION_IDS)
        assert kinds(TRAIN_IDS, other)[0] == "token_offset"

    def test_another_vocabulary(self) -> None:
        order = np.concatenate([[0], np.random.default_rng(6).permutation(np.arange(1, 501))])
        assert kinds(TRAIN_IDS, order[VALIDATION_IDS]) == ["token_offset"]

    def test_other_topics_are_a_shift(self) -> None:
        rng = np.random.default_rng(7)
        swapped = (rng.random(VALIDATION_IDS.shape) < 0.5) & (VALIDATION_IDS > 0)
        other = np.where(swapped, rng.integers(1, 500, VALIDATION_IDS.shape), VALIDATION_IDS)
        assert kinds(TRAIN_IDS, other) == ["distribution_shift"]

    def test_too_small_to_tell(self) -> None:
        assert kinds(TRAIN_IDS, VALIDATION_IDS[:3, ::-1]) == []


class TestSharedRows:
    def test_share(self) -> None:
        train, validation = vectors(2000), vectors(500)
        validation[:50] = train[:50]
        finding = check_consistency(train, validation).findings[0]
        assert finding.kind == "rows_shared"
        assert finding.constants["share"] == pytest.approx(0.1)

    def test_rows_that_repeat_by_themselves_are_fine(self) -> None:
        rng = np.random.default_rng(8)
        x = rng.integers(0, 3, (4000, 4))
        assert kinds(x[:3000], x[3000:]) == []

    def test_everything(self) -> None:
        x = vectors(500)
        assert kinds(x, x[:100]) == ["rows_shared"]

    @pytest.mark.parametrize("share", [0.05, 1.0])
    def test_rows_that_were_copied_before_the_split_did_not_repeat_by_themselves(
        self, share: float
    ) -> None:
        x = vectors(2000)
        copied = np.concatenate([x, x[: int(share * len(x))]])
        copied = copied[np.random.default_rng(9).permutation(len(copied))]
        train, validation = np.split(copied, [3 * len(copied) // 4])
        finding = check_consistency(train, validation).findings[0]
        assert finding.kind == "rows_shared"
        assert "copied before they were split" in finding.message
        known = {row.tobytes() for row in train}
        shared = np.mean([row.tobytes() in known for row in validation])
        assert finding.constants["share"] == pytest.approx(shared)

    def test_measurements_that_are_mostly_zero_repeat_by_themselves(self) -> None:
        rng = np.random.default_rng(10)
        x = np.where(rng.random((2000, 4)) < 0.2, rng.exponential(size=(2000, 4)), 0.0)
        assert kinds(x[:1500], x[1500:]) == []


class TestNonFinite:
    def test_what_is_missing_as_often_in_both_is_said_and_no_difference(self) -> None:
        rng = np.random.default_rng(11)
        x = vectors(2000)
        x[rng.random(2000) < 0.12, 3] = np.nan
        report = check_consistency(x[:1500], x[1500:])
        assert report.verdict == "pass"
        assert {(f.kind, f.severity) for f in report.findings} == {("non_finite", "info")}

    @pytest.mark.parametrize("share", [0.0, 0.05])
    def test_missing_more_often_is_one(self, share: float) -> None:
        rng = np.random.default_rng(12)
        train, validation = vectors(2000), vectors(500)
        train[rng.random(2000) < share, 3] = np.nan
        validation[rng.random(500) < 0.3, 3] = np.nan
        assert check_consistency(train, validation).verdict == "fail"

    def test_rows_without_values_hide_what_goes_together(self) -> None:
        spoiled = vectors(400)
        spoiled[:8] = np.nan
        assert kinds(vectors(2000), spoiled) == ["non_finite"]

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_named_with_its_column(self, value: float) -> None:
        spoiled = vectors(400)
        spoiled[5, 2] = value
        finding = check_consistency(vectors(2000), spoiled).findings[0]
        assert (finding.kind, finding.columns) == ("non_finite", ("column 2",))

    @pytest.mark.parametrize("named", [False, True])
    def test_in_validation_alone(self, named: bool) -> None:
        """Columns and rows are named, and what is pasted leaves none."""
        train, spoiled = vectors(2000), vectors(400)
        spoiled[5:8, 2] = spoiled[7, 0] = np.nan
        splits: list[Any] = [train, spoiled]
        if named:
            splits = [pd.DataFrame(x, columns=list("abcde")) for x in splits]
        report = check_consistency(*splits)
        finding = report.findings[0]
        assert (report.verdict, finding.kind, finding.severity) == ("fail", "non_finite", "fail")
        names = ("a", "c") if named else ("column 0", "column 2")
        assert finding.columns == names
        assert finding.evidence == (
            f"not finite, of 400 rows: `{names[0]}` in 1, `{names[1]}` in 3",
        )
        scope = {"np": np, "x_train": splits[0], "x_validation": splits[1].copy()}
        which = finding.fix.splitlines()[0].removeprefix("# which rows: ")
        assert eval(which, scope).tolist() == [5, 6, 7]
        exec(finding.fix, scope)
        assert check_consistency(splits[0], scope["x_validation"]).verdict == "pass"

    def test_large_values_are_finite(self) -> None:
        x = np.exp(np.random.default_rng(9).normal(200, 30, (1000, 2)))
        assert kinds(x[:800], x[800:]) == []


class TestSchema:
    @pytest.mark.parametrize(
        ("train", "validation", "words"),
        [
            (people(200), people(100).drop(columns="age"), "lacks `age`"),
            (people(200), people(100).assign(extra=1), "`extra`"),
            (vectors(200), vectors(100)[:, :3], "without names"),
            (pixels(60), np.moveaxis(pixels(30), 3, 1), "axes are in another order"),
            (pixels(60), pixels(30)[:, :5], "shape"),
            (people(200), people(100).assign(age="old"), "numbers, validation text"),
            ({"a": vectors(200), "b": vectors(200)}, {"a": vectors(100)}, "an input `b`"),
            (vectors(2000), vectors(500).astype("int64"), "whole numbers"),
        ],
    )
    def test_differences(self, train: Any, validation: Any, words: str) -> None:
        findings = check_consistency(train, validation).findings
        assert findings[0].kind == "schema_mismatch"
        assert words in findings[0].message

    def test_another_precision_is_no_alarm(self) -> None:
        report = check_consistency(vectors(900), vectors(300).astype("float64"))
        assert report.verdict == "pass"
        assert [finding.severity for finding in report.findings] == ["info"]

    def test_categories_that_train_never_had(self) -> None:
        train, validation = people(2000), people(500)
        validation.loc[:60, "plan"] = "gold"
        assert "schema_mismatch" in kinds(train, validation)


class TestSize:
    def test_a_small_split_is_information_not_an_alarm(self) -> None:
        report = check_consistency(vectors(1000), vectors(10))
        assert report.verdict == "pass"
        assert [(f.kind, f.severity) for f in report.findings] == [("too_small", "info")]
        assert "32%" in report.findings[0].message

    def test_a_large_one_is_silent(self) -> None:
        assert check_consistency(vectors(1000), vectors(500)).findings == ()

    def test_no_rows(self) -> None:
        report = check_consistency(vectors(100), vectors(0))
        assert (report.verdict, report.findings[0].kind) == ("unknown", "too_small")


def test_dates_are_compared() -> None:
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(1000) % 365, "D")
    later = days + pd.Timedelta(days=300)
    assert kinds(pd.DataFrame({"day": days}), pd.DataFrame({"day": later})) != []
