"""The profile of one split: all of its inputs, its rows, and how much of it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.input_profile import InputProfile
from mlflow_plateau.profiles.rows import RowHashes


@dataclass(frozen=True)
class Coverage:
    """How much of the split the profile knows.

    Attributes:
        rows: Rows that went by.
        measured: Rows whose moments were measured.
        sampled: Rows of which everything was measured.
        complete: Whether the whole split has gone by.
    """

    rows: int
    measured: int
    sampled: int
    complete: bool

    @property
    def exact(self) -> bool:
        """Whether statistics are those of the whole split, to the last digit."""
        return self.complete and self.measured == self.rows

    @property
    def in_part(self) -> bool:
        """Whether rows were left out: not to be asked what the whole split does not hold.

        Of data in memory the first rows may stand for all; of a stream nothing is known of what
        was not sampled, nor of what would still have come.
        """
        return not self.complete or self.sampled < self.measured

    def merged(self, other: Coverage) -> Coverage:
        """Returns the coverage of both."""
        return Coverage(
            self.rows + other.rows,
            self.measured + other.measured,
            self.sampled + other.sampled,
            self.complete and other.complete,
        )


@dataclass(frozen=True)
class Profile:
    """What was measured of a split; never holds a row of it.

    Attributes:
        inputs: One profile for each input and target.
        row_hashes: Hashes of the rows, over all inputs but not the targets.
        coverage: How much of the split was seen.
    """

    inputs: tuple[InputProfile, ...]
    row_hashes: RowHashes
    coverage: Coverage

    @property
    def rows(self) -> int:
        """Rows that were measured."""
        return self.coverage.measured

    def input(self, name: str) -> InputProfile | None:
        """Returns the profile of one input or target, if there is one of that name."""
        return next((item for item in self.inputs if item.layout.name == name), None)

    def save(self, path: str | Path) -> None:
        """Writes the profile as one ``.npz`` file, without pickle."""
        from mlflow_plateau.profiles.storage import save

        save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Profile:
        """Reads what ``save`` wrote; the file is not trusted.

        Raises:
            ProfileError: If it is not a saved profile, or is damaged.
        """
        from mlflow_plateau.profiles.storage import load

        return load(Path(path))


def merge(*profiles: Profile) -> Profile:
    """Returns the profile of all shards together: the same as if they had been one.

    Args:
        profiles: Profiles of shards of one split, in any order and grouping.

    Raises:
        ProfileError: If there are none, or they have different inputs.
    """
    if not profiles:
        raise ProfileError("There are no profiles to merge.")
    return reduce(_merged, profiles)


def _merged(one: Profile, other: Profile) -> Profile:
    names = [item.layout.name for item in one.inputs]
    if names != [item.layout.name for item in other.inputs]:
        raise ProfileError("The profiles have different inputs; they are not shards of one split.")
    return Profile(
        inputs=tuple(
            mine.merged(theirs) for mine, theirs in zip(one.inputs, other.inputs, strict=True)
        ),
        row_hashes=one.row_hashes.merged(other.row_hashes),
        coverage=one.coverage.merged(other.coverage),
    )
