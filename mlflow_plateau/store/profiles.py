"""The profiles of a run's splits, as the recorder left them among its artifacts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.store.connection import answering, open_client, reason_of
from mlflow_plateau.store.quiet import no_progress_bar
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
        TrackingServerError: If the store does not answer.
    """
    if run.tags.get(PRESENT) != "true":
        return None
    train, validation = _read(run.run_id, ("train", "validation"), tracking_uri)
    return train, validation


def read_training_profile(run_id: str, tracking_uri: str | None = None) -> Profile | None:
    """Reads the profile of what a run was trained on.

    Args:
        run_id: The run's id.
        tracking_uri: The tracking store; MLflow's current one if left out.

    Returns:
        The profile, or ``None`` where the run has none.

    Raises:
        ProfileError: If the run has one, and it cannot be read.
        TrackingServerError: If the store does not answer.
    """
    client = open_client(tracking_uri)
    with answering(tracking_uri, run_id):
        listed = client.list_artifacts(run_id, FOLDER)
    if f"{FOLDER}/{FILES['train']}" not in {item.path for item in listed}:
        return None
    (train,) = _read(run_id, ("train",), tracking_uri)
    return train


def _read(run_id: str, splits: Sequence[str], tracking_uri: str | None) -> list[Profile]:
    from mlflow_plateau.profiles import Profile

    client = open_client(tracking_uri)
    with tempfile.TemporaryDirectory(prefix="mlflow-plateau-") as folder:
        try:
            listed = client.list_artifacts(run_id, FOLDER)
            sizes = {item.path: item.file_size for item in listed}
            found = []
            for split in splits:
                path = f"{FOLDER}/{FILES[split]}"
                size = sizes.get(path)
                if size is None or size > LARGEST_FILE:
                    raise ProfileError(f"{path} is not there, or too large for a profile.")
                with no_progress_bar():
                    copy = client.download_artifacts(run_id, path, folder)
                found.append(Profile.load(Path(copy)))
        except Exception as error:
            # Each kind of artifact store (S3, Azure, a folder, …) raises errors of its own.
            reason = reason_of(error, tracking_uri).replace(folder, "")
            raise ProfileError(
                f"The profiles of the data of run {quoted(run_id)} could not be read: {reason}"
            ) from None
        return found
