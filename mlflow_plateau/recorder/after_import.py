"""Runs something once Keras has been imported, without importing it.

``autolog`` stands at the top of a script, before backends are chosen and devices are configured;
importing Keras there would take these decisions from the user. MLflow's own import hooks are not
used: they load modules in a way that current Python warns about, and where warnings are errors
the user's ``import keras`` would fail.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from mlflow_plateau.recorder.safety import notice

AWAITED = "keras"


def after_keras_import(action: Callable[[], None]) -> None:
    """Calls ``action`` now if Keras is imported, otherwise as soon as it is."""
    if AWAITED in sys.modules:
        action()
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder(action))


class _Finder:
    """Finds Keras like every other finder does, and leaves a note with its loader."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._asking_others = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != AWAITED or self._asking_others:
            return None
        self._asking_others = True
        try:
            spec = find_spec(name)
        finally:
            self._asking_others = False
        if spec is not None and spec.loader is not None:
            try:
                self._watch(spec.loader)
            except AttributeError as error:
                # A loader may take no notes; the import goes on without one.
                notice("trainings will not be recorded", error)
        return spec

    def _watch(self, loader: Any) -> None:
        # MLflow's hook puts a loader of its own in between, which knows the older method only.
        method = "exec_module" if hasattr(loader, "exec_module") else "load_module"
        load = getattr(loader, method)

        def load_and_act(module: Any) -> Any:
            loaded = load(module)
            # Not before: some only ask where Keras is, and import it later.
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            try:
                self._action()
            except Exception as error:
                # The user's import must not fail because the recorder could not be set up.
                notice("trainings will not be recorded", error)
            return loaded

        setattr(loader, method, load_and_act)
