"""Stands around each ``fit``: decides whether it is recorded, and sees how it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from inspect import BoundArguments
from typing import Any

import keras

from mlflow_plateau.recorder.fit_arguments import FitArguments, bind
from mlflow_plateau.recorder.fit_hook import RawFit
from mlflow_plateau.recorder.keras_callback import PlateauCallback
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.settings import autologging_is_on, current_settings

FROM_FIT = tuple(f.name for f in fields(FitArguments) if f.name != "callbacks")
"""What ``FitArguments`` takes over under the same name."""


class _Models(threading.local):
    """The models that this thread is fitting under the recorder, the innermost last."""

    def __init__(self) -> None:
        self.stack: list[Any] = []


_fitted = _Models()


def recorded_fit(raw: RawFit, model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Calls Keras' own ``fit``, with the recorder among its callbacks where it is to be recorded.

    Args:
        raw: Keras' ``fit``.
        model: The model.
        args: Its arguments by position.
        kwargs: Its arguments by name.

    Returns:
        What ``fit`` returns.
    """
    try:
        bound = bind(raw, model, args, kwargs)
    except TypeError:
        return raw(model, *args, **kwargs)  # Keras says best what is wrong with the call.
    try:
        recorder, others = _recorder_among(model, bound.arguments["callbacks"])
    except Exception as error:
        # Recording is a guest: whatever goes wrong with it, the training goes on.
        notice("this training is not recorded", error)
        recorder, others = None, []
    if recorder is None:
        return raw(model, *args, **kwargs)
    with _first_among_callbacks(recorder, model, others, bound):
        _fitted.stack.append(model)
        recorder.enter_fit(_fit_arguments(bound, others))
        ended_by: BaseException | None = None
        try:
            return raw(*bound.args, **bound.kwargs)
        except BaseException as raised:
            ended_by = raised
            raise
        finally:
            _fitted.stack.pop()
            recorder.leave_fit(ended_by)
            # An exception that is kept in a variable of a frame in its own traceback is a cycle.
            del ended_by


def _recorder_among(model: Any, callbacks: Any) -> tuple[PlateauCallback | None, list[Any]]:
    """Returns the recorder for this ``fit``, or ``None``, and the user's other callbacks."""
    given = _flat(callbacks)
    others = [callback for callback in given if not isinstance(callback, PlateauCallback)]
    if any(fitted is model for fitted in _fitted.stack):
        return None, others
    by_hand = [callback for callback in given if isinstance(callback, PlateauCallback)]
    if by_hand:
        return by_hand[0], others
    if autologging_is_on():
        return PlateauCallback.with_settings(current_settings()), others
    return None, others


def _fit_arguments(bound: BoundArguments, others: list[Any]) -> FitArguments:
    known = {name: bound.arguments[name] for name in FROM_FIT if name in bound.arguments}
    return FitArguments(**known, callbacks=tuple(others))


@contextmanager
def _first_among_callbacks(
    recorder: PlateauCallback, model: Any, others: list[Any], bound: BoundArguments
) -> Iterator[None]:
    """Puts the recorder before the user's callbacks, leaving the user's list as it is.

    First, so that the learning rate is read before a callback changes it for the next epoch, and so
    that the run is there when others log to it. Once, however often it was given.
    """
    given = bound.arguments["callbacks"]
    if not isinstance(given, keras.callbacks.CallbackList):
        bound.arguments["callbacks"] = [recorder, *others]
        yield
    elif any(callback is recorder for callback in given.callbacks):
        yield
    else:
        # Keras uses a list of its own kind as it is: ours is its guest for as long as fit lasts.
        given.callbacks.insert(0, recorder)
        recorder.set_model(model)
        recorder.set_params(given.params)
        try:
            yield
        finally:
            given.callbacks[:] = [item for item in given.callbacks if item is not recorder]


def _flat(callbacks: Any) -> list[Any]:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return list(callbacks.callbacks)
    return [] if not callbacks else list(keras.tree.flatten(callbacks))
