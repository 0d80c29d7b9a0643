"""Reads JAX's variables, which hold nothing while an epoch runs.

Keras then passes their values from one execution to the next and takes them out of the variables,
so that the memory of the old ones can be used for the new ones. Whoever holds an array of JAX's, or
a view of it, prevents that; so nothing here does for longer than it takes to copy some values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import keras
import numpy as np

from mlflow_plateau.tracked import FloatArray


def every_nth(variable: Any, stride: int) -> FloatArray:
    """Returns every n-th value of a variable; may share its memory, so copy it soon."""
    array = variable.value
    if array.dtype.name not in ("float32", "float64"):
        array = array.astype("float32")
    if next(iter(array.devices())).platform == "cpu":
        # Shares the array's memory, and unlike ``np.asarray`` leaves nothing with the array.
        shared: Any = np.from_dlpack(array)
        found: FloatArray = shared.reshape(-1)[::stride]
        return found
    # Gathered where it lies: a copy of the whole variable would take longer than the step.
    return np.asarray(array.reshape(-1)[::stride])


def all_finite(variable: Any) -> bool:
    """Returns whether no value of a variable is NaN or infinite."""
    array = variable.value
    if next(iter(array.devices())).platform != "cpu":
        return bool(jax.numpy.isfinite(array).all())
    values = every_nth(variable, 1)
    # One that is not finite makes the sum so too, which takes no memory to find out.
    return bool(np.isfinite(values.sum()) or np.isfinite(values).all())


def kept(number: Any) -> Any:
    """Returns a number as it is: nothing hangs on it."""
    return number


def together(numbers: Sequence[Any]) -> FloatArray:
    """Returns numbers that were kept, fetched at once."""
    # Stacking them would be compiled anew for each count.
    return np.array(jax.device_get(list(numbers)), dtype=np.float64)


@contextmanager
def before(model: Any, arguments: Sequence[Any]) -> Iterator[None]:
    """Returns a context in which variables read as they are before an execution."""
    with _Passed(model, arguments[0]):
        yield


@contextmanager
def after(model: Any, returned: Any) -> Iterator[Any]:
    """Returns a context in which they read as they are after it; it gives the logs."""
    logs, state = returned
    with _Passed(model, state):
        yield logs


class _Passed(keras.StatelessScope):  # type: ignore[misc]  # Keras has no types
    """A scope in which variables have the values that are being passed; assignments are swallowed.

    Which variable has which is worked out when the first is read: most executions read none.
    """

    def __init__(self, model: Any, state: Sequence[Sequence[Any]]) -> None:
        super().__init__(initialize_variables=False)
        self._model = model
        self._state = state
        self._is_mapped = False

    def get_current_value(self, variable: Any) -> Any:
        if not self._is_mapped:
            self._is_mapped = True
            model = self._model
            # As ``JAXTrainer`` passes them.
            groups = (
                model.trainable_variables,
                model.non_trainable_variables,
                model.optimizer.variables,
                model.metrics_variables,
            )
            for group, values in zip(groups, self._state, strict=True):
                pairs = zip(group, values, strict=True)
                self.state_mapping.update({id(known): value for known, value in pairs})
        return super().get_current_value(variable)
