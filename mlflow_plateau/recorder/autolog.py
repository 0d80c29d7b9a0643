"""``mlflow_plateau.autolog``: two lines at the top of a script, and every ``fit`` is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlflow.utils.autologging_utils import autologging_integration

from mlflow_plateau.errors import PlateauError
from mlflow_plateau.recorder.after_import import after_keras_import
from mlflow_plateau.recorder.settings import INTEGRATION, installed_keras
from mlflow_plateau.recorder.witness.budget import PROBE_BUDGET


def autolog(
    diagnose: bool = True,
    monitor: str | None = None,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, str] | None = None,
    probe_budget: float = PROBE_BUDGET,
) -> None:
    """Records every Keras ``fit`` from now on, and diagnoses it when it ends.

    Call it before ``fit``, also before Keras is imported. Training inside an active MLflow run is
    recorded into that run; otherwise each ``fit`` becomes a run of its own. It works alone and
    together with MLflow's own autologging, enabled in any order. It does not change the training:
    the weights are bit-identical with and without it.

    Args:
        diagnose: Whether to diagnose the run when ``fit`` ends, write the diagnosis into the run
            and print it to standard error.
        monitor: The validation metric that the diagnosis is about, as Keras names it, such as
            ``val_loss``; recognised by its name if left out.
        log_datasets: Whether to note training and validation data that are held in memory (arrays,
            data frames) as the run's inputs: shape, type and digest, not the data. Left to
            MLflow's autologging where that does the same.
        disable: Whether to stop recording; everything is as before the first call.
        exclusive: Whether to leave runs alone that the user started: ``fit`` inside an active run
            is then not recorded.
        disable_for_unsupported_versions: Whether to record only under Keras versions that this
            version of mlflow-plateau was made for.
        silent: Whether to print nothing, neither the diagnosis nor warnings of the recorder.
        extra_tags: Tags for each run that the recorder starts.
        probe_budget: Share of the training time that experiments on a sample of the rows may take,
            besides half a second: losses without dropout, gradients, steps of other sizes. They
            leave no trace in the model. 0 for none.

    Raises:
        PlateauError: If Keras 3 is not installed.
    """
    _configure(
        diagnose=diagnose,
        monitor=monitor,
        log_datasets=log_datasets,
        disable=disable,
        exclusive=exclusive,
        disable_for_unsupported_versions=disable_for_unsupported_versions,
        silent=silent,
        extra_tags=extra_tags,
        probe_budget=probe_budget,
    )


# MLflow keeps the arguments, and does not come here at all where ``disable`` is set; the bracket
# around ``fit`` asks for the settings each time, so there is nothing to be undone.
@autologging_integration(INTEGRATION)  # type: ignore[untyped-decorator]  # MLflow has no types
def _configure(disable: bool = False, silent: bool = False, **_settings: Any) -> None:
    found = installed_keras()
    if found is None or found[0] < 3:
        raise PlateauError(
            "mlflow_plateau.autolog() records trainings of Keras 3, and"
            f" {'Keras is not installed' if found is None else 'an older Keras is installed'}."
            " Install it with: pip install 'mlflow-plateau[tensorflow]', or [jax] or [keras-torch]"
            " for Keras on another backend"
        )
    after_keras_import(_install)


def _install() -> None:
    from mlflow_plateau.recorder.bracket import recorded_fit
    from mlflow_plateau.recorder.fit_hook import install

    install(recorded_fit)
