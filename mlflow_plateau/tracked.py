"""A run as the tracking store holds it: raw points, before anything is aligned or cleaned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Points:
    """The logged points of one metric, in the order in which the store returned them.

    Attributes:
        steps: Steps as logged, shape ``(n,)``.
        values: Values as logged, shape ``(n,)``; NaN and the store's stand-ins for infinity too.
        timestamps: Unix time in milliseconds, shape ``(n,)``.
    """

    steps: IntArray
    values: FloatArray
    timestamps: IntArray

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class TrackedRun:
    """One run, read back from a tracking store.

    Attributes:
        run_id: The run's id.
        experiment_id: The id of its experiment.
        name: The run's name, untrusted text.
        status: MLflow's run status (``RUNNING``, ``FINISHED``, ``FAILED``, ``KILLED``, …).
        params: Parameters, untrusted text.
        tags: Tags, untrusted text.
        metrics: The points of each metric, by the metric's name.
        data: Digests of the logged data sets by what they were used for (``training``, ``eval``);
            untrusted text.
        rows: Numbers of rows in the logged data sets by what they were used for, where MLflow's
            profile of the data set says so.
        model_summary: What MLflow's autologging wrote about the layers of the model, untrusted
            text; ``None`` where there is none, or nobody looked.
        start_time: Unix time in milliseconds; 0 where it is not known.
    """

    run_id: str
    experiment_id: str = ""
    name: str = ""
    status: str = "FINISHED"
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Points] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    model_summary: str | None = None
    start_time: int = 0
