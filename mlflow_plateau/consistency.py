"""``check_consistency``: were train and validation data treated alike?"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_plateau.checks import Finding, run_checks
from mlflow_plateau.checks.comparison import compare
from mlflow_plateau.counted import counted
from mlflow_plateau.history import SplitComparison
from mlflow_plateau.json_values import as_json
from mlflow_plateau.profiles import Profile, profile
from mlflow_plateau.untrusted import printable

if TYPE_CHECKING:
    import pandas as pd

    from mlflow_plateau.checks.comparison import NumberPair

SCHEMA_VERSION = 1
"""Version of the layout of ``consistency.json``."""

WIDTH = 100
"""Characters in a line of the text, at most."""

_TITLES = {
    "pass": "Train and validation were treated alike.",
    "warn": "Train and validation differ.",
    "fail": "Train and validation were not treated alike.",
    "unknown": "Train and validation could not be compared.",
}


@dataclass(frozen=True, repr=False)
class ConsistencyReport:
    """What was done differently to train and validation data.

    Attributes:
        verdict: ``fail`` or ``warn`` if there is such a finding, ``unknown`` if nothing could be
            compared, otherwise ``pass``.
        findings: Most serious and most telling first.
        train: The profile of the training split.
        validation: The profile of the validation split.
    """

    verdict: str
    findings: tuple[Finding, ...]
    train: Profile
    validation: Profile

    @property
    def comparison(self) -> SplitComparison:
        """What a diagnosis needs of it."""
        return SplitComparison(self.verdict, self.findings, self.train.rows, self.validation.rows)

    @property
    def columns(self) -> int:
        """How many columns of the inputs, or channels, both splits have."""
        return self._matched(targets=False)

    @property
    def targets(self) -> int:
        """How many columns of the targets both splits have."""
        return self._matched(targets=True)

    def _matched(self, *, targets: bool) -> int:
        inputs = compare(self.train, self.validation).inputs
        return sum(len(both.matched) for both in inputs if both.is_target == targets)

    @property
    def compared(self) -> str:
        """How much was compared, in words."""
        targets = f" and {counted(self.targets, 'target')}" if self.targets else ""
        partly = [s for s in (self.train, self.validation) if not s.coverage.exact]
        return (
            f"{counted(self.columns, 'column')}{targets} in {counted(self.train.rows, 'row')} of"
            f" train, {self.validation.rows:,} of validation{', in part' if partly else ''}"
        )

    @property
    def worst_columns(self) -> tuple[NumberPair, ...]:
        """The columns of numbers that are worth looking at, a few at most."""
        from mlflow_plateau.report.distributions import worst_columns

        return worst_columns(compare(self.train, self.validation), self.findings)

    def to_frame(self) -> pd.DataFrame:
        """Returns a row for each finding."""
        import pandas as pd

        columns = ["check", "kind", "columns", "transformation", "severity", "message", "fix"]
        rows = [
            [
                finding.check,
                finding.kind,
                ", ".join(finding.columns),
                finding.transformation,
                finding.severity,
                finding.message,
                finding.fix,
            ]
            for finding in self.findings
        ]
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as plain JSON values, with a row for each column that both have."""
        document = {
            "schema_version": SCHEMA_VERSION,
            "verdict": self.verdict,
            "findings": [finding.to_dict() for finding in self.findings],
            "compared": {
                "columns": self.columns,
                "targets": self.targets,
                "train_rows": self.train.rows,
                "validation_rows": self.validation.rows,
            },
            "splits": {
                name: {
                    "rows": split.coverage.rows,
                    "measured": split.coverage.measured,
                    "sampled": split.coverage.sampled,
                    "complete": split.coverage.complete,
                }
                for name, split in (("train", self.train), ("validation", self.validation))
            },
            "columns": [
                {
                    "input": pair.place[0],
                    "column": pair.name,
                    "distance": pair.distance,
                    "train_mean": pair.train.mean,
                    "train_deviation": pair.train.deviation,
                    "train_minimum": pair.train.least,
                    "train_maximum": pair.train.greatest,
                    "validation_mean": pair.validation.mean,
                    "validation_deviation": pair.validation.deviation,
                    "validation_minimum": pair.validation.least,
                    "validation_maximum": pair.validation.greatest,
                }
                for both in compare(self.train, self.validation).inputs
                for pair in both.numbers
            ],
        }
        return {name: as_json(value) for name, value in document.items()}

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [f"{_TITLES[self.verdict]} ({self.verdict})"]
        for finding in self.findings:
            lines += ["", *_wrapped(finding.message, f"{finding.severity}: ")]
            lines += _wrapped(f"({finding.kind}: {finding.transformation})", "  ")
            for sentence in finding.evidence:
                lines += _wrapped(sentence, "  - ")
            for number, line in enumerate(finding.fix.splitlines()):
                lines.append(("  Fix: " if number == 0 else "       ") + printable(line))
        lines += ["", f"Compared: {self.compared}."]
        return "\n".join(lines)


def _wrapped(text: str, start: str) -> list[str]:
    return textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * min(len(start), 4),
        break_on_hyphens=False,
        break_long_words=False,
    )


def check_consistency(train: Any, validation: Any) -> ConsistencyReport:
    """Says whether train and validation data were treated alike, and if not, what was different.

    Args:
        train: The training data as ``fit`` takes it: an array, a frame, a pair (x, y), a dict of
            inputs, a finite tf.data pipeline, a Spark or Dask data frame, a Ray dataset, the path
            of a CSV, Parquet, .npy or .npz file, or whatever else ``profile`` takes.
        validation: The validation data, likewise.

    Raises:
        ProfileError: If one split is missing or cannot be measured.
    """
    return report(profile(train), profile(validation))


def report(train: Profile, validation: Profile) -> ConsistencyReport:
    """Returns what two profiles say about the splits."""
    findings = run_checks(train, validation)
    severities = {finding.severity for finding in findings}
    verdict = next((level for level in ("fail", "warn") if level in severities), "pass")
    comparable = any(both.matched for both in compare(train, validation).features)
    if not comparable or not train.rows or not validation.rows:
        verdict = "fail" if verdict == "fail" and train.rows and validation.rows else "unknown"
    return ConsistencyReport(verdict, findings, train, validation)
