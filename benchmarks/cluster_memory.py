"""How much memory it takes to profile a folder of Parquet files, here and on a cluster.

Run it in the environment of ``make test-clusters``, from the repository, with
``.venv-clusters/bin/python benchmarks/cluster_memory.py``; Spark needs Java. The data are Gaussian
columns in eight files, 4,000,000 rows of 16 columns of float64 in all unless told otherwise. For
each way a fresh process starts, with two workers where there are any; what counts is the largest
resident memory of any Python process while the profile is made, beyond what it took before for the
packages. All profiles are compared, byte for byte.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

FILES = 8


def write(folder: Path, rows: int, columns: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    random = np.random.default_rng(0)
    for part in range(FILES):
        values = {f"c{i}": random.standard_normal(rows // FILES) for i in range(columns)}
        pyarrow.parquet.write_table(
            pa.table(values), folder / f"{part}.parquet", row_group_size=1 << 17
        )


def with_pandas(folder: str) -> Any:
    import pandas as pd

    return pd.read_parquet(folder)


def with_arrow(folder: str) -> Any:
    import pyarrow.dataset

    return pyarrow.dataset.dataset(folder)


def with_dask(folder: str) -> Any:
    import dask.dataframe
    import distributed

    distributed.Client(
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    )
    return dask.dataframe.read_parquet(folder)


def with_ray(folder: str) -> Any:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    return ray.data.read_parquet(folder)


def with_spark(folder: str) -> Any:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    return session.read.parquet(folder)


WAYS: dict[str, Callable[[str], Any]] = {
    "pandas": with_pandas,
    "arrow": with_arrow,
    "dask": with_dask,
    "ray": with_ray,
    "spark": with_spark,
}


class Watch(threading.Thread):
    """Looks at this process and all that it started, a few times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.driver = self.worker = 0

    def run(self) -> None:
        """Goes on as long as the process does."""
        me = psutil.Process()
        while True:
            self.driver = max(self.driver, me.memory_info().rss)
            for child in me.children(recursive=True):
                with contextlib.suppress(psutil.Error):  # It has ended meanwhile.
                    if "java" not in child.name() and "raylet" not in child.name():
                        self.worker = max(self.worker, child.memory_info().rss)
            time.sleep(0.2)


def measure(way: str, folder: str) -> None:
    """Prints seconds, megabytes of the driver and of the largest worker, and a digest."""
    import pyarrow as pa

    from mlflow_plateau.profiles import profile
    from mlflow_plateau.profiles.storage import to_bytes

    profile(pa.table({"a": [1.0], "b": [2.0]}))
    before = psutil.Process().memory_info().rss
    data = WAYS[way](folder)
    watch = Watch()
    watch.start()
    start = time.perf_counter()
    found = profile(data)
    seconds = time.perf_counter() - start
    digest = hashlib.sha256(to_bytes(found)).hexdigest()[:8]
    print(
        f"{way:8} {seconds:6.1f} s   this process {(watch.driver - before) / 1e6:6.0f} MB more,"
        f" largest worker {watch.worker / 1e6:6.0f} MB in all   profile {digest}",
        flush=True,
    )
    os._exit(0)  # The clusters need not be taken down in order.


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--columns", type=int, default=16)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(*arguments.measure)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), arguments.rows, arguments.columns)
        held = arguments.rows * arguments.columns * 8 / 1e6
        print(f"{arguments.rows:,} rows of {arguments.columns} columns: {held:.0f} MB")
        for way in arguments.ways:
            subprocess.run(
                [sys.executable, __file__, "--measure", way, folder],
                check=True,
                stderr=subprocess.DEVNULL,
            )


if __name__ == "__main__":
    main()
