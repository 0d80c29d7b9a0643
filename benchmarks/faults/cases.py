"""Which trainings the benchmark consists of, and each as a recipe."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.faults.controls import CONTROLS
from benchmarks.faults.injected import FAULTS, PAIRS, SETTINGS, Fault, fault
from benchmarks.faults.recipe import Array, Recipe
from benchmarks.faults.tasks import TASKS, healthy_recipe

SEEDS = 3
"""Seeds of initialisation, data and hyper-parameters."""

ROUNDS = 5
"""This many faults of each cause are injected into each task, or as many as there are."""

CONTROLS_PER_ROUND = 3
"""This many further controls each task has in a round."""

MOST_UPDATES = 9000
"""Longer trainings get fewer epochs, so that single rows per update are feasible."""

CONTROL = "none"
"""Stands for the cause of a healthy training."""


@dataclass(frozen=True)
class Case:
    """One training.

    Attributes:
        task: Its task.
        seed: Its seed.
        faults: Names of the injected faults, ``cause/variant``; none for a control.
        control: Name of the control, or of the setting that the faults are injected into.
    """

    task: str
    seed: int
    faults: tuple[str, ...]
    control: str

    @property
    def name(self) -> str:
        """What it is called."""
        what = "+".join(self.faults) or f"{CONTROL}/{self.control}"
        return f"{self.task}-{self.seed}-{what}".replace("/", ".")

    @property
    def injected(self) -> tuple[Fault, ...]:
        """The injected faults."""
        return tuple(fault(name) for name in self.faults)

    def without(self, name: str) -> Case:
        """Returns the case with one of its faults undone and nothing else changed."""
        left = tuple(other for other in self.faults if other != name)
        return Case(self.task, self.seed, left, self.control)

    def healthy(self) -> Recipe:
        """Returns the recipe without the faults."""
        return CONTROLS[self.control](healthy_recipe(self.task, self.seed))

    def recipe(self) -> Recipe:
        """Returns the recipe with the faults."""
        recipe = self.healthy()
        for item in self.injected:
            seed = zlib.crc32(f"{self.task}{self.seed}{item.variant}".encode())
            recipe = item.change(recipe, np.random.default_rng(seed))
        return recipe

    def judged_rows(self, recipe: Recipe) -> tuple[Array, Array]:
        """Returns inputs and targets on which the model is judged."""
        if any(item.in_validation for item in self.injected):
            own = recipe.split
            return own.x_validation, own.y_validation
        clean = healthy_recipe(self.task, self.seed).split
        return clean.x_validation, clean.y_validation


def _fault_case(task: str, seed: int, item: Fault) -> Case:
    return Case(task, seed, (f"{item.cause}/{item.variant}",), item.setting)


def _round(number: int) -> Iterator[Case]:
    seed = number % SEEDS
    causes = list(dict.fromkeys(item.cause for item in FAULTS))
    extra = [name for name in CONTROLS if name not in SETTINGS]
    for position, task in enumerate(TASKS):
        usual = healthy_recipe(task, seed)
        yield Case(task, seed, (), "usual")
        for cause in causes:
            known = [f for f in FAULTS if f.cause == cause and f.suits(usual)]
            if number >= len(known):
                continue
            chosen = known[(position + number) % len(known)]
            yield Case(task, seed, (), chosen.setting)
            yield _fault_case(task, seed, chosen)
        for index in range(CONTROLS_PER_ROUND):
            name = extra[(position + CONTROLS_PER_ROUND * number + index) % len(extra)]
            yield Case(task, seed, (), name)


def _pairs() -> Iterator[Case]:
    for position, task in enumerate(TASKS):
        for offset in range(2):
            names = PAIRS[(position + 3 * offset) % len(PAIRS)]
            suits = all(fault(name).suits(healthy_recipe(task, 0)) for name in names)
            if suits:
                for name in names:
                    yield Case(task, 0, (name,), "usual")
                yield Case(task, 0, names, "usual")


def all_cases() -> tuple[Case, ...]:
    """Returns every case once, in an order that is balanced wherever it is cut off."""
    rounds = [case for number in range(ROUNDS) for case in _round(number)]
    # Pairs come in after the first two rounds.
    return tuple(dict.fromkeys((*_round(0), *_round(1), *_pairs(), *rounds)))
