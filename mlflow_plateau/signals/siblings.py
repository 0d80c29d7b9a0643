"""What runs that differ in one thing did better or worse: the experiment's natural experiments."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlflow_plateau.counted import counted
from mlflow_plateau.siblings.sibling import Sibling, Siblings
from mlflow_plateau.siblings.words import (
    ACTIVATION,
    BATCH_SIZE,
    DATA,
    LEARNING_RATE,
    LOSS,
    MODEL,
    OPTIMIZER,
    PREPROCESSING,
    REGULARIZATION,
    SCHEDULE,
    VALIDATION_DATA,
)
from mlflow_plateau.signals.signal import Measurement, cannot_say, signal
from mlflow_plateau.signals.view import View
from mlflow_plateau.untrusted import quoted

NO_SIBLINGS = "no other run of the experiment can be compared with this one"

TWO_LEVERS = 0.15
"""What a run says that differs in two things, as a share of what it would say of one."""

FAR = math.log(40.0)
"""That a change did not help says nothing where it was by more than such a factor."""

LARGEST_CHANCE = 0.15
"""Where chance alone brings more than this, that a change did not help says nothing either."""

NO_GAIN = 0.03
"""A gain of less is none."""

LONGEST_VALUE = 60
"""Longer values of parameters are cut in a sentence."""

BETTER = (
    "{which} reached {theirs:.4g} against {ours:.4g} at equal epochs with {what}"
    " ({value:+.0%} of the progress, {off} taken off; {count})"
)
"""The sentence of most of these signals."""


def _beyond_noise(gain: float, noise: float, tried: int) -> float:
    """Returns what is left of a gain when what chance brings is taken off it.

    The difference of two runs scatters by √2 deviations, and the best of k equal ones is ahead by
    up to √(2 ln k) of them (the expected maximum of k normal values).
    """
    return math.copysign(max(abs(gain) - _chance(noise, tried), 0.0), gain)


def _chance(noise: float, tried: int) -> float:
    return math.sqrt(2.0) * noise * (1.0 + math.sqrt(2.0 * math.log(max(tried, 1))))


def _moved(siblings: Siblings, lever: str, direction: int) -> list[Sibling]:
    """Returns the runs that move a lever one way; 0 stands for any way."""
    return [
        run
        for run in siblings.compared
        if lever in run.levers and (not direction or direction * run.change_of(lever) > 0)
    ]


def _own_gain(siblings: Siblings, run: Sibling, lever: str) -> float:
    """Returns the gain of a run as far as nothing but the lever explains it.

    What a repetition of the diagnosed run brought is no merit of the lever, and of a run in which
    something else differs too, nor is what that brought by itself.
    """
    explained = max((other.gain for other in siblings.repetitions), default=0.0)
    for other_lever in run.levers - {lever}:
        direction = run.change_of(other_lever)
        alone = [
            other.gain
            for other in _moved(siblings, other_lever, (direction > 0) - (direction < 0))
            if len(other.levers) == 1
        ]
        explained = max([explained, *alone])
    return run.gain - min(max(explained, 0.0), max(run.gain, 0.0))


def _gain(view: View, lever: str, direction: int, what: str) -> Measurement:
    siblings = view.history.siblings
    if siblings is None:
        return cannot_say(NO_SIBLINGS)
    moved = _moved(siblings, lever, direction)
    if not moved:
        return cannot_say(f"no comparable run of the experiment has {what}")
    alone = [run for run in moved if len(run.levers) == 1]
    found = _best(siblings, alone, lever, 1.0) if alone else None
    if found is None or found.value <= 0:
        beside = [run for run in moved if len(run.levers) > 1]
        helped = _best(siblings, beside, lever, TWO_LEVERS) if beside else None
        if helped is not None and helped.value > 0:
            return helped
        if found is None:
            return cannot_say(f"in every comparable run with {what} something else differs as well")
        if min(abs(run.change_of(lever)) for run in alone) > FAR:
            return cannot_say(f"only very different runs have {what}, and none of them did better")
        if not found.value and _chance(siblings.noise, len(alone)) > LARGEST_CHANCE:
            return cannot_say(f"repeated runs differ by more than those with {what}")
    return found


def _best(siblings: Siblings, runs: Sequence[Sibling], lever: str, share: float) -> Measurement:
    """Returns what the best of some runs had ahead, as far as a lever explains it."""
    gains = [_own_gain(siblings, run, lever) for run in runs]
    gain, best = max(zip(gains, runs, strict=True), key=lambda item: item[0])
    return _measured(siblings, best, share * _beyond_noise(gain, siblings.noise, len(runs)), runs)


def _measured(
    siblings: Siblings, best: Sibling, value: float, runs: Sequence[Sibling]
) -> Measurement:
    count = len(runs)
    name = quoted(best.name or best.run_id)
    return Measurement(
        value,
        epochs=(0.0, best.epochs),
        facts={
            "which": f"run {name}" if count == 1 else f"the best run, {name},",
            "name": name,
            "ours": best.ours,
            "theirs": best.theirs,
            "what": ", ".join(found.said(_cut) for found in best.differences) or "the same setup",
            "off": "noise" if len(best.levers) < 2 else "noise and the other change",
            "count": counted(count, "such run"),
            "number": counted(count, "run"),
        },
    )


def _cut(text: str) -> str:
    text = quoted(text)[1:-1]
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def lower_rate_better(view: View) -> Measurement:
    """What the best run with a lower learning rate, alike otherwise, had ahead.

    (our best value − its best value, at equal epochs) / (where runs begin − the best value of all
    compared runs), less what chance brings: √2 noise (1 + √(2 ln k)) for the best of k runs.
    """
    return _gain(view, LEARNING_RATE, -1, "a lower learning rate")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def higher_rate_better(view: View) -> Measurement:
    """What the best run with a higher learning rate had ahead; see `lower_rate_better`."""
    return _gain(view, LEARNING_RATE, 1, "a higher learning rate")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def smaller_batch_better(view: View) -> Measurement:
    """What the best run with smaller batches had ahead; see `lower_rate_better`."""
    return _gain(view, BATCH_SIZE, -1, "smaller batches")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def larger_batch_better(view: View) -> Measurement:
    """What the best run with larger batches had ahead; see `lower_rate_better`."""
    return _gain(view, BATCH_SIZE, 1, "larger batches")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def larger_model_better(view: View) -> Measurement:
    """What the best run with a larger model had ahead; see `lower_rate_better`."""
    return _gain(view, MODEL, 1, "a larger model")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def smaller_model_better(view: View) -> Measurement:
    """What the best run with a smaller model had ahead; see `lower_rate_better`."""
    return _gain(view, MODEL, -1, "a smaller model")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def other_activation_better(view: View) -> Measurement:
    """What the best run with other activations or another initialisation had ahead.

    Otherwise as `lower_rate_better`.
    """
    return _gain(view, ACTIVATION, 0, "other activations or another initialisation")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def more_regularization_better(view: View) -> Measurement:
    """What the best run with more dropout or penalty had ahead; see `lower_rate_better`."""
    return _gain(view, REGULARIZATION, 1, "more regularisation")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def less_regularization_better(view: View) -> Measurement:
    """What the best run with less dropout or penalty had ahead; see `lower_rate_better`."""
    return _gain(view, REGULARIZATION, -1, "less regularisation")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def slower_decay_better(view: View) -> Measurement:
    """What the best run whose learning rate fell less had ahead; see `lower_rate_better`."""
    return _gain(view, SCHEDULE, -1, "a learning rate that falls less")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def other_loss_better(view: View) -> Measurement:
    """What the best run with another loss or head had ahead, by a score that both logged.

    Otherwise as `lower_rate_better`.
    """
    return _gain(view, LOSS, 0, "another loss or output layer")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def other_optimizer_better(view: View) -> Measurement:
    """What the best run with another optimiser had ahead; see `lower_rate_better`."""
    return _gain(view, OPTIMIZER, 0, "another optimiser")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def other_preprocessing_better(view: View) -> Measurement:
    """What the best run with other preprocessing had ahead; see `lower_rate_better`."""
    return _gain(view, PREPROCESSING, 0, "other preprocessing")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def other_data_better(view: View) -> Measurement:
    """What the best run on other training data had ahead; see `lower_rate_better`."""
    return _gain(view, DATA, 0, "other training data")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def other_validation_better(view: View) -> Measurement:
    """What the best run with the same training, but other validation data had ahead.

    Otherwise as `lower_rate_better`.
    """
    return _gain(view, VALIDATION_DATA, 0, "the same training and other validation data")


@signal(unit="share of the progress", sentence=BETTER, needs="compared")
def best_sibling(view: View) -> Measurement:
    """What the best of all runs that differ in one thing had ahead; see `lower_rate_better`."""
    siblings = view.history.siblings
    if siblings is None:
        return cannot_say(NO_SIBLINGS)
    runs = [run for run in siblings.compared if len(run.levers) == 1]
    if not runs:
        return cannot_say("no comparable run of the experiment differs in one thing only")
    gains = [_own_gain(siblings, run, next(iter(run.levers))) for run in runs]
    gain, best = max(zip(gains, runs, strict=True), key=lambda item: item[0])
    return _measured(siblings, best, _beyond_noise(gain, siblings.noise, len(runs)), runs)


@signal(
    unit="ways",
    sentence="{count} changed one thing at a time, in {ways}, and the best run, {name}, reached"
    " {theirs:.4g} against {ours:.4g}",
    needs="compared",
)
def nothing_tried_better(view: View) -> Measurement:
    """In how many ways one thing was changed, where none of it did better; otherwise 0.

    A lever that was moved up and down counts twice. See `best_sibling`.
    """
    best = best_sibling.measure(view)
    siblings = view.history.siblings
    if siblings is None or not best.known:
        return best
    alone = [run for run in siblings.compared if len(run.levers) == 1]
    ways = {(lever, run.change_of(lever) > 0) for run in alone for lever in run.levers}
    facts = {
        **best.facts,
        "count": counted(len(alone), "other run"),
        "ways": counted(len(ways), "way"),
    }
    return Measurement(float(len(ways)) if best.value < NO_GAIN else 0.0, best.epochs, facts)


@signal(
    unit="share of the progress",
    sentence="of {number} with the same setup the middle one, {name}, reached {theirs:.4g} against"
    " {ours:.4g} at equal epochs ({value:+.0%} of the progress, noise taken off)",
    needs="compared",
)
def repetitions_better(view: View) -> Measurement:
    """What the middle one of the runs of the very same setup had ahead; see `lower_rate_better`.

    Then something else than what was logged made the difference: the seed, or the code.
    """
    siblings = view.history.siblings
    if siblings is None:
        return cannot_say(NO_SIBLINGS)
    runs = sorted(siblings.repetitions, key=lambda run: run.gain)
    if not runs:
        return cannot_say("no other run of the experiment has the same setup")
    middle = runs[(len(runs) - 1) // 2]
    return _measured(siblings, middle, _beyond_noise(middle.gain, siblings.noise, 1), runs)


@signal(
    unit="share of the progress",
    sentence="lower and higher learning rates were tried, and the better of their best runs,"
    " {name}, reached {theirs:.4g} against {ours:.4g}",
    needs="compared",
)
def best_rate_tried(view: View) -> Measurement:
    """What the better side had behind, of runs with lower and runs with higher learning rates.

    −max(`lower_rate_better`, `higher_rate_better`): positive where the rate lies between others
    that did worse.
    """
    both = [side.measure(view) for side in (lower_rate_better, higher_rate_better)]
    if not all(side.known for side in both):
        return cannot_say("lower and higher learning rates were not both tried")
    best = max(both, key=lambda side: side.value)
    return Measurement(-best.value, best.epochs, best.facts)
