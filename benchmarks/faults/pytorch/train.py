"""One training in PyTorch: a loop as people write it, and what they log to MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from benchmarks.faults.arrays import Arrays
from benchmarks.faults.pytorch.module import Network, loss_of, optimizer_of
from benchmarks.faults.recipe import Array, Recipe
from benchmarks.faults.training import Judge, Trained, is_stuck, snapshots

_LOSSES = {
    "mean_squared_error": "MSELoss",
    "mean_absolute_error": "L1Loss",
    "sparse_categorical_crossentropy": "CrossEntropyLoss",
    "binary_crossentropy": "BCEWithLogitsLoss",
}


def train(recipe: Recipe, seed: int, truth: Array, judge: Judge) -> Trained:
    """Trains a recipe.

    Args:
        recipe: The recipe.
        seed: Of the initialisation, dropout and the order of the rows.
        truth: Inputs on which the model is judged, besides its own validation rows.
        judge: Says how good the outputs on ``truth`` are.
    """
    torch.set_num_threads(1)
    torch.manual_seed(7919 * seed + 13)
    data = Arrays(recipe)
    network = Network(recipe)
    trained = [p for p in network.parameters() if p.requires_grad]
    # Nothing to train is nothing that torch would accept.
    optimizer = optimizer_of(recipe, trained or [torch.zeros(1, requires_grad=True)])
    x, y = _tensor(data.x), torch.tensor(data.y)
    held_out = _tensor(data.x_validation), torch.tensor(data.y_validation)
    metrics: dict[str, list[Any]] = {}
    judged: list[tuple[float, float]] = []
    outcome = "completed"
    for epoch in range(recipe.epochs):
        factor = 1.0
        if recipe.schedule:
            factor = recipe.schedule(epoch, metrics.get("val_loss", []))
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * factor
        values = {
            **_epoch(recipe, network, optimizer, x, y, data),
            **_tested(recipe, network, held_out),
        }
        values["lr"] = recipe.learning_rate * factor
        for name, value in values.items():
            metrics.setdefault(name, []).append(float(value))
        stop = recipe.patience is not None and is_stuck(metrics["val_loss"], recipe.patience)
        if stop or recipe.epochs - 1 - epoch in snapshots(recipe.epochs):
            judged.append(judge(_outputs(network, _tensor(truth)).double().numpy()))
        if stop:
            outcome = "stopped"
            break
    loss, error = np.median(np.array(judged), axis=0)
    return Trained(_params(recipe, network, outcome), metrics, float(loss), float(error))


def _epoch(
    recipe: Recipe, network: Network, optimizer: Any, x: Any, y: Any, data: Arrays
) -> dict[str, float]:
    network.train()
    order = torch.randperm(data.rows)
    total, right = 0.0, 0.0
    for start in range(0, data.rows, data.batch):
        rows = order[start : start + data.batch]
        outputs = network(x[rows])
        loss = loss_of(recipe, outputs, y[rows])
        total += float(loss.detach()) * len(rows)
        right += _right(recipe, outputs.detach(), y[rows])
        if recipe.l2:
            loss = loss + network.penalty()
        optimizer.zero_grad()
        if loss.requires_grad:
            loss.backward()
            optimizer.step()
    found = {"loss": total / data.rows}
    if recipe.classifies:
        found["accuracy"] = right / data.rows
    return found


def _tested(recipe: Recipe, network: Network, held_out: tuple[Any, Any]) -> dict[str, float]:
    outputs = _outputs(network, held_out[0])
    found = {"val_loss": float(loss_of(recipe, outputs, held_out[1]))}
    if recipe.classifies:
        found["val_accuracy"] = _right(recipe, outputs, held_out[1]) / len(outputs)
    return found


def _outputs(network: Network, x: torch.Tensor) -> torch.Tensor:
    network.eval()
    with torch.no_grad():
        return network(x)


def _right(recipe: Recipe, outputs: torch.Tensor, y: torch.Tensor) -> float:
    """Returns the number of rows that are classified right, as a loop would count them."""
    if outputs.shape[1] > 1:
        return float((outputs.argmax(dim=1) == y.ravel()).sum())
    border = 0.0 if recipe.from_logits else 0.5
    return float(((outputs > border).float() == y).sum())


def _tensor(array: Array) -> torch.Tensor:
    values = torch.tensor(array)
    return values.long() if values.dtype == torch.int32 else values.float()


def _params(recipe: Recipe, network: Network, outcome: str) -> Mapping[str, str]:
    """Returns what a careful person logs."""
    optimizer = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop"}
    return {
        "optimizer": optimizer[recipe.optimizer],
        "lr": str(recipe.learning_rate),
        "momentum": str(recipe.momentum),
        "weight_decay": str(recipe.weight_decay),
        "batch_size": str(min(recipe.batch_size, recipe.rows)),
        "epochs": str(recipe.epochs),
        "dropout": str(recipe.dropout),
        "l2": str(recipe.l2),
        "criterion": f"{_LOSSES[recipe.loss]}()",
        "num_params": str(sum(p.numel() for p in network.parameters())),
        "trainable_params": str(sum(p.numel() for p in network.parameters() if p.requires_grad)),
        "n_train": str(recipe.rows),
        "n_val": str(len(recipe.split.x_validation)),
    }
