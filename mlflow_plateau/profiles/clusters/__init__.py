"""Data that no machine holds: every partition is measured where it lies, and the profiles merged.

A cluster is one file with one function, ``profile(x, y)``, and one line in ``CLUSTERS``. It is told
by the package of the data's type, so that no framework is imported before its data turns up.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from mlflow_plateau.profiles.convert import is_of
from mlflow_plateau.profiles.profile import Profile

CLUSTERS = {"pyspark": "spark", "dask": "dask", "dask_expr": "dask", "ray": "ray"}
"""The file of this folder that measures a package's data."""


class Cluster(Protocol):
    """What a file of this folder offers."""

    def profile(self, x: Any, y: Any) -> Profile:
        """Measures partitioned data where it lies.

        Args:
            x: The cluster's own collection.
            y: Its targets: the name of a column of ``x``, ``None``, or, where partitions of two
                collections belong together, another one.

        Raises:
            ProfileError: If it cannot be measured.
        """


def cluster_of(data: Any) -> Cluster | None:
    """Returns what measures this data, or ``None`` if it is no cluster's."""
    for package, name in CLUSTERS.items():
        if is_of(data, package):
            return cast("Cluster", import_module(f"{__name__}.{name}"))
    return None
