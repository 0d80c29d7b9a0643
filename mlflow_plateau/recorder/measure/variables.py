"""What Keras' variables hold, also while the train function runs, whatever backend Keras is on.

To add a backend, add a module with the functions of ``Variables`` and a line to ``READERS``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Protocol, cast

import keras
import numpy as np

from mlflow_plateau.tracked import FloatArray

READERS: Mapping[str, str] = {
    "tensorflow": "mlflow_plateau.recorder.measure.tensorflow_variables",
    "jax": "mlflow_plateau.recorder.measure.jax_variables",
    "torch": "mlflow_plateau.recorder.measure.torch_variables",
}
"""Module by backend; imported when it is needed, since the framework of another is not there."""


class Variables(Protocol):
    """How variables are read on one backend."""

    def every_nth(self, variable: Any, stride: int) -> FloatArray:
        """Returns every n-th value of a variable; may share its memory, so copy it soon."""

    def all_finite(self, variable: Any) -> bool:
        """Returns whether no value of a variable is NaN or infinite."""

    def kept(self, number: Any) -> Any:
        """Returns a number that the train function returned, without what hangs on it."""

    def together(self, numbers: Sequence[Any]) -> FloatArray:
        """Returns numbers that were kept, fetched at once."""

    def before(self, model: Any, arguments: Sequence[Any]) -> AbstractContextManager[None]:
        """Returns a context in which variables read as they are before an execution.

        Args:
            model: The model.
            arguments: What its train function is about to be called with.
        """

    def after(self, model: Any, returned: Any) -> AbstractContextManager[Any]:
        """Returns a context in which they read as they are after it; it gives the logs.

        Args:
            model: The model.
            returned: What its train function returned.
        """


@functools.cache
def variables() -> Variables:
    """Returns how variables are read on the backend that Keras runs on.

    Raises:
        LookupError: If that is not known.
    """
    backend = keras.backend.backend()
    if backend not in READERS:
        raise LookupError(f"variables of Keras on {backend} are not known")
    return cast(Variables, import_module(READERS[backend]))


def every_nth(variable: Any, stride: int) -> FloatArray:
    """Returns every n-th value of a variable; may share its memory, so copy it soon."""
    return variables().every_nth(variable, stride)


def whole(variable: Any) -> FloatArray:
    """Returns a copy of a variable; of single precision where the variable has less."""
    return np.array(variables().every_nth(variable, 1)).reshape(variable.shape)


def on_several_devices() -> bool:
    """Returns whether Keras distributes its variables, so that none lies in one place."""
    return keras.distribution.distribution() is not None
