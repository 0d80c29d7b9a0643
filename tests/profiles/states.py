"""Compares profiles to the last bit."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mlflow_plateau.profiles import Profile


def state(profile: Profile) -> dict[str, object]:
    """Returns all that is saved of a profile."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "profile.npz"
        profile.save(path)
        with np.load(path) as file:
            return {name: file[name].tolist() for name in file.files}
