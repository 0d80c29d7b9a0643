"""``check_consistency`` and ``mlflow-plateau consistency``, as a user meets them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import mlflow_plateau
from mlflow_plateau.errors import ProfileError
from tests.checks.populations import people, standard, vectors
from tests.command_line import call

TRAIN, VALIDATION = people(3000), people(1000)


def wrong() -> pd.DataFrame:
    return VALIDATION.assign(income=VALIDATION["income"] / 1000)


class TestReport:
    def test_text_says_finding_then_evidence_then_fix(self) -> None:
        text = str(mlflow_plateau.check_consistency(TRAIN, wrong()))
        lines = text.splitlines()
        assert lines[0] == "Train and validation were not treated alike. (fail)"
        assert "`income`: validation = train ÷ 1000" in lines[2]
        assert text.index("differ by at most") < text.index("Fix: ")
        assert "3,000 rows of train, 1,000 of validation" in lines[-1]

    def test_says_how_much_was_compared(self) -> None:
        """Of columns that one split lacks nothing is compared."""
        report = mlflow_plateau.check_consistency(
            (TRAIN.assign(other=1.0), np.arange(3000) % 2),
            (VALIDATION.assign(another=1.0), np.arange(1000) % 2),
        )
        columns = TRAIN.shape[1]
        assert str(report).splitlines()[-1] == (
            f"Compared: {columns} columns and 1 target in 3,000 rows of train, 1,000 of validation."
        )
        assert report.to_dict()["compared"] == {
            "columns": columns,
            "targets": 1,
            "train_rows": 3000,
            "validation_rows": 1000,
        }

    def test_says_that_nothing_was_compared(self) -> None:
        report = mlflow_plateau.check_consistency({"a": TRAIN}, {"b": VALIDATION})
        assert report.compared.startswith("0 columns in 3,000 rows of train")

    def test_frame_has_a_row_for_each_finding(self) -> None:
        frame = mlflow_plateau.check_consistency(TRAIN, wrong()).to_frame()
        assert frame["kind"].tolist() == ["unit_factor"]
        assert frame["columns"].tolist() == ["income"]

    def test_an_empty_frame_has_the_same_columns(self) -> None:
        passed = mlflow_plateau.check_consistency(TRAIN, VALIDATION)
        failed = mlflow_plateau.check_consistency(TRAIN, wrong())
        assert passed.verdict == "pass"
        assert passed.to_frame().columns.tolist() == failed.to_frame().columns.tolist()

    def test_dict_is_json(self) -> None:
        document = mlflow_plateau.check_consistency(TRAIN, wrong()).to_dict()
        back = json.loads(json.dumps(document, allow_nan=False))
        assert back["verdict"] == "fail"
        assert back["findings"][0]["constants"]["factor"] == 0.001
        assert {row["column"] for row in back["columns"]} >= {"income", "age"}

    def test_profiles_serve_as_well_as_data(self) -> None:
        one, other = mlflow_plateau.profile(TRAIN), mlflow_plateau.profile(wrong())
        assert (
            mlflow_plateau.check_consistency(one, other).to_dict()
            == mlflow_plateau.check_consistency(TRAIN, wrong()).to_dict()
        )

    def test_the_fix_for_units_repairs(self) -> None:
        scope = {"x_validation": wrong()}
        exec(mlflow_plateau.check_consistency(TRAIN, wrong()).findings[0].fix, scope)
        assert mlflow_plateau.check_consistency(TRAIN, scope["x_validation"]).verdict == "pass"

    def test_names_from_outside_do_not_steer_the_terminal(self) -> None:
        evil = "in\x1b[31mcome"
        text = str(
            mlflow_plateau.check_consistency(
                TRAIN.rename(columns={"income": evil}), wrong().rename(columns={"income": evil})
            )
        )
        assert "\x1b" not in text


class TestCommand:
    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_files(self, ending: str, tmp_path: Path) -> None:
        paths = []
        for name, frame in (("train", TRAIN), ("validation", wrong())):
            path = tmp_path / f"{name}.{ending}"
            frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
            paths.append(str(path))
        result = call("consistency", *paths)
        assert result.exit_code == 0, result.output
        assert "validation = train ÷ 1000" in result.stdout

    def test_folders_of_parquet_files_and_the_name_of_the_target(self, tmp_path: Path) -> None:
        for name, rows, labels in (("train", TRAIN, "a"), ("validation", wrong(), "b")):
            (tmp_path / name).mkdir()
            frame = rows.assign(label=labels)
            for part in range(4):
                frame.iloc[part::4].to_parquet(tmp_path / name / f"part-{part}.parquet")
        folders = (str(tmp_path / "train"), str(tmp_path / "validation"))
        result = call("consistency", *folders, "--target", "label", "--json")
        assert result.exit_code == 0, result.output
        findings = json.loads(result.stdout)["findings"]
        assert "validation = train ÷ 1000" in {finding["transformation"] for finding in findings}
        assert mlflow_plateau.profile((folders[0], "label")).input("y") is not None
        result = call("consistency", *folders, "--target", "labels")
        assert result.exit_code == 2
        assert "There is no column 'labels' for the target" in result.stderr

    def test_arrays_and_saved_profiles(self, tmp_path: Path) -> None:
        train, validation = vectors(2000), vectors(500)
        np.save(tmp_path / "train.npy", standard(train, train))
        mlflow_plateau.profile(validation).save(tmp_path / "validation.npz")
        result = call(
            "consistency", str(tmp_path / "train.npy"), str(tmp_path / "validation.npz"), "--json"
        )
        assert json.loads(result.stdout)["findings"][0]["kind"] == "scaling_missing"

    def test_a_missing_file_is_one_line(self, tmp_path: Path) -> None:
        result = call("consistency", str(tmp_path / "a.csv"), str(tmp_path / "b.csv"))
        assert result.exit_code == 2
        assert result.stderr.startswith("mlflow-plateau: There is no file")
        assert result.stderr.count("\n") == 1

    def test_a_damaged_file_is_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "a.parquet").write_text("no parquet")
        result = call("consistency", str(tmp_path / "a.parquet"), str(tmp_path / "a.parquet"))
        assert result.exit_code == 2
        assert "cannot be read" in result.stderr

    def test_data_that_cannot_be_read_are_no_failed_gate(self, tmp_path: Path) -> None:
        TRAIN.to_csv(tmp_path / "a.csv", index=False)
        paths = str(tmp_path / "a.csv"), str(tmp_path / "b.csv")
        assert call("consistency", *paths, "--fail-on", "warn").exit_code == 2
        assert call("consistency", *paths, "--fail-on", "info").exit_code == 2

    @pytest.mark.parametrize(
        "form",
        [
            "%Y-%m-%d",
            "%Y-%m-%d %H:%M",
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%S.%f",
            "%Y-%m-%dT%H:%M:%SZ",
            "%Y-%m-%d %H:%M:%S+02:00",
        ],
    )
    def test_iso_dates_in_csv_files_are_dates(self, form: str, tmp_path: Path) -> None:
        paths = []
        for name, start, rows in (("train", "2023-01-01", 900), ("validation", "2024-05-01", 300)):
            times = pd.Timestamp(start) + pd.to_timedelta(np.arange(rows) % 300, "D")
            text = pd.Series(times.strftime(form)).where(np.arange(rows) > 3)
            paths.append(str(tmp_path / f"{name}.csv"))
            pd.DataFrame({"when": text, "x": np.arange(rows) % 7}).to_csv(paths[-1], index=False)
        result = call("consistency", *paths, "--json")
        found = {finding["kind"]: finding for finding in json.loads(result.stdout)["findings"]}
        shift = found["distribution_shift"]["message"]
        assert re.search(r"later in validation by 48\d days \(mean 2023-0\d-\d\d → 2024-09", shift)
        assert mlflow_plateau.profile(paths[0]).inputs[0].layout.columns[0].kind == "date"

    def test_one_value_that_is_no_date_leaves_text(self, tmp_path: Path) -> None:
        days = ["2024-05-01", "2024-13-45", "2024-05-03"] * 20
        pd.DataFrame({"when": days}).to_csv(tmp_path / "a.csv", index=False)
        assert mlflow_plateau.profile(tmp_path / "a.csv").inputs[0].layout.columns[0].kind == (
            "category"
        )

    @pytest.mark.parametrize(
        ("verdict", "option", "expected"),
        [
            ("pass", "warn", 0),
            ("warn", None, 0),
            ("warn", "warn", 1),
            ("warn", "fail", 0),
            ("fail", None, 0),
            ("fail", "warn", 1),
            ("fail", "fail", 1),
            ("unknown", None, 0),
            ("unknown", "warn", 1),
            ("unknown", "fail", 1),
        ],
    )
    def test_fails_from_the_verdict_on_that_is_named(
        self, tmp_path: Path, verdict: str, option: str | None, expected: int
    ) -> None:
        train, validation = np.random.default_rng(3).normal(3.0, 1.0, (2, 1000, 3))
        half_older = np.where(validation > 3, validation + 4, validation)
        splits = {
            "pass": validation,
            "warn": half_older,
            "fail": 1000 * validation,
            "unknown": validation[:0],
        }
        for name, rows in (("train", train), ("validation", splits[verdict])):
            np.save(tmp_path / f"{name}.npy", rows)
        paths = [str(tmp_path / f"{name}.npy") for name in ("train", "validation")]
        gate = ["--fail-on", option] if option else []

        result = call("consistency", *paths, "--json", *gate)

        assert json.loads(result.stdout)["verdict"] == verdict
        assert result.exit_code == expected


X = np.random.default_rng(31).standard_normal((60, 3))
AWKWARD: dict[str, tuple[Any, Any]] = {
    "all NaN": (X, np.full((20, 3), np.nan)),
    "all NaN on both sides": (np.full((20, 3), np.nan), np.full((20, 3), np.nan)),
    "constant": (np.ones((50, 2)), np.ones((20, 2))),
    "another constant": (np.ones((50, 2)), np.zeros((20, 2))),
    "no columns": (pd.DataFrame(index=range(5)), pd.DataFrame(index=range(5))),
    "no rows": (X[:0], X[:0]),
    "one row": (X[:1], X[1:2]),
    "one column": (X[:, :1], X[:20, 1:2]),
    "a vector": (X[:, 0], X[:, 1]),
    "booleans": (X > 0, X[:20] > 0),
    "half precision": (X.astype("float16"), X.astype("float16")),
    "mixed objects": (
        pd.DataFrame({"a": [1, "x", None] * 10}),
        pd.DataFrame({"a": [2.5, b"y", pd.NaT] * 4}),
    ),
    "objects against numbers": (pd.DataFrame({"a": ["1", 2] * 10}), pd.DataFrame({"a": [1.0] * 9})),
    "strings": (np.array(["a", "b"] * 20), np.array(["a", "c"] * 10)),
    "dates": (
        pd.DataFrame({"d": pd.date_range("2020", periods=40)}),
        pd.DataFrame({"d": pd.date_range("2021", periods=40)}),
    ),
    "dates against numbers": (
        pd.DataFrame({"d": pd.date_range("2020", periods=40)}),
        pd.DataFrame({"d": range(40)}),
    ),
    "ragged": (
        np.array([[1, 2], [3]] * 20, dtype=object),
        np.array([[4], [5, 6, 7]] * 5, dtype=object),
    ),
    "sparse": (sparse.csr_matrix(X * (X > 1)), sparse.csr_matrix(X[:20] * (X[:20] > 1))),
    "other inputs": ({"a": X, "b": X}, {"a": X[:20], "c": X[:20]}),
    "nothing in common": ({"a": X}, {"b": X}),
    "image against table": (np.zeros((9, 4, 4, 3), "uint8"), X),
    "single-channel images": (np.zeros((9, 4, 4), "uint8"), np.zeros((5, 4, 4), "uint8")),
    "two columns of one name": (
        pd.DataFrame(X, columns=["a", "a", "b"]),
        pd.DataFrame(X[:20], columns=["a", "a", "b"]),
    ),
    "numbered columns": (pd.DataFrame(X), pd.DataFrame(X[:20])),
    "huge and tiny": (X * 1e300, X[:20] * 1e-300),
    "integers beyond 2^53": (
        np.arange(2**60, 2**60 + 50)[:, None],
        np.arange(2**60, 2**60 + 20)[:, None],
    ),
    "one-hot targets of other width": ((X, np.eye(60)), (X[:20], np.eye(20))),
    "all rows missing targets": ((X, np.full(60, np.nan)), (X[:20], np.arange(20.0))),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_data_end_in_a_finding_or_a_pass_never_in_a_crash(name: str) -> None:
    train, validation = AWKWARD[name]
    report = mlflow_plateau.check_consistency(train, validation)
    assert report.verdict in ("pass", "warn", "fail", "unknown")
    json.dumps(report.to_dict(), allow_nan=False)
    assert str(report)
    report.to_frame()


def test_a_missing_split_is_an_error_in_words() -> None:
    with pytest.raises(ProfileError, match="missing"):
        mlflow_plateau.check_consistency(X, None)
