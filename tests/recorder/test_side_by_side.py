"""Trainings that are recorded at the same time share what belongs to the whole process."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from mlflow_plateau.recorder.patience import (
    AFTER_TRAINING,
    BEFORE_TRAINING,
    NONE_LEFT,
    RETRIES,
    SECONDS,
    patience,
)
from mlflow_plateau.recorder.safety import warnings_dropped


@contextmanager
def inside_another_thread(context: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """Has another thread enter before what is inside, and leave after it."""
    inside, may_end = threading.Event(), threading.Event()

    def longer() -> None:
        with context():
            inside.set()
            may_end.wait()

    thread = threading.Thread(target=longer)
    thread.start()
    assert inside.wait(10)
    try:
        yield
    finally:
        may_end.set()
        thread.join()


def test_nobody_waits_for_the_diagnosis_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RETRIES, raising=False)
    monkeypatch.setenv(SECONDS, "77")
    with inside_another_thread(lambda: patience(AFTER_TRAINING)):
        with patience(BEFORE_TRAINING):
            assert os.environ[RETRIES] == BEFORE_TRAINING.settings[RETRIES]
            assert os.environ[SECONDS] == "77"
        with patience(NONE_LEFT):
            assert os.environ[SECONDS] == NONE_LEFT.settings[SECONDS]
        assert os.environ[RETRIES] == AFTER_TRAINING.settings[RETRIES]
    assert RETRIES not in os.environ
    assert os.environ[SECONDS] == "77"


def test_the_first_in_may_be_the_first_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RETRIES, "9")
    first, second = patience(NONE_LEFT), patience(AFTER_TRAINING)
    first.__enter__()
    with second:
        first.__exit__(None, None, None)
        assert os.environ[RETRIES] == "9"
    assert os.environ[RETRIES] == "9"


def test_warnings_of_other_threads_and_of_later_are_shown() -> None:
    shown: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: shown.append(str(message))
        first, second = warnings_dropped(), warnings_dropped()
        with inside_another_thread(warnings_dropped):
            warnings.warn("of this thread", stacklevel=1)
            first.__enter__()
            second.__enter__()
            first.__exit__(None, None, None)
            warnings.warn("dropped", stacklevel=1)
            second.__exit__(None, None, None)
            warnings.warn("after it", stacklevel=1)
        warnings.warn("after all", stacklevel=1)
    assert shown == ["of this thread", "after it", "after all"]


def test_a_hook_that_others_put_back_ends_nothing() -> None:
    shown: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: shown.append(str(message))
        with warnings_dropped():
            saved = warnings.showwarning
        warnings.showwarning = saved
        with warnings_dropped():
            warnings.warn("dropped", stacklevel=1)
        warnings.warn("shown", stacklevel=1)
    assert shown == ["shown"]
