"""Which task belongs to which part of the data set.

The split is by task: weights are fitted on the first part, the temperature and the thresholds are
chosen on the second, and accuracy is only ever reported on the third. Tasks that share their rows,
such as the digits as columns and as images, belong to one part.
"""

from __future__ import annotations

from collections.abc import Mapping

PARTS: Mapping[str, tuple[str, ...]] = {
    "fit": (
        "digits",
        "breast_cancer",
        "wine",
        "sine_of_sum",
        "spirals",
        "addition",
        "topics",
        "digit_images",
    ),
    "tune": ("diabetes", "clusters", "ripples"),
    "test": ("friedman", "drifts", "word_majority", "shapes"),
}
"""Which task belongs to which part. The one place where this is decided."""


def part_of(task: str) -> str:
    """Returns ``fit``, ``tune`` or ``test``."""
    return next(part for part, tasks in PARTS.items() if task in tasks)
