"""A run beside another of its experiment: what differs, and what it brought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlflow_plateau.siblings.words import DATA, VALIDATION_DATA

DATA_SET = " data"
"""How the name of a difference ends whose values are the digests of two data sets."""


@dataclass(frozen=True)
class Difference:
    """One thing in which two runs differ.

    Attributes:
        lever: What it is about, one of ``levers.LEVERS``.
        name: The parameter, tag or data set that says so; untrusted text.
        ours: Its value in the diagnosed run; empty where it has none. Untrusted text.
        theirs: Its value in the other run.
        change: How much larger theirs is: a ratio's natural logarithm, or a sign where one of them
            is zero; 0 where there is no more and less about it.
    """

    lever: str
    name: str
    ours: str
    theirs: str
    change: float = 0.0

    def said(self, shown: Callable[[str], str]) -> str:
        """Returns the difference in words, theirs instead of ours.

        A digest tells no more of a data set than that it is another one.

        Args:
            shown: Makes untrusted text fit to be shown.
        """
        name = shown(self.name)
        theirs, ours = (shown(value) or "nothing" for value in (self.theirs, self.ours))
        if self.lever in (DATA, VALIDATION_DATA) and self.name.endswith(DATA_SET):
            return f"other {name} (digest {theirs} instead of {ours})"
        return f"{name} {theirs} instead of {ours}"


@dataclass(frozen=True)
class Sibling:
    """Another run of the experiment, compared at equal numbers of epochs.

    Attributes:
        run_id: Its id.
        name: Its name, untrusted text.
        differences: What differs; none in a repetition of the diagnosed run.
        gain: What it had ahead: the difference of the two best values, as a share of the progress
            that the best of all compared runs made; negative where it did worse. Within ±1.
        ours: The best value of the diagnosed run that it was compared with.
        theirs: Its own best value.
        epochs: The last epoch that was looked at.
        metric: The metric that was compared.
    """

    run_id: str
    name: str
    differences: tuple[Difference, ...]
    gain: float
    ours: float
    theirs: float
    epochs: float
    metric: str

    @property
    def levers(self) -> frozenset[str]:
        """What the differences are about."""
        return frozenset(difference.lever for difference in self.differences)

    def change_of(self, lever: str) -> float:
        """Returns which way a lever was moved, positive for more; 0 where that cannot be said."""
        changes = [d.change for d in self.differences if d.lever == lever and d.change]
        if not changes or (min(changes) < 0 < max(changes)):
            return 0.0
        return max(changes, key=abs)


@dataclass(frozen=True)
class Siblings:
    """What the other runs of an experiment say about one of them.

    Attributes:
        experiment_id: The experiment.
        compared: The runs that were compared, the greatest gain first.
        noise: Standard deviation of what a run reaches, in the unit of the gains: how much runs of
            the same setup differ.
        noise_from: What the noise was taken from: ``repetitions`` of a setup, or the scatter of the
            ``curves``, which says less.
        seen: Number of runs that were looked through.
    """

    experiment_id: str
    compared: tuple[Sibling, ...]
    noise: float
    noise_from: str
    seen: int

    @property
    def repetitions(self) -> tuple[Sibling, ...]:
        """The runs that differ in nothing that matters."""
        return tuple(run for run in self.compared if not run.differences)
