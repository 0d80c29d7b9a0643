"""The diagnoses of the data set's runs, and who is right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from benchmarks.faults.dataset import LEVELS, Run, at_level
from mlflow_plateau.causes import NONE
from mlflow_plateau.diagnosis import Diagnosis
from mlflow_plateau.weigh import diagnose_history


@dataclass(frozen=True)
class Answer:
    """What a diagnosis of one run at one level of evidence said.

    Attributes:
        run: The run.
        level: The level of evidence.
        status: The diagnosis' status.
        cause: The named cause or ``none``.
        confidence: The confidence in it.
        ranked: All answers, the most probable first.
        contributing: Causes named as contributing.
    """

    run: Run
    level: str
    status: str
    cause: str
    confidence: float
    ranked: tuple[str, ...]
    contributing: tuple[str, ...]

    @classmethod
    def of(cls, run: Run, level: str, diagnosis: Diagnosis) -> Answer:
        """Returns the answer that a diagnosis gives."""
        chances = diagnosis.causes
        return cls(
            run=run,
            level=level,
            status=diagnosis.status,
            cause=diagnosis.cause,
            confidence=diagnosis.confidence,
            ranked=tuple(sorted(chances, key=lambda answer: -chances[answer])),
            contributing=diagnosis.contributing,
        )

    @property
    def right(self) -> bool:
        """Whether the named cause is the true one, or the run healthy and none was named.

        With several faults at once the one whose undoing brings most is the true one.
        """
        return self.cause == self.run.truth

    @property
    def among_two(self) -> bool:
        """Whether the truth is the named cause or one of the two most probable answers."""
        return self.right or self.run.truth in self.ranked[:2]

    @property
    def decided(self) -> bool:
        """Whether the diagnosis committed itself."""
        return self.status != "inconclusive"


def _answers(run: Run, levels: Sequence[str]) -> list[Answer]:
    return [Answer.of(run, level, diagnose_history(at_level(run, level))) for level in levels]


def answers(
    runs: Iterable[Run], jobs: int = 1, levels: Sequence[str] = LEVELS
) -> tuple[Answer, ...]:
    """Returns the diagnosis of each run at each level."""
    diagnosed = partial(_answers, levels=levels)
    if jobs == 1:
        return tuple(answer for run in runs for answer in diagnosed(run))
    with ProcessPoolExecutor(jobs) as pool:
        return tuple(a for found in pool.map(diagnosed, runs, chunksize=20) for a in found)


def is_healthy(answer: Answer) -> bool:
    """Whether the run has no fault."""
    return answer.run.truth == NONE
