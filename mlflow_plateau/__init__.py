"""Why has my validation loss stopped improving? A diagnosis for every MLflow run.

    import mlflow_plateau

    mlflow_plateau.autolog()              # before model.fit
    mlflow_plateau.diagnose(run_id)       # any run in the tracking store

Importing this package imports neither MLflow nor a training framework; what needs them is imported
when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Imported here, not on demand: the function has the name of its module, which would hide it.
from mlflow_plateau.diagnose import diagnose, diagnose_runs
from mlflow_plateau.errors import (
    NoLossError,
    PlateauError,
    ProfileError,
    RunNotFoundError,
    RunStillActiveError,
    TrackingServerError,
)

if TYPE_CHECKING:
    from mlflow_plateau.consistency import ConsistencyReport, check_consistency
    from mlflow_plateau.diagnosis import Diagnosis
    from mlflow_plateau.history import History
    from mlflow_plateau.profiles import Profile, ProfileBuilder, profile
    from mlflow_plateau.recorder.autolog import autolog
    from mlflow_plateau.recorder.keras_callback import PlateauCallback
    from mlflow_plateau.recorder.pytorch import record
    from mlflow_plateau.recorder.pytorch.hugging_face import HuggingFaceCallback
    from mlflow_plateau.recorder.pytorch.lightning import LightningCallback
    from mlflow_plateau.store.search import search_runs

    __version__: str

__all__ = [
    "ConsistencyReport",
    "Diagnosis",
    "History",
    "HuggingFaceCallback",
    "LightningCallback",
    "NoLossError",
    "PlateauCallback",
    "PlateauError",
    "Profile",
    "ProfileBuilder",
    "ProfileError",
    "RunNotFoundError",
    "RunStillActiveError",
    "TrackingServerError",
    "__version__",
    "autolog",
    "check_consistency",
    "diagnose",
    "diagnose_runs",
    "profile",
    "record",
    "search_runs",
]

_IMPORTED_ON_DEMAND = {
    "ConsistencyReport": "mlflow_plateau.consistency",
    "Diagnosis": "mlflow_plateau.diagnosis",
    "History": "mlflow_plateau.history",
    "HuggingFaceCallback": "mlflow_plateau.recorder.pytorch.hugging_face",
    "LightningCallback": "mlflow_plateau.recorder.pytorch.lightning",
    "PlateauCallback": "mlflow_plateau.recorder.keras_callback",
    "Profile": "mlflow_plateau.profiles",
    "ProfileBuilder": "mlflow_plateau.profiles",
    "autolog": "mlflow_plateau.recorder.autolog",
    "check_consistency": "mlflow_plateau.consistency",
    "profile": "mlflow_plateau.profiles",
    "record": "mlflow_plateau.recorder.pytorch",
    "search_runs": "mlflow_plateau.store.search",
}

_EXTRA_OF = {
    "HuggingFaceCallback": "transformers",
    "LightningCallback": "lightning",
    "PlateauCallback": "tensorflow",
}
"""The extra that brings the framework of which a class is derived."""

_EXTRA_OF_BACKEND = {"jax": "jax", "torch": "keras-torch"}
"""The extra that brings Keras with a backend other than TensorFlow."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("mlflow-plateau")
    if name not in _IMPORTED_ON_DEMAND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(_IMPORTED_ON_DEMAND[name]), name)
    except ModuleNotFoundError as error:
        if name not in _EXTRA_OF:
            raise
        by_backend = _EXTRA_OF_BACKEND if name == "PlateauCallback" else {}
        extra = by_backend.get((error.name or "").split(".")[0], _EXTRA_OF[name])
        raise PlateauError(
            f"mlflow_plateau.{name} needs {error.name}, which is not installed. Install it with:"
            f" pip install 'mlflow-plateau[{extra}]'"
        ) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
