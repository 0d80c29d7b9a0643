"""What could not be measured because the run does not say enough, for a reader to fix."""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_plateau.diagnosis import LEVELS
from mlflow_plateau.signals import Measurement, signal_by_name
from mlflow_plateau.signals.signal import Missing


def unmeasured(measurements: Mapping[str, Measurement], level: str) -> tuple[str, ...]:
    """Returns each reason once, in words.

    Left out are reasons that are no failures, and what a higher level of evidence would tell.

    Args:
        measurements: What was measured, by the signal's name.
        level: The level that the answer stands on.
    """
    reasons = (
        found.reason
        for name, found in measurements.items()
        if isinstance(found.reason, Missing)
        and LEVELS.index(signal_by_name(name).needs) <= LEVELS.index(level)
    )
    return tuple(dict.fromkeys(map(str, reasons)))
