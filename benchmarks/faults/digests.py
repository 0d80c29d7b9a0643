"""Digests of the rows that each run was trained and validated on, as MLflow logs them of data sets.

They say only whether two runs saw the same rows. Computing them takes no training framework.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from benchmarks.faults.dataset import load

FILE = Path(__file__).parent / "digests.json"
"""The digests of training and validation rows, by the name of the run."""

LENGTH = 8
"""Characters of a digest, as many as MLflow's have."""


def write_digests() -> int:
    """Writes the digests of all runs of the data set and returns their number."""
    from benchmarks.faults.arrays import Arrays
    from benchmarks.faults.cases import all_cases

    cases = {case.name: case for case in all_cases()}
    found = {}
    for run in load():
        data = Arrays(cases[run.name].recipe())
        splits = ((data.x, data.y), (data.x_validation, data.y_validation))
        found[run.name] = [
            hashlib.sha256(b"".join(array.tobytes() for array in split)).hexdigest()[:LENGTH]
            for split in splits
        ]
    lines = [f"{json.dumps(name)}: {json.dumps(pair)}" for name, pair in found.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return len(found)


@cache
def _digests() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def digests_of(name: str) -> Mapping[str, str]:
    """Returns the digests of a run's rows by what they were used for; none of an unknown run."""
    pair = _digests().get(name)
    return dict(zip(("training", "eval"), pair, strict=True)) if pair else {}
