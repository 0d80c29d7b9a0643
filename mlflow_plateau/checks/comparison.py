"""Train and validation side by side: inputs, columns, and how far apart they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mlflow_plateau.checks.distribution import (
    Distribution,
    distance,
    distribution_of,
    pooled_distribution,
)
from mlflow_plateau.checks.evidence import (
    EFFECT,
    EXTREME_SHIFT,
    ORDINARY_RATIO,
    ORDINARY_SHIFT,
    discoveries,
    harmonic,
    likelihood_ratio,
    nats,
)
from mlflow_plateau.checks.finding import Place
from mlflow_plateau.profiles import Profile
from mlflow_plateau.profiles.input_profile import InputProfile
from mlflow_plateau.profiles.patterns import Float64
from mlflow_plateau.profiles.sequences import Sequences
from mlflow_plateau.profiles.table import Column, Layout

LEAST_PLACES = 4
"""Rows of fewer whole numbers are no sequences."""

PADDED_SHARE = 0.2
"""Rows of sequences that start or end with a run of one id, at least; or else…"""

ALIKE = 0.5
"""…the places' means differ by at most this many deviations."""

MOST_COUNTS = 100
"""More different whole numbers are an alphabet or a vocabulary, if their places are alike."""

STANDARD_ERRORS = 4.0
"""A frequency that rises by so many is no chance."""


@dataclass(frozen=True, eq=False)
class NumberPair:
    """A column of numbers in both splits.

    Attributes:
        place: Input and number of the column (in train).
        name: How it is called in messages.
        number: Which of the columns of numbers it is in train.
        other_number: The same in validation.
        train: Its distribution in train.
        validation: Its distribution in validation.
        distance: The distance of the two.
        dates: Whether the numbers are days since 1970.
    """

    place: Place
    name: str
    number: int
    other_number: int
    train: Distribution
    validation: Distribution
    distance: float
    dates: bool = False

    @property
    def rows(self) -> float:
        """How many rows the comparison is worth."""
        return harmonic(self.train.rows, self.validation.rows)

    @cached_property
    def together(self) -> Distribution:
        """The distribution of both splits together."""
        return pooled_distribution(self.train, self.validation)

    @property
    def against_same(self) -> float:
        """Nats against both being one population."""
        return against_same(self.train, self.validation, self.distance)

    @property
    def as_shift(self) -> float:
        """What it costs to call the difference another population, in nats."""
        return ORDINARY_SHIFT if self.moved_within(ORDINARY_RATIO) else EXTREME_SHIFT

    def moved_within(self, times: float) -> bool:
        """Whether the deviations differ by up to a factor, the means by as many deviations."""
        ratio = self.train.deviation / self.validation.deviation if self.validation.deviation else 0
        spread = max(self.train.deviation, self.validation.deviation)
        moved = abs(self.train.mean - self.validation.mean)
        return 1 / times <= ratio <= times and moved <= times * spread


def against_same(one: Distribution, other: Distribution, apart: float) -> float:
    """Returns how much speaks against two columns being one population, in nats.

    Args:
        one: A column.
        other: Another one.
        apart: Their distance.
    """
    if one.two_valued and other.two_valued and np.array_equal(one.low, other.low):
        shares = (side.mass[1] / side.total for side in (one, other))
        share, other_share = map(float, shares)
        return likelihood_ratio(share, one.rows, other_share, other.rows)
    return nats(apart, harmonic(one.rows, other.rows))


@dataclass(frozen=True, eq=False)
class InputPair:
    """An input or target in both splits.

    Attributes:
        train: In train.
        validation: In validation.
        matched: Train's and validation's number of each column that both have.
        by_name: Whether the columns were matched by their names.
        exact: Whether statistics are those of the whole splits.
        prefix: What precedes the columns' names in messages.
    """

    train: InputProfile
    validation: InputProfile
    matched: tuple[tuple[int, int], ...]
    by_name: bool
    exact: bool
    prefix: str

    @property
    def name(self) -> str:
        """The input's name."""
        return self.train.layout.name

    @property
    def is_target(self) -> bool:
        """Whether it is what is predicted."""
        return self.train.layout.role == "target"

    def column_name(self, column: int) -> str:
        """Returns how one of train's columns is called in messages."""
        return self.prefix + self.train.layout.columns[column].name

    def all_finite(self, pair: NumberPair) -> bool:
        """Returns whether no value of a column is missing or infinite in either split.

        Sums of codes, as co-moments are, hold these values as well.
        """
        states = (self.train, pair.number), (self.validation, pair.other_number)
        return not any(s.moments.missing[i] or s.moments.infinite[i] for s, i in states)

    def holds_dates(self, pair: NumberPair) -> bool:
        """Whether a column holds dates, which have no unit and are not multiplied."""
        return self.train.layout.columns[pair.place[1]].kind == "date"

    @cached_property
    def numbers(self) -> tuple[NumberPair, ...]:
        """The columns that are numbers in both and hold something in both."""
        numbers, others = self.train.layout.number_of, self.validation.layout.number_of
        pairs = []
        for column, other in self.matched:
            if column not in numbers or other not in others:
                continue
            mine, theirs = numbers[column], others[other]
            train = distribution_of(self.train, mine)
            validation = distribution_of(self.validation, theirs)
            if train is None or validation is None:
                continue
            pairs.append(
                NumberPair(
                    place=(self.name, column),
                    name=self.column_name(column),
                    number=mine,
                    other_number=theirs,
                    train=train,
                    validation=validation,
                    distance=distance(train, validation),
                    dates=_holds_dates(self.train.layout.columns[column])
                    and _holds_dates(self.validation.layout.columns[other]),
                )
            )
        return tuple(pairs)

    @cached_property
    def sequences(self) -> bool:
        """Whether the rows are sequences of ids, whose places are no features of their own."""
        return _holds_sequences(self.train) and _holds_sequences(self.validation)

    @cached_property
    def features(self) -> tuple[NumberPair, ...]:
        """The columns of numbers, none for sequences."""
        return () if self.sequences else self.numbers

    @cached_property
    def different(self) -> tuple[NumberPair, ...]:
        """The features whose difference is large enough to matter and too large for chance."""
        found = discoveries([2 * pair.rows * pair.distance**2 for pair in self.features])
        return tuple(
            pair
            for pair, real in zip(self.features, found, strict=True)
            if real and pair.distance >= EFFECT
        )


def _holds_dates(column: Column) -> bool:
    """Whether a column holds dates, and not lengths of time, which are days as well."""
    return column.kind == "date" and not column.dtype.startswith(("duration", "timedelta"))


def _holds_sequences(state: InputProfile) -> bool:
    sequences = state.sequences
    places = len(state.layout.columns)
    if sequences is None or places < LEAST_PLACES or not state.sampled:
        return False
    if sequences.below or (len(sequences.ids) <= 2 and not sequences.above):
        return False
    padded = max(sequences.leading.sum(), sequences.trailing.sum()) / state.sampled
    mean, deviation = state.statistics()
    spread = float((deviation**2).mean() + mean.var()) ** 0.5
    alike = spread > 0 and float(abs(mean - mean.mean()).max()) / spread < ALIKE
    if len(sequences.ids) <= 8:
        return False
    return bool(padded >= PADDED_SHARE or (alike and not _are_counts(sequences)))


def _are_counts(sequences: Sequences) -> bool:
    """Whether whole numbers become rarer and rarer from one of them on, as counts and ages do."""
    often = sequences.ids.astype(np.float64)
    if len(often) > MOST_COUNTS or sequences.above:
        return False
    peak = int(often.argmax())
    return all(_falls(side) for side in (often[peak:], often[peak::-1]))


def _falls(often: Float64) -> bool:
    """Whether frequencies fall, or rise by no more than chance."""
    lowest = np.minimum.accumulate(often)
    return bool(np.all(often - lowest <= STANDARD_ERRORS * np.sqrt(lowest + 1)))


@dataclass(frozen=True, eq=False)
class Comparison:
    """Both profiles, matched.

    Attributes:
        train: Train's profile.
        validation: Validation's profile.
        inputs: The inputs and targets that both have.
    """

    train: Profile
    validation: Profile
    inputs: tuple[InputPair, ...]

    @property
    def features(self) -> Iterator[InputPair]:
        """Yields the inputs, without the targets."""
        return (pair for pair in self.inputs if not pair.is_target)

    @property
    def targets(self) -> Iterator[InputPair]:
        """Yields the targets."""
        return (pair for pair in self.inputs if pair.is_target)

    @cached_property
    def by_place(self) -> dict[Place, NumberPair]:
        """Every column of numbers that both have."""
        return {pair.place: pair for both in self.inputs for pair in both.numbers}


def compare(train: Profile, validation: Profile) -> Comparison:
    """Matches inputs by name and columns by name, or by number where they have none."""
    exact = train.coverage.exact and validation.coverage.exact
    several = sum(state.layout.role == "input" for state in train.inputs) > 1
    pairs = []
    for mine in train.inputs:
        theirs = validation.input(mine.layout.name)
        if theirs is None:
            continue
        matched, by_name = _matched(mine.layout, theirs.layout)
        pooled = mine.layout.pooled and len(mine.layout.columns) in (1, 3, 4)
        prefix = f"{mine.layout.name}." if several and mine.layout.role == "input" else ""
        if pooled and not mine.layout.named:
            prefix += "channel "
        elif not mine.layout.named and len(mine.layout.columns) > 1:
            prefix += "column " if mine.layout.role == "input" else "target "
        pairs.append(InputPair(mine, theirs, matched, by_name, exact, prefix))
    return Comparison(train, validation, tuple(pairs))


def _matched(train: Layout, validation: Layout) -> tuple[tuple[tuple[int, int], ...], bool]:
    names = _places(train.columns), _places(validation.columns)
    if train.named and validation.named and names[0].keys() & names[1].keys():
        shared = [name for name in names[0] if name in names[1]]
        return tuple((names[0][name], names[1][name]) for name in shared), True
    if len(train.columns) != len(validation.columns):
        return (), False
    return tuple((place, place) for place in range(len(train.columns))), False


def _places(columns: tuple[Column, ...]) -> dict[str, int]:
    return {column.name: place for place, column in enumerate(columns)}
