"""MLflow's evaluator plug-in: ``mlflow.models.evaluate(..., evaluators="plateau")``.

MLflow imports this file together with its own evaluators, so nothing else is imported here before
it is needed.
"""

from __future__ import annotations

import logging
from typing import Any

from mlflow.models.evaluation.base import EvaluationArtifact, EvaluationResult, ModelEvaluator

CONFIGURATION = frozenset(("run_id", "monitor"))
"""Keys of the configuration that this evaluator is asked by."""

MOST_SAID = 3
"""This many findings about the evaluation data are said in the log; all stand in the artifact."""

_logger = logging.getLogger("mlflow_plateau")


class PlateauEvaluator(ModelEvaluator):  # type: ignore[misc]  # mlflow is not followed by mypy
    """Diagnoses a run where MLflow evaluates a model; the model is not looked at.

    If the run holds a profile of its training data, the data of the evaluation is compared with it:
    the verdict becomes the tag ``plateau.evaluation_consistency``, the findings the artifact
    ``plateau/evaluation_consistency.json``, and a difference is said in the log.

    MLflow asks every installed evaluator whether it wants to take part, also in evaluations that
    are none of its business. This one takes part only where its configuration is given::

        mlflow.models.evaluate(
            model, data, targets="y", model_type="regressor",
            evaluators="plateau", evaluator_config={"run_id": run_id},
        )

    The configuration holds ``run_id``, ``None`` for the run that the evaluation itself is logged
    to, and optionally ``monitor``, the name of the validation metric.
    """

    @classmethod
    def can_evaluate(
        cls, *, model_type: str, evaluator_config: dict[str, Any] | None, **kwargs: Any
    ) -> bool:
        """Returns whether the configuration is meant for this evaluator.

        Args:
            model_type: Not looked at.
            evaluator_config: The configuration.
            kwargs: What later versions of MLflow may add.
        """
        return not CONFIGURATION.isdisjoint(evaluator_config or {})

    def evaluate(
        self,
        *,
        model_type: str,
        dataset: Any,
        run_id: str,
        evaluator_config: dict[str, Any] | None,
        **kwargs: Any,
    ) -> EvaluationResult:
        """Diagnoses the configured run and logs the diagnosis to it.

        Args:
            model_type: Not looked at.
            dataset: Compared with what the diagnosed run was trained on, if that is known.
            run_id: The run of the evaluation, diagnosed where no other is configured.
            evaluator_config: ``run_id`` and ``monitor``, each optional.
            kwargs: The rest of MLflow's interface; not looked at.

        Returns:
            The metrics of the diagnosis, and its artifacts ``diagnosis.json``, ``curves.png`` and
            ``report.html`` as logged to the diagnosed run; ``evaluation_consistency.json`` where
            the data could be compared.

        Raises:
            PlateauError: As ``mlflow_plateau.diagnose``.
        """
        from mlflow_plateau.diagnose import diagnose
        from mlflow_plateau.store.write import metrics_of

        config = evaluator_config or {}
        diagnosis = diagnose(config.get("run_id") or run_id, monitor=config.get("monitor"))
        metrics = {n: value for n, value in metrics_of(diagnosis).items() if value == value}
        compared = _compare(diagnosis.run_id, dataset)
        return EvaluationResult(metrics=metrics, artifacts=_artifacts(diagnosis.run_id, compared))


def _compare(run_id: str, dataset: Any) -> bool:
    """Compares the evaluation data with the training data; says whether that was possible."""
    from mlflow_plateau.errors import PlateauError
    from mlflow_plateau.evaluated import compare_evaluation_data
    from mlflow_plateau.untrusted import printable

    try:
        found = compare_evaluation_data(
            run_id, dataset.features_data, getattr(dataset, "labels_data", None)
        )
    except PlateauError as error:
        # An extra: the evaluation and the diagnosis stand without it.
        _logger.warning("mlflow-plateau: the evaluation data was not compared: %s", error)
        return False
    if found is not None and found.verdict in ("warn", "fail"):
        messages = " ".join(printable(finding.message) for finding in found.findings[:MOST_SAID])
        _logger.warning(
            "mlflow-plateau: the evaluation data (below: validation) differs from what run %s was"
            " trained on: %s",
            run_id,
            messages,
        )
    return found is not None


def _artifacts(run_id: str, compared: bool) -> dict[str, EvaluationArtifact]:
    """Returns the logged artifacts; MLflow loads their content when it is asked for."""
    from mlflow.models.evaluation import artifacts
    from mlflow.tracking import MlflowClient

    from mlflow_plateau.evaluated import ARTIFACT
    from mlflow_plateau.store.write import FOLDER

    kinds = {
        "diagnosis.json": artifacts.JsonEvaluationArtifact,
        "curves.png": artifacts.ImageEvaluationArtifact,
        "report.html": artifacts.TextEvaluationArtifact,
    }
    if compared:
        kinds[ARTIFACT] = artifacts.JsonEvaluationArtifact
    folder = f"{MlflowClient().get_run(run_id).info.artifact_uri}/{FOLDER}"
    return {f"{FOLDER}/{n}": kind(uri=f"{folder}/{n}") for n, kind in kinds.items()}
