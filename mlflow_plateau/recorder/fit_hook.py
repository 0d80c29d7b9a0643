"""The seam into Keras: one bracket around ``fit`` that survives whoever else patches it.

Every Keras 3 trainer's ``fit`` is a closure, made by ``traceback_utils.filter_traceback``, that
calls its free variable ``fn``. What is replaced is the content of that variable. So whoever holds
the function object, such as MLflow's autologging that puts its own around it and takes it away
again, goes through the bracket, in any order of enabling and disabling.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from types import CellType
from typing import Any, TypeAlias

import keras

RawFit: TypeAlias = Callable[..., Any]
"""Keras' own ``fit``: takes the model, then its arguments."""

Bracket: TypeAlias = Callable[[RawFit, Any, tuple[Any, ...], Mapping[str, Any]], Any]
"""Called instead of ``fit`` with the raw ``fit``, the model, and the arguments."""

_MARK = "_mlflow_plateau_hook"
_lock = threading.Lock()


def install(bracket: Bracket) -> None:
    """Lets ``bracket`` stand around every ``fit`` from now on; does nothing the second time.

    Raises:
        LookupError: If this Keras has no trainer whose ``fit`` could be found.
    """
    with _lock:
        trainer = _trainer()
        fit = vars(trainer)["fit"]
        cell = _cell_of_raw_fit(fit)
        raw = fit if cell is None else cell.cell_contents
        if hasattr(raw, _MARK):
            return
        hooked = _hooked(raw, bracket)
        if cell is None:
            # A Keras that is built otherwise: better found by most than by nobody.
            trainer.fit = hooked
        else:
            cell.cell_contents = hooked


def _hooked(raw: RawFit, bracket: Bracket) -> RawFit:
    @functools.wraps(raw)
    def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
        return bracket(raw, model, args, kwargs)

    setattr(fit, _MARK, True)
    return fit


def _trainer() -> Any:
    """Returns the class whose ``fit`` all models of this Keras and backend inherit."""
    for parent in keras.Model.__mro__:
        if "fit" in vars(parent) and parent.__module__.startswith("keras.src.backend."):
            return parent
    raise LookupError("keras.Model inherits no fit from a trainer of its backend")


def _cell_of_raw_fit(fit: Any) -> CellType | None:
    """Returns the cell in which the traceback filter keeps the function that it calls."""
    cells: tuple[CellType, ...] = getattr(fit, "__closure__", None) or ()
    names = fit.__code__.co_freevars if cells else ()
    for name, cell in zip(names, cells, strict=True):
        if name == "fn" and getattr(cell.cell_contents, "__name__", "") == "fit":
            return cell
    return None
