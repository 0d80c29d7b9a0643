"""A training loop as people write it, with everything that a recorder could disturb."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from typing import Any

import mlflow
import numpy as np
import torch
from mlflow.entities import Run
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import mlflow_plateau

ROWS, HELD_OUT, COLUMNS, BATCH = 256, 128, 8, 32


def seeded() -> None:
    """Sets all generators that a training may draw from."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  # the one that users' code draws from
    torch.manual_seed(0)


def drawn() -> tuple[float, float, float]:
    """Returns what all of them give next."""
    return random.random(), np.random.rand(), float(torch.rand(()))  # noqa: NPY002


def data(signal: bool = True) -> tuple[TensorDataset, TensorDataset]:
    """Returns training and validation rows of two classes."""
    generator = np.random.default_rng(1)
    x = generator.standard_normal((ROWS + HELD_OUT, COLUMNS)).astype("float32")
    y = (x.sum(axis=1) > 0) if signal else generator.random(len(x)) > 0.5
    tensors = torch.from_numpy(x), torch.from_numpy(y.astype("int64"))
    train, validation = (slice(0, ROWS), slice(ROWS, None))
    return (
        TensorDataset(*(part[train] for part in tensors)),
        TensorDataset(*(part[validation] for part in tensors)),
    )


def network() -> nn.Sequential:
    """Returns a model with random numbers and running statistics in it."""
    return nn.Sequential(
        nn.Linear(COLUMNS, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2)
    )


Optimizer = Callable[[Any], torch.optim.Optimizer]


def adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=1e-2)


def train(
    *,
    recorded: bool = True,
    optimizer: Optimizer = adam,
    model: Callable[[], nn.Module] = network,
    epochs: int = 3,
    given: Any = None,
    splits: tuple[Any, Any] | None = None,
    loss: Any = None,
    after_epoch: Callable[[int], None] = lambda epoch: None,
    **options: Any,
) -> tuple[nn.Module, torch.optim.Optimizer]:
    """Trains, under the recorder or not, and returns what was trained.

    Args:
        recorded: Whether to record.
        optimizer: Makes the optimiser.
        model: Makes the model.
        epochs: How many.
        given: What the recorder is given as its data; the two data sets if left out.
        splits: Training and validation data sets.
        loss: The loss.
        after_epoch: Is called after each epoch.
        options: Further arguments of ``record``.
    """
    seeded()
    train_set, held_out = splits or data()
    net = model()
    optimizer_of_it = optimizer(net.parameters())
    loss = loss or nn.CrossEntropyLoss()
    loader = DataLoader(train_set, batch_size=BATCH, shuffle=True)
    arguments = (net, optimizer_of_it, loss, *(given or (train_set, held_out)))
    options = {"epochs": epochs, "silent": True, "diagnose": False, "probe_budget": 1.0, **options}
    scope: Any = contextlib.nullcontext()
    if recorded:
        scope = mlflow_plateau.record(*arguments, **options)
    with scope as recorder:
        for epoch in range(epochs):
            net.train()
            losses = []
            for x, y in loader:
                optimizer_of_it.zero_grad()
                value = loss(net(x), y)
                value.backward()
                optimizer_of_it.step()
                losses.append(float(value.detach()))
                if recorded:
                    recorder.batch(value)
            net.eval()
            with torch.no_grad():
                held = loss(net(held_out.tensors[0]), held_out.tensors[1])
            if recorded:
                recorder.epoch(epoch, loss=np.mean(losses), val_loss=held)
            after_epoch(epoch)
    return net, optimizer_of_it


def only_run() -> Run:
    """Returns the one run that there is."""
    (run,) = mlflow.search_runs(output_format="list", search_all_experiments=True)
    return run


def curve(run: Run, name: str) -> list[tuple[int, float]]:
    """Returns a metric's steps and values."""
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, name)
    return [(point.step, point.value) for point in history]
