"""One training under the recorder's own probes, without the 80 ms that each epoch of ``fit`` costs.

Keras' own train and test steps run inside one compiled loop per epoch. Before and after the first
update and at the end of an epoch the recorder's probes are asked, as its ``StepWatch`` asks them in
``fit``; what comes out is what the recorder writes into a run (``compare CASE`` trains a case
with ``fit`` under the recorder itself, for comparison).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.faults.arrays import Arrays
from benchmarks.faults.model import compiled
from benchmarks.faults.recipe import Array, Recipe
from benchmarks.faults.training import Judge, Trained, is_stuck, snapshots
from mlflow_plateau.checks import repairs
from mlflow_plateau.profiles import profile
from mlflow_plateau.recorder.describe.facts import describe
from mlflow_plateau.recorder.describe.loss import single_loss
from mlflow_plateau.recorder.describe.noting import as_params
from mlflow_plateau.recorder.describe.training import Training
from mlflow_plateau.recorder.fit_arguments import FitArguments
from mlflow_plateau.recorder.measure.batch_losses import BatchLosses
from mlflow_plateau.recorder.measure.weight_movement import WeightMovement
from mlflow_plateau.recorder.witness.budget import Budget
from mlflow_plateau.recorder.witness.counterfactuals import counterfactuals, repair_made
from mlflow_plateau.recorder.witness.keras_model import open_keras_model
from mlflow_plateau.recorder.witness.reference_facts import facts_of, reference_of
from mlflow_plateau.recorder.witness.sample import sample_of
from mlflow_plateau.recorder.witness.witness import experiments


def train(recipe: Recipe, seed: int, truth: Array, judge: Judge) -> Trained:
    """Trains a recipe.

    Args:
        recipe: The recipe.
        seed: Of the initialisation, dropout and the order of the rows.
        truth: Inputs on which the model is judged, besides its own validation rows.
        judge: Says how good the outputs on ``truth`` are.
    """
    # Collecting garbage each time would take a sixth of a training.
    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(7919 * seed + 13)
    data = Arrays(recipe)
    model = compiled(recipe)
    model.optimizer.build(model.trainable_variables)
    execute, evaluate = _compiled_steps(model, data)
    probes = (BatchLosses(model), WeightMovement(model))
    metrics: dict[str, list[Any]] = {}
    judged: list[tuple[float, float]] = []
    outcome = "completed"
    generator = np.random.default_rng(seed)
    recorder = _Recorder(recipe, model, data)
    budget = Budget(share=1.0)
    for epoch in range(recipe.epochs):
        history = metrics.get("val_loss", [])
        factor = recipe.schedule(epoch, history) if recipe.schedule else 1.0
        model.optimizer.learning_rate = recipe.learning_rate * factor
        logs, measured = _train_epoch(model, data, execute, probes, generator)
        tested = evaluate()
        values = {
            **logs,
            **{f"val_{name}": value for name, value in tested.items()},
            "learning_rate": float(np.float32(recipe.learning_rate * factor)),
            **{f"plateau/{name}": value for name, value in measured.items()},
        }
        for name, value in values.items():
            metrics.setdefault(name, [None] * epoch).append(float(value))
        for column in metrics.values():
            column.extend([None] * (epoch + 1 - len(column)))
        stop = recipe.patience is not None and is_stuck(metrics["val_loss"], recipe.patience)
        left = recipe.epochs - 1 - epoch
        if budget.is_due() or stop or not left:  # As in fit.
            _add(metrics, recorder.experiments(), epoch)
        if stop or left in snapshots(recipe.epochs):
            outputs = model(tf.convert_to_tensor(truth), training=False)
            judged.append(judge(np.asarray(outputs, dtype=np.float64)))
        if stop:
            outcome = "stopped"
            break
    found, repair = recorder.counterfactuals()
    _add(metrics, found, epoch)
    params = {
        **recorder.params,
        **repair,
        "plateau.planned_epochs": str(recipe.epochs),
        "plateau.outcome": outcome,
    }
    loss, error = np.median(np.array(judged), axis=0)
    return Trained(params, metrics, float(loss), float(error))


def _add(metrics: dict[str, list[Any]], found: Mapping[str, float], epoch: int) -> None:
    """Adds what experiments found after an epoch to the metrics of that epoch."""
    for name, value in found.items():
        column = metrics.setdefault(f"plateau/{name}", [None] * (epoch + 1))
        column[epoch] = float(value)


class _Recorder:
    """What the recorder logs besides the probes: parameters, and experiments with the model.

    Args:
        recipe: The recipe.
        model: Its model, compiled.
        data: Its rows.
    """

    def __init__(self, recipe: Recipe, model: Any, data: Arrays) -> None:
        arguments = FitArguments(
            x=data.x,
            y=data.y,
            batch_size=data.batch,
            epochs=recipe.epochs,
            validation_data=(data.x_validation, data.y_validation),
        )
        training = Training(model, arguments, {"epochs": recipe.epochs, "steps": data.updates})
        training.observed.update(
            training_rows=data.rows,
            validation_rows=len(data.x_validation),
            batch_size=data.batch,
            updates_per_epoch=data.updates,
        )
        sample = sample_of(arguments)
        assert sample is not None  # The rows lie in memory.
        self._sample = sample
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            described = as_params(describe(training, silent=True))
            self._reference = reference_of(single_loss(model), sample)
            self._repairs = repairs(
                profile((data.x, data.y)), profile((data.x_validation, data.y_validation))
            )
        found = as_params(facts_of(self._reference))
        self.params: Mapping[str, str] = {**described, **found}
        self._opened = open_keras_model(training)

    def experiments(self) -> Mapping[str, float]:
        """Returns what is found with the weights as they are now."""
        with np.errstate(all="ignore"):  # NaN and infinity are findings here.
            return experiments(*self._opened, self._sample)

    def counterfactuals(self) -> tuple[Mapping[str, float], Mapping[str, str]]:
        """Returns what is found at the end on validation rows as they might have been."""
        with np.errstate(all="ignore"):
            found = counterfactuals(self._opened[0], self._sample, self._repairs, self._reference)
        return found, as_params(repair_made(found, self._repairs))


def _compiled_steps(model: Any, data: Arrays) -> tuple[Any, Any]:
    """Returns the two functions of an epoch: some updates in a row, and the validation."""
    x, y = tf.constant(data.x), tf.constant(data.y)
    x_validation, y_validation = tf.constant(data.x_validation), tf.constant(data.y_validation)
    # Builds the metrics' variables, which a loop cannot.
    model.test_step((x[:2], y[:2]))
    model.reset_metrics()

    @tf.function  # type: ignore[untyped-decorator]
    def execute(order: Any, start: Any, stop: Any) -> Any:
        losses = tf.TensorArray(tf.float32, size=stop - start)
        for step in tf.range(start, stop):
            rows = order[step * data.batch : tf.minimum((step + 1) * data.batch, data.rows)]
            logs = model.train_step((tf.gather(x, rows), tf.gather(y, rows)))
            losses = losses.write(step - start, logs["loss"])
        return losses.stack()

    @tf.function  # type: ignore[untyped-decorator]
    def test() -> Any:
        return model.test_step((x_validation, y_validation))

    def evaluate() -> dict[str, float]:
        model.reset_metrics()
        return {name: float(value) for name, value in test().items()}

    return execute, evaluate


def _train_epoch(
    model: Any, data: Arrays, execute: Any, probes: Any, generator: np.random.Generator
) -> tuple[dict[str, float], dict[str, float]]:
    """Returns Keras' logs of the epoch, and what the probes measured."""
    model.reset_metrics()
    order = tf.constant(generator.permutation(data.rows).astype(np.int32))
    for probe in probes:
        probe.begin_epoch()
        probe.before_first_execution()
    first = execute(order, tf.constant(0), tf.constant(1))
    running = [np.float32(first[0])]
    for probe in probes:
        probe.after_execution(0, {"loss": running[0]})
    if data.updates > 1:
        rest = execute(order, tf.constant(1), tf.constant(data.updates)).numpy()
        for index, mean in enumerate(rest, start=1):
            probes[0].after_execution(index, {"loss": mean})
        running.extend(rest)
    logs = {name: float(value) for name, value in model.get_metrics_result().items()}
    measured: dict[str, float] = {}
    with np.errstate(all="ignore"):  # NaN and infinity are findings here.
        for probe in probes:
            measured.update(probe.end_training_part())
    return logs, measured
