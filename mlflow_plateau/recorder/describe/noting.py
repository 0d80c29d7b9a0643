"""Asks the facts about a training, each on its own, and puts them into words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from mlflow_plateau.history import Setup, Witnessed
from mlflow_plateau.recorder.curves import PREFIX
from mlflow_plateau.recorder.safety import notice

LONGEST_TEXT = 500
"""Longer descriptions are cut."""

OF_EXPERIMENTS = (
    *("targets_broadcast", "experiments_declined", "experiments_shortened"),
    *("gradients_declined", "steps_declined", "sharpness_declined"),
    *("unreached_layers", "idle_layers", "copied_layers", "starved_layers", "degenerate_layers"),
    *("saturated_layers", "lost_gradients"),
)
"""What a training's experiments may have to say, or not."""

OF_MEASUREMENTS = ("unmoved_layers", "lost_weights")
"""The same for what is measured of its weights."""

OF_REFERENCE = (
    *("learnable_share", "learnable_share_error", "reference_loss", "split_separability"),
    *("learnable_share_validation", "learnable_share_validation_error", "reference_declined"),
)
"""The same for quick reference models."""

T = TypeVar("T")
Facts = TypeVar("Facts", Setup, Witnessed)


def noted(
    facts: Mapping[str, Callable[[T], Any]], training: T, known: Setup, *, silent: bool = False
) -> Setup:
    """Returns what can be said about a training now.

    Args:
        facts: By the field of ``Setup`` that it fills; answers ``None`` where it cannot say.
        training: The training.
        known: What was said before; only what is missing there is asked again.
        silent: Whether to keep failures to oneself.
    """
    found: dict[str, Any] = {}
    failed: dict[str, Exception] = {}
    for name, fact in facts.items():
        if getattr(known, name) is None:
            try:
                found[name] = fact(training)
            except Exception as error:
                # One fact less: models and data may be built in ways that nobody foresaw.
                failed[name] = error
    if failed:
        notice(f"not noted: {', '.join(failed)}", next(iter(failed.values())), silent=silent)
    return replace(known, **found)


def as_params(said: Facts, besides: Facts | None = None) -> dict[str, str]:
    """Returns the parameters that hold what is said, besides what was said before."""
    return {
        f"{PREFIX[:-1]}.{f.name}": _as_text(getattr(said, f.name))
        for f in fields(said)
        if getattr(said, f.name) is not None and getattr(besides, f.name, None) is None
    }


def as_whole(said: Witnessed, names: Sequence[str]) -> dict[str, str]:
    """Returns parameters for all of some fields, empty where there is nothing to say.

    A run may hold several trainings: what was said of an earlier one is taken back by that.
    """
    return {**{f"{PREFIX[:-1]}.{name}": "" for name in names}, **as_params(said)}


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    text = str(value)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
