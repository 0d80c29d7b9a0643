"""The profiles of a run's splits, read back from its artifacts."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from types import ModuleType

import mlflow
import numpy as np
import pytest

from mlflow_plateau.profiles import profile
from mlflow_plateau.store.profiles import read_profiles
from mlflow_plateau.store.quiet import no_progress_bar
from mlflow_plateau.store.read import read_run

BAR = "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"


@pytest.mark.parametrize("before", [None, "true"])
def test_profiles_are_read_without_a_progress_bar(
    tracking_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: str | None,
) -> None:
    monkeypatch.delenv(BAR, raising=False)
    if before is not None:
        monkeypatch.setenv(BAR, before)
    # MLflow draws its bar with tqdm, where that is installed.
    bars: list[object] = []
    drawing = ModuleType("tqdm.auto")
    drawing.__dict__["tqdm"] = lambda **kwargs: bars.append(kwargs)
    monkeypatch.setitem(sys.modules, "tqdm", ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", drawing)
    rows = np.random.default_rng(0).normal(size=(50, 2))
    with mlflow.start_run(tags={"plateau.profiles": "true"}) as run:
        for split in ("train", "validation"):
            profile(rows).save(tmp_path / f"{split}.npz")
            mlflow.log_artifact(str(tmp_path / f"{split}.npz"), "plateau/profiles")

    found = read_profiles(read_run(run.info.run_id))

    assert found is not None
    assert [split.rows for split in found] == [50, 50]
    assert bars == []
    assert os.environ.get(BAR) == before


def test_what_the_user_set_comes_back_when_the_last_of_several_threads_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(BAR, "true")
    inside, may_end = threading.Event(), threading.Event()

    def longer() -> None:
        with no_progress_bar():
            inside.set()
            may_end.wait()

    with no_progress_bar():
        thread = threading.Thread(target=longer)
        thread.start()
        inside.wait()
    assert os.environ[BAR] == "False"
    may_end.set()
    thread.join()
    assert os.environ[BAR] == "true"
