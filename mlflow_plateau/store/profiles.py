"""The profiles of a run's splits, as the recorder left them among its artifacts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.store.connection import open_client, reason_of
from mlflow_plateau.untrusted import quoted

if TYPE_CHECKING:
    from mlflow_plateau.profiles import Profile
    from mlflow_plateau.tracked import TrackedRun

FOLDER = "plateau/profiles"
"""Artifacts go there."""

LARGEST_FILE = 256 << 20
"""No profile has more bytes; what a run holds may be anything."""

FILES = {"train": "train.npz", "validation": "validation.npz"}
"""Their names, by split."""

PRESENT = "plateau.profiles"
"""A tag that says that they are there: to look for them in every run would cost a request each."""


def read_profiles(
    run: TrackedRun, tracking_uri: str | None = None
) -> tuple[Profile, Profile] | None:
    """Reads the profiles of the training and the validation split.

    Args:
        run: The run.
        tracking_uri: The tracking store; MLflow's current one if left out.

    Returns:
        Both, or ``None`` where the run was not recorded or its data did not lie in memory.

    Raises:
        ProfileError: If the run says that it has them, and they cannot be read.
    """
    if run.tags.get(PRESENT) != "true":
        return None
    from mlflow_plateau.profiles import Profile

    client = open_client(tracking_uri)
    with tempfile.TemporaryDirectory(prefix="mlflow-plateau-") as folder:
        try:
            listed = client.list_artifacts(run.run_id, FOLDER)
            sizes = {item.path: item.file_size for item in listed}
            found = []
            for name in (FILES["train"], FILES["validation"]):
                path = f"{FOLDER}/{name}"
                if (sizes.get(path) or 0) > LARGEST_FILE:
                    raise ProfileError(f"{path} is too large for a profile.")
                copy = client.download_artifacts(run.run_id, path, folder)
                found.append(Profile.load(Path(copy)))
        except Exception as error:
            # Each kind of artifact store (S3, Azure, a folder, …) raises errors of its own.
            reason = reason_of(error, tracking_uri).replace(folder, "")
            raise ProfileError(
                f"The profiles of the data of run {quoted(run.run_id)} could not be read: {reason}"
            ) from None
        return found[0], found[1]
