"""Reads TensorFlow's variables, which hold what they hold at any time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import tensorflow as tf

from mlflow_plateau.tracked import FloatArray


def every_nth(variable: Any, stride: int) -> FloatArray:
    """Returns every n-th value of a variable; may share its memory, so copy it soon."""
    # On a CPU it shares the variable's memory.
    tensor = variable.value.value()
    if stride > 1 and "CPU" not in tensor.device:
        # Gathered where it lies: a copy of the whole variable would take longer than the step.
        gathered: FloatArray = tf.reshape(tensor, [-1])[::stride].numpy()
        return gathered
    return np.asarray(tensor).reshape(-1)[::stride]


def all_finite(variable: Any) -> bool:
    """Returns whether no value of a variable is NaN or infinite."""
    tensor = variable.value.value()
    if "CPU" not in tensor.device:
        return bool(tf.reduce_all(tf.math.is_finite(tensor)))
    values = np.asarray(tensor)
    # One that is not finite makes the sum so too, which takes no memory to find out.
    return bool(np.isfinite(values.sum()) or np.isfinite(values).all())


def kept(number: Any) -> Any:
    """Returns a number as it is: the train function's graph does not hang on it."""
    return number


def together(numbers: Sequence[Any]) -> FloatArray:
    """Returns numbers that were kept, fetched at once."""
    return np.asarray(tf.stack(list(numbers)), dtype=np.float64)


def before(model: Any, arguments: Sequence[Any]) -> AbstractContextManager[None]:
    """Returns a context in which variables read as they are before an execution."""
    return nullcontext()


def after(model: Any, returned: Any) -> AbstractContextManager[Any]:
    """Returns a context in which they read as they are after it; it gives the logs."""
    return nullcontext(returned)
