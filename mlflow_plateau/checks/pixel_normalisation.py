"""Each split's images were normalised in another of the ways that people know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from mlflow_plateau.checks.comparison import InputPair, NumberPair
from mlflow_plateau.checks.distribution import Distribution
from mlflow_plateau.checks.evidence import CLAIM, FITS
from mlflow_plateau.checks.finding import Finding, Hypothesis
from mlflow_plateau.checks.fix import name_of
from mlflow_plateau.checks.transformation import Affine, number, ticked, with_constants
from mlflow_plateau.profiles.table import channel_axis

SLACK = 0.5 / 255
"""What other digits of the constants may put beyond the darkest and the brightest pixel."""

LEAST_CONTRAST = 0.5
"""The pixels of many pictures span this part of what they can."""


@dataclass(frozen=True)
class Normalisation:
    """(p − mean) / deviation of pixels p from 0 to 1.

    Attributes:
        name: What it is called in a sentence: "train is …".
        mean: Of each channel, or of all.
        deviation: Likewise.
    """

    name: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def is_for(self, channels: int) -> bool:
        """Whether there are constants for so many channels."""
        return len(self.mean) in (1, channels)

    def of(self, channel: int) -> tuple[float, float]:
        """Returns mean and deviation of a channel."""
        mean, deviation = (
            numbers[channel if len(numbers) > 1 else 0] for numbers in (self.mean, self.deviation)
        )
        return mean, deviation

    def holds(self, columns: Sequence[Distribution]) -> bool:
        """Whether values may be pixels: none beyond the darkest and the brightest, but many."""
        least, greatest = [], []
        for channel, column in enumerate(columns):
            mean, deviation = self.of(channel)
            least.append(column.least * deviation + mean)
            greatest.append(column.greatest * deviation + mean)
        darkest, brightest = min(least), max(greatest)
        return (
            darkest >= -SLACK and brightest <= 1 + SLACK and brightest - darkest >= LEAST_CONTRAST
        )


RAW = Normalisation("not normalised (0 to 255)", (0.0,), (1 / 255,))
UNIT = Normalisation("x / 255", (0.0,), (1.0,))
SYMMETRIC = Normalisation("x / 127.5 − 1", (0.5,), (0.5,))

KNOWN = (
    RAW,
    UNIT,
    SYMMETRIC,
    Normalisation(
        "normalised with ImageNet's means and deviations",
        (0.485, 0.456, 0.406),
        (0.229, 0.224, 0.225),
    ),
    Normalisation(
        "normalised with CIFAR-10's means and deviations",
        (0.4914, 0.4822, 0.4465),
        (0.2470, 0.2435, 0.2616),
    ),
    Normalisation(
        "centred with ImageNet's means",
        (123.68 / 255, 116.779 / 255, 103.939 / 255),
        (1 / 255,),
    ),
    Normalisation("normalised with MNIST's mean and deviation", (0.1307,), (0.3081,)),
)
"""As in the documentation of torchvision and Keras."""


def normalised_otherwise(both: InputPair, columns: Sequence[NumberPair]) -> Iterator[Hypothesis]:
    """Yields the two normalisations that fit best, where any two fit all channels."""
    channels = len(both.train.layout.columns)
    if not both.train.layout.pooled or len(columns) < channels or not both.different:
        return
    known = [one for one in KNOWN if one.is_for(channels)]
    of_train = [one for one in known if one.holds([pair.train for pair in columns])]
    of_validation = [one for one in known if one.holds([pair.validation for pair in columns])]
    fitting = []
    for one, other in permutations(known, 2):
        if one in of_train and other in of_validation:
            fits = [_fit(pair, channel, one, other) for channel, pair in enumerate(columns)]
            if all(fit.misfit <= FITS for fit in fits):
                fitting.append((sum(fit.distance for fit in fits), one, other))
    if fitting:
        _, one, other = min(fitting, key=lambda found: found[0])
        yield _hypothesis(both, columns, one, other)


def _fit(pair: NumberPair, channel: int, one: Normalisation, other: Normalisation) -> Affine:
    (mean, deviation), (their_mean, their_deviation) = one.of(channel), other.of(channel)
    return with_constants(pair, deviation / their_deviation, (mean - their_mean) / their_deviation)


def _hypothesis(
    both: InputPair, columns: Sequence[NumberPair], one: Normalisation, other: Normalisation
) -> Hypothesis:
    names = tuple(pair.name for pair in columns)
    example = columns[0]
    return Hypothesis(
        Finding(
            check="pixel_normalisation",
            kind="scaling_missing",
            columns=names,
            transformation=f"train: {one.name}; validation: {other.name}",
            severity="fail",
            message=f"Train's images are {one.name}, validation's are {other.name}:"
            f" `{example.name}` goes from {number(example.train.least)} to"
            f" {number(example.train.greatest)} in train, from"
            f" {number(example.validation.least)} to {number(example.validation.greatest)} in"
            " validation.",
            evidence=(f"as the same pixels the splits agree in {ticked(names)}",),
            fix=_fix(both, one, other),
            treated="validation",
        ),
        explains=frozenset(pair.place for pair in columns),
        cost=CLAIM,
    )


def _fix(both: InputPair, one: Normalisation, other: Normalisation) -> str:
    """Returns code that normalises validation as train was."""
    x = name_of(both, "validation")
    shape = "" if channel_axis(both.validation.layout.shape) < 0 else ".reshape(-1, 1, 1)"

    def code(values: tuple[float, ...]) -> str:
        if len(values) == 1:
            return f"{values[0]!r}"
        return f"np.array([{', '.join(f'{value!r}' for value in values)}]){shape}"

    return (
        f"pixels = {x} * {code(other.deviation)} + {code(other.mean)}\n"
        f"{x} = (pixels - {code(one.mean)}) / {code(one.deviation)}"
    )
