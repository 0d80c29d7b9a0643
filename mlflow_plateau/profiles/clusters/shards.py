"""What all clusters have in common: the profile of a partition as bytes, and a tree of merges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any

from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles.builder import ProfileBuilder
from mlflow_plateau.profiles.profile import Profile, merge
from mlflow_plateau.profiles.storage import from_bytes, to_bytes

FAN_IN = 8
"""Profiles that one task merges, so that no machine holds more of them. One takes up to about 20
MB, most of it hashes of rows."""


def measured(batches: Iterable[tuple[Any, Any]]) -> bytes:
    """Returns the profile of a partition, of which one batch is looked at at a time."""
    builder = ProfileBuilder()
    for x, y in batches:
        builder.add(x, y)
    return to_bytes(builder.profile(complete=True))


def whole(shards: Iterable[bytes]) -> Profile:
    """Returns the profile of all shards, of which two are unpacked at a time.

    Raises:
        ProfileError: If there are none, or they have different inputs.
    """
    profiles = map(from_bytes, shards)
    first = next(profiles, None)
    return merge() if first is None else reduce(merge, profiles, first)


def merged(shards: Iterable[bytes]) -> bytes:
    """Returns the profile of all shards as bytes."""
    return to_bytes(whole(shards))


def explained(error: BaseException, cluster: str, remedy: str) -> ProfileError:
    """Returns why a cluster could not measure its data, as far as its error tells.

    Args:
        error: What the cluster raised.
        cluster: What it is called.
        remedy: How a package gets to its workers.
    """
    text = "\n".join(map(str, _with_causes(error)))
    for line in reversed(text.splitlines()):
        _, found, message = line.partition("ProfileError: ")
        if found:
            return ProfileError(message.strip())
    for package in ("mlflow_plateau", "pyarrow", "pandas", "numpy"):
        if f"No module named '{package}" in text:
            name = package.replace("_", "-")
            return ProfileError(
                f"The workers of {cluster} lack {name}, with which they measure their partitions;"
                f" {remedy}."
            )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    reason = (causes[-1:] or lines[:1] or [repr(error)])[0]
    return ProfileError(f"{cluster} could not load the data: {reason}")


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
